//! A login's token goes to its own host alone.

use std::fs;

use super::{Home, UNKNOWN, phase, token};
use crate::support::server::Server;

/// Adds a login at `server`.
fn log_in(home: &Home, server: &Server, kind: &str) {
    let login = home.login(server, &token(kind));
    login.arguments(&["--store", "file"]).status(0);
}

#[test]
fn another_host_that_is_named_gets_nothing() {
    let (ours, other) = (phase(), phase());
    let home = Home::logged_in(&ours);
    let flag = home.fetch().arguments(&["--host", &other.url()]);
    let variable = home.fetch().variable("PHASE_HOST", other.url());
    for run in [flag, variable] {
        let finished = run.failed(125, "credentials");
        finished
            .stderr_has(&other.url())
            .stderr_has(&ours.url())
            .stderr_has("auth login --host");
    }
    let file = home.path("config/phase-run/config.toml");
    fs::write(&file, format!("host = '{}'", other.url())).unwrap();
    home.fetch()
        .failed(125, "credentials")
        .stderr_has("config.toml");
    fs::remove_file(file).unwrap();
    let project = format!("host = '{}'", other.url());
    let run = home.fetch().file("phase-run.toml", 0o644, project);
    run.failed(125, "credentials").stderr_has("phase-run.toml");
    assert!(other.requests().is_empty());
}

#[test]
fn the_same_host_in_another_spelling_is_the_same_host() {
    let server = phase();
    let home = Home::logged_in(&server);
    let url = format!("{}/", server.url().to_uppercase());
    let run = home.fetch().variable("PHASE_HOST", url);
    run.stdout("localhost").status(0);
}

#[test]
fn the_host_chooses_the_login_and_without_one_the_last_login_counts() {
    let (first, second) = (phase(), phase());
    let home = Home::new();
    log_in(&home, &first, "user_v1");
    log_in(&home, &second, "service_v1");
    let asked = |server: &Server| server.requests().len();
    let before = (asked(&first), asked(&second));
    home.fetch().stdout("localhost").status(0);
    assert_eq!((asked(&first), asked(&second)), (before.0, before.1 + 2));
    let run = home.fetch().variable("PHASE_HOST", first.url());
    run.stdout("localhost").status(0);
    assert_eq!(
        (asked(&first), asked(&second)),
        (before.0 + 2, before.1 + 2)
    );
    // A project may choose among the hosts that the user logged in at.
    let project = format!("host = '{}'", first.url());
    let run = home.fetch().file("phase-run.toml", 0o644, project);
    run.stdout("localhost").status(0);
    assert_eq!(asked(&first), before.0 + 4);
}

#[test]
fn a_project_cannot_choose_where_one_logs_in() {
    let server = phase();
    let home = Home::new();
    let run = home.run(&["auth", "login"]).stdin(token("user_v1"));
    let project = format!("host = '{}'", server.url());
    let run = run.file("phase-run.toml", 0o644, project);
    run.failed(125, "configuration")
        .stderr_has("phase-run.toml");
    assert!(server.requests().is_empty());
}

#[test]
fn a_token_that_is_given_is_used_and_the_login_left_alone() {
    let (ours, other) = (phase(), phase());
    let home = Home::logged_in(&ours);
    let before = ours.requests().len();
    let run = home.fetch().variable("PHASE_SERVICE_TOKEN", UNKNOWN);
    let run = run.variable("PHASE_HOST", other.url());
    run.failed(125, "credentials");
    let run = home
        .fetch()
        .variable("PHASE_SERVICE_TOKEN", token("user_v1"));
    let run = run.variable("PHASE_HOST", other.url());
    run.stdout("localhost").status(0);
    assert_eq!(ours.requests().len(), before);
}

#[test]
fn where_a_vault_is_named_no_login_is_looked_for() {
    let server = phase();
    let home = Home::logged_in(&server);
    let before = server.requests().len();
    fs::write(home.logins(), "broken").unwrap();
    let run = home.run(&["vault", "init"]);
    run.variable("PHASE_RUN_VAULT", home.path("vault"))
        .status(0);
    let run = home.run(&["secrets", "create", "A", "--app", "web"]);
    let run = run.variable("PHASE_RUN_VAULT", home.path("vault"));
    run.stdin("1").status(0).told("created A");
    assert_eq!(server.requests().len(), before);
    home.fetch()
        .failed(125, "configuration")
        .stderr_has("logins.json");
}
