//! Logins by the word of a cloud, whose services are played on loopback.

mod azure;
mod chain;
mod infisical;
mod instance;
mod login;
mod profiles;
mod refusals;
mod roles;
mod workload;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use phase_run::{Connection, EnvSnapshot, Error, MachineIdentity, PhaseToken, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::{Refusing, Reply, Request, Server};

const ACCOUNT: &str = "12345678-1234-1234-1234-123456789abc";
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// What no message may show.
const SECRETS: [&str; 3] = ["hunter2", "eyJ0", ID];

/// A machine of its own: an environment and a home folder. No metadata service
/// is near it unless it is told of one.
struct Machine {
    home: TempDir,
    nowhere: Refusing,
    variables: BTreeMap<&'static str, OsString>,
}

impl Machine {
    fn new() -> Self {
        let nowhere = Refusing::port();
        let machine = Self {
            home: tempfile::tempdir().unwrap(),
            variables: BTreeMap::new(),
            nowhere,
        };
        let url = machine.nowhere.url();
        machine
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)
            .set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &url)
            .set("GCE_METADATA_HOST", url.trim_start_matches("http://"))
    }

    /// One with keys in its environment, called `id`.
    fn with_keys(id: &str) -> Self {
        Self::new()
            .set("AWS_ACCESS_KEY_ID", id)
            .set("AWS_SECRET_ACCESS_KEY", "hunter2")
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    /// The same with a file below its home folder.
    fn file(self, path: &str, text: &str) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// The same with a variable that names such a file.
    fn set_file(self, name: &'static str, path: &str, text: &str) -> Self {
        let whole = self.path(path);
        self.set(name, whole.to_str().unwrap()).file(path, text)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn env(&self) -> EnvSnapshot {
        EnvSnapshot::new(Some(self.home.path().to_owned()), |name| {
            self.variables.get(name).cloned()
        })
    }

    fn aws(&self) -> MachineIdentity {
        MachineIdentity::Aws {
            region: None,
            env: self.env(),
        }
    }

    fn azure(&self) -> MachineIdentity {
        MachineIdentity::Azure {
            resource: MachineIdentity::AZURE_RESOURCE.to_owned(),
            env: self.env(),
        }
    }

    /// What the machine shows a Phase server to prove that it is itself on AWS.
    fn proves(&self) -> Proof {
        let phase = phase();
        login(&phase, &self.aws()).unwrap();
        Proof::of(&phase.requests()[0])
    }

    /// Why it cannot prove it. Nothing reaches the Phase server.
    fn fails(&self) -> Error {
        failure(&self.aws())
    }
}

/// A Phase server that lets everybody in.
fn phase() -> Server {
    Server::start(|_| granted())
}

fn granted() -> Reply {
    let token = format!("pss_service:v2:{ID}:{ID}:{ID}:{ID}");
    let authentication = json!({
        "tokenType": "ServiceAccount",
        "token": token,
        "bearerToken": format!("ServiceAccount {ID}"),
        "TTL": 60,
        "maxTTL": 86400,
    });
    Reply::json(200, json!({ "authentication": authentication }).to_string())
}

fn login(phase: &Server, identity: &MachineIdentity) -> Result<PhaseToken> {
    login_for(phase, identity, None)
}

fn login_for(
    phase: &Server,
    identity: &MachineIdentity,
    lifetime: Option<Duration>,
) -> Result<PhaseToken> {
    let connection = Connection::new(phase.url());
    let timeout = Duration::from_secs(30);
    wait(PhaseToken::by_identity(
        &connection,
        ACCOUNT,
        identity,
        lifetime,
        timeout,
    ))
}

/// The error of an identity that is none; it shows no secret.
fn failure(identity: &MachineIdentity) -> Error {
    let phase = phase();
    let error = login(&phase, identity).unwrap_err();
    assert!(phase.requests().is_empty(), "{error:?}");
    hides_secrets(&error);
    error
}

fn hides_secrets(error: &Error) {
    let shown = format!("{} {error:?}", all_text(error));
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// All that a person sees of an error.
fn all_text(error: &Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!(
        "{error} | {source} | {}",
        error.advice().unwrap_or_default()
    )
}

#[track_caller]
fn says(error: &Error, parts: &[&str]) {
    let text = all_text(error);
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

/// The signed request that a Phase server was given.
struct Proof {
    body: String,
    headers: BTreeMap<String, String>,
    method: String,
    url: String,
}

impl Proof {
    fn of(request: &Request) -> Self {
        let login: Value = serde_json::from_slice(&request.body).unwrap();
        let proof = &login["awsIam"];
        let text = |name| decoded(proof[name].as_str().unwrap());
        Self {
            body: text("httpRequestBody"),
            headers: serde_json::from_str(&text("httpRequestHeaders")).unwrap(),
            method: proof["httpRequestMethod"].as_str().unwrap().to_owned(),
            url: text("httpRequestUrl"),
        }
    }

    /// The id of the keys that signed, and the region.
    fn signer(&self) -> (&str, &str) {
        signer(&self.headers["Authorization"])
    }

    fn session(&self) -> Option<&str> {
        self.headers.get("X-Amz-Security-Token").map(String::as_str)
    }
}

fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

/// The id of the keys that signed, and the region that they signed for.
fn signer(authorization: &str) -> (&str, &str) {
    let credential = authorization.split("Credential=").nth(1).unwrap();
    let mut parts = credential.split('/');
    (parts.next().unwrap(), parts.nth(1).unwrap())
}

/// The fields of a form.
fn fields(request: &Request) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

/// A form has these fields, which are in order of their names, and no others.
#[track_caller]
fn assert_fields(request: &Request, expected: &[(&str, &str)]) {
    let fields = fields(request);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(fields, expected);
}

/// Too many requests, for longer than anybody waits.
fn busy() -> Reply {
    Reply::json(429, "").header("retry-after", "3600")
}

/// Keys as a metadata service gives them, called `id`.
fn document(id: &str, expiration: &str) -> String {
    json!({
        "Code": "Success",
        "AccessKeyId": id,
        "SecretAccessKey": "hunter2",
        "Token": format!("hunter2 of {id}"),
        "Expiration": expiration,
    })
    .to_string()
}

const FUTURE: &str = "2999-01-01T00:00:00Z";
const PAST: &str = "2020-01-01T00:00:00Z";

/// The result of `future`, on a runtime of its own. It must be one that may move
/// between threads.
fn wait<T>(future: impl Future<Output = T> + Send) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}
