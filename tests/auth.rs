//! Logging in: where a token comes from, where it is kept, and which server gets it.

mod browser;
mod hosts;
mod keyring;
mod login;
mod logout;
mod official;
mod status;
mod storage;
mod web;

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::run::Run;
use crate::support::server::{Reply, Request, Server};
use crate::support::store::Store;

/// The tokens of the recorded conversations.
const KINDS: [&str; 3] = ["user_v1", "service_v1", "service_account_v2"];

/// A token that no server knows.
const UNKNOWN: &str =
    "ServiceAccount 2222222222222222222222222222222222222222222222222222222222222222";

/// What was recorded of the token of this kind.
fn recorded(kind: &str) -> Value {
    let vectors = include_str!("fixtures/phase/vectors.json");
    let mut vectors: Value = serde_json::from_str(vectors).unwrap();
    vectors["conversations"][kind].take()
}

fn token(kind: &str) -> String {
    recorded(kind)["token"].as_str().unwrap().to_owned()
}

/// A Phase that knows the recorded tokens.
fn phase() -> Server {
    let known = KINDS.map(recorded);
    Server::start(move |request| answer(&known, request))
}

fn answer(known: &[Value], request: &Request) -> Reply {
    let authorization = request.header("authorization");
    let who = known
        .iter()
        .find(|one| one["authorization"].as_str() == authorization);
    let Some(who) = who else {
        return Reply::json(403, r#"{"error": "Token expired or deleted"}"#);
    };
    if request.path == "/service/secrets/tokens/" {
        return Reply::json(200, who["GET /service/secrets/tokens/"].to_string());
    }
    let rows = &who["GET /service/secrets/ (all paths; dynamic+lease on) by environment id"];
    let mut rows = rows[request.header("environment").unwrap()].clone();
    let rows = rows.as_array_mut().unwrap();
    rows.retain(|row| row["type"] != "dynamic");
    Reply::json(200, serde_json::json!(rows).to_string())
}

/// The home of a user, for several runs.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The file in which our logins are listed.
    fn logins(&self) -> PathBuf {
        self.path("config/phase-run/logins.json")
    }

    /// A command of this user, who has no keyring and gave no token.
    fn run(&self, words: &[&str]) -> Run {
        Run::subcommand(words)
            .store(Store::Nowhere)
            .variable("HOME", self.0.path())
            .variable("XDG_CONFIG_HOME", self.path("config"))
    }

    /// A login by a token on standard input.
    fn login(&self, server: &Server, token: &str) -> Run {
        let run = self.run(&["auth", "login"]).stdin(token);
        run.variable("PHASE_HOST", server.url())
    }

    /// Someone who has logged in, with the token in a file.
    fn logged_in(server: &Server) -> Self {
        let home = Self::new();
        let login = home.login(server, &token("user_v1"));
        login.arguments(&["--store", "file"]).status(0);
        home
    }

    /// A command that needs a secret.
    fn fetch(&self) -> Run {
        let run = self.run(&["run"]).sh("printf %s \"$HOST\"");
        run.arguments(&["--app", "web", "--env", "development", "--only", "HOST"])
    }
}
