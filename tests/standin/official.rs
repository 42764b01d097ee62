//! The official Python SDKs work with our servers as they do with the real ones.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::web;
use crate::support::server::Kind;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// A Python with that package: the one that is named, which must have it, or one that is found.
fn python(package: &str) -> Option<Command> {
    let (name, version) = package.split_once("==").unwrap();
    let probe =
        format!("import importlib.metadata as m; assert m.version({name:?}) == {version:?}");
    let suits = |program: &Path| {
        let probe = Command::new(program).args(["-c", &probe]).output();
        probe.is_ok_and(|probe| probe.status.success())
    };
    if let Some(program) = env::var_os("PHASE_RUN_TEST_PYTHON") {
        assert!(
            suits(program.as_ref()),
            "{} has no {package}",
            program.display()
        );
        return Some(Command::new(program));
    }
    let ours = Path::new(HERE).join("target/official/bin/python");
    let found = [&ours, Path::new("python3")]
        .into_iter()
        .find(|program| suits(program));
    found.map(Command::new)
}

/// Lets a script of `tests/official` do what it does with a package, and says whether it did:
/// the package may be missing.
#[track_caller]
pub(super) fn ran(package: &str, script: &str, told: &Value) -> bool {
    let Some(mut command) = python(package) else {
        let text = "did NOT try the server: there is no Python with it.";
        let mut err = io::stderr().lock();
        writeln!(err, "{package} {text} See packaging/CONTRIBUTING.md.").unwrap();
        return false;
    };
    let mut child = command
        .arg(Path::new(HERE).join("tests/official").join(script))
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    write!(input, "{told}").unwrap();
    drop(input);
    assert!(child.wait().unwrap().success(), "{script}: {told}");
    true
}

#[test]
fn phase_dev_reads_creates_updates_and_deletes() {
    for (kind, person) in [
        (Kind::User, true),
        (Kind::ServiceAccount, false),
        (Kind::Service, false),
    ] {
        let phase = web()
            .secret("HOST", "h\u{e9}")
            .comment("for people")
            .tags(&["db"])
            .secret("URL", "pg://${HOST}/")
            .folder("/b\u{fc}cher")
            .secret("PORT", "80");
        let before = phase.stored("web/Development");
        let server = phase.serve();
        let token = phase.token(kind).full;
        let told = json!({"host": server.url(), "token": token, "person": person});
        if !ran("phase-dev==2.1.2", "phase_dev.py", &told) {
            return;
        }
        let mut after = phase.stored("web/Development");
        // A changed secret moves.
        after.sort_by_key(|secret| before.iter().position(|known| known.id == secret.id));
        assert_eq!(after, before, "{kind:?}");
    }
}
