//! Where settings come from, and how the server is reached.

use super::{over, serve, serve_tls, web, web_with};
use crate::support::run::Run;
use crate::support::server::{Authority, Server, Sse};
use crate::support::store::{Store, TOKEN};

const GREET: &str = "printf %s \"$GREETING\"";

/// A run that is told nothing of a store.
fn nowhere() -> Run {
    Run::with(&[]).store(Store::Nowhere)
}

pub(super) fn in_every_environment() -> Server {
    let places = ["Development", "Staging", "Preprod", "Non-Prod"].into_iter();
    serve(places.fold(web(), |phase, place| {
        let phase = phase.within(&format!("web/{place}"));
        phase.secret("GREETING", place)
    }))
}

#[test]
fn a_flag_wins_over_a_variable_over_the_project_over_the_user_over_the_default() {
    let server = in_every_environment();
    let levels: [(&str, &dyn Fn(Run) -> Run); 5] = [
        ("Development", &|run| run),
        ("Staging", &|run| {
            run.file("config/phase-run/config.toml", 0o600, "env = 'Staging'")
        }),
        ("Preprod", &|run| {
            run.file("phase-run.toml", 0o644, "env = 'Preprod'")
        }),
        ("Non-Prod", &|run| run.variable("PHASE_ENV", "Non-Prod")),
        ("Staging", &|run| run.arguments(&["--env", "Staging"])),
    ];
    for highest in 0..levels.len() {
        let run = levels[..=highest]
            .iter()
            .fold(over(&server), |run, (_, add)| add(run));
        run.sh(GREET).stdout(levels[highest].0).silent();
    }
}

#[test]
fn an_app_by_name_in_a_flag_wins_over_an_id_in_a_file() {
    let phase = web()
        .secret("GREETING", "web")
        .app("api", Sse::On)
        .environment("Development")
        .secret("GREETING", "api");
    let server = serve(phase);
    let run = || {
        let run = nowhere().variable("PHASE_HOST", server.url());
        run.variable("PHASE_SERVICE_TOKEN", TOKEN).sh(GREET)
    };
    let id = "app_id = 'web-id'";
    let project = || run().file("phase-run.toml", 0o644, id);
    project().stdout("web");
    project().arguments(&["--app", "api"]).stdout("api");
    project().variable("PHASE_APP", "api").stdout("api");
    let run = run().variable("PHASE_APP_ID", "web-id");
    run.arguments(&["--app", "api"]).stdout("api");
    let both = project().arguments(&["--app", "api", "--app-id", "web-id"]);
    both.stdout("web");
}

#[test]
fn phases_own_project_file_is_read_where_there_is_no_other() {
    let server = in_every_environment();
    let run = || {
        let json = r#"{"version": "2", "appId": "web-id", "defaultEnv": "Staging"}"#;
        let run = nowhere().file(".phase.json", 0o644, json);
        let run = run.variable("PHASE_HOST", server.url());
        run.variable("PHASE_SERVICE_TOKEN", TOKEN).sh(GREET)
    };
    run().stdout("Staging").silent();
    let user = "env = 'Preprod'\napp = 'nope'\n";
    let by_user = || run().file("config/phase-run/config.toml", 0o600, user);
    by_user().stdout("Staging").silent();
    by_user()
        .variable("PHASE_ENV", "Non-Prod")
        .stdout("Non-Prod");
    let run = run().file("phase-run.toml", 0o644, "app_id = 'web-id'");
    run.stdout("Development");
}

#[test]
fn a_host_that_only_a_project_file_names_gets_no_token() {
    let server = in_every_environment();
    let line = format!("host = '{}'\napp_id = 'web-id'\n", server.url());
    let run = || {
        let run = nowhere().file("phase-run.toml", 0o644, &line);
        run.variable("PHASE_SERVICE_TOKEN", TOKEN).sh(GREET)
    };
    run()
        .failed(125, "configuration")
        .stderr_has(&server.url())
        .stderr_has("--host")
        .stderr_lacks("11111111");
    assert_eq!(server.connections(), 0);
    run()
        .arguments(&["--host", &server.url()])
        .stdout("Development");
    let user = format!("host = '{}/'\n", server.url());
    run()
        .file("config/phase-run/config.toml", 0o600, user)
        .stdout("Development");
}

