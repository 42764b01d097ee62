//! Text from outside, and whose files count.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::{geteuid, mkfifo};
use phase_run::outside;

use super::context::in_every_environment;
use super::{over, serve, web_with};
use crate::support::run::Run;
use crate::support::store::{Store, TOKEN};

/// Nobody here.
const SOMEBODY: u32 = 4242;

const GREET: &str = "printf %s \"$GREETING\"";

/// A run that is told nothing of a store.
fn nowhere() -> Run {
    Run::with(&[]).store(Store::Nowhere)
}

/// Gives the file `name` of the run away, which only root can do.
fn give_away(run: Run, name: &str) -> Option<Run> {
    let path = run.folder().join(name);
    geteuid().is_root().then(|| {
        chown(path, Some(SOMEBODY), None).unwrap();
        run
    })
}

#[test]
fn a_project_file_of_somebody_elses_is_an_error_with_three_ways_out() {
    let server = in_every_environment();
    let project = || {
        over(&server)
            .file("phase-run.toml", 0o644, "env = 'Staging'")
            .sh(GREET)
    };
    project().stdout("Staging").silent();
    let Some(run) = give_away(project(), "phase-run.toml") else {
        return;
    };
    let finished = run.failed(125, "configuration");
    finished
        .stderr_has("phase-run.toml")
        .stderr_has("4242")
        .stderr_has("--project-file FILE")
        .stderr_has("PHASE_RUN_PROJECT_FILE")
        .stderr_has("safe_directories")
        .stderr_has("--no-project-file");
    let foreign = || give_away(project(), "phase-run.toml").unwrap();
    let named = foreign().arguments(&["--project-file", "phase-run.toml"]);
    named.stdout("Staging").silent();
    let named = foreign().variable("PHASE_RUN_PROJECT_FILE", "phase-run.toml");
    named.stdout("Staging").silent();
    for run in [
        foreign().argument("--no-project-file"),
        foreign().variable("PHASE_RUN_NO_PROJECT_FILE", "yes"),
    ] {
        run.stdout("Development").silent();
    }
    let safe = foreign();
    let text = format!("safe_directories = ['{}']", safe.folder().display());
    let safe = safe.file("config/phase-run/config.toml", 0o600, text);
    safe.stdout("Staging").silent();
    let sudo = foreign().variable("SUDO_UID", SOMEBODY.to_string());
    sudo.stdout("Staging").silent();
    foreign().pid_one().stdout("Staging").silent();
}

#[test]
fn it_is_the_same_for_the_project_files_of_other_tools_and_for_the_vault() {
    let server = in_every_environment();
    let phase = || {
        let json = r#"{"version": "2", "appId": "web-id", "defaultEnv": "Staging"}"#;
        let run = nowhere().file(".phase.json", 0o644, json);
        let run = run.variable("PHASE_HOST", server.url());
        run.variable("PHASE_SERVICE_TOKEN", TOKEN).sh(GREET)
    };
    let Some(foreign) = give_away(phase(), ".phase.json") else {
        return;
    };
    foreign.failed(125, "configuration").stderr_has("4242");
    let named = give_away(phase(), ".phase.json").unwrap();
    let named = named.arguments(&["--project-file", ".phase.json"]);
    named.stdout("Staging").silent();
    let none = give_away(phase(), ".phase.json").unwrap();
    let none = none.arguments(&["--no-project-file"]);
    none.failed(125, "configuration")
        .stderr_has("no app was named");

    let vault = |spoilt: &str| {
        let run = nowhere().sh("echo $A");
        let rows = [("/".to_owned(), "A".to_owned(), "a".to_owned())];
        crate::support::store::make(run.folder(), &rows);
        let run = run.file("phase-run.toml", 0o644, "vault = 'test.vault'\napp = 'web'");
        let run = run.arguments(&["--identity", "test.identity"]);
        let path = run.folder().join(spoilt);
        if !path.exists() {
            fs::write(&path, "").unwrap();
        }
        give_away(run, spoilt).unwrap()
    };
    for spoilt in ["test.vault", "test.vault.personal"] {
        let finished = vault(spoilt).failed(125, "configuration");
        finished.stderr_has(spoilt).stderr_has("4242");
    }
    let run = vault("test.vault").arguments(&["--project-file", "phase-run.toml"]);
    run.stdout("a\n");
}

