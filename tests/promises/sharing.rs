//! A vault that others write to: whom it is open to, and who wrote what is beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Desk;
use crate::support::run::Run;
use crate::support::stage::Seat;
use crate::support::store::Store;

/// A command of the owner of the desk, who remembers what was accepted.
fn ours(desk: &Desk, words: &[&str]) -> Run {
    let run = desk.run(words).variable("PHASE_APP", "web");
    run.variable("XDG_STATE_HOME", desk.path("state"))
}

/// A desk with a vault that somebody else has opened to a stranger. Who that is.
fn with_a_stranger() -> (Desk, String) {
    let desk = Desk::bare();
    ours(&desk, &["vault", "init"]).status(0).told("made the");
    let create = ours(&desk, &["secrets", "create", "A"]).stdin("1");
    create.status(0).told("created A");
    // The same key on another machine.
    let stranger = desk.run(&["vault", "init", "--vault", "spare", "--identity", "id"]);
    let stranger = stranger.status(0).text().trim_end().to_owned();
    let add = desk.run(&["vault", "recipients", "add", &stranger]);
    add.status(0).told(&format!("{stranger} can open"));
    (desk, stranger)
}

#[test]
fn a_recipient_that_was_not_accepted_is_a_warning_on_reading_and_an_error_on_writing() {
    let (desk, stranger) = with_a_stranger();
    let reads: [&[&str]; 6] = [
        &["run", "--", "true"],
        &["secrets", "get", "A"],
        &["secrets", "list"],
        &["secrets", "export"],
        &["apps"],
        &["vault", "recipients", "list"],
    ];
    for words in reads {
        ours(&desk, words)
            .status(0)
            .stderr_has("warning")
            .stderr_has(&stranger)
            .stderr_has("recipients accept");
    }
    let writes: [&[&str]; 3] = [
        &["secrets", "create", "B"],
        &["secrets", "update", "A"],
        &["vault", "rekey"],
    ];
    for words in writes {
        let run = ours(&desk, words).stdin("2");
        run.failed(125, "configuration")
            .stderr_has(&stranger)
            .stderr_has("--accept-recipients");
    }
    let accept = || ours(&desk, &["vault", "recipients", "accept"]);
    let accepted = accept().stdout(format!("{stranger}\n")).status(0);
    accepted.told("accepted 1 recipient of ");
    accept().stdout("").status(0).told("all recipients of ");
    let create = ours(&desk, &["secrets", "create", "B"]).stdin("2");
    create.status(0).told("created B");
}

#[test]
fn accept_recipients_accepts_along_the_way() {
    let (desk, _) = with_a_stranger();
    let create = ours(&desk, &["secrets", "create", "B", "--accept-recipients"]);
    create.stdin("2").status(0).told("created B");
    ours(&desk, &["secrets", "get", "B"]).stdout("2").silent();
}

#[test]
fn a_stranger_is_shut_out_without_being_accepted_first() {
    let (desk, stranger) = with_a_stranger();
    let remove = ours(&desk, &["vault", "recipients", "remove", &stranger]);
    remove.status(0).told(&format!("{stranger} cannot open "));
    ours(&desk, &["secrets", "get", "A"]).stdout("1").silent();
}

/// A desk with an override that carries no seal, as phase-run 0.1 wrote it.
fn with_an_unsealed_override() -> Desk {
    let desk = Desk::new();
    desk.add("A", "1");
    let identity = fs::read_to_string(desk.path("phase-run/identity")).unwrap();
    let public = identity
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let key: age::x25519::Recipient = public.unwrap().parse().unwrap();
    let text = r#"{"format":"phase-run personal overrides","version":1,"overrides":[{"app":"web","environment":"development","folder":"/","name":"A","value":"hunter2","active":true}]}"#;
    let sealed = age::encrypt(&key, text.as_bytes()).unwrap();
    fs::write(desk.path("vault.personal"), sealed).unwrap();
    desk
}

