//! `auth login` with a token.

use std::fs;

use super::{Home, KINDS, UNKNOWN, phase, token};
use crate::support::server::Refusing;
use crate::support::stage::Seat;

#[test]
fn a_token_from_stdin_is_tried_kept_and_used_for_each_kind() {
    for kind in KINDS {
        let server = phase();
        let home = Home::new();
        let login = home.login(&server, &format!("{}\n", token(kind)));
        let finished = login.arguments(&["--store", "file"]).status(0).stdout("");
        finished
            .stderr_has("logged in as")
            .stderr_has("of acme at http://127.0.0.1")
            .stderr_has("logins.json")
            .stderr_lacks(&token(kind)[15..]);
        assert_eq!(server.requests().len(), 1);
        home.fetch().stdout("localhost").status(0).silent();
    }
}

#[test]
fn a_token_that_is_good_for_rest_alone_is_kept_too() {
    let server = phase();
    let home = Home::new();
    let full = token("service_account_v2");
    let id = full.split(':').nth(2).unwrap();
    let login = home.login(&server, &format!("ServiceAccount {id}"));
    login.arguments(&["--store", "file"]).status(0);
    let status = home.run(&["auth", "status"]).status(0);
    assert!(status.text().contains("web"), "{}", status.text());
}

#[test]
fn a_token_that_the_server_does_not_know_is_not_kept() {
    let server = phase();
    let home = Home::new();
    let login = home.login(&server, UNKNOWN);
    let finished = login
        .arguments(&["--store", "file"])
        .failed(125, "credentials");
    finished.stderr_lacks("2222");
    assert!(!home.logins().exists());
}

#[test]
fn with_a_server_that_is_down_nothing_is_kept() {
    let nobody = Refusing::port();
    let home = Home::new();
    let run = home.run(&["auth", "login", "--store", "file"]);
    let run = run.arguments(&["--timeout", "300ms", "--host", &nobody.url()]);
    run.stdin(token("user_v1")).failed(125, "unreachable");
    assert!(!home.logins().exists());
}

#[test]
fn what_is_no_token_reaches_no_server_and_is_not_shown() {
    let server = phase();
    let home = Home::new();
    let login = |text: &str| {
        let login = home.login(&server, text);
        login
            .arguments(&["--store", "file"])
            .failed(125, "credentials")
    };
    login("hunter2").stderr_lacks("hunter2");
    login("").stderr_has("--web");
    login("\n").stderr_has("--web");
    let damaged = token("user_v1").replace("pss_user", "pss_usr");
    login(&damaged).stderr_lacks(&damaged[20..]);
    assert!(server.requests().is_empty());
}

#[test]
fn a_full_token_whose_key_is_damaged_is_not_kept() {
    let server = phase();
    let home = Home::new();
    let mut damaged = token("user_v1");
    let last = if damaged.ends_with('0') { '1' } else { '0' };
    damaged.pop();
    damaged.push(last);
    let login = home.login(&server, &damaged);
    let login = login.arguments(&["--store", "file"]);
    login.failed(125, "decryption").stderr_lacks(&damaged[20..]);
    assert!(!home.logins().exists());
}

#[test]
fn at_a_terminal_the_token_is_asked_for_and_not_shown() {
    let server = phase();
    let home = Home::new();
    let run = home.run(&["auth", "login", "--token", "--store", "file"]);
    let run = run.variable("PHASE_HOST", server.url()).at(Seat::Leader);
    let running = run.spawn();
    running.await_text("Token: ");
    assert!(!running.terminal().echoes());
    running.terminal().press(&token("user_v1"));
    running.terminal().press("\r");
    let finished = running.finish().status(0);
    assert!(!finished.text().contains("pss_user"), "it is not echoed");
    home.fetch().stdout("localhost");
}

#[test]
fn without_a_keyring_the_login_says_how_to_do_without() {
    let server = phase();
    let home = Home::new();
    let login = home.login(&server, &token("user_v1"));
    let finished = login.failed(125, "system");
    finished
        .stderr_has("DBUS_SESSION_BUS_ADDRESS")
        .stderr_has("--store file");
    assert!(!home.logins().exists());
    assert!(server.requests().is_empty(), "nobody made a token in vain");
}

#[test]
fn who_is_logged_in_and_sets_a_token_is_told_which_one_counts() {
    let server = phase();
    let home = Home::new();
    let login = home.login(&server, &token("user_v1"));
    let login = login.variable("PHASE_SERVICE_TOKEN", UNKNOWN);
    let finished = login.arguments(&["--store", "file"]).status(0);
    finished.stderr_has("PHASE_SERVICE_TOKEN is set");
    let folder = home.path("credentials");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("phase-token"), UNKNOWN).unwrap();
    let login = home.login(&server, &token("user_v1"));
    let login = login.variable("CREDENTIALS_DIRECTORY", folder);
    let login = login.variable("PHASE_RUN_AUTH", "token");
    let finished = login.arguments(&["--store", "file"]).status(0);
    finished
        .stderr_has("CREDENTIALS_DIRECTORY is set")
        .stderr_lacks("PHASE_RUN_AUTH");
    let run = home.fetch().variable("PHASE_SERVICE_TOKEN", UNKNOWN);
    let run = run.variable("PHASE_HOST", server.url());
    run.failed(125, "credentials");
}

#[test]
fn where_there_is_no_home_there_is_no_place_for_a_login() {
    let server = phase();
    let home = Home::new();
    let login = home.login(&server, &token("user_v1"));
    let login = login.without("HOME").without("XDG_CONFIG_HOME");
    login.failed(125, "configuration").stderr_has("HOME");
    assert!(server.requests().is_empty());
}
