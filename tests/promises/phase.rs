//! `secrets` and `apps`, against a server.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{as_user, rows, serve, serve_tls, web, web_with};
use crate::support::run::Run;
use crate::support::server::{Authority, Kind, Phase, Reply, Server, Sse};
use crate::support::store::{Store, TOKEN};

fn lab() -> Server {
    serve(web_with(&[("HOST", "h\u{e9}"), ("PORT", "80")]))
}

fn secrets(server: &Server, words: &[&str]) -> Run {
    let words: Vec<_> = ["secrets"].iter().chain(words).copied().collect();
    Run::subcommand(&words).store(Store::Phase(server.url()))
}

#[track_caller]
fn has(server: &Server, name: &str, value: &str) {
    secrets(server, &["get", name])
        .stdout(value)
        .status(0)
        .silent();
}

#[test]
fn list_shows_names_and_no_values_unless_asked_to() {
    let server = lab();
    let finished = secrets(&server, &["list"]).status(0).silent();
    let text = finished.text();
    assert!(text.contains("HOST") && text.contains("PORT"), "{text}");
    assert!(!text.contains("80") && !text.contains("h\u{e9}"), "{text}");
    let text = secrets(&server, &["list", "--show"]).status(0).text();
    assert!(text.contains("80") && text.contains("h\u{e9}"), "{text}");
    let json = |words: &[&str]| -> serde_json::Value {
        serde_json::from_str(&secrets(&server, words).status(0).text()).unwrap()
    };
    let rows = json(&["list", "--json"]);
    assert_eq!(rows[0]["name"], "HOST");
    assert_eq!(rows[0].get("value"), None);
    assert_eq!(json(&["list", "--json", "--show"])[1]["value"], "80");
}

#[test]
fn get_prints_the_value_byte_for_byte_and_export_one_flat_object() {
    let server = lab();
    has(&server, "HOST", "h\u{e9}");
    let run = secrets(&server, &["export", "--format", "json"]);
    run.stdout("{\"HOST\":\"h\u{e9}\",\"PORT\":\"80\"}\n")
        .status(0)
        .silent();
}

#[test]
fn a_secret_is_made_changed_moved_and_removed() {
    let server = lab();
    let run = secrets(&server, &["create", "NEW", "--comment", "for \"people\""]);
    run.stdin("one").stdout("").status(0).told("created NEW");
    has(&server, "NEW", "one");
    let run = secrets(&server, &["update", "NEW", "--trim-newline"]);
    run.stdin("two\n").stdout("").status(0).told("updated NEW");
    has(&server, "NEW", "two");
    let words = ["update", "NEW", "--keep-value", "--move-to", "deep//er/"];
    secrets(&server, &words)
        .stdout("")
        .status(0)
        .told("moved NEW");
    secrets(&server, &["get", "NEW"]).failed(125, "missing");
    let words = ["get", "NEW", "--path", "/deep/er"];
    secrets(&server, &words).stdout("two").status(0);
    let text = secrets(&server, &["list", "--all-paths"]).status(0).text();
    assert!(
        text.contains("for \"people\""),
        "the comment stayed: {text}"
    );
    let words = ["delete", "NEW", "--path", "/deep/er"];
    secrets(&server, &words)
        .stdout("")
        .status(0)
        .told("deleted NEW");
    secrets(&server, &words)
        .failed(125, "missing")
        .stderr_has("NEW");
}

/// The server stores names in upper case.
#[test]
fn a_name_is_found_as_it_is_spelt_or_else_in_upper_case() {
    let server = lab();
    let run = secrets(&server, &["create", "db_url"]).stdin("one");
    run.status(0).told("created DB_URL,");
    has(&server, "db_url", "one");
    has(&server, "DB_URL", "one");
    let run = |words: &[&str]| as_user(secrets(&server, words));
    run(&["update", "Db_Url"])
        .stdin("two")
        .status(0)
        .told("updated DB_URL");
    let create = run(&["create", "db_url", "--override"]);
    create.stdin("mine").status(0).told("created the");
    run(&["get", "db_url"]).stdout("mine").silent();
    run(&["delete", "host", "db_url", "HOST"])
        .status(0)
        .told("deleted DB_URL,");
    let finished = secrets(&server, &["get", "db_url"]).failed(125, "missing");
    finished.stderr_has("\"db_url\"");
    // One that is spelt so comes first, and the other cannot fail it.
    let row = |name: &str, value: &str| serde_json::json!({"id": name, "key": name, "value": value, "path": "/"});
    let server = rows(&serde_json::json!([
        row("A", "${NOPE}"),
        row("a", "small"),
        row("B", "large")
    ]));
    has(&server, "a", "small");
    has(&server, "b", "large");
    secrets(&server, &["get", "A"]).failed(125, "unresolved");
}

#[test]
fn creating_what_is_there_is_a_conflict_and_shows_no_value() {
    let server = lab();
    let run = secrets(&server, &["create", "HOST"]).stdin("hunter2");
    let finished = run.failed(125, "conflict");
    finished.stderr_has("HOST").stderr_lacks("hunter2");
    has(&server, "HOST", "h\u{e9}");
}

