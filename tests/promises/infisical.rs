//! Infisical, as a user of the program has it.

mod choice;
mod context;
mod logins;
mod session;
mod store;
mod whole;

use crate::support::run::Run;
use crate::support::server::infisical::{CLIENT_ID, CLIENT_SECRET};
use crate::support::server::{Infisical, Server};
use crate::support::store::Store;

/// A project with a secret in `dev` and another value of it in `prod`.
pub(super) fn lab() -> Infisical {
    Infisical::default()
        .project("demo")
        .environments(&["dev", "prod"])
        .within("prod")
        .secret("HOST", "of prod")
        .within("dev")
        .secret("HOST", "of dev")
}

/// The project's id.
fn id() -> String {
    lab().project_id("demo")
}

/// A run of nobody, at `server`.
fn nobody(server: &Server) -> Run {
    Run::with(&[])
        .store(Store::Nowhere)
        .variable("INFISICAL_DOMAIN", server.url())
}

/// A run of the machine identity, by its client.
pub(super) fn run(server: &Server) -> Run {
    client(nobody(server))
}

/// The same for a subcommand.
pub(super) fn subcommand(server: &Server, words: &[&str]) -> Run {
    let run = Run::subcommand(words).store(Store::Nowhere);
    client(run.variable("INFISICAL_DOMAIN", server.url()))
}

fn client(run: Run) -> Run {
    run.variable("INFISICAL_CLIENT_ID", CLIENT_ID)
        .variable("INFISICAL_CLIENT_SECRET", CLIENT_SECRET)
}

/// Method and path of each request so far.
fn asked(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests
        .map(|request| format!("{} {}", request.method, request.path))
        .collect()
}

/// What prints the secret.
const PRINT: &str = "printf %s \"$HOST\"";
