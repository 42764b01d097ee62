//! How values get in and out: standard input, the command line, standard output.

use std::fs;

use super::Desk;
use crate::support::run::Run;
use crate::support::stage::Seat;

#[test]
fn a_value_from_standard_input_is_taken_byte_for_byte() {
    let desk = Desk::new();
    for (name, value) in [
        ("LINES", "one\r\ntwo\n\n"),
        ("SPACE", "  \t "),
        ("TEXT", "'\"$HOME\\ \u{1F512}"),
    ] {
        let run = desk.secrets(&["create", name]).stdin(value);
        run.stdout("").status(0).told(&format!("created {name}"));
        desk.has(name, value);
    }
    let run = desk.secrets(&["create", "BYTES"]).stdin(b"\xff\xfe");
    let finished = run.failed(125, "invalid-value");
    finished.stderr_has("BYTES").stderr_has("base64");
}

#[test]
fn one_final_newline_is_dropped_where_that_is_asked_for() {
    let desk = Desk::new();
    for (value, wanted) in [
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        ("a\r\n\r\n", "a\r\n"),
        ("a", "a"),
        ("a\r", "a\r"),
    ] {
        let run = desk.secrets(&["create", "A", "--trim-newline"]);
        run.stdin(value).status(0).told("created A");
        desk.has("A", wanted);
        desk.secrets(&["delete", "A"]).status(0);
    }
}

#[test]
fn a_value_that_ends_in_one_newline_is_stored_as_it_came_with_a_warning() {
    let desk = Desk::new();
    for (value, warned) in [
        ("hunter2\n", true),
        ("a\r\n", true),
        ("a\n\n", false),
        ("a", false),
    ] {
        let run = desk.secrets(&["create", "A"]).stdin(value);
        let finished = run.status(0).stderr_lacks("hunter2");
        let errors = finished.errors();
        assert_eq!(
            errors.contains("--trim-newline"),
            warned,
            "{value:?} {errors}"
        );
        assert_eq!(errors.lines().count(), 1 + usize::from(warned), "{errors}");
        desk.has("A", value);
        desk.secrets(&["delete", "A"]).status(0);
    }
}

#[test]
fn an_empty_stdin_wipes_no_secret_unless_that_is_asked_for() {
    let desk = Desk::new();
    desk.add("A", "1");
    for words in [
        &["update", "A"][..],
        &["update", "A", "--trim-newline"],
        &["update", "A", "--override"],
        &["create", "A", "--override"],
        &["create", "B"],
    ] {
        let input = if words.contains(&"--trim-newline") {
            "\n"
        } else {
            ""
        };
        // A variable that lets a place be empty is not about values.
        for allow in ["0", "1"] {
            let run = desk.secrets(words).variable("PHASE_RUN_ALLOW_EMPTY", allow);
            let refused = run.stdin(input).failed(2, "usage");
            refused.stderr_has("--allow-empty").stderr_has(words[1]);
        }
    }
    desk.has("A", "1");
    desk.secrets(&["get", "B"]).failed(125, "missing");
    let run = desk.secrets(&["update", "A", "--allow-empty"]).stdin("");
    run.status(0).told("updated A");
    desk.has("A", "");
    let run = desk.secrets(&["create", "B", "--allow-empty"]).stdin("");
    run.status(0).told("created B");
    desk.has("B", "");
}

#[test]
fn what_no_environment_can_hold_is_refused_or_told_when_it_is_written() {
    let desk = Desk::new();
    desk.add("A", "1");
    for command in ["create", "update"] {
        let name = if command == "create" { "NUL" } else { "A" };
        let run = desk.secrets(&[command, name]).stdin("hunter2\0");
        let refused = run.failed(125, "invalid-value");
        refused
            .stderr_has(name)
            .stderr_has("NUL")
            .stderr_lacks("hunter2");
    }
    desk.has("A", "1");
    // With the name, `=` and NUL: as much as there may be, and one byte more.
    for (length, told) in [(131_072 - 3, false), (131_072 - 2, true)] {
        let run = desk.secrets(&["update", "A"]).stdin("x".repeat(length));
        let errors = run.status(0).errors();
        assert_eq!(
            errors.contains("no environment can hold it"),
            told,
            "{errors}"
        );
        let run = desk.run(&["run"]).variable("PHASE_APP", "web").sh("true");
        run.status(if told { 125 } else { 0 });
    }
}

