//! Logins of machine identities at an Infisical server, by every auth method.

mod alicloud;
mod aws;
mod azure;
mod gcp;
mod gcp_key;
mod github;
mod oci;
mod tokens;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use phase_run::{
    App, Client, Connection, Credentials, Error, IdentityProof, InfisicalLogin, Result, Scope,
    Secret,
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{all_text, hides_secrets, wait};
use crate::support::server::{Reply, Request, Server};

const IDENTITY: &str = "6c1f3c5e-5a35-4a5c-9c39-0f1f4a2f0d11";
/// The public half of the keys among the fixtures.
const PUBLIC: &[u8] = include_bytes!("../fixtures/identity/public.der");

/// A server that lets everybody in, and has no secrets.
fn infisical() -> Server {
    Server::start(answer)
}

fn answer(request: &Request) -> Reply {
    match request.path.as_str() {
        "/api/v4/secrets" => Reply::json(200, r#"{"secrets": [], "imports": []}"#),
        path if path.ends_with("/login") => granted(),
        _ => Reply::json(404, "{}"),
    }
}

fn granted() -> Reply {
    let body = json!({
        "accessToken": "eyJ0.access.token",
        "expiresIn": 7200,
        "accessTokenMaxTTL": 2_592_000,
        "tokenType": "Bearer",
    });
    Reply::json(200, body.to_string())
}

/// A refusal, as the server words it.
fn refusal(status: u16, text: &str) -> Reply {
    let body = json!({ "statusCode": status, "error": "UnauthorizedError", "message": text });
    Reply::json(status, body.to_string())
}

fn client(server: &Server, proof: IdentityProof) -> Client {
    let login = InfisicalLogin::Identity {
        id: IDENTITY.into(),
        proof,
    };
    client_of(server, login, None)
}

fn client_of(server: &Server, login: InfisicalLogin, organisation: Option<String>) -> Client {
    let connection = Connection::new(server.url());
    let credentials = Credentials::Infisical {
        connection,
        login,
        organisation,
    };
    Client::new(credentials).unwrap()
}

async fn list(client: &Client) -> Result<Vec<Secret>> {
    let scope = Scope::new(App::Id("project".into()), "dev");
    client.list(&scope).await
}

/// What a server is shown: the route's own part, and the body. The token that it
/// gives is used at once, and nothing else is asked.
#[track_caller]
fn shown(proof: IdentityProof) -> (String, Value) {
    let server = infisical();
    wait(list(&client(&server, proof))).unwrap();
    let requests = server.requests();
    let [login, secrets] = &requests[..] else {
        panic!("not two requests: {requests:?}");
    };
    assert_eq!(login.method, "POST");
    assert_eq!(login.header("authorization"), None);
    assert_eq!(login.header("content-type"), Some("application/json"));
    assert_eq!(
        secrets.header("authorization"),
        Some("Bearer eyJ0.access.token")
    );
    (route(login), body(login))
}

fn route(login: &Request) -> String {
    let route = login.target.strip_prefix("/api/v1/auth/");
    let route = route.and_then(|route| route.strip_suffix("/login"));
    route.unwrap().to_owned()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// The error of a proof that is none. Nothing reaches the server.
#[track_caller]
fn failure(proof: IdentityProof) -> Error {
    let server = infisical();
    let error = wait(list(&client(&server, proof))).unwrap_err();
    assert!(server.requests().is_empty(), "{error:?}");
    hides(&error);
    error
}

/// The error of a server that answers the login by `reply`; it is asked once.
#[track_caller]
fn refused(reply: Reply, proof: IdentityProof) -> Error {
    let server = Server::always(reply);
    let error = wait(list(&client(&server, proof))).unwrap_err();
    assert_eq!(server.requests().len(), 1, "{error:?}");
    hides(&error);
    error
}

/// An error shows no secret, and no token that really is one.
fn hides(error: &Error) {
    hides_secrets(error);
    let shown = format!("{} {error:?}", all_text(error));
    assert!(!shown.contains("eyJ"), "{shown}");
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
}

/// The header and the claims of a token, which the key among the fixtures signed.
#[track_caller]
fn token(text: &str) -> (Value, Value) {
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    verify(signed, &signature);
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    (read(header), read(claims))
}

#[track_caller]
fn verify(text: &str, signature: &[u8]) {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC)
        .verify(text.as_bytes(), signature)
        .expect("the key among the fixtures signed it");
}