#[test]
fn a_vault_that_is_named_by_hand_counts_though_a_project_file_names_it_too() {
    let vault = || {
        let run = nowhere().sh("echo $A");
        let rows = [("/".to_owned(), "A".to_owned(), "a".to_owned())];
        crate::support::store::make(run.folder(), &rows);
        let run = run.file("phase-run.toml", 0o644, "vault = 'test.vault'\napp = 'web'");
        let run = run.arguments(&["--identity", "test.identity"]);
        let path = run.folder().join("test.vault");
        (give_away(run, "test.vault"), path)
    };
    let (Some(run), _) = vault() else { return };
    run.failed(125, "configuration").stderr_has("4242");
    for by_flag in [true, false] {
        let (run, path) = vault();
        let run = run.unwrap();
        let run = if by_flag {
            run.argument("--vault").argument(path)
        } else {
            run.variable("PHASE_RUN_VAULT", path)
        };
        run.stdout("a\n").silent();
    }
}

#[test]
fn what_cannot_be_looked_at_counts_as_absent_and_what_cannot_be_read_is_an_error() {
    // Root may look everywhere: somebody else is needed.
    if !geteuid().is_root() {
        return;
    }
    let server = in_every_environment();
    let somebody = SOMEBODY.to_string();
    let somebody = [
        "/usr/bin/setpriv".to_owned(),
        format!("--reuid={somebody}"),
        format!("--regid={somebody}"),
        "--clear-groups".to_owned(),
    ];
    let hidden = |mode: u32| {
        let run = over(&server).inside(&somebody).sh(GREET);
        let run = run.file("config/phase-run/config.toml", 0o644, "env = 'Staging'");
        let run = run.variable("XDG_STATE_HOME", "/nonexistent");
        let folder = run.folder().join("config/phase-run");
        fs::set_permissions(run.folder(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        run
    };
    hidden(0o755).stdout("Staging");
    hidden(0o700).stdout("Development");
    let told = hidden(0o700).argument("-v").stdout("Development");
    told.stderr_has("config.toml counts as absent");
    let unreadable = hidden(0o755).file("config/phase-run/config.toml", 0o600, "env = 'Staging'");
    let finished = unreadable.failed(125, "configuration");
    finished.stderr_has("config.toml cannot be used");
}

#[test]
fn a_variable_means_the_same_with_quotes_marks_and_white_space_round_it() {
    let server = in_every_environment();
    for odd in [
        "\u{feff}Staging\r\n",
        "  Staging\t",
        "\"Staging\"\n",
        "' Staging '",
    ] {
        let finished = over(&server)
            .variable("PHASE_ENV", odd)
            .sh(GREET)
            .stdout("Staging");
        let quoted = odd.contains(['"', '\'']);
        let lines: Vec<_> = finished.errors().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), usize::from(quoted), "{lines:?}");
        if quoted {
            finished.stderr_has("PHASE_ENV stands in quotes");
        }
    }
    let blank = over(&server)
        .variable("PHASE_ENV", " \u{feff}\r\n")
        .sh(GREET);
    blank.stdout("Development").silent();
    let token = format!("\"{TOKEN}\"\r\n");
    let quoted = over(&server)
        .variable("PHASE_SERVICE_TOKEN", token)
        .sh(GREET);
    quoted
        .stdout("Development")
        .stderr_has("PHASE_SERVICE_TOKEN stands in quotes");
    let host = format!(" '{}' ", server.url());
    let quoted = over(&server)
        .variable("PHASE_HOST", host)
        .argument("-q")
        .sh(GREET);
    quoted.stdout("Development").silent();
}

#[test]
fn a_password_is_taken_as_it_is() {
    let phrase = "\u{feff}' two words '\t";
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let run = Run::subcommand(words).store(Store::Nowhere);
        let run = run.variable("PHASE_RUN_VAULT", folder.path().join("vault"));
        run.variable("PHASE_APP", "web")
    };
    let with = |run: Run, phrase: &str| run.variable("PHASE_RUN_VAULT_PASSPHRASE", phrase);
    with(run(&["vault", "init", "--passphrase"]), phrase).status(0);
    let create = with(run(&["secrets", "create", "A"]), phrase);
    create.stdin(" a ").status(0);
    let get = || run(&["secrets", "get", "A", "--raw"]);
    // A secret's value is taken as it is, too.
    with(get(), phrase).stdout(" a ").silent();
    with(get(), outside::trimmed_text(phrase)).failed(125, "decryption");
    let file = |text: String| {
        let path = folder.path().join("phrase");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        get().variable("PHASE_RUN_VAULT_PASSPHRASE_FILE", path)
    };
    file(format!("{phrase}\n")).stdout(" a ").silent();
    file(format!("{phrase}\n\n")).failed(125, "decryption");
}

