//! What is said when the server does not let a machine in.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use phase_run::ErrorKind::{Configuration, Credentials, Denied, Protocol, Unreachable};
use phase_run::{Connection, Error, ErrorKind, MachineIdentity, PhaseToken};
use serde_json::json;

use super::{ACCOUNT, Machine, granted, hides_secrets, login, says, wait};
use crate::support::server::{Reply, Server};

fn aws() -> MachineIdentity {
    Machine::with_keys("AKID").aws()
}

/// An identity, and the cloud that it comes from.
fn azure() -> (MachineIdentity, Server) {
    let cloud = Server::start(|_| Reply::json(200, r#"{"access_token": "eyJ0.a.b"}"#));
    let machine = Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url());
    (machine.azure(), cloud)
}

/// The error of a server that answers by `reply`; it is asked once.
fn refused(reply: Reply, identity: &MachineIdentity) -> Error {
    let phase = Server::always(reply);
    let error = login(&phase, identity).unwrap_err();
    hides_secrets(&error);
    assert_eq!(phase.requests().len(), 1, "{error:?}");
    error
}

#[track_caller]
fn explains(identity: &MachineIdentity, rows: &[(u16, &str, ErrorKind, &[&str])]) {
    for (status, text, kind, parts) in rows {
        let body = json!({ "error": text }).to_string();
        let error = refused(Reply::json(*status, body), identity);
        assert_eq!(error.kind(), *kind, "{text}");
        says(&error, parts);
        says(&error, &["the server said", text]);
    }
}

#[test]
fn every_complaint_about_an_account_says_what_to_do() {
    explains(
        &aws(),
        &[
            (
                404,
                "Service account not found",
                Credentials,
                &[ACCOUNT, "PHASE_SERVICE_ACCOUNT_ID"],
            ),
            (
                404,
                "No AWS IAM identity attached to this account",
                Credentials,
                &["AWS IAM identity", "attach"],
            ),
            (
                403,
                "Server-side key management must be enabled",
                Configuration,
                &["enable", ACCOUNT],
            ),
            (
                400,
                "Requested TTL (99999s) exceeds maximum allowed TTL (3600s)",
                Configuration,
                &["ask for less"],
            ),
            (
                400,
                "Invalid trusted principal pattern '*' is not allowed",
                Configuration,
                &["trusts everybody"],
            ),
            (
                400,
                "Invalid STS endpoint configuration",
                Configuration,
                &["STS endpoint"],
            ),
        ],
    );
}

#[test]
fn every_complaint_about_an_aws_identity_says_what_to_do() {
    explains(
        &aws(),
        &[
            (
                403,
                "Untrusted principal",
                Denied,
                &["ARN", "get-caller-identity"],
            ),
            (
                401,
                "Signature expired",
                Credentials,
                &["clock", "signatureTtlSeconds"],
            ),
            (
                401,
                "AWS STS validation failed",
                Credentials,
                &["AWS does not accept", "expired"],
            ),
            (
                400,
                "Invalid awsIam request encoding",
                Protocol,
                &["compare their versions"],
            ),
            (403, "No entry", Denied, &["status 403"]),
        ],
    );
}

#[test]
fn every_complaint_about_an_azure_identity_says_what_to_do() {
    let (azure, _cloud) = azure();
    explains(
        &azure,
        &[
            (404, "Service account not found", Credentials, &[ACCOUNT]),
            (
                404,
                "No Azure identity attached to this account",
                Credentials,
                &["no Azure identity"],
            ),
            (
                404,
                "No matching Azure identity for this tenant",
                Credentials,
                &["tenant"],
            ),
            (
                403,
                "Server-side key management must be enabled",
                Configuration,
                &["enable"],
            ),
            (403, "Untrusted service principal", Denied, &["object id"]),
            (
                401,
                "Azure JWT validation failed",
                Credentials,
                &["tenant", "resource"],
            ),
            (
                401,
                "Missing oid claim in token",
                Credentials,
                &["service principal"],
            ),
            (
                400,
                "Missing azureEntra.jwt",
                Protocol,
                &["compare their versions"],
            ),
            (
                400,
                "Invalid JWT encoding",
                Protocol,
                &["compare their versions"],
            ),
        ],
    );
}

#[test]
fn an_identity_of_another_region_names_the_region_to_set() {
    for (endpoint, part) in [
        (
            "https://sts.eu-west-3.amazonaws.com",
            "AWS_REGION to \"eu-west-3\"",
        ),
        ("https://sts.amazonaws.com", "AWS_REGION to \"us-east-1\""),
        ("https://evil.example", "no such STS endpoint"),
    ] {
        let body = json!({
            "error": "STS endpoint mismatch. Please sign the request for the configured STS endpoint.",
            "expectedEndpoint": endpoint,
            "receivedEndpoint": "https://sts.eu-central-1.amazonaws.com",
        });
        let error = refused(Reply::json(400, body.to_string()), &aws());
        assert_eq!(error.kind(), Configuration);
        says(&error, &[part]);
    }
}

#[test]
fn a_server_that_is_too_old_or_is_none_is_told_apart_from_a_refusal() {
    let error = refused(Reply::typed(404, "text/html", "<h1>Not Found</h1>"), &aws());
    assert_eq!(error.kind(), Protocol);
    says(&error, &["/service/", "new enough", "AWS IAM"]);
    let error = refused(Reply::typed(200, "text/html", "<h1>Hello</h1>"), &aws());
    assert_eq!(error.kind(), Protocol);
}

#[test]
fn a_secret_is_not_repeated_even_if_the_server_does() {
    let (azure, _cloud) = azure();
    let body = json!({ "error": "no: eyJ0.a.b" }).to_string();
    refused(Reply::json(401, body), &azure);
    let machine = Machine::with_keys("AKID").set("AWS_SESSION_TOKEN", "hunter2");
    let body = json!({ "error": "Signature expired: hunter2" }).to_string();
    refused(Reply::json(401, body), &machine.aws());
}

#[test]
fn a_login_is_tried_again_when_the_server_fails() {
    let phase = Server::start({
        let turn = AtomicUsize::new(0);
        move |_| match turn.fetch_add(1, Relaxed) {
            0 => Reply::reset(),
            1 => Reply::json(502, r#"{"error": "Unable to connect to AWS STS"}"#),
            2 => Reply::json(429, r#"{"error": "throttled"}"#),
            _ => granted(),
        }
    });
    login(&phase, &aws()).unwrap();
    assert_eq!(phase.requests().len(), 4);
}

#[test]
fn a_server_that_reaches_no_cloud_says_so_in_the_end() {
    let phase = Server::always(Reply::json(
        504,
        r#"{"error": "AWS STS request timed out"}"#,
    ));
    let connection = Connection::new(phase.url());
    let (aws, timeout) = (aws(), Duration::from_secs(1));
    let login = PhaseToken::by_identity(&connection, ACCOUNT, &aws, None, timeout);
    let error = wait(login).unwrap_err();
    assert_eq!(error.kind(), Unreachable);
    says(&error, &["no answer from AWS STS", "must be able to reach"]);
}
