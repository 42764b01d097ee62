//! The main job: secrets from a server into the environment of a command.

use std::fs;

use serde_json::json;

use super::{as_user, names, over, rows, serve, serve_tls, web, web_with};
use crate::support::run::Run;
use crate::support::server::{Authority, Server, Sse};
use crate::support::store::{Store, TOKEN};

const GREET: &str = "printf %s \"$GREETING\"";

#[test]
fn the_command_gets_the_secrets_and_nothing_else_is_printed() {
    for run in Run::everywhere() {
        let server = serve(web_with(&[("GREETING", "hello\n\u{1F512} \"'$HOME`")]));
        let run = run.store(Store::Phase(server.url())).sh(GREET);
        run.status(0).silent().stdout("hello\n\u{1F512} \"'$HOME`");
        assert_eq!(server.requests().len(), 1, "one folder, one request");
    }
}

#[test]
fn over_https_a_root_is_added_by_a_flag_or_the_users_file_or_replaced_by_a_variable() {
    let authority = Authority::new();
    let server = serve_tls(&authority, web_with(&[("GREETING", "hello")]));
    let over = || over(&server).sh(GREET);
    let file = authority.file();
    let line = format!("ca_cert = {:?}", file.display().to_string());
    for run in [
        over().argument("--ca-cert").argument(file),
        over().variable("SSL_CERT_FILE", file),
        over().file("config/phase-run/config.toml", 0o600, line),
    ] {
        run.status(0).silent().stdout("hello");
    }
    // As OpenSSL keeps them: the name is a hash, and a number.
    let folder = over().file("roots/0123abcd.0", 0o600, std::fs::read(file).unwrap());
    let roots = folder.folder().join("roots");
    let roots = format!("/nonexistent:{}", roots.display());
    let run = folder.variable("SSL_CERT_DIR", roots);
    run.status(0).silent().stdout("hello");
    over()
        .failed(125, "unreachable")
        .stderr_has("--ca-cert")
        .stderr_has("certificate");
}

#[test]
fn a_systemd_service_takes_its_token_from_the_credentials_directory() {
    for run in Run::everywhere() {
        let server = serve(web_with(&[("GREETING", "hello")]));
        let run = run
            .file("credentials/phase-token", 0o400, format!("{TOKEN}\n"))
            .store(Store::Phase(server.url()))
            .without("PHASE_SERVICE_TOKEN");
        let folder = run.folder().join("credentials");
        let run = run.variable("CREDENTIALS_DIRECTORY", &folder);
        let script = format!("{GREET}; cat $CREDENTIALS_DIRECTORY/phase-token");
        let finished = run.sh(&script).status(0).silent();
        finished.stdout(format!("hello{TOKEN}\n"));
        let token = server.requests()[0]
            .header("authorization")
            .map(str::to_owned);
        assert_eq!(token, Some(format!("Bearer {TOKEN}")));
    }
}

#[test]
fn run_is_the_same_as_no_subcommand() {
    let server = serve(web_with(&[("GREETING", "hello")]));
    let run = Run::subcommand(&["run"]).store(Store::Phase(server.url()));
    run.sh(GREET).stdout("hello").status(0).silent();
}

#[test]
fn after_the_dashes_a_subcommands_name_is_a_program() {
    let server = serve(web_with(&[("GREETING", "hello")]));
    let run = over(&server).file("bin/secrets", 0o755, "#!/bin/sh\necho \"program $*\"\n");
    let path = format!("{}:/usr/bin:/bin", run.folder().join("bin").display());
    let run = run.variable("PATH", path);
    let run = run.command(["secrets", "list", "--", "-v"]);
    run.stdout("program list -- -v\n").status(0);
}

#[test]
fn an_app_by_name_takes_one_request_more_than_by_id() {
    let server = serve(web_with(&[("GREETING", "hello")]));
    over(&server).sh(GREET).stdout("hello");
    assert_eq!(server.requests().len(), 1);
    for name in ["web", "WEB"] {
        let server = serve(web_with(&[("GREETING", "hello")]));
        by_name(&server, name).sh(GREET).stdout("hello").silent();
        assert_eq!(server.requests().len(), 2);
    }
}

fn by_name(server: &Server, name: &str) -> Run {
    Run::with(&["--app", name])
        .variable("PHASE_HOST", server.url())
        .variable("PHASE_SERVICE_TOKEN", TOKEN)
        .store(Store::Nowhere)
}