#[test]
fn a_switch_in_a_variable_has_eight_words_and_any_other_text_is_an_error() {
    let server = serve(web_with(&[("GREETING", "hello")]));
    for variable in [
        "PHASE_VERIFY_SSL",
        "PHASE_RUN_SYSEXITS",
        "PHASE_RUN_PASS_AUTH",
        "PHASE_RUN_NO_PERSONAL",
        "PHASE_RUN_NO_PROJECT_FILE",
        "PHASE_RUN_ALLOW_EMPTY",
        "PHASE_RUN_NO_PDEATHSIG",
        "PHASE_RUN_ACCEPT_NEW_KEY",
    ] {
        for word in ["1", "True", "yes", "ON", "0", "false", "No", "off"] {
            let run = over(&server).variable(variable, word).sh(GREET);
            run.stdout("hello");
        }
        for word in ["2", "nonsense", "pss_service:hunter2"] {
            let run = over(&server).variable(variable, word).sh(GREET);
            let finished = run.failed(125, "configuration");
            finished.stderr_has(variable).stderr_lacks("hunter2");
        }
    }
    let finished = over(&server)
        .variable("PHASE_RUN_LOG", "nonsense")
        .sh(GREET);
    finished
        .failed(125, "configuration")
        .stderr_has("PHASE_RUN_LOG");
    let run = nowhere().variable("PHASE_RUN_SYSEXITS", "true").sh(GREET);
    run.status(77);
    for (run, status) in [(nowhere(), 125), (nowhere().argument("--nope"), 2)] {
        let json = run.variable("PHASE_RUN_LOG_FORMAT", "json").sh(GREET);
        json.status(status).stderr_has("\"level\":\"ERROR\"");
    }
}

#[test]
fn a_flag_with_an_empty_text_is_wrong_usage() {
    for flag in [
        "--app",
        "--app-id",
        "--env",
        "--host",
        "--path",
        "--tag",
        "--only",
        "--exclude",
        "--require",
        "--prefix",
        "--vault",
        "--identity",
        "--token-file",
        "--ca-cert",
        "--command",
        "--project-file",
        "--client-id",
        "--azure-resource",
    ] {
        let run = nowhere().argument(format!("{flag}=")).argument("--dry-run");
        run.failed(2, "usage").stderr_has(flag);
    }
    let run = nowhere().arguments(&["--path", "", "--dry-run"]);
    run.failed(2, "usage").stderr_has("--all-paths");
}

#[test]
fn a_pipe_for_a_token_is_read_and_keeps_nobody_waiting_longer_than_the_timeout() {
    let server = serve(web_with(&[("GREETING", "hello")]));
    let run = |word: &str| {
        let run = nowhere().variable("PHASE_HOST", server.url());
        let run = run.arguments(&[
            "--app-id",
            "web-id",
            "--timeout",
            "1s",
            "--token-file",
            word,
        ]);
        run.sh(GREET)
    };
    run("/dev/stdin")
        .stdin(format!("{TOKEN}\r\n"))
        .stdout("hello")
        .silent();
    let silent = run("pipe");
    mkfifo(&silent.folder().join("pipe"), Mode::S_IRWXU).unwrap();
    let finished = silent.failed(125, "timeout");
    finished.stderr_has("--token-file").stderr_has("--timeout");

    let written = run("pipe");
    let pipe = written.folder().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let writer = std::thread::spawn(move || fs::write(pipe, TOKEN).unwrap());
    written.stdout("hello").silent();
    writer.join().unwrap();

    for device in ["/dev/zero", "/dev/null"] {
        run(device).failed(125, "credentials").stderr_has(device);
    }
    for (variable, reason) in [
        ("PHASE_SERVICE_TOKEN_FILE", "timeout"),
        ("PHASE_RUN_PROJECT_FILE", "configuration"),
    ] {
        let run = nowhere().arguments(&["--timeout", "1s"]).sh(GREET);
        mkfifo(&run.folder().join("pipe"), Mode::S_IRWXU).unwrap();
        run.variable(variable, "pipe").failed(125, reason);
    }
}

