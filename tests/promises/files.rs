//! What the program writes elsewhere: its copy, completions, manual and help.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::Desk;
use crate::support::run::Run;
use crate::support::store::Store;

fn plain(words: &[&str]) -> Run {
    Run::subcommand(words).store(Store::Nowhere)
}

#[test]
fn a_copy_to_a_file_or_into_a_folder_runs() {
    let desk = Desk::bare();
    fs::create_dir(desk.path("bin")).unwrap();
    fs::write(desk.path("old"), "something else").unwrap();
    let version = plain(&["--version"]).status(0).text();
    for (dest, file) in [("new", "new"), ("old", "old"), ("bin", "bin/phase-run")] {
        let run = plain(&["copy"]).argument(desk.path(dest));
        run.stdout("").status(0).silent();
        let copy = Command::new(desk.path(file))
            .arg("--version")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&copy.stdout), version, "{dest}");
    }
    assert_eq!(fs::read_dir(desk.path("bin")).unwrap().count(), 1);
    let run = plain(&["copy"]).argument(desk.path("none/file"));
    run.failed(125, "system").stderr_has("none/file");
}

#[test]
fn a_program_may_copy_itself_onto_itself() {
    let desk = Desk::bare();
    let copy = |dest: &str| plain(&["copy"]).argument(desk.path(dest));
    copy("self").status(0);
    let itself = desk.path("self");
    let onto = Command::new(&itself).arg("copy").arg(&itself).output();
    let onto = onto.unwrap();
    assert!(onto.status.success() && onto.stderr.is_empty(), "{onto:?}");
    copy("self").status(0);
    let version = Command::new(&itself).arg("--version").output().unwrap();
    assert!(version.status.success());
    assert_eq!(fs::read_dir(itself.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_copy_goes_through_a_link_and_replaces_no_device() {
    let desk = Desk::bare();
    let copy = |dest: &str| plain(&["copy"]).argument(desk.path(dest));
    fs::create_dir(desk.path("bin")).unwrap();
    fs::write(desk.path("bin/tool"), "old").unwrap();
    let links = [
        ("file", "bin/tool"),
        ("folder", "bin"),
        ("null", "/dev/null"),
    ];
    for (link, target) in links {
        symlink(target, desk.path(link)).unwrap();
    }
    copy("file").status(0).silent();
    copy("folder").status(0).silent();
    assert!(desk.path("file").is_symlink() && desk.path("folder").is_symlink());
    let program = fs::read(desk.path("bin/phase-run")).unwrap();
    assert!(fs::read(desk.path("bin/tool")).unwrap() == program);
    fs::create_dir_all(desk.path("taken/phase-run")).unwrap();
    for dest in ["null", "taken"] {
        let finished = copy(dest).failed(125, "system");
        finished.stderr_has("not a regular file");
    }
    let finished = copy("null").failed(125, "system");
    finished.stderr_has("null");
    plain(&["copy"]).failed(2, "usage").stderr_has("<DEST>");
}

#[test]
fn completions_and_the_manual_come_from_the_parser() {
    for shell in ["elvish", "powershell"] {
        let text = plain(&["completions", shell]).status(0).silent().text();
        for word in ["preserve-env", "recipients", "dry-run", "toggle-override"] {
            assert!(text.contains(word), "{shell}: {word}");
        }
    }
    for shell in ["bash", "fish", "zsh"] {
        let words = [
            "completions",
            shell,
            "--",
            "phase-run",
            "secrets",
            "update",
            "--tog",
        ];
        let text = plain(&words).status(0).silent().text();
        assert!(text.starts_with("--toggle-override"), "{shell}: {text}");
    }
    let finished = plain(&["completions", "csh"]).failed(2, "usage");
    finished.stderr_has("bash, elvish, fish, powershell, zsh");
    let text = plain(&["man"]).status(0).silent().text();
    assert!(text.contains(".TH phase-run 1"), "{text}");
    assert!(text.is_ascii(), "{text}");
    for word in ["preserve\\-env", "toggle\\-override", "Exit status"] {
        assert!(text.contains(word), "{word}");
    }
}

/// By bash itself, which asks the function that it is given.
#[test]
fn bash_offers_what_may_come_next() {
    let ask = "source <(\"$@\") && COMP_WORDS=($WORDS '') && COMP_CWORD=${#COMP_WORDS[@]}-1 &&
        $(complete -p phase-run | sed 's/.*-F \\([^ ]*\\).*/\\1/') \"$1\" '' \"${WORDS##* }\" &&
        echo \"${COMPREPLY[@]}\"";
    for (words, wanted) in [
        (
            "phase-run",
            "run shell secrets apps vault copy completions man --",
        ),
        ("phase-run secrets", "list get create update delete export"),
        ("phase-run vault recipients", "list accept add remove"),
        ("phase-run completions", "bash elvish fish powershell zsh"),
        ("phase-run --mode", "auto exec supervise"),
    ] {
        let run = plain(&["completions", "bash"]).variable("WORDS", words);
        let run = run.inside(&["/bin/bash", "-c", ask, "bash"]);
        let offered = run.status(0).silent().text();
        let offered: Vec<_> = offered.split_whitespace().collect();
        for word in wanted.split(' ') {
            assert!(offered.contains(&word), "{words}: {offered:?}");
        }
    }
}

/// All commands, as they are typed.
const COMMANDS: [&str; 29] = [
    "",
    "run",
    "shell",
    "secrets",
    "secrets list",
    "secrets get",
    "secrets create",
    "secrets update",
    "secrets delete",
    "secrets export",
    "apps",
    "vault",
    "vault init",
    "vault environments",
    "vault environments list",
    "vault environments create",
    "vault environments delete",
    "vault recipients",
    "vault recipients list",
    "vault recipients accept",
    "vault recipients add",
    "vault recipients remove",
    "vault rekey",
    "auth",
    "auth login",
    "auth status",
    "auth logout",
    "copy",
    "completions",
];

#[test]
fn the_help_of_every_command_fits_into_80_columns() {
    for command in COMMANDS {
        let mut words: Vec<_> = command.split_whitespace().collect();
        words.push("--help");
        let text = plain(&words).status(0).silent().text();
        assert!(text.contains("Usage: "), "{command}: {text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
    }
}
