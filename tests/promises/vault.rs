//! `vault`: making one, sharing it, and what opens it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Desk;
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::stage::Seat;
use crate::support::store::Store;

#[track_caller]
fn is_private(file: &Path) {
    let mode = fs::metadata(file).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600, "{}", file.display());
}

/// Makes an identity in `file`, and says who it is.
fn identity(desk: &Desk, file: &str) -> String {
    let run = desk.run(&["vault", "init"]);
    let run = run.variable("PHASE_RUN_VAULT", desk.path("spare"));
    let finished = run
        .argument("--identity")
        .argument(desk.path(file))
        .status(0);
    fs::remove_file(desk.path("spare")).unwrap();
    finished.text().trim_end().to_owned()
}

fn open_by(desk: &Desk, file: &str) -> Run {
    let run = desk.secrets(&["get", "A", "--identity"]);
    run.argument(desk.path(file))
}

#[test]
fn init_makes_a_vault_and_an_identity_that_nobody_else_can_read() {
    let desk = Desk::bare();
    let finished = desk.run(&["vault", "init"]).status(0).told("made the");
    let recipient = finished.text();
    assert!(recipient.starts_with("age1"), "{recipient}");
    assert_eq!(recipient.lines().count(), 1, "{recipient}");
    is_private(&desk.path("vault"));
    is_private(&desk.path("phase-run/identity"));
    desk.run(&["vault", "recipients", "list"]).stdout(recipient);
    desk.add("A", "1");
    desk.has("A", "1");
    desk.run(&["run"])
        .arguments(&["--app", "web"])
        .sh("echo $A")
        .stdout("1\n")
        .silent();
}

#[test]
fn init_never_overwrites_a_vault_or_an_identity() {
    let desk = Desk::new();
    desk.add("A", "1");
    let files = ["vault", "phase-run/identity"].map(|name| desk.path(name));
    let contents = || files.clone().map(|file| fs::read(file).unwrap());
    let before = contents();
    for words in [&[][..], &["--passphrase"], &["--identity", "new"]] {
        let run = desk.run(&["vault", "init"]).arguments(words).stdin("x");
        run.failed(125, "conflict").stderr_has("never overwritten");
    }
    assert_eq!(contents(), before);
    // Another vault is made for the identity that is there.
    let run = desk.run(&["vault", "init", "--vault"]);
    run.argument(desk.path("second")).status(0).told("made the");
    assert_eq!(contents(), before);
    desk.secrets(&["create", "B", "--vault"])
        .argument(desk.path("second"))
        .stdin("2")
        .status(0);
}

#[test]
fn the_first_create_makes_the_app_and_the_environment() {
    let desk = Desk::new();
    let run = desk.run(&["secrets", "create", "A"]).stdin("1");
    run.arguments(&["--app", "Api", "--env", "Production"])
        .status(0);
    let run = desk.run(&["apps"]);
    run.stdout("Api: Production\n").status(0);
    // What is only read is never made.
    let run = desk.run(&["secrets", "list"]);
    run.arguments(&["--app", "nope"])
        .failed(125, "missing")
        .stderr_has("Api");
}

#[test]
fn a_new_vault_says_that_it_is_empty_and_not_that_something_is_out_of_reach() {
    let desk = Desk::bare();
    desk.run(&["vault", "init"]).status(0);
    for words in [&["secrets", "get", "A"][..], &["run", "--dry-run"]] {
        let run = desk.run(words).arguments(&["--app", "web"]);
        let finished = run.failed(125, "missing").stderr_has("no app \"web\"");
        finished.stderr_has("the first secret that is created makes one");
    }
}

#[test]
fn who_cannot_open_a_vault_is_told_which_identity_to_give_or_how_to_get_in() {
    let desk = Desk::new();
    desk.add("A", "1");
    identity(&desk, "other");
    let finished = open_by(&desk, "other").failed(125, "decryption");
    finished
        .stderr_has("this identity does not open ")
        .stderr_has("--identity")
        .stderr_has("vault recipients add");
    fs::remove_file(desk.path("phase-run/identity")).unwrap();
    let finished = desk.secrets(&["get", "A"]).failed(125, "credentials");
    finished
        .stderr_has("there is no identity to open ")
        .stderr_has("--identity")
        .stderr_has("age-keygen -o ");
}

