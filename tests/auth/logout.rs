//! `auth logout`.

use super::{Home, UNKNOWN, phase, token};

#[test]
fn a_login_is_forgotten_with_its_token() {
    let server = phase();
    let home = Home::logged_in(&server);
    let finished = home.run(&["auth", "logout"]).status(0).stdout("");
    finished.stderr_has(&server.url()).stderr_has("stays good");
    let text = std::fs::read_to_string(home.logins()).unwrap();
    assert!(!text.contains("pss_"), "{text}");
    home.fetch()
        .failed(125, "credentials")
        .stderr_has("phase-run auth login");
}

#[test]
fn a_second_logout_finds_nothing_and_is_no_failure() {
    let home = Home::new();
    let run = home.run(&["auth", "logout"]);
    run.status(0).stderr_has("no login");
    assert!(!home.logins().exists());
}

#[test]
fn of_several_logins_the_one_to_end_is_named() {
    let (first, second) = (phase(), phase());
    let home = Home::logged_in(&first);
    let login = home.login(&second, &token("service_v1"));
    login.arguments(&["--store", "file"]).status(0);
    let finished = home.run(&["auth", "logout"]).failed(125, "ambiguous");
    finished
        .stderr_has(&first.url())
        .stderr_has(&second.url())
        .stderr_has("--host");
    let run = home.run(&["auth", "logout", "--host", &second.url()]);
    run.status(0).stderr_has(&second.url());
    home.fetch().stdout("localhost").status(0);
    assert!(first.requests().len() > 1);
}

#[test]
fn what_is_left_alone_is_told() {
    let server = phase();
    let home = Home::logged_in(&server);
    std::fs::create_dir_all(home.path(".phase/secrets")).unwrap();
    std::fs::write(home.path(".phase/secrets/config.json"), "{}").unwrap();
    let run = home.run(&["auth", "logout"]);
    let finished = run.variable("PHASE_SERVICE_TOKEN", UNKNOWN).status(0);
    finished
        .stderr_has("config.json")
        .stderr_has("PHASE_SERVICE_TOKEN")
        .stderr_lacks("2222");
    assert!(home.path(".phase/secrets/config.json").exists());
    let quiet = Home::logged_in(&server);
    quiet.run(&["auth", "logout", "--quiet"]).status(0).silent();
}
