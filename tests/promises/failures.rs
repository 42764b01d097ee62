//! A failure of each kind: its word, its status, and how it is written.

use serde_json::{Value, json};

use super::{Desk, over, rows, serve, web, web_with};
use crate::support::run::Run;
use crate::support::server::{Refusing, Reply, Server};
use crate::support::store::{Store, silent};

/// Servers and a vault that fail, each in its way.
struct Lab {
    bad: Server,
    broken: Server,
    busy: Server,
    dead: Server,
    denied: Server,
    empty: Server,
    long: Server,
    nobody: Refusing,
    sealed: [Desk; 2],
    unnamed: Server,
}

/// A word, its status, its status of sysexits, and a run that fails so.
type Case = (&'static str, i32, i32, Run);

impl Lab {
    fn new() -> Self {
        let refusing = |status| Server::always(Reply::json(status, "{}"));
        let dead = r#"{"error": "Token expired or deleted"}"#;
        Self {
            bad: serve(web_with(&[("A", "${NOPE}"), ("B", "\0")])),
            broken: refusing(200),
            busy: refusing(429),
            dead: Server::always(Reply::json(401, dead)),
            denied: refusing(403),
            empty: serve(web()),
            long: serve(web_with(&[("A", &"x".repeat(200_000))])),
            nobody: Refusing::port(),
            sealed: [Desk::new(), Desk::new()],
            unnamed: rows(&json!([{"id": "1", "key": "", "value": "", "path": "/"}])),
        }
    }

    fn usage(&self) -> Vec<Case> {
        let at = |words: &[&str]| over(&self.empty).arguments(words).command(["true"]);
        let bare = |words: &[&str]| Run::subcommand(words).store(Store::Nowhere);
        [
            at(&["--no-such-option"]),
            at(&["--only", "["]),
            at(&["--mode", "nonsense"]),
            at(&["--map-signal", "nonsense"]),
            at(&["--timeout", "nonsense"]),
            at(&["--json"]),
            bare(&[]),
            bare(&["npm", "start"]),
            bare(&["secrets"]),
            bare(&["secrets", "get"]),
            bare(&["copy"]),
            bare(&["completions", "csh"]),
        ]
        .map(|run| ("usage", 2, 64, run))
        .into()
    }

    fn of_servers(&self) -> Vec<Case> {
        let at = |server: &Server, words: &[&str]| {
            let run = over(server).arguments(&["--timeout", "400ms"]);
            run.arguments(words).command(["true"])
        };
        let hanging = Store::Phase(silent());
        let quick = Run::with(&["--timeout", "400ms"]).command(["true"]);
        let nobody = ["--host", &self.nobody.url()];
        vec![
            ("unresolved", 125, 65, at(&self.bad, &["--only", "A"])),
            ("protocol", 125, 65, at(&self.broken, &[])),
            ("too-large", 125, 65, at(&self.long, &[])),
            ("unreachable", 125, 69, at(&self.empty, &nobody)),
            ("timeout", 125, 75, quick.store(hanging)),
            ("throttled", 125, 75, at(&self.busy, &[])),
            ("credentials", 125, 77, at(&self.dead, &[])),
            ("denied", 125, 77, at(&self.denied, &[])),
            ("missing", 125, 78, at(&self.empty, &["--require", "A"])),
            ("ambiguous", 125, 78, at(&self.empty, &["--env", "prod"])),
            ("invalid-name", 125, 78, at(&self.unnamed, &[])),
            ("invalid-value", 125, 78, at(&self.bad, &["--only", "B"])),
        ]
    }

    fn of_others(&self) -> Vec<Case> {
        let [locked, other] = &self.sealed;
        let with = |words: &[&str]| over(&self.empty).arguments(words);
        let copy = Run::subcommand(&["copy", "/nonexistent/folder/file"]);
        let create = Run::subcommand(&["secrets", "create", "A"]).stdin("x");
        let stranger = locked.run(&["vault", "recipients", "list", "--identity"]);
        let stranger = stranger.argument(other.path("phase-run/identity"));
        let nonsense = with(&["--host", "nonsense"]).command(["true"]);
        vec![
            ("decryption", 125, 65, stranger),
            ("system", 125, 71, copy.store(Store::Nowhere)),
            ("configuration", 125, 78, nonsense),
            ("conflict", 125, 78, create.secrets(&[("A", "1")])),
            ("not-found", 127, 127, with(&[]).command(["no-such-xyz"])),
            ("not-executable", 126, 126, with(&[]).command(["/etc"])),
        ]
    }

    fn cases(&self) -> Vec<Case> {
        let mut cases = self.usage();
        cases.extend(self.of_servers());
        cases.extend(self.of_others());
        cases
    }
}

#[test]
fn every_reason_has_a_status_of_its_kind_where_that_is_wanted() {
    let lab = Lab::new();
    for (at, (word, status, sysexit, run)) in lab.cases().into_iter().enumerate() {
        // Each way of asking in its turn.
        match at % 3 {
            0 => run.argument("--sysexits").failed(sysexit, word),
            1 => run
                .variable("PHASE_RUN_SYSEXITS", "1")
                .failed(sysexit, word),
            _ => run.variable("PHASE_RUN_SYSEXITS", "0").failed(status, word),
        };
    }
}

#[test]
fn every_failure_is_one_object_where_json_is_wanted() {
    let lab = Lab::new();
    for (word, status, _, run) in lab.cases() {
        let run = run.arguments(&["--log-format", "json"]);
        let finished = run.status(status).stdout("");
        let errors = finished.errors();
        let lines = errors.lines().map(serde_json::from_str);
        let lines: Vec<Value> = lines.collect::<Result<_, _>>().expect(&errors);
        let failures: Vec<_> = lines
            .iter()
            .filter(|line| line["level"] == "ERROR")
            .collect();
        assert_eq!(failures.len(), 1, "{errors}");
        let failure = failures[0];
        assert_eq!(failure["reason"], word, "{errors}");
        let message = failure["message"].as_str().expect("a text");
        assert!(
            message.starts_with(&format!("phase-run: error[{word}]: ")) && !message.contains('\n'),
            "{message}"
        );
        assert!(failure["help"].is_array(), "{errors}");
    }
}