#[test]
fn recipients_are_added_listed_kept_by_writes_and_removed() {
    let desk = Desk::new();
    desk.add("A", "1");
    let friend = identity(&desk, "friend");
    open_by(&desk, "friend").failed(125, "decryption");
    let add = || desk.run(&["vault", "recipients", "add", &friend]);
    add()
        .stdout("")
        .status(0)
        .told(&format!("{friend} can open"));
    add().status(0).stderr_has("could open it already");
    let text = desk.run(&["vault", "recipients", "list"]).status(0).text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains(&friend), "{text}");
    open_by(&desk, "friend").stdout("1").status(0);
    desk.secrets(&["update", "A"]).stdin("2").status(0);
    open_by(&desk, "friend").stdout("2").status(0);
    let run = desk.run(&["vault", "recipients", "remove", &friend]);
    run.stdout("")
        .status(0)
        .told(&format!("{friend} cannot open"));
    open_by(&desk, "friend")
        .failed(125, "decryption")
        .stderr_has("vault");
    let run = desk.run(&["vault", "recipients", "remove", &friend]);
    run.failed(125, "missing").stderr_has(&friend);
    let run = desk.run(&["vault", "recipients", "add", "age1nonsense"]);
    run.failed(125, "configuration").stderr_has("age1nonsense");
}

#[test]
fn a_rekeyed_vault_is_another_file_of_the_same_secrets() {
    let desk = Desk::new();
    desk.add("A", "1");
    let before = fs::read(desk.path("vault")).unwrap();
    desk.run(&["vault", "rekey"])
        .stdout("")
        .status(0)
        .told("encrypted");
    assert_ne!(fs::read(desk.path("vault")).unwrap(), before);
    desk.has("A", "1");
    identity(&desk, "next");
    let run = desk.run(&["vault", "rekey", "--to-identity"]);
    run.argument(desk.path("next")).status(0);
    open_by(&desk, "next").stdout("1").status(0);
    desk.secrets(&["get", "A"]).failed(125, "decryption");
    is_private(&desk.path("vault"));
}

#[test]
fn an_identity_comes_from_a_flag_a_variable_or_systemd() {
    let desk = Desk::new();
    desk.add("A", "1");
    let file = desk.path("phase-run/identity");
    let text = fs::read_to_string(&file).unwrap();
    let get = || {
        let run = desk.secrets(&["get", "A"]);
        run.variable("XDG_CONFIG_HOME", "/nonexistent")
    };
    get()
        .failed(125, "credentials")
        .stderr_has("PHASE_RUN_IDENTITY");
    get()
        .argument("--identity")
        .argument(&file)
        .stdout("1")
        .silent();
    get()
        .variable("PHASE_RUN_IDENTITY", &file)
        .stdout("1")
        .silent();
    get()
        .variable("PHASE_RUN_IDENTITY", &text)
        .stdout("1")
        .silent();
    let run = get().file("credentials/age-identity", 0o400, &text);
    let folder = run.folder().join("credentials");
    run.variable("CREDENTIALS_DIRECTORY", folder)
        .stdout("1")
        .silent();
}

#[test]
fn a_passphrase_comes_from_a_variable_a_file_or_a_question() {
    let desk = Desk::bare();
    let init = desk.run(&["vault", "init", "--passphrase"]);
    init.stdin("open sesame\n")
        .stdout("")
        .status(0)
        .told("made the");
    assert!(!desk.path("phase-run/identity").exists(), "none is needed");
    let by_variable = |run: Run| run.variable("PHASE_RUN_VAULT_PASSPHRASE", "open sesame");
    by_variable(desk.secrets(&["create", "A"]))
        .stdin("1")
        .status(0)
        .told("created A");
    by_variable(desk.secrets(&["get", "A"]))
        .stdout("1")
        .silent();
    let run = desk
        .secrets(&["get", "A"])
        .file("phrase", 0o600, "open sesame\n");
    let run = run.variable("PHASE_RUN_VAULT_PASSPHRASE_FILE", "phrase");
    run.stdout("1").silent();
    let run = desk.secrets(&["get", "A"]);
    let run = run.variable("PHASE_RUN_VAULT_PASSPHRASE", "hunter2");
    run.failed(125, "decryption").stderr_lacks("hunter2");
    // Where there is nobody to ask, that is said, and what to do instead.
    let run = desk.secrets(&["get", "A"]);
    run.failed(125, "configuration")
        .stderr_has("no terminal to ask at: Passphrase of ")
        .stderr_has("set PHASE_RUN_VAULT_PASSPHRASE_FILE or");
    let running = desk.secrets(&["get", "A"]).at(Seat::Leader).spawn();
    answer(&running, "Passphrase of ", "open sesame");
    let text = running.finish().status(0).text();
    assert!(text.ends_with("\n1\n"), "{text}");
    assert!(!text.contains("sesame"), "{text}");
    // An identity for other vaults, which merely lies in its place.
    fs::create_dir_all(desk.path("phase-run")).unwrap();
    fs::write(desk.path("phase-run/identity"), "AGE-SECRET-KEY-1").unwrap();
    let running = desk.secrets(&["get", "A"]).at(Seat::Leader).spawn();
    answer(&running, "Passphrase of ", "open sesame");
    running.finish().status(0);
}