#[test]
fn a_part_of_a_name_is_taken_if_it_is_the_only_one_and_one_line_says_which() {
    let phase = || {
        web()
            .app("backend", Sse::On)
            .environment("Development")
            .secret("GREETING", "from the backend")
            .within("web/Staging")
            .secret("GREETING", "from staging")
    };
    let server = serve(phase());
    let finished = by_name(&server, "back")
        .sh(GREET)
        .stdout("from the backend");
    finished.stderr("phase-run: warning: app \"back\" is taken to mean \"backend\"\n");
    let finished = over(&server)
        .arguments(&["--env", "stag"])
        .sh(GREET)
        .stdout("from staging");
    finished.stderr("phase-run: warning: environment \"stag\" is taken to mean \"Staging\"\n");
    let finished = over(&server).arguments(&["--env", "STAGING"]).sh(GREET);
    finished.stdout("from staging").silent();
}

#[test]
fn prod_is_an_error_that_lists_what_it_could_mean_and_nothing_is_started() {
    let server = serve(web().within("web/Preprod").secret("GREETING", "wrong"));
    for run in Run::everywhere() {
        let run = run.store(Store::Phase(server.url()));
        let run = run.arguments(&["--env", "prod"]).sh("echo started");
        run.failed(125, "ambiguous").stderr_has("Non-Prod, Preprod");
    }
    let run = over(&server).arguments(&["--env", "qa"]).sh("echo started");
    run.failed(125, "missing").stderr_has("Staging");
    let run = by_name(&server, "nope").sh("echo started");
    run.failed(125, "missing").stderr_has("web");
}

#[test]
fn of_several_paths_the_later_wins_with_one_line_and_each_is_one_request() {
    let phase = web()
        .secret("HOST", "root")
        .folder("/db")
        .secret("HOST", "db")
        .secret("PORT", "5432")
        .folder("/unseen")
        .secret("PORT", "1");
    let server = serve(phase);
    let show = "echo $HOST $PORT";
    let paths = |words: &[&str]| over(&server).arguments(words).sh(show);
    let finished = paths(&["--path", "/", "--path", "db/"]).stdout("db 5432\n");
    finished.stderr("phase-run: warning: HOST from /db is used, not the one from /\n");
    assert_eq!(server.requests().len(), 2);
    let finished = paths(&["--path", "/db", "--path", "/"]).stdout("root 5432\n");
    finished.stderr("phase-run: warning: HOST from / is used, not the one from /db\n");
    let run = over(&server).variable("PHASE_PATH", "/:/db").sh(show);
    run.stdout("db 5432\n");
}

