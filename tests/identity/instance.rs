//! The metadata service of an EC2 instance, version 2.

use std::time::{Duration, Instant};

use phase_run::ErrorKind::{Credentials, Throttled, Unreachable};

use super::{FUTURE, Machine, PAST, busy, document, says};
use crate::support::server::{Reply, Request, Server};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// A machine on the instance that `cloud` is for.
fn on(cloud: &Server) -> Machine {
    Machine::new().set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &cloud.url())
}

/// An instance whose role has the keys in `reply`.
fn with(reply: Reply) -> Server {
    Server::start(move |request: &Request| match request.path.as_str() {
        "/latest/api/token" => Reply::typed(200, "text/plain", "session"),
        ROLES => Reply::typed(200, "text/plain", "web"),
        _ => reply.clone(),
    })
}

#[test]
fn an_instance_opens_a_session_and_asks_for_the_keys_of_its_role() {
    let cloud = with(Reply::typed(
        200,
        "text/plain",
        document("INSTANCE", FUTURE),
    ));
    let proof = on(&cloud).proves();
    assert_eq!(proof.signer().0, "INSTANCE");
    assert_eq!(proof.session(), Some("hunter2 of INSTANCE"));

    let requests = cloud.requests();
    let asked: Vec<_> = requests
        .iter()
        .map(|one| {
            (
                one.method.as_str(),
                one.path.clone(),
                one.header("x-aws-ec2-metadata-token"),
            )
        })
        .collect();
    assert_eq!(
        asked,
        [
            ("PUT", "/latest/api/token".to_owned(), None),
            ("GET", ROLES.to_owned(), Some("session")),
            ("GET", format!("{ROLES}web"), Some("session")),
        ]
    );
    let lifetime = requests[0].header("x-aws-ec2-metadata-token-ttl-seconds");
    assert_eq!(lifetime, Some("21600"));
    assert_eq!(cloud.connections(), 1);
}

#[test]
fn an_instance_may_be_told_not_to_ask() {
    let cloud = with(Reply::json(200, document("INSTANCE", FUTURE)));
    let error = on(&cloud).set("AWS_EC2_METADATA_DISABLED", "True").fails();
    says(&error, &["instance (AWS_EC2_METADATA_DISABLED is true)"]);
    assert!(cloud.requests().is_empty());
}

#[test]
fn what_is_no_instance_is_one_of_the_sources_that_were_tried() {
    let cloud = Server::always(Reply::json(404, "{}"));
    let error = on(&cloud).fails();
    assert_eq!(error.kind(), Credentials);
    says(
        &error,
        &["instance (127.0.0.1:", "answered with status 404"],
    );
    assert_eq!(cloud.requests().len(), 1);
}

#[test]
fn an_instance_without_a_role_is_one_of_them_too() {
    let cloud = Server::start(|request| match request.method.as_str() {
        "PUT" => Reply::typed(200, "text/plain", "session"),
        _ => Reply::typed(404, "text/html", "<h1>Not Found</h1>"),
    });
    says(
        &on(&cloud).fails(),
        &["instance (the instance has no role)"],
    );
}

#[test]
fn a_service_that_says_nothing_is_given_up_soon() {
    let cloud = Server::always(Reply::hang());
    let start = Instant::now();
    let error = on(&cloud).fails();
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "the timeout is 30 s"
    );
    says(&error, &["instance (no answer from 127.0.0.1:"]);
}

#[test]
fn a_service_that_is_there_but_busy_or_broken_is_an_error_and_not_the_next_source() {
    for (reply, kind, part) in [
        (busy(), Throttled, "too many requests"),
        (Reply::json(501, ""), Unreachable, "status 501"),
    ] {
        for cloud in [Server::always(reply.clone()), with(reply)] {
            let error = on(&cloud).fails();
            assert_eq!(error.kind(), kind);
            says(&error, &["the instance's metadata service gives no", part]);
        }
    }
}

#[test]
fn an_instance_whose_role_cannot_be_used_is_an_error() {
    let failed = r#"{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume it"}"#;
    for (reply, parts) in [
        (
            Reply::json(200, failed),
            &["AssumeRoleUnauthorizedAccess: EC2 cannot assume it"][..],
        ),
        (
            Reply::json(200, document("A", PAST)),
            &["expired at 2020-01-01", "clock"],
        ),
        (
            Reply::json(200, "hunter2"),
            &["gives no credentials", "broken JSON"],
        ),
        (Reply::json(403, ""), &["status 403"]),
    ] {
        let error = on(&with(reply)).fails();
        says(&error, parts);
        says(&error, &["the instance's metadata service"]);
    }
}