#[test]
fn a_variable_wins_over_a_projects_host_which_the_log_tells() {
    let server = in_every_environment();
    let file = "host = 'https://phase.example'\n";
    let run = over(&server).file("phase-run.toml", 0o644, file).sh(GREET);
    run.stdout("Development").silent();
    let run = over(&server).file("phase-run.toml", 0o644, file).sh(GREET);
    let finished = run.argument("-v").stdout("Development");
    finished.stderr_has("https://phase.example");
}

#[test]
fn a_certificate_is_not_checked_where_that_is_asked_for_with_one_loud_line() {
    let server = serve_tls(&Authority::new(), web_with(&[("GREETING", "hello")]));
    for run in [
        over(&server).argument("--insecure"),
        over(&server).variable("PHASE_VERIFY_SSL", "False"),
    ] {
        let errors = run.sh(GREET).stdout("hello").errors();
        assert!(errors.contains("NOT checked"), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
    // Where there is no certificate, none is unchecked.
    let server = serve(web_with(&[("GREETING", "hello")]));
    let plain = over(&server).argument("--insecure").sh(GREET);
    plain.stdout("hello").silent();
}

#[test]
fn what_is_missing_to_reach_a_store_is_named() {
    let run = nowhere().sh("echo started").arguments(&["--app", "web"]);
    run.failed(125, "credentials")
        .stderr_has("PHASE_SERVICE_TOKEN");
    let run = nowhere().variable("PHASE_SERVICE_TOKEN", TOKEN);
    let finished = run.sh("echo started").failed(125, "configuration");
    finished.stderr_has("--app").stderr_has("PHASE_APP");
    let run = Run::with(&[]).secrets(&[("A", "1")]).sh("echo started");
    let run = run.variable("PHASE_SERVICE_TOKEN", TOKEN);
    let finished = run.failed(125, "ambiguous");
    finished
        .stderr_has("PHASE_SERVICE_TOKEN")
        .stderr_has("test.vault");
    let run = nowhere().variable("PHASE_SERVICE_TOKEN", "pss_service:hunter2");
    let run = run.arguments(&["--app", "web"]).sh("echo started");
    run.failed(125, "credentials").stderr_lacks("hunter2");
}

#[test]
fn a_phase_json_that_does_not_count_is_mentioned_where_no_app_was_named() {
    const PLAIN: &str = r#"{"version": "2", "appId": "web-id", "defaultEnv": "Staging"}"#;
    let shared = PLAIN.replace('}', r#", "monorepoSupport": true}"#);
    let below = [
        "/bin/sh",
        "-c",
        "mkdir -p a/b && cd a/b && exec \"$@\"",
        "sh",
    ];
    let run = |json: &str| {
        let run = nowhere().variable("PHASE_SERVICE_TOKEN", TOKEN);
        run.file(".phase.json", 0o644, json)
            .inside(&below)
            .sh(GREET)
    };
    let toml = |run: Run| run.file("a/b/phase-run.toml", 0o644, "env = 'Staging'");
    let near = |run: Run| run.variable("PHASE_CONFIG_PARENT_DIR_SEARCH_DEPTH", "1");
    for (run, why) in [
        (
            run(PLAIN),
            "/.phase.json counts in its own folder alone: for the folders below it has to say `\"monorepoSupport\": true`",
        ),
        (
            near(run(&shared)),
            "/.phase.json lies too far above: PHASE_CONFIG_PARENT_DIR_SEARCH_DEPTH",
        ),
        (run("{"), "/.phase.json does not count: it is not JSON"),
        (
            run(r#"{"monorepoSupport": true}"#),
            "/.phase.json names no app: it has no `appId`",
        ),
        (toml(run(PLAIN)), "/a/b/phase-run.toml"),
    ] {
        let finished = run
            .failed(125, "configuration")
            .stderr_has("no app was named");
        finished.stderr_has("/.phase.json ").stderr_has(why);
    }
    let none = run(PLAIN).argument("--no-project-file");
    none.failed(125, "configuration")
        .stderr_lacks(".phase.json");
    let desk = super::Desk::new();
    let create = desk.run(&["vault", "environments", "create", "x"]);
    let create = create.file(".phase.json", 0o644, PLAIN).inside(&below);
    let finished = create.failed(125, "configuration");
    finished.stderr_has("/.phase.json counts in its own folder alone");
}
