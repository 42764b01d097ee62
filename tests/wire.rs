//! Phase over REST: recorded answers of the real server, served on loopback.

mod conversations;
mod doubt;
mod errors;
mod faults;
mod folders;
mod hints;
mod hostile;
mod lookup;
mod names;
mod proxies;
mod requests;
mod self_signed;
mod tampering;
mod trust;
mod writes;

use std::error::Error as _;
use std::time::Duration;

use phase_run::{
    App, Client, Connection, Credentials, Error, Folder, Folders, NewSecret, PhaseApi, PhaseToken,
    Place, Result, Scope, Secret, SecretName, SecretType, SecretValue,
};
use serde_json::Value;

use crate::support::server::{ACCOUNT, Reply, SERVICE, USER};

/// The app of the recorded answers.
const WEB: &str = "5369ca0e-10a9-409a-99c3-9608ce9cb47c";

/// The id of the service account's token.
const ID: &str = ACCOUNT;

/// A token that every `Phase` knows, such as `token("User")`.
fn token(word: &str) -> PhaseToken {
    let id = match word {
        "Service" => SERVICE,
        "User" => USER,
        _ => ACCOUNT,
    };
    PhaseToken::parse(&format!("{word} {id}")).unwrap()
}

/// A client of a service account for the server at `url`, patient enough for a slow machine.
fn client(url: &str) -> Client {
    client_of("ServiceAccount", Connection::new(url))
}

fn client_of(word: &str, connection: Connection) -> Client {
    Client::new(Credentials::Phase {
        api: PhaseApi::Auto,
        connection,
        token: token(word),
    })
    .unwrap()
}

/// The root folder of the environment `development` of the recorded app.
fn scope() -> Scope {
    Scope::new(App::Id(WEB.into()), "development")
}

fn folders(paths: &[&str]) -> Folders {
    Folders::These(
        paths
            .iter()
            .map(|path| Folder::new(path).unwrap())
            .collect(),
    )
}

/// The result of `future`, on a runtime of its own.
fn wait<T>(future: impl Future<Output = T> + Send) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(future);
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    result
}

/// The error of listing the secrets at `url`, given up after `timeout`.
fn failure(url: &str, timeout: Duration) -> Error {
    wait(client(url).timeout(timeout).list(&scope())).unwrap_err()
}

/// All that can be seen of an error.
fn all_text(error: &Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!(
        "{error} | {source} | {} | {error:?}",
        error.advice().unwrap_or_default()
    )
}

/// A recorded answer.
fn recorded(label: &str) -> Reply {
    let rows: Value = serde_json::from_str(include_str!("fixtures/phase/answers.json")).unwrap();
    let row = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["label"] == label);
    Reply::json(
        200,
        row.unwrap_or_else(|| panic!("no answer {label}"))["body"].to_string(),
    )
}

fn names(secrets: &Result<Vec<Secret>>) -> Vec<&str> {
    secrets
        .as_ref()
        .unwrap()
        .iter()
        .map(|secret| secret.name.as_str())
        .collect()
}

/// An app and an environment by their names.
fn place() -> Place {
    Place {
        app: App::Name("web".into()),
        environment: "development".into(),
    }
}

/// A secret to create.
fn new(name: &str, value: &str) -> NewSecret {
    NewSecret {
        comment: "a comment".into(),
        folder: Folder::root(),
        kind: SecretType::Config,
        name: SecretName::new(name).unwrap(),
        personal: None,
        tags: vec!["db".into()],
        value: SecretValue::new(value.to_owned()),
    }
}

fn value(text: &str) -> SecretValue {
    SecretValue::new(text.to_owned())
}