#[test]
fn overrides_that_nothing_shows_to_be_ours_are_refused_until_rekey_seals_them() {
    let desk = with_an_unsealed_override();
    let refused = || {
        let finished = desk.secrets(&["get", "A"]).failed(125, "decryption");
        finished
            .stderr_has("vault.personal")
            .stderr_has("vault rekey");
    };
    refused();
    let get = desk.secrets(&["get", "A", "--no-personal"]);
    get.stdout("1").status(0).silent();
    let rekey = || desk.run(&["vault", "rekey"]);
    rekey()
        .status(125)
        .stderr_has("error[configuration]")
        .stderr_has("--yes")
        .stderr_has("A (development of web, /)")
        .stderr_lacks("hunter2");
    for (typed, status) in [("n\n", 125), ("y\n", 0)] {
        refused();
        let running = rekey().at(Seat::Leader).spawn();
        running.await_text("[y/N] ");
        running.terminal().press(typed);
        running.finish().status(status);
    }
    desk.has("A", "hunter2");
    let desk = with_an_unsealed_override();
    desk.run(&["vault", "rekey", "--yes"]).status(0);
    desk.has("A", "hunter2");
    desk.run(&["vault", "rekey"]).status(0).told("encrypted");
}

#[test]
fn files_that_others_can_write_to_or_an_identity_that_they_can_read_are_warned_of() {
    let desk = Desk::new();
    desk.add("A", "1");
    let create = desk.secrets(&["create", "A", "--override"]).stdin("2");
    create.status(0).told("created the");
    for (name, mode) in [
        ("vault", 0o666),
        ("vault.personal", 0o606),
        ("phase-run/identity", 0o604),
        ("phase-run/identity", 0o602),
    ] {
        let file = desk.path(name);
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        for words in [&["get", "A"][..], &["list"], &["update", "A"]] {
            desk.secrets(words)
                .stdin("3")
                .status(0)
                .stderr_has(&format!("warning: {}", file.display()))
                .stderr_has("chmod o-");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    desk.secrets(&["get", "A"]).status(0).silent();
}

#[test]
fn every_folder_that_init_makes_is_ours_alone_whatever_the_umask() {
    let top = tempfile::tempdir().unwrap();
    let run = Run::subcommand(&["vault", "init", "--vault", "vault"]).store(Store::Nowhere);
    let run = run.variable("XDG_CONFIG_HOME", top.path().join("a/b"));
    let run = run.variable("XDG_STATE_HOME", top.path().join("c/d"));
    let script = "umask 0; exec \"$@\"";
    run.inside(&["/bin/sh", "-c", script, "sh"])
        .status(0)
        .told("made the");
    for folder in ["a", "a/b", "a/b/phase-run", "c", "c/d", "c/d/phase-run"] {
        let about = fs::metadata(top.path().join(folder)).unwrap();
        let mode = about.permissions().mode() & 0o7777;
        assert_eq!(mode, 0o700, "{folder}");
    }
}

#[test]
fn the_demo_runs_without_a_word() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/demo");
    let read = |name: &str| fs::read(demo.join(name)).unwrap();
    let run = Run::with(&["--vault", "demo.vault", "--identity", "identity"]);
    let run = run.arguments(&["--app", "web", "--env", "development"]);
    let run = run
        .store(Store::Nowhere)
        .file("identity", 0o600, read("identity"));
    let run = run.file("demo.vault", 0o644, read("demo.vault"));
    let finished = run.sh("echo \"$GREETING\"").status(0);
    finished.stdout("Hello from development\n").silent();
}

#[test]
fn a_work_factor_that_is_no_number_is_an_error_that_names_the_variable() {
    let desk = Desk::new();
    desk.add("A", "1");
    for factor in ["", "0", "23", "many"] {
        let run = desk.secrets(&["get", "A"]);
        let run = run.variable("PHASE_RUN_VAULT_WORK_FACTOR", factor);
        if factor.is_empty() {
            run.stdout("1").silent();
        } else {
            run.failed(125, "configuration")
                .stderr_has("PHASE_RUN_VAULT_WORK_FACTOR");
        }
    }
}

#[test]
fn a_passphrase_that_takes_more_work_than_was_asked_for_is_refused() {
    let desk = Desk::bare();
    let init = desk.run(&["vault", "init", "--passphrase"]);
    init.stdin("open sesame").status(0);
    let list = |factor: &str| {
        let run = desk.run(&["apps"]);
        let run = run.variable("PHASE_RUN_VAULT_PASSPHRASE", "open sesame");
        run.variable("PHASE_RUN_VAULT_WORK_FACTOR", factor)
    };
    let refused = list("16").failed(125, "decryption");
    refused
        .stderr_has("2^17")
        .stderr_has("PHASE_RUN_VAULT_WORK_FACTOR=17");
    list("17").status(0).silent();
}
