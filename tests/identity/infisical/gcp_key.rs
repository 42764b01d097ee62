//! GCP IAM auth: a token signed by the key of a service account, or by Google.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use phase_run::ErrorKind::{Configuration, Credentials, Denied, Protocol, Unreachable};
use phase_run::{Error, IdentityProof, SecretSource, SecretValue};
use serde_json::{Value, json};

use super::super::{Machine, fields, says, wait};
use super::{IDENTITY, answer, body, client, hides, list, refusal, route, shown, token};
use crate::support::server::{Reply, Request, Server};

const KEY: &str = include_str!("../../fixtures/identity/service-account.json");
const EMAIL: &str = "web@example-project.iam.gserviceaccount.com";
const KEY_ID: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
const SIGN: &str =
    "/v1/projects/-/serviceAccounts/web@example-project.iam.gserviceaccount.com:signJwt";

/// Google's services: tokens for keys at `/token`, and signatures.
fn google() -> Server {
    Server::start(|request| match request.path.as_str() {
        "/token" => Reply::json(
            200,
            r#"{"access_token": "eyJ0.of.google", "expires_in": 3599}"#,
        ),
        SIGN => Reply::json(
            200,
            r#"{"keyId": "other", "signedJwt": "eyJ0.signed.there"}"#,
        ),
        _ => Reply::json(500, ""),
    })
}

/// The key, whose account gets its tokens at `url`.
fn key(url: &str) -> String {
    let mut key: Value = serde_json::from_str(KEY).unwrap();
    key["token_uri"] = url.into();
    key.to_string()
}

fn proof(google: &Server) -> IdentityProof {
    let machine = Machine::new().set(
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
        &google.url(),
    );
    IdentityProof::GcpKey {
        key: SecretSource::Value(SecretValue::new(key(&format!("{}/token", google.url())))),
        env: machine.env(),
    }
}

/// A server that refuses the first logins by `replies`, and nobody after that.
fn refusing<const N: usize>(replies: [Reply; N]) -> Server {
    let turn = AtomicUsize::new(0);
    Server::start(move |request: &Request| {
        let reply = replies.get(turn.fetch_add(1, Relaxed)).cloned();
        reply.unwrap_or_else(|| answer(request))
    })
}

fn fails(server: &Server, google: &Server) -> Error {
    let error = wait(list(&client(server, proof(google)))).unwrap_err();
    hides(&error);
    error
}

#[test]
fn the_key_signs_and_google_is_not_asked() {
    let google = google();
    let (route, body) = shown(proof(&google));
    assert!(google.requests().is_empty());
    assert_eq!(route, "gcp-auth");
    assert_eq!(body.as_object().unwrap().len(), 2);
    assert_eq!(body["identityId"], IDENTITY);
    let (header, claims) = token(body["jwt"].as_str().unwrap());
    assert_eq!(
        header,
        json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" })
    );
    let made = claims["iat"].as_u64().unwrap();
    assert_eq!(
        claims,
        json!({ "sub": EMAIL, "aud": IDENTITY, "iat": made, "exp": made + 600 })
    );
}

#[test]
fn a_key_may_lie_in_a_file() {
    let machine = Machine::new().file("key.json", KEY);
    let (_, body) = shown(IdentityProof::GcpKey {
        key: SecretSource::File(machine.path("key.json")),
        env: machine.env(),
    });
    token(body["jwt"].as_str().unwrap());
}

#[test]
fn what_the_server_refuses_google_signs_once() {
    for status in [400, 401, 403] {
        let (google, server) = (google(), refusing([refusal(status, "invalid signature")]));
        wait(list(&client(&server, proof(&google)))).unwrap();
        let logins = server.requests();
        assert_eq!(logins.len(), 3);
        assert_eq!(route(&logins[1]), "gcp-auth");
        assert_eq!(
            body(&logins[1]),
            json!({ "identityId": IDENTITY, "jwt": "eyJ0.signed.there" })
        );
        let requests = google.requests();
        assert_eq!(requests.len(), 2);
        asks_for_a_token(&requests[0], &google);
        asks_for_a_signature(&requests[1]);
    }
}

