//! Auth methods for what somebody else signed, for a password, and for the
//! certificate of the connection.

use std::fs;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use phase_run::ErrorKind::{Configuration, Credentials, Denied};
use phase_run::{IdentityProof, InfisicalLogin, JwtKind, SecretSource, SecretValue};
use serde_json::json;

use super::super::{Machine, says, wait};
use super::{
    IDENTITY, answer, body, client, client_of, failure, infisical, list, refusal, refused, shown,
};
use crate::support::server::{Reply, Request, Server};

fn text(text: &str) -> SecretSource {
    SecretSource::Value(SecretValue::new(text.to_owned()))
}

fn by(kind: JwtKind, token: SecretSource) -> IdentityProof {
    IdentityProof::Jwt { kind, token }
}

fn ldap() -> IdentityProof {
    IdentityProof::Ldap {
        password: SecretValue::new("hunter2".into()),
        username: "web".into(),
    }
}

#[test]
fn each_kind_of_token_has_its_route_and_is_sent_without_the_space_around_it() {
    let machine = Machine::new().file("token", "eyJ0.in.file\n");
    for (kind, expected) in [
        (JwtKind::Jwt, "jwt-auth"),
        (JwtKind::Kubernetes, "kubernetes-auth"),
        (JwtKind::Oidc, "oidc-auth"),
        (JwtKind::Spiffe, "spiffe-auth"),
    ] {
        let (route, body) = shown(by(kind, SecretSource::File(machine.path("token"))));
        assert_eq!(route, expected);
        assert_eq!(
            body,
            json!({ "identityId": IDENTITY, "jwt": "eyJ0.in.file" })
        );
        let (route, body) = shown(by(kind, text(" eyJ0.at.hand\n")));
        assert_eq!(route, expected);
        assert_eq!(body["jwt"], "eyJ0.at.hand");
    }
}

#[test]
fn a_file_is_read_anew_when_the_access_token_has_ended() {
    let machine = Machine::new().file("token", "eyJ0.first\n");
    let file = machine.path("token");
    let turn = AtomicUsize::new(0);
    let server = Server::start(move |request: &Request| {
        let is_login = request.path.ends_with("/login");
        match (is_login, turn.fetch_add(1, Relaxed)) {
            // The cluster replaces the file at its leisure.
            (false, 1) => {
                fs::write(&file, "eyJ0.second\n").unwrap();
                refusal(401, "Token has expired")
            }
            _ => answer(request),
        }
    });
    let proof = by(
        JwtKind::Kubernetes,
        SecretSource::File(machine.path("token")),
    );
    wait(list(&client(&server, proof))).unwrap();
    let requests = server.requests();
    let paths: Vec<_> = requests.iter().map(|one| one.path.as_str()).collect();
    let (login, secrets) = ("/api/v1/auth/kubernetes-auth/login", "/api/v4/secrets");
    assert_eq!(paths, [login, secrets, login, secrets]);
    assert_eq!(body(&requests[0])["jwt"], "eyJ0.first");
    assert_eq!(body(&requests[2])["jwt"], "eyJ0.second");
}

#[test]
fn one_login_serves_many_requests() {
    let server = infisical();
    let client = client(&server, by(JwtKind::Jwt, text("eyJ0.at.hand")));
    wait(async {
        list(&client).await.unwrap();
        list(&client).await.unwrap();
    });
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_token_that_is_not_there_is_told_by_the_file_or_the_method() {
    let machine = Machine::new().file("empty", " \n");
    for (token, kind, parts) in [
        (
            SecretSource::File("/nonexistent/token".into()),
            Configuration,
            &["no token from /nonexistent/token", "no such file"][..],
        ),
        (
            SecretSource::File(machine.path("empty")),
            Configuration,
            &["no token from", "it is empty"],
        ),
        (
            text(" \n"),
            Credentials,
            &["the token for SPIFFE auth is empty"],
        ),
    ] {
        let error = failure(by(JwtKind::Spiffe, token));
        assert_eq!(error.kind(), kind);
        says(&error, parts);
    }
}

#[test]
fn an_account_of_ldap_has_a_name_and_a_password() {
    let (route, body) = shown(ldap());
    assert_eq!(route, "ldap-auth");
    assert_eq!(
        body,
        json!({ "identityId": IDENTITY, "username": "web", "password": "hunter2" })
    );
}

#[test]
fn a_refusal_is_not_tried_again_and_shows_no_secret() {
    let error = refused(refusal(401, "not hunter2"), ldap());
    assert_eq!(error.kind(), Credentials);
    says(
        &error,
        &["refuses the credentials for LDAP auth (status 401)"],
    );
    let text = "This identity auth method is temporarily locked, please try again later";
    let error = refused(refusal(401, text), ldap());
    assert_eq!(error.kind(), Denied);
    says(&error, &["LDAP auth is locked", "wait for some minutes"]);
    let token = || by(JwtKind::Kubernetes, self::text("eyJ0.at.hand"));
    let error = refused(refusal(403, "eyJ0.at.hand is of no namespace"), token());
    assert_eq!(error.kind(), Denied);
    says(&error, &["Kubernetes auth (status 403)"]);
    let error = refused(Reply::json(422, "{}"), token());
    says(
        &error,
        &["does not accept what was sent for Kubernetes auth"],
    );
}

#[test]
fn a_sub_organisation_is_named_in_the_login() {
    let server = infisical();
    let login = InfisicalLogin::Identity {
        id: IDENTITY.into(),
        proof: by(JwtKind::Jwt, text("eyJ0.at.hand")),
    };
    let client = client_of(&server, login, Some("platform".into()));
    wait(list(&client)).unwrap();
    assert_eq!(
        body(&server.requests()[0]),
        json!({ "identityId": IDENTITY, "jwt": "eyJ0.at.hand", "organizationSlug": "platform" })
    );
}

#[test]
fn the_certificate_of_a_connection_must_be_there_to_be_shown() {
    let error = failure(IdentityProof::TlsCertificate);
    assert_eq!(error.kind(), Configuration);
    says(
        &error,
        &["needs a client certificate", "--client-cert", "8443"],
    );
}

#[test]
fn debug_output_of_a_proof_shows_no_secret() {
    for proof in [by(JwtKind::Jwt, text("hunter2")), ldap()] {
        let shown = format!("{proof:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