#[test]
fn of_all_paths_the_deeper_wins_and_then_the_one_that_sorts_last() {
    let phase = web()
        .folder("/z")
        .secret("HOST", "z")
        .folder("/a/a")
        .secret("HOST", "a/a")
        .folder("/a/b")
        .secret("HOST", "a/b");
    let server = serve(phase);
    let finished = over(&server).argument("--all-paths").sh("echo $HOST");
    let errors = finished.stdout("a/b\n").errors();
    assert_eq!(errors.lines().count(), 2, "a line per collision: {errors}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_order_of_the_servers_rows_changes_nothing() {
    let row = |id: &str, name: &str, at: &str| json!({"id": id, "key": name, "value": id, "path": "/", "updatedAt": at});
    let mut list = vec![
        row("1", "A", "2026-01-01T00:00:00Z"),
        row("2", "B", "2026-01-01T00:00:00Z"),
        row("3", "A", "2026-01-02T00:00:00Z"),
        row("4", "C", "2026-01-01T00:00:00Z"),
    ];
    let mut seen = Vec::new();
    for _ in 0..list.len() {
        list.rotate_left(1);
        let server = rows(&json!(list));
        let finished = over(&server).command(["env"]).status(0);
        let text = finished.text();
        let ours = text.lines().filter(|line| line.as_bytes()[1] == b'=');
        seen.push((ours.collect::<Vec<_>>().join(" "), finished.errors()));
    }
    seen.dedup();
    let warning = "phase-run: warning: A stands twice in /: the one changed last is used\n";
    assert_eq!(seen, [("A=3 B=2 C=4".to_owned(), warning.to_owned())]);
}

#[test]
fn a_dynamic_secret_without_a_lease_is_skipped_with_a_warning() {
    let answers = include_str!("../fixtures/phase/answers.json");
    let answers: Vec<serde_json::Value> = serde_json::from_str(answers).unwrap();
    let with = |answer: &&serde_json::Value| answer["label"] == "with a dynamic secret";
    let server = rows(&answers.iter().find(with).unwrap()["body"]);
    let finished = over(&server).command(["env"]).status(0);
    assert!(finished.text().contains("\nHOST="), "{finished:?}");
    finished.stderr_has("warning: dynamic secret ");
}

#[test]
fn an_active_personal_override_wins_unless_it_is_not_wanted() {
    let row = |name: &str, active: bool| {
        json!({"id": name, "key": name, "value": "shared", "path": "/",
               "override": {"value": "mine", "isActive": active}})
    };
    let server = rows(&json!([row("ON", true), row("OFF", false)]));
    let run = as_user(over(&server)).sh("echo $ON $OFF");
    run.stdout("mine shared\n").silent();
    let run = as_user(over(&server)).argument("--no-personal");
    run.sh("echo $ON $OFF").stdout("shared shared\n").silent();
}

#[test]
fn what_was_asked_for_and_gives_nothing_stops_the_run_and_says_what_there_is_instead() {
    let server = serve(web_with(&[("APP_A", "1")]));
    for (words, named, instead) in [
        (["--path", "/nope"], "/nope", "--path"),
        (["--tag", "nope"], "\"nope\"", "--allow-empty"),
        (["--only", "NOPE*"], "\"NOPE*\"", "there are: APP_A"),
    ] {
        for quiet in [&[][..], &["-q"]] {
            let run = over(&server).arguments(&words).arguments(quiet);
            let finished = run.sh("echo started").failed(125, "missing");
            finished.stderr_has(named).stderr_has(instead);
        }
        let run = over(&server).arguments(&words).argument("--dry-run");
        run.failed(125, "missing");
        let run = over(&server).arguments(&words).argument("--allow-empty");
        run.sh("echo started").stdout("started\n").silent();
    }
    // A vault shows all that it has.
    let run = Run::with(&["--path"]).secrets(&[("A", "1")]);
    let finished = run.argument("/nope").sh("echo started");
    finished
        .failed(125, "missing")
        .stderr_has("there are secrets in: /;");
    // One folder of several is enough to stop it, and so is one pattern.
    let run = over(&server).arguments(&["--path", "/", "--path", "/nope"]);
    run.sh("echo started").failed(125, "missing");
    let run = over(&server).arguments(&["--only", "APP_A", "--only", "NOPE"]);
    run.sh("echo started").failed(125, "missing");
    // What is taken out by name was not asked for.
    let run = over(&server).arguments(&["--exclude", "*"]).sh("exit 0");
    run.status(0).silent();
}

#[test]
fn a_place_without_any_secret_stops_everything_that_reads_it_but_a_list() {
    let server = serve(web());
    over(&server).sh("echo started").failed(125, "missing");
    over(&server)
        .arguments(&["--all-paths", "--allow-empty"])
        .sh("echo started")
        .stdout("started\n")
        .silent();
    let run = |words: &[&str]| {
        let words = [&["secrets"], words].concat();
        Run::subcommand(&words).store(Store::Phase(server.url()))
    };
    run(&["export"])
        .failed(125, "missing")
        .stderr_has("--allow-empty");
    run(&["export", "--allow-empty"]).stdout("{}\n").silent();
    run(&["get", "A"]).failed(125, "missing");
    run(&["list", "--json"]).stdout("[]\n").silent();
    // An app or an environment that is not there is never let be.
    let run = over(&server).arguments(&["--env", "nope", "--allow-empty"]);
    run.sh("echo started")
        .failed(125, "missing")
        .stderr_has("nope");
}

#[test]
fn only_secrets_with_one_of_the_tags_go_in() {
    let row = |name: &str, tags: &[&str]| json!({"id": name, "key": name, "value": "x", "path": "/", "tags": tags});
    let server = rows(&json!([
        row("T_ONE", &["one", "more"]),
        row("T_TWO", &["two"]),
        row("T_THREE", &["three"]),
        row("T_NONE", &[]),
    ]));
    let run = over(&server).arguments(&["--tag", "one,two"]);
    run.sh(&names("T_")).stdout("T_ONE=x\nT_TWO=x\n");
    let run = over(&server).variable("PHASE_TAGS", "three");
    run.sh(&names("T_")).stdout("T_THREE=x\n");
}

#[test]
fn a_file_of_the_token_may_be_named_by_a_flag_or_a_variable() {
    let server = serve(web_with(&[("GREETING", "hello")]));
    let base = || {
        let run = over(&server).without("PHASE_SERVICE_TOKEN");
        run.file("token", 0o600, format!("{TOKEN}\n")).sh(GREET)
    };
    for run in [
        base().arguments(&["--token-file", "token"]),
        base().variable("PHASE_SERVICE_TOKEN_FILE", "token"),
    ] {
        run.stdout("hello").silent();
    }
    let run = base().arguments(&["--token-file", "token"]);
    fs::set_permissions(run.folder().join("token"), readable_by_all()).unwrap();
    run.stdout("hello")
        .stderr_has("warning: token can be read by others");
}

fn readable_by_all() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}
