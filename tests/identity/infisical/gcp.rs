//! GCP ID token auth: a token of Google's metadata service.

use phase_run::ErrorKind::{Credentials, Protocol, Throttled, Unreachable};
use phase_run::IdentityProof;
use serde_json::json;

use super::super::{Machine, busy, says};
use super::{IDENTITY, failure, refusal, refused, shown};
use crate::support::server::{Reply, Server};

fn on(cloud: &Server) -> IdentityProof {
    let url = cloud.url();
    let machine = Machine::new().set("GCE_METADATA_HOST", url.trim_start_matches("http://"));
    IdentityProof::Gcp(machine.env())
}

fn instance() -> Server {
    Server::always(Reply::typed(200, "text/html", "eyJ0.of.google\n"))
}

#[test]
fn an_instance_shows_the_token_that_it_gets_for_the_identity() {
    let cloud = instance();
    let (route, body) = shown(on(&cloud));
    assert_eq!(route, "gcp-auth");
    assert_eq!(
        body,
        json!({ "identityId": IDENTITY, "jwt": "eyJ0.of.google" })
    );
    let [request] = &cloud.requests()[..] else {
        panic!("not one request");
    };
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.target,
        format!(
            "/computeMetadata/v1/instance/service-accounts/default/identity?audience={IDENTITY}&format=full"
        )
    );
    assert_eq!(request.header("metadata-flavor"), Some("Google"));
}

#[test]
fn a_machine_elsewhere_is_told_so() {
    let error = failure(IdentityProof::Gcp(Machine::new().env()));
    assert_eq!(error.kind(), Credentials);
    says(
        &error,
        &[
            "not on Google's cloud",
            "cannot reach 127.0.0.1:",
            "GCP IAM auth",
        ],
    );
}

#[test]
fn a_service_that_gives_no_token_is_told_apart_by_the_reason() {
    for (reply, kind, parts) in [
        (busy(), Throttled, &["gives no token", "too many"][..]),
        (Reply::json(501, ""), Unreachable, &["status 501"]),
        (
            Reply::typed(404, "text/plain", "service account does not exist"),
            Credentials,
            &[
                "status 404",
                "said \"service account does not",
                "give the instance",
            ],
        ),
        (
            Reply::typed(404, "text/html", "<h1>hunter2</h1>"),
            Credentials,
            &["status 404"],
        ),
        (
            Reply::typed(200, "text/html", "<h1>hunter2</h1>"),
            Protocol,
            &["no usable token"],
        ),
        (Reply::json(200, vec![0xff]), Protocol, &["no usable token"]),
    ] {
        let error = failure(on(&Server::always(reply)));
        assert_eq!(error.kind(), kind);
        says(&error, &["Google's metadata service"]);
        says(&error, parts);
    }
}

#[test]
fn a_refusal_is_told_without_the_token() {
    let cloud = instance();
    let error = refused(refusal(401, "bad eyJ0.of.google"), on(&cloud));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["refuses the credentials for GCP ID token auth"]);
}