#[test]
fn a_time_without_its_unit_is_an_error_that_shows_one() {
    for words in [
        &["--timeout", "30"][..],
        &["--kill-after", "30"],
        &["--lease-ttl", "30"],
        &["--timeout", "0s"],
        &["--lease-ttl", "1500ms"],
    ] {
        let run = Run::with(words).sh("exit 0");
        run.failed(2, "usage").stderr_has("such as 30s or 2m");
    }
    for variable in ["TIMEOUT", "KILL_AFTER", "LEASE_TTL"] {
        let name = format!("PHASE_RUN_{variable}");
        let run = Run::with(&[]).variable(&name, "30").sh("exit 0");
        let finished = run.failed(125, "configuration");
        finished.stderr_has(&name).stderr_has("such as 30s or 2m");
    }
}

#[test]
fn a_value_of_another_kind_in_a_file_is_an_error_that_shows_the_right_one() {
    for (text, expected) in [
        (
            "timeout = 30",
            "a time span with its unit, such as 30s or 2m, in quotes",
        ),
        ("timeout = '30'", "such as 30s or 2m"),
        ("kill_after = 30", "such as 30s or 2m, in quotes"),
        ("kill_after = '30'", "such as 30s or 2m"),
        ("lease_ttl = '1500ms'", "whole seconds, such as 30s or 2m"),
        ("allow_empty = 'yes'", "true or false, without quotes"),
        ("pass_auth = 1", "true or false, without quotes"),
        (
            "paths = '/a'",
            "a list of texts in brackets, such as [\"a\", \"b\"]",
        ),
        ("only = 'A*'", "a list of texts in brackets"),
        (
            "clean_env = 'A'",
            "true, false, or a list of texts in brackets",
        ),
        ("rename = { A = 1 }", "such as { OLD = \"NEW\" }"),
        ("provider = 1", "one of: infisical, phase, vault, in quotes"),
        ("app = 5", "a text, in quotes"),
        ("mode = true", "a text, in quotes"),
    ] {
        let run = Run::with(&[]).file("config/phase-run/config.toml", 0o600, text);
        let (key, _) = text.split_once(' ').unwrap();
        let finished = run.sh("exit 0").failed(125, "configuration");
        finished
            .stderr_has(&format!("`{key}` must be "))
            .stderr_has(expected);
    }
}

#[test]
fn each_setting_is_told_once() {
    let desk = super::Desk::new();
    desk.add("A", "1");
    let run = desk.run(&["run", "-v", "--dry-run"]);
    let server = serve(web_with(&[("A", "1")]));
    for run in [
        run.variable("PHASE_APP", "web"),
        over(&server).arguments(&["-v", "--dry-run"]),
    ] {
        let errors = run.status(0).errors();
        let told: Vec<&str> = errors.lines().filter(|line| line.contains(" = ")).collect();
        assert!(told.len() >= 3, "{errors}");
        let mut once = told.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), told.len(), "{errors}");
    }
}

#[test]
fn a_working_directory_or_a_home_that_may_not_be_entered_counts_as_absent() {
    // Root may enter everything: somebody else is needed.
    if !geteuid().is_root() {
        return;
    }
    let server = serve(web_with(&[("GREETING", "hello")]));
    let (home, desk) = (tempfile::tempdir().unwrap(), super::Desk::new());
    desk.add("GREETING", "hello");
    let open =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let identity = desk.path("phase-run/identity");
    for (path, mode) in [
        (desk.path(""), 0o755),
        (desk.path("phase-run"), 0o755),
        (desk.path("vault"), 0o644),
        (identity.clone(), 0o644),
        (home.path().to_owned(), 0o700),
    ] {
        open(&path, mode);
    }
    let script = format!(
        "chmod 000 . && exec setpriv --reuid={SOMEBODY} --regid={SOMEBODY} --clear-groups \"$@\""
    );
    let vault = || {
        let run = nowhere().variable("PHASE_RUN_VAULT", desk.path("vault"));
        let run = run.variable("PHASE_RUN_IDENTITY", &identity);
        run.variable("PHASE_APP", "web")
    };
    for run in [over(&server), vault()] {
        open(run.folder(), 0o755);
        let run = run.inside(&["/bin/sh", "-c", &script, "sh"]).argument("-v");
        let run = run.variable("HOME", home.path());
        let run = ["CACHE", "CONFIG", "DATA"]
            .iter()
            .fold(run, |run, name| run.without(&format!("XDG_{name}_HOME")));
        let finished = run.sh(GREET).stdout("hello").status(0);
        finished
            .stderr_has("/phase-run.toml counts as absent: we may not look there")
            .stderr_has("/.config/phase-run/config.toml counts as absent: we may not look there");
    }
}
