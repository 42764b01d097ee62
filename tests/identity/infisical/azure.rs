//! Azure auth: a token of Entra ID.

use phase_run::ErrorKind::{Credentials, Throttled, Unreachable};
use phase_run::IdentityProof;
use serde_json::json;

use super::super::{Machine, busy, says};
use super::{IDENTITY, failure, refusal, refused, shown};
use crate::support::server::{Reply, Server};

fn on(cloud: &Server) -> IdentityProof {
    let machine = Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url());
    IdentityProof::Cloud(machine.azure())
}

fn instance() -> Server {
    Server::always(Reply::json(200, r#"{"access_token": "eyJ0.of.azure"}"#))
}

#[test]
fn an_instance_shows_the_token_of_its_identity() {
    let cloud = instance();
    let (route, body) = shown(on(&cloud));
    assert_eq!(route, "azure-auth");
    assert_eq!(
        body,
        json!({ "identityId": IDENTITY, "jwt": "eyJ0.of.azure" })
    );
    let [request] = &cloud.requests()[..] else {
        panic!("not one request");
    };
    assert_eq!(
        request.parameter("resource"),
        Some("https://management.azure.com/")
    );
}

#[test]
fn a_cloud_that_is_absent_busy_or_broken_is_told_apart() {
    let error = failure(IdentityProof::Cloud(Machine::new().azure()));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["this machine has no Azure identity"]);
    for (reply, kind) in [(busy(), Throttled), (Reply::json(501, ""), Unreachable)] {
        let error = failure(on(&Server::always(reply)));
        assert_eq!(error.kind(), kind);
        says(&error, &["metadata service gives no token"]);
    }
}

#[test]
fn a_refusal_is_told_without_the_token() {
    let cloud = instance();
    let error = refused(refusal(401, "bad eyJ0.of.azure"), on(&cloud));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["refuses the credentials for Azure auth"]);
}