#[test]
fn what_is_missing_cannot_be_read_changed_or_removed_and_is_named() {
    let server = lab();
    for words in [
        &["get", "NOPE"][..],
        &["update", "NOPE"],
        &["delete", "NOPE"],
    ] {
        let run = secrets(&server, words).stdin("hunter2");
        let finished = run.failed(125, "missing");
        finished.stderr_has("NOPE").stderr_lacks("hunter2");
    }
    // A wrong name among several removes nothing.
    let run = secrets(&server, &["delete", "HOST", "NOPE"]);
    run.failed(125, "missing").stderr_has("NOPE");
    has(&server, "HOST", "h\u{e9}");
    secrets(&server, &["delete", "HOST", "PORT"]).status(0);
    secrets(&server, &["export"]).failed(125, "missing");
    secrets(&server, &["export", "--allow-empty"]).stdout("{}\n");
    secrets(&server, &["list", "--json"]).stdout("[]\n");
}

#[test]
fn a_name_that_stands_twice_among_several_removes_nothing() {
    for token in ["rest", "full"] {
        let phase = Phase::default().app("web", Sse::On);
        let phase = phase.environment("Development").secret("A", "1");
        let server = serve(phase.secret("B", "old").secret("B", "new"));
        let keys = Phase::default().token(Kind::User);
        let token = if token == "rest" {
            keys.rest
        } else {
            keys.full
        };
        let run = secrets(&server, &["delete", "A", "B"]).variable("PHASE_SERVICE_TOKEN", token);
        let finished = run.failed(125, "ambiguous");
        finished
            .stderr_has("B stands 2 times in /, and nothing was removed")
            .stderr_has("--move-to");
        assert!(server.requests().iter().all(|one| one.method == "GET"));
    }
}

#[test]
fn a_removal_that_breaks_in_the_middle_says_what_was_removed_and_what_was_not() {
    let phase = web_with(&[("A", "1"), ("B", "2"), ("C", "3")]);
    let removals = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if request.method == "DELETE" && removals.fetch_add(1, Ordering::SeqCst) == 1 {
            return Reply::json(403, r#"{"error": "no"}"#);
        }
        phase.answer(request)
    });
    let finished = secrets(&server, &["delete", "C", "B", "A"]).failed(125, "denied");
    finished
        .stderr_has("removed before that: A\n")
        .stderr_has("not removed: C\n");
    let first = secrets(&server, &["list", "--json"]).status(0).text();
    assert!(
        first.contains("\"B\"") && first.contains("\"C\""),
        "{first}"
    );
}

#[test]
fn a_personal_override_is_written_switched_and_ignored_on_request() {
    let server = lab();
    let run = |words: &[&str]| as_user(secrets(&server, words));
    let shown = |wanted: &str| run(&["get", "HOST"]).stdout(wanted).status(0);
    for (command, value) in [("create", "mine"), ("update", "mine too")] {
        let run = run(&[command, "HOST", "--override"]);
        run.stdin(value)
            .stdout("")
            .status(0)
            .told(&format!("{command}d the"));
        shown(value);
    }
    let again = run(&["create", "HOST", "--personal"]).stdin("hunter2");
    again
        .failed(125, "conflict")
        .stderr_has("HOST")
        .stderr_lacks("hunter2");
    run(&["get", "HOST", "--no-personal"]).stdout("h\u{e9}");
    run(&["update", "HOST", "--toggle-override"])
        .status(0)
        .told("turned off");
    shown("h\u{e9}");
    run(&["update", "HOST", "--toggle-override"]).status(0);
    shown("mine too");
    has(&server, "PORT", "80");
}

#[test]
fn a_services_token_cannot_write_an_override_and_is_told_why() {
    let server = lab();
    let run = secrets(&server, &["create", "HOST", "--override"]);
    run.stdin("hunter2")
        .failed(125, "configuration")
        .stderr_has("pss_user")
        .stderr_lacks("hunter2");
}

#[test]
fn a_write_needs_one_folder() {
    let server = lab();
    for words in [&["--all-paths"][..], &["--path", "/a", "--path", "/b"]] {
        let run = secrets(&server, &["create", "NEW"]).arguments(words);
        run.stdin("x").failed(2, "usage").stderr_has("--path");
    }
    let written = server.requests().into_iter().any(|one| one.method != "GET");
    assert!(!written);
}

#[test]
fn apps_prints_the_names_of_apps_and_environments() {
    let server = serve(web().app("api", Sse::On).environment("Development"));
    let apps = |words: &[&str]| {
        let run = Run::subcommand(&["apps"]).store(Store::Nowhere);
        let run = run.variable("PHASE_HOST", server.url());
        run.variable("PHASE_SERVICE_TOKEN", TOKEN).arguments(words)
    };
    let all = "api: Development\nweb: Development, Staging, Preprod, Non-Prod\n";
    apps(&[]).stdout(all).status(0).silent();
    let text = apps(&["--json"]).status(0).text();
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(rows[0]["id"], "api-id");
    assert_eq!(rows[1]["environments"][3], "Non-Prod");
}

#[test]
fn apps_tells_what_is_dangerous_and_where_settings_came_from_like_the_others() {
    let server = serve_tls(&Authority::new(), web());
    let run = Run::subcommand(&["apps"]).store(Store::Nowhere);
    let run = run.variable("PHASE_SERVICE_TOKEN", TOKEN).arguments(&[
        "--insecure",
        "-v",
        "--host",
        &server.url(),
    ]);
    let finished = run.status(0).stderr_has("NOT checked");
    finished.stderr_has("(--host)").stderr_lacks("11111111");
}
