//! Infisical, as a program that embeds the library sees it: a server that keeps what it is
//! told, on loopback.

mod absent;
mod certificates;
mod dynamic;
mod errors;
mod faults;
mod hidden;
mod limits;
mod logins;
mod moves;
mod names;
mod old;
mod overrides;
mod owner;
mod projects;
mod references;
mod requests;
mod service;
mod tokens;
mod values;
mod versions;
mod writes;

use std::error::Error as _;

use phase_run::{
    App, Change, Client, Connection, Credentials, Error, Folder, Folders, InfisicalLogin,
    NewSecret, Place, Plan, Resolution, Result, Scope, SecretName, SecretType, SecretValue,
};
use serde_json::Value;

use crate::support::server::infisical::{CLIENT_ID, CLIENT_SECRET};
use crate::support::server::{Infisical, Reply, Request, Server};

/// A server that runs.
struct Lab {
    infisical: Infisical,
    server: Server,
}

/// A project with three environments. Secrets go into `dev` next.
fn demo() -> Infisical {
    Infisical::default()
        .project("demo")
        .environments(&["prod", "staging", "dev"])
}

impl Lab {
    fn new(infisical: Infisical) -> Self {
        let server = infisical.serve();
        Self { infisical, server }
    }

    /// The same, where some requests are answered by `special`.
    fn with(
        infisical: Infisical,
        special: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let whole = infisical.clone();
        let server =
            Server::start(move |request| special(request).unwrap_or_else(|| whole.answer(request)));
        Self { infisical, server }
    }

    /// A client that logs in by universal auth.
    fn client(&self) -> Client {
        self.client_of(universal())
    }

    /// One with an access token of the identity.
    fn at_hand(&self) -> Client {
        self.client_of(token(&self.infisical.token()))
    }

    /// One of the user.
    fn user(&self) -> Client {
        self.client_of(token(&self.infisical.user_token()))
    }

    fn client_of(&self, login: InfisicalLogin) -> Client {
        client(&self.server.url(), login)
    }

    /// `dev` of the project, by its id.
    fn place(&self) -> Place {
        Place {
            app: App::Id(self.infisical.project_id("demo")),
            environment: "dev".into(),
        }
    }

    /// The root folder there.
    fn scope(&self) -> Scope {
        let Place { app, environment } = self.place();
        Scope::new(app, environment)
    }

    /// Methods and paths of all requests so far, but without `/api`.
    fn asked(&self) -> Vec<String> {
        let requests = self.server.requests();
        let line = |request: &Request| {
            let path = request.target.split('?').next().unwrap();
            format!("{} {}", request.method, path.strip_prefix("/api").unwrap())
        };
        requests.iter().map(line).collect()
    }

    /// The only list that was asked for.
    #[track_caller]
    fn list(&self) -> Request {
        let lists = self.lists();
        assert_eq!(lists.len(), 1, "{:?}", self.asked());
        lists[0].clone()
    }

    /// All lists of secrets that were asked for.
    fn lists(&self) -> Vec<Request> {
        let mut requests = self.server.requests();
        requests
            .retain(|request| ["/api/v4/secrets", "/api/v3/secrets/raw"].contains(&&*request.path));
        requests
    }

    /// How often somebody tried to log in.
    fn logins(&self) -> usize {
        let asked = self.asked();
        asked.iter().filter(|line| line.ends_with("/login")).count()
    }
}

fn universal() -> InfisicalLogin {
    InfisicalLogin::Universal {
        client_id: CLIENT_ID.into(),
        client_secret: value(CLIENT_SECRET),
    }
}

fn token(text: &str) -> InfisicalLogin {
    InfisicalLogin::Token(value(text))
}

fn client(url: &str, login: InfisicalLogin) -> Client {
    client_over(Connection::new(url), login, None)
}

fn client_over(
    connection: Connection,
    login: InfisicalLogin,
    organisation: Option<&str>,
) -> Client {
    Client::new(Credentials::Infisical {
        connection,
        login,
        organisation: organisation.map(str::to_owned),
    })
    .unwrap()
}

fn folder(path: &str) -> Folder {
    Folder::new(path).unwrap()
}

fn these(paths: &[&str]) -> Folders {
    Folders::These(paths.iter().map(|path| folder(path)).collect())
}

fn below(paths: &[&str]) -> Folders {
    Folders::Below(paths.iter().map(|path| folder(path)).collect())
}

/// What resolving `scope` gives, with nothing unusual asked for.
fn resolve(client: &Client, scope: &Scope) -> Result<Resolution> {
    wait(client.resolve(scope, &Plan::default()))
}

/// Its secrets, as `NAME=value`.
fn pairs(resolution: &Resolution) -> Vec<String> {
    let secrets = resolution.secrets.iter();
    secrets
        .map(|secret| format!("{}={}", secret.name, secret.value.expose()))
        .collect()
}

/// What the caller is told.
fn notices(resolution: &Resolution) -> Vec<String> {
    resolution.notices.iter().map(ToString::to_string).collect()
}

/// The names that are listed.
fn listed(client: &Client, scope: &Scope) -> Result<Vec<String>> {
    let secrets = wait(client.list(scope))?;
    Ok(secrets.into_iter().map(|secret| secret.name).collect())
}

/// A secret to create in the root folder.
fn new(name: &str, text: &str) -> NewSecret {
    NewSecret {
        comment: String::new(),
        folder: Folder::root(),
        kind: SecretType::Secret,
        name: SecretName::new(name).unwrap(),
        personal: None,
        tags: Vec::new(),
        value: value(text),
    }
}

/// A change of a value.
fn set(text: &str) -> Change {
    Change {
        value: Some(value(text)),
        ..Change::default()
    }
}

fn value(text: &str) -> SecretValue {
    SecretValue::new(text.to_owned())
}

/// The JSON that was sent.
fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// An answer that says no as the server does.
fn refusal(status: u16, name: &str, message: impl Into<Value>) -> Reply {
    let body = serde_json::json!({
        "reqId": "req-0123456789ab", "statusCode": status, "message": message.into(), "error": name,
    });
    Reply::json(status, body.to_string())
}

/// All that can be seen of an error.
fn all_text(error: &Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    let advice = error.advice().unwrap_or_default();
    format!("{error} | {source} | {advice} | {error:?}")
}

/// The result of `future`, on a runtime of its own.
fn wait<T>(future: impl Future<Output = T> + Send) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}