fn asks_for_a_token(request: &Request, google: &Server) {
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/token")
    );
    let fields = fields(request);
    assert_eq!(fields.len(), 2);
    assert_eq!(
        fields["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let (header, claims) = token(&fields["assertion"]);
    assert_eq!(header["kid"], KEY_ID);
    let made = claims["iat"].as_u64().unwrap();
    assert_eq!(
        claims,
        json!({
            "iss": EMAIL,
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": format!("{}/token", google.url()),
            "iat": made,
            "exp": made + 600,
        })
    );
}

fn asks_for_a_signature(request: &Request) {
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", SIGN)
    );
    assert_eq!(
        request.header("authorization"),
        Some("Bearer eyJ0.of.google")
    );
    let payload = format!(r#"{{"sub":"{EMAIL}","aud":"{IDENTITY}"}}"#);
    assert_eq!(body(request), json!({ "payload": payload }));
}

#[test]
fn a_server_that_refuses_both_is_told_of_both() {
    let google = google();
    let server = refusing([
        refusal(401, "invalid signature"),
        refusal(403, "no such account; eyJ0.signed.there"),
    ]);
    let error = fails(&server, &google);
    assert_eq!(error.kind(), Credentials);
    assert_eq!(server.requests().len(), 2);
    says(
        &error,
        &[
            "signed by the key, and with one by Google",
            "by the key: the server refuses the credentials for GCP IAM auth (status 401): \
             the server said \"invalid signature\"",
            "by Google: the server keeps this machine out of GCP IAM auth (status 403)",
            "--host",
        ],
    );
}

#[test]
fn a_google_that_signs_nothing_is_told_beside_the_refusal() {
    let denied = r#"{"error": {"code": 403, "message": "Permission 'signJwt' denied"}}"#;
    let invalid = r#"{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}"#;
    for (reply, at, parts) in [
        (
            Reply::json(403, denied),
            SIGN,
            &[
                "signs no token (status 403)",
                "'signJwt' denied",
                "Token Creator",
            ][..],
        ),
        (
            Reply::json(400, invalid),
            "/token",
            &[
                "gives no token for the key (status 400)",
                "Invalid JWT Signature",
                "clock",
            ],
        ),
        (Reply::json(200, "{}"), SIGN, &["signed no usable token"]),
        (
            Reply::json(200, "[]"),
            "/token",
            &["no usable token for the key"],
        ),
        (Reply::json(501, ""), "/token", &["status 501"]),
    ] {
        let google = Server::start(move |request| match request.path.as_str() {
            path if path == at => reply.clone(),
            _ => Reply::json(200, r#"{"access_token": "eyJ0.of.google"}"#),
        });
        let server = refusing([refusal(401, "invalid signature")]);
        let error = fails(&server, &google);
        assert_eq!(error.kind(), Credentials);
        assert_eq!(server.requests().len(), 1);
        says(
            &error,
            &["by the key: the server refuses", "by Google: Google"],
        );
        says(&error, parts);
    }
}

#[test]
fn google_is_not_asked_where_its_signature_would_not_help() {
    for (reply, kind) in [
        (
            refusal(404, "GCP auth method not found for identity"),
            Configuration,
        ),
        (Reply::typed(403, "text/html", "<h1>No</h1>"), Protocol),
        (refusal(501, ""), Unreachable),
    ] {
        let (google, server) = (google(), Server::always(reply));
        assert_eq!(fails(&server, &google).kind(), kind);
        assert_eq!(server.requests().len(), 1);
        assert!(google.requests().is_empty());
    }
}

#[test]
fn the_key_goes_nowhere_without_tls() {
    let server = refusing([refusal(403, "no")]);
    let login = |key: String, endpoint: &str| {
        let machine =
            Machine::new().set("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", endpoint);
        let proof = IdentityProof::GcpKey {
            key: SecretSource::Value(SecretValue::new(key)),
            env: machine.env(),
        };
        wait(list(&client(&server, proof))).unwrap_err()
    };
    let error = login(key("http://google.example/token"), "");
    assert_eq!(error.kind(), Denied);
    says(&error, &["token_uri of the key cannot be used", "https://"]);

    let (google, server) = (google(), refusing([refusal(403, "no")]));
    let machine = Machine::new().set(
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
        "http://google.example",
    );
    let proof = IdentityProof::GcpKey {
        key: SecretSource::Value(SecretValue::new(key(&format!("{}/token", google.url())))),
        env: machine.env(),
    };
    let error = wait(list(&client(&server, proof))).unwrap_err();
    says(
        &error,
        &["OVERRIDES_IAMCREDENTIALS cannot be used", "https://"],
    );
    hides(&error);
}

#[test]
fn a_file_that_is_no_key_is_named() {
    let machine = Machine::new().file("key.json", r#"{"type": "authorized_user"}"#);
    for (name, kind, parts) in [
        (
            "absent.json",
            Configuration,
            &["no key from", "absent.json"][..],
        ),
        (
            "key.json",
            Credentials,
            &["key.json", "its type is \"authorized_user\""],
        ),
    ] {
        let error = super::failure(IdentityProof::GcpKey {
            key: SecretSource::File(machine.path(name)),
            env: machine.env(),
        });
        assert_eq!(error.kind(), kind);
        says(&error, parts);
    }
}