#[test]
fn a_question_is_asked_at_the_terminal_and_leaves_standard_input_to_the_command() {
    let desk = Desk::bare();
    let phrase = "open sesame";
    let init = desk.run(&["vault", "init", "--passphrase"]);
    init.stdin(phrase).status(0);
    let create = desk.secrets(&["create", "A"]).stdin("1");
    create
        .variable("PHASE_RUN_VAULT_PASSPHRASE", phrase)
        .status(0);
    let run = desk
        .run(&["run", "--app", "web"])
        .at(Seat::Leader)
        .redirected();
    let running = run.sh("cat; echo got $A").spawn();
    answer(&running, "Passphrase of ", phrase);
    let text = running.finish().status(0).text();
    assert!(text.ends_with("\ngot 1\n"), "{text}");
}

#[test]
fn a_project_file_and_an_identity_are_all_that_a_run_needs() {
    let desk = Desk::new();
    desk.add("GREETING", "hello");
    let run = Run::with(&[]).store(Store::Nowhere);
    let run = run.file(
        "phase-run.toml",
        0o644,
        "vault = 'v/secrets.age'\napp = 'web'\n",
    );
    let run = run.file(
        "v/secrets.age",
        0o644,
        fs::read(desk.path("vault")).unwrap(),
    );
    let identity = fs::read(desk.path("phase-run/identity")).unwrap();
    let run = run.file("config/phase-run/identity", 0o600, identity);
    run.sh("echo $GREETING")
        .stdout("hello\n")
        .status(0)
        .silent();
}

#[track_caller]
fn answer(running: &Running, question: &str, text: &str) {
    running.await_text(question);
    running.terminal().press(&format!("{text}\n"));
}

#[test]
fn a_new_passphrase_is_asked_for_twice() {
    let desk = Desk::new();
    desk.add("A", "1");
    let rekey = || {
        let run = desk.run(&["vault", "rekey", "--passphrase"]);
        run.at(Seat::Leader).spawn()
    };
    let running = rekey();
    answer(&running, "New passphrase: ", "open sesame");
    answer(&running, "The same again: ", "open sesam");
    let text = running.finish().status(125).text();
    assert!(text.contains("differ") && !text.contains("sesam"), "{text}");
    desk.has("A", "1");
    let running = rekey();
    answer(&running, "New passphrase: ", "open sesame");
    answer(&running, "The same again: ", "open sesame");
    running.finish().status(0);
    let run = desk.secrets(&["get", "A"]);
    run.variable("PHASE_RUN_VAULT_PASSPHRASE", "open sesame")
        .stdout("1");
    let run = desk.run(&["vault", "init", "--passphrase", "--vault", "other"]);
    run.stdin("\n").failed(125, "invalid-value");
}

#[test]
fn a_command_started_from_a_vault_sees_neither_passphrase_nor_identity() {
    let desk = Desk::new();
    desk.add("A", "1");
    let text = fs::read_to_string(desk.path("phase-run/identity")).unwrap();
    let run = desk.run(&["run", "--app", "web"]);
    let run = run.variable("PHASE_RUN_IDENTITY", &text).command(["env"]);
    let text = run.status(0).silent().text();
    assert!(text.contains("\nA=1\n"), "{text}");
    assert!(!text.contains("AGE-SECRET-KEY"), "{text}");
}
