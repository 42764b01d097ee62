//! What the program writes elsewhere: its copy, completions, manual and help.

use std::fs;
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
fn completions_and_the_manual_come_from_the_parser() {
    for shell in ["bash", "zsh", "fish"] {
        let text = plain(&["completions", shell]).status(0).silent().text();
        for word in ["--preserve-env", "recipients", "dry-run"] {
            assert!(
                text.contains(word.trim_start_matches("--")),
                "{shell}: {word}"
            );
        }
    }
    plain(&["completions", "csh"]).failed(2, "usage");
    let text = plain(&["man"]).status(0).silent().text();
    assert!(text.contains(".TH phase-run 1"), "{text}");
    for word in ["preserve\\-env", "toggle\\-override", "Exit status"] {
        assert!(text.contains(word), "{word}");
    }
}

/// All commands, as they are typed.
const COMMANDS: [&str; 20] = [
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
    "vault recipients",
    "vault recipients list",
    "vault recipients add",
    "vault recipients remove",
    "vault rekey",
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
