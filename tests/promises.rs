//! What the program promises to its users, one test for each sentence of the contract.

mod changes;
mod completion;
mod context;
mod dry_run;
mod encrypted;
mod environments;
mod failures;
mod files;
mod git;
mod hosts;
mod infisical;
mod keys;
mod leases;
mod machine;
mod messages;
mod network;
mod npm;
mod options;
mod phase;
mod questions;
mod references;
mod refusals;
mod run;
mod secrets;
mod selection;
mod settings;
mod sharing;
mod shell;
mod vault;
mod waiting;
mod words;

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::run::Run;
use crate::support::server::{Authority, Kind, Phase, Reply, Server, Sse};
use crate::support::store::Store;

/// The app's environments: two of them have `prod` in their name.
const ENVIRONMENTS: [&str; 4] = ["Development", "Staging", "Preprod", "Non-Prod"];

/// A Phase with the app `web` and nothing in it. Secrets go into `Development` next.
fn web() -> Phase {
    Phase::default()
        .app("web", Sse::On)
        .environments(&ENVIRONMENTS)
        .within("web/Development")
}

/// The same with secrets in the root folder of `Development`.
fn web_with(secrets: &[(&str, &str)]) -> Phase {
    let add = |phase: Phase, &(name, value): &(&str, &str)| phase.secret(name, value);
    secrets.iter().fold(web(), add)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a test has no further use for it"
)]
fn serve(phase: Phase) -> Server {
    phase.serve()
}

/// The same over HTTPS.
fn serve_tls(authority: &Authority, phase: Phase) -> Server {
    Server::start_tls(authority, &["127.0.0.1"], move |request| {
        phase.answer(request)
    })
}

/// A server with these rows in every folder of every environment.
fn rows(rows: &serde_json::Value) -> Server {
    Server::always(Reply::json(200, rows.to_string()))
}

/// A run with the secrets of the app `web` on `server`.
fn over(server: &Server) -> Run {
    Run::with(&[]).store(Store::Phase(server.url()))
}

/// The same with the token of a person.
fn as_user(run: Run) -> Run {
    let token = Phase::default().token(Kind::User);
    run.variable("PHASE_SERVICE_TOKEN", token.rest)
}

/// All names with `prefix` in the environment of the command, sorted.
fn names(prefix: &str) -> String {
    format!("env | grep '^{prefix}' | sort")
}

/// A folder for several runs: it is their home, and has a vault.
struct Desk(TempDir);

impl Desk {
    /// With a vault, and the identity that opens it.
    fn new() -> Self {
        let desk = Self::bare();
        desk.run(&["vault", "init"]).status(0);
        desk
    }

    /// Without a vault.
    fn bare() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A command on the vault.
    fn run(&self, words: &[&str]) -> Run {
        let run = Run::subcommand(words).store(Store::Nowhere);
        let run = run.variable("XDG_CONFIG_HOME", self.0.path());
        run.variable("PHASE_RUN_VAULT", self.path("vault"))
    }

    /// A command on its secrets.
    fn secrets(&self, words: &[&str]) -> Run {
        let words: Vec<_> = ["secrets"].iter().chain(words).copied().collect();
        self.run(&words).variable("PHASE_APP", "web")
    }

    #[track_caller]
    fn add(&self, name: &str, value: &str) {
        let run = self.secrets(&["create", name]).stdin(value);
        let done = format!("created {name} in web/development/");
        run.stdout("").status(0).told(&done);
    }

    #[track_caller]
    fn has(&self, name: &str, value: &str) {
        let run = self.secrets(&["get", name, "--raw"]);
        run.stdout(value).status(0).silent();
    }
}