#[test]
fn a_value_on_the_command_line_is_refused_unless_it_is_said_to_be_no_secret() {
    let desk = Desk::new();
    for command in ["create", "update"] {
        let run = desk.secrets(&[command, "A=hunter2"]).stdin("x");
        let finished = run.failed(2, "usage");
        finished.stderr_has("--from-argv").stderr_lacks("hunter2");
    }
    desk.secrets(&["create", "A=1=2", "--from-argv"])
        .status(0)
        .told("created A");
    desk.has("A", "1=2");
    desk.secrets(&["update", "A=", "--from-argv"]).status(0);
    desk.has("A", "");
    let run = desk.secrets(&["update", "A", "--from-argv"]);
    run.failed(2, "usage").stderr_has("NAME=VALUE");
    let run = desk.secrets(&["update", "A", "hunter2"]);
    run.failed(2, "usage").stderr_lacks("hunter2");
}

#[test]
fn what_is_there_cannot_be_made_and_what_is_missing_not_changed() {
    let desk = Desk::new();
    desk.secrets(&["create", "A"]).stdin("1").status(0);
    let run = desk.secrets(&["create", "A"]).stdin("hunter2");
    run.failed(125, "conflict")
        .stderr_has("A")
        .stderr_lacks("hunter2");
    for command in ["update", "get", "delete"] {
        let run = desk.secrets(&[command, "NOPE"]).stdin("hunter2");
        let finished = run.failed(125, "missing");
        finished.stderr_has("NOPE").stderr_lacks("hunter2");
    }
    // A vault knows no other spelling.
    for command in ["update", "get", "delete"] {
        let run = desk.secrets(&[command, "a"]).stdin("x");
        run.failed(125, "missing");
    }
    let run = desk.secrets(&["create", ""]).stdin("x");
    run.failed(125, "invalid-name");
    desk.has("A", "1");
}

#[test]
fn an_empty_stdin_beside_another_change_does_not_empty_the_value() {
    let desk = Desk::new();
    desk.secrets(&["create", "A"]).stdin("1").status(0);
    let words = ["update", "A", "--comment", "new"];
    let refused = desk.secrets(&words).stdin("").failed(2, "usage");
    refused
        .stderr_has("--allow-empty")
        .stderr_has("--keep-value");
    let refused = desk.secrets(&["create", "B", "--comment", "new"]).stdin("");
    refused.failed(2, "usage").stderr_lacks("--keep-value");
    desk.has("A", "1");
}

#[test]
fn a_change_without_a_value_keeps_it() {
    let desk = Desk::new();
    desk.secrets(&["create", "A"]).stdin("1").status(0);
    let words = [
        "update",
        "A",
        "--keep-value",
        "--comment",
        "new",
        "--tag",
        "t",
    ];
    desk.secrets(&words).stdin("2").status(0).told("updated A");
    desk.has("A", "1");
    let words = [
        "update",
        "A",
        "--keep-value",
        "--type",
        "config",
        "--move-to",
        "/b",
    ];
    desk.secrets(&words).status(0);
    let words = ["create", "A", "--override", "--path", "/b", "--tag", "u"];
    desk.secrets(&words)
        .stdin("mine")
        .status(0)
        .told("created the");
    let text = desk
        .secrets(&["list", "--path", "/b", "--json"])
        .status(0)
        .text();
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    let row = &rows[0];
    assert_eq!(row["comment"], "new");
    assert_eq!(row["tags"], serde_json::json!(["u"]));
    assert_eq!(row["override"], true);
    assert_eq!(row["type"], "config");
    assert_eq!(row["path"], "/b");
    let words = ["update", "A", "--keep-value", "--path", "/b", "--tag", ""];
    desk.secrets(&words).status(0).told("updated A");
    let run = desk.secrets(&["list", "--path", "/b", "--tag", "u"]);
    assert_eq!(
        run.status(0).text().lines().count(),
        1,
        "no tags, no secrets"
    );
}

