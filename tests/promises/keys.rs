//! Which key is used where several lie about, and where none is looked for.

use std::fs;

use super::{Desk, over, serve, web};
use crate::support::run::Run;
use crate::support::store::Store;

#[test]
fn of_a_passphrase_and_an_identity_the_one_is_used_that_the_vault_takes() {
    let desk = Desk::new();
    desk.add("A", "by identity");
    let phrase = |run: Run| run.variable("PHASE_RUN_VAULT_PASSPHRASE", "open sesame");
    let get = || phrase(desk.secrets(&["get", "A"]));
    get().stdout("by identity").status(0).silent();
    // A new vault takes what it is told to take.
    let second = |words: &[&str]| {
        let run = phrase(desk.run(words));
        run.variable("PHASE_RUN_VAULT", desk.path("second"))
    };
    second(&["vault", "init"]).status(0).told("made the");
    let list = second(&["vault", "recipients", "list"]).status(0).text();
    assert!(list.starts_with("age1"), "{list}");
    fs::remove_file(desk.path("second")).unwrap();
    second(&["vault", "init", "--passphrase"]).status(0);
    second(&["secrets", "create", "A", "--app", "web"])
        .stdin("by passphrase")
        .status(0);
    second(&["secrets", "get", "A", "--app", "web"])
        .stdout("by passphrase")
        .silent();
    second(&["vault", "recipients", "list"]).stdout("");
}

#[test]
fn a_credential_in_the_place_of_its_files_name_is_not_shown() {
    let desk = Desk::new();
    let token = format!("pss_service:v2:{}", "hunter2".repeat(9));
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2/\n";
    let plain = || Run::with(&["--app", "web"]).store(Store::Nowhere);
    let run = |name: &str, value: &str| {
        let run = desk.run(&["run", "--app", "web"]).variable(name, value);
        run.variable("XDG_CONFIG_HOME", "/nonexistent")
    };
    for (run, name) in [
        (
            plain().variable("PHASE_SERVICE_TOKEN_FILE", &token),
            "PHASE_SERVICE_TOKEN_FILE",
        ),
        (plain().arguments(&["--token-file", &token]), "--token-file"),
        (
            run("PHASE_RUN_VAULT_PASSPHRASE_FILE", "hunter2"),
            "PHASE_RUN_VAULT_PASSPHRASE_FILE",
        ),
        (
            run("PHASE_RUN_IDENTITY", "age-plugin-hunter2"),
            "PHASE_RUN_IDENTITY",
        ),
        (run("PHASE_RUN_IDENTITY", ssh), "AGE-SECRET-KEY-1"),
        (
            run("PHASE_RUN_IDENTITY", "age-secret-key-1hunter2/"),
            "AGE-SECRET-KEY-1",
        ),
    ] {
        let finished = run.sh("echo started").failed(125, "credentials");
        finished.stderr_has(name).stderr_lacks("hunter2");
    }
    let run = run("PHASE_SERVICE_TOKEN_FILE", &token).sh("echo started");
    run.failed(125, "ambiguous").stderr_lacks("hunter2");
    // What is a path is shown: somebody has to find the file.
    let run = plain().arguments(&["--token-file", "./gone"]);
    run.sh("echo started")
        .failed(125, "credentials")
        .stderr_has("./gone");
}

#[test]
fn without_a_home_the_working_directory_is_none() {
    let desk = Desk::new();
    let homeless = |run: Run| run.without("HOME").without("XDG_CONFIG_HOME");
    let identity = fs::read(desk.path("phase-run/identity")).unwrap();
    let run = homeless(desk.run(&["run", "--app", "web"]));
    run.file("identity", 0o600, identity)
        .sh("echo started")
        .failed(125, "credentials")
        .stderr_has("--identity");
    let run = homeless(desk.run(&["vault", "init", "--vault", "new"]));
    run.failed(125, "configuration").stderr_has("--identity");
    // A server needs none.
    let server = serve(web());
    let run = homeless(over(&server)).argument("--allow-empty");
    let run = run.sh("echo started");
    run.stdout("started\n").silent();
}
