//! `--dry-run`: what would be injected, and from where.

use serde_json::{Value, json};

use super::{as_user, over, rows, serve, web, web_with};
use crate::support::run::Run;
use crate::support::server::Server;

fn lab() -> Server {
    let row = |name: &str, path: &str, own: Option<&str>| {
        let own = own.map(|value| json!({"value": value, "isActive": true}));
        json!({"id": name, "key": name, "value": "hunter2", "path": path, "override": own})
    };
    rows(&json!([
        row("HOST", "/", None),
        row("TOKEN", "/deep", Some("hunter22")),
        row("NEW", "/", None),
    ]))
}

fn preview(server: &Server, words: &[&str]) -> Run {
    let run = as_user(over(server)).arguments(&["--dry-run", "--all-paths"]);
    run.arguments(words)
        .variable("HOST", "inherited")
        .variable("TOKEN", "inherited")
}

#[test]
fn a_dry_run_tells_name_source_override_length_and_what_is_replaced() {
    let server = lab();
    let run = preview(&server, &["--preserve-env=TOKEN"]);
    let finished = run.status(0).silent();
    finished.stdout(
        "NAME   SOURCE                   LENGTH  NOTES\n\
         HOST   web-id/development/      7       replaces an inherited variable\n\
         NEW    web-id/development/      7\n\
         TOKEN  web-id/development/deep  8       personal override, the inherited variable wins\n",
    );
}

#[test]
fn a_dry_run_in_json_tells_the_same() {
    let server = lab();
    let run = preview(
        &server,
        &["--json", "--preserve-env=TOKEN", "--prefix", "P_"],
    );
    let text = run.variable("P_HOST", "x").status(0).silent().text();
    assert!(!text.contains("hunter2"), "{text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        found["secrets"][0],
        json!({
            "name": "P_HOST",
            "stored_name": "HOST",
            "app": "web-id",
            "env": "development",
            "path": "/",
            "overridden": false,
            "length": 7,
            "replaces_inherited": true,
            "inherited_wins": false,
        })
    );
    let last = &found["secrets"][2];
    assert_eq!(last["overridden"], true);
    assert_eq!(last["length"], 8);
    assert_eq!(last["path"], "/deep");
    assert_eq!(last["replaces_inherited"], false);
    preview(&server, &[]).without("HOST").status(0);
    over(&server).argument("--json").sh("x").failed(2, "usage");
}

#[test]
fn a_dry_run_starts_nothing_and_needs_no_command() {
    let server = lab();
    let finished = preview(&server, &[]).sh("echo started").status(0);
    assert!(!finished.text().contains("started"), "{finished:?}");
    let server = serve(web());
    over(&server)
        .arguments(&["--dry-run", "--allow-empty"])
        .stdout("NAME  SOURCE  LENGTH  NOTES\n");
    over(&server).failed(2, "usage").stderr_has("-- COMMAND");
}

#[test]
fn a_dry_run_fails_where_the_run_would() {
    let server = serve(web_with(&[("A", "${NOPE}")]));
    let preview = || over(&server).argument("--dry-run");
    preview().failed(125, "unresolved");
    preview()
        .arguments(&["--exclude", "A", "--require", "A"])
        .failed(125, "missing");
    let run = preview().command(["no-such-command-xyz"]);
    run.failed(127, "not-found");
}

#[test]
fn each_setting_is_told_with_where_it_came_from() {
    let server = serve(web_with(&[("A", "hunter2")]));
    let run = over(&server)
        .file("config/phase-run/config.toml", 0o600, "timeout = '77s'")
        .file(
            "phase-run.toml",
            0o644,
            "paths = ['/', '/deep']\nprovider = 'phase'\napi = 'rest'\n",
        )
        .arguments(&["--dry-run", "-v", "--tag", "x", "--allow-empty"]);
    let project = run.folder().join("phase-run.toml");
    let user = run.folder().join("config/phase-run/config.toml");
    let errors = run.status(0).errors();
    for line in [
        "app_id = web-id (--app-id)".to_owned(),
        "env = development (default)".to_owned(),
        format!("paths = / /deep ({})", project.display()),
        "tags = x (--tag)".to_owned(),
        format!("timeout = 1m 17s ({})", user.display()),
        format!("provider = phase ({})", project.display()),
        format!("api = rest ({})", project.display()),
        "token = (not shown) (PHASE_SERVICE_TOKEN)".to_owned(),
        format!("host = {} (PHASE_HOST)", server.url()),
    ] {
        assert!(errors.contains(&line), "{line:?} in\n{errors}");
    }
    assert!(
        !errors.contains("11111111") && !errors.contains("hunter2"),
        "{errors}"
    );
}