#[test]
fn overrides_in_a_vault_are_written_switched_and_left_out_of_it() {
    let desk = Desk::new();
    desk.secrets(&["create", "A"]).stdin("shared").status(0);
    let shared = fs::read(desk.path("vault")).unwrap();
    let run = desk.secrets(&["create", "A", "--override"]).stdin("mine");
    run.status(0).told("created the");
    desk.has("A", "mine");
    desk.secrets(&["get", "A", "--no-personal"])
        .stdout("shared");
    desk.secrets(&["update", "A", "--toggle-override"])
        .status(0);
    desk.has("A", "shared");
    let run = desk.secrets(&["update", "A", "--personal"]).stdin("mine 2");
    run.status(0);
    desk.has("A", "mine 2");
    assert_eq!(fs::read(desk.path("vault")).unwrap(), shared);
    let run = desk.secrets(&["update", "NOPE", "--toggle-override"]);
    run.failed(125, "missing").stderr_has("NOPE");
}

#[test]
fn references_of_a_vault_are_followed_where_values_are_used_and_not_where_they_are_listed() {
    let desk = Desk::new();
    desk.secrets(&["create", "HOST"]).stdin("db").status(0);
    desk.secrets(&["create", "URL"])
        .stdin("pg://${HOST}/")
        .status(0);
    desk.has("URL", "pg://db/");
    let run = desk.secrets(&["export"]);
    run.stdout("{\"HOST\":\"db\",\"URL\":\"pg://db/\"}\n");
    let text = desk.secrets(&["list", "--show"]).status(0).text();
    assert!(text.contains("pg://${HOST}/"), "{text}");
    desk.secrets(&["create", "BAD"]).stdin("${NOPE}").status(0);
    let finished = desk.secrets(&["export"]).failed(125, "unresolved");
    finished.stderr_has("BAD").stderr_has("${NOPE}");
    let run = desk.secrets(&["export", "--allow-unresolved"]);
    run.status(0).stderr_has("${NOPE}");
    desk.has("URL", "pg://db/");
}

#[test]
fn a_value_gets_a_newline_on_a_terminal_alone_and_not_if_it_is_wanted_raw() {
    let desk = Desk::new();
    desk.secrets(&["create", "A"]).stdin("1").status(0);
    let get = |words: &[&str]| desk.secrets(words).at(Seat::Leader);
    get(&["get", "A"]).stdout("1\n").status(0);
    get(&["get", "A", "--raw"]).stdout("1").status(0);
    desk.secrets(&["get", "A"]).stdout("1").status(0);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let desk = Desk::new();
    let value = "x".repeat(200_000);
    desk.secrets(&["create", "A"]).stdin(&value).status(0);
    let run = desk.secrets(&["get", "A"]);
    let script = "{ \"$@\"; echo \"status $?\" >&2; } | head -c 1";
    let finished = run.inside(&["/bin/sh", "-c", script, "sh"]).stdout("x");
    finished.stderr("status 0\n");
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let desk = Desk::new();
    desk.add("A", "hunter2");
    let into_full = |run: Run| {
        let script = "exec \"$@\" >/dev/full";
        let run = run.inside(&["/bin/sh", "-c", script, "sh"]);
        run.failed(125, "system").stderr_lacks("hunter2");
    };
    into_full(desk.secrets(&["get", "A"]));
    for words in [&["--help"][..], &["vault", "--help"], &["man"]] {
        into_full(desk.run(words));
    }
}

#[test]
fn no_length_of_a_name_a_value_or_a_comment_is_too_much_for_a_table() {
    let desk = Desk::new();
    let long = "x".repeat(70_000);
    let words = ["create", "A", "--comment", &long, "--tag", &long];
    desk.secrets(&words).stdin(&long).status(0);
    let text = desk.secrets(&["list", "--show"]).status(0).text();
    assert_eq!(text.lines().count(), 2);
    assert_eq!(text.matches(&long).count(), 3);
    let run = desk.run(&["run", "--dry-run"]).variable("PHASE_APP", "web");
    run.status(0);
    let desk = Desk::new();
    desk.add(&long, "1");
    let run = desk.run(&["run", "--dry-run"]).variable("PHASE_APP", "web");
    assert!(run.status(0).text().contains(&long));
}

#[test]
fn a_table_on_a_terminal_is_no_wider_than_the_terminal() {
    let desk = Desk::new();
    let words = ["create", "A", "--comment", &"long ".repeat(50)];
    desk.secrets(&words).stdin("1").status(0);
    let script = "stty cols 60 && exec \"$@\"";
    let run = desk.secrets(&["list"]).at(Seat::Leader);
    let text = run
        .inside(&["/bin/sh", "-c", script, "sh"])
        .status(0)
        .text();
    assert!(text.contains('\u{2026}'), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 60),
        "{text}"
    );
}
