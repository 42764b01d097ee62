//! The official Python SDK works with our server as it does with the real one.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::web;
use crate::support::server::Kind;

/// Says what is there to be imported, and fails if it is not what is wanted.
const PROBE: &str =
    "import importlib.metadata as m, phase; assert m.version('phase-dev') == '2.1.2'";

/// A Python with `phase-dev`: the one that is named, which must have it, or one that is found.
fn python() -> Option<Command> {
    let suits = |program: &Path| {
        let probe = Command::new(program).args(["-c", PROBE]).output();
        probe.is_ok_and(|probe| probe.status.success())
    };
    if let Some(program) = env::var_os("PHASE_RUN_TEST_PYTHON") {
        assert!(
            suits(program.as_ref()),
            "{} has no phase-dev 2.1.2",
            program.display()
        );
        return Some(Command::new(program));
    }
    let ours = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/official/bin/python"
    ));
    let found = [ours, Path::new("python3")]
        .into_iter()
        .find(|program| suits(program));
    found.map(Command::new)
}

#[test]
fn phase_dev_reads_creates_updates_and_deletes() {
    for (kind, person) in [
        (Kind::User, true),
        (Kind::ServiceAccount, false),
        (Kind::Service, false),
    ] {
        let Some(mut command) = python() else {
            let text = "phase-dev did NOT try the server: there is no Python with phase-dev 2.1.2. \
                        See packaging/CONTRIBUTING.md.";
            writeln!(io::stderr(), "{text}").unwrap();
            return;
        };
        let phase = web()
            .secret("HOST", "h\u{e9}")
            .comment("for people")
            .tags(&["db"])
            .secret("URL", "pg://${HOST}/")
            .folder("/b\u{fc}cher")
            .secret("PORT", "80");
        let before = phase.stored("web/Development");
        let server = phase.serve();
        let mut child = command
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/official/phase_dev.py"
            ))
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let token = phase.token(kind).full;
        let told = json!({"host": server.url(), "token": token, "person": person});
        let mut input = child.stdin.take().unwrap();
        write!(input, "{told}").unwrap();
        drop(input);
        assert!(child.wait().unwrap().success(), "{kind:?}");
        let mut after = phase.stored("web/Development");
        // A changed secret moves.
        after.sort_by_key(|secret| before.iter().position(|known| known.id == secret.id));
        assert_eq!(after, before, "{kind:?}");
    }
}
