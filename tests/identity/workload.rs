//! Web identities: keys of a role for the token of a workload, as in EKS.

use std::time::Duration;

use phase_run::ErrorKind::{Configuration, Credentials, Denied, Protocol, Throttled, Unreachable};
use phase_run::{Connection, Error, PhaseToken};

use super::roles::{ARN, gives, sts};
use super::{ACCOUNT, FUTURE, Machine, PAST, assert_fields, fields, phase, says, wait};
use crate::support::server::{Authority, Refusing, Reply, Server};

fn refuses(status: u16, code: &str, message: &str) -> Reply {
    let text = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error></ErrorResponse>"
    );
    Reply::typed(status, "text/xml", text)
}

/// A pod of EKS whose STS is `sts`.
fn pod(sts: &Server) -> Machine {
    Machine::new()
        .set("AWS_ENDPOINT_URL_STS", &sts.url())
        .set("AWS_ROLE_ARN", ARN)
        .set_file("AWS_WEB_IDENTITY_TOKEN_FILE", "token", "eyJ0.a/b+c=\n")
}

#[test]
fn a_workload_gets_the_keys_of_its_role_for_its_token() {
    let sts = sts();
    let proof = pod(&sts).set("AWS_REGION", "eu-west-1").proves();
    assert_eq!(proof.signer(), ("web", "eu-west-1"));
    assert_eq!(proof.session(), Some("hunter2 of web"));

    let [request] = &sts.requests()[..] else {
        panic!("not one request");
    };
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/")
    );
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("accept"), Some("*/*"));
    let expected = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", ARN),
        ("RoleSessionName", "phase-run"),
        ("Version", "2011-06-15"),
        ("WebIdentityToken", "eyJ0.a/b+c="),
    ];
    assert_fields(request, &expected);
}

#[test]
fn the_session_may_have_a_name_and_the_token_is_read_each_time() {
    let sts = sts();
    let pod = pod(&sts).set("AWS_ROLE_SESSION_NAME", "nightly");
    pod.proves();
    pod.file("token", "eyJ0.new").proves();
    let requests = sts.requests();
    assert_eq!(fields(&requests[0])["RoleSessionName"], "nightly");
    assert_eq!(fields(&requests[1])["WebIdentityToken"], "eyJ0.new");
}

#[test]
fn a_refusal_of_sts_is_told_without_the_token() {
    let failure = |reply| -> Error {
        let sts = Server::always(reply);
        let error = pod(&sts).fails();
        says(&error, &[ARN]);
        assert_eq!(sts.requests().len(), 1);
        error
    };
    let error = failure(refuses(403, "AccessDenied", "Not authorized to perform it"));
    assert_eq!(error.kind(), Denied);
    says(
        &error,
        &["AccessDenied: Not authorized to perform it", "trust policy"],
    );
    let error = failure(refuses(400, "ExpiredTokenException", "Token expired"));
    assert_eq!(error.kind(), Credentials);
    says(&error, &["ExpiredTokenException", "issuer or audience"]);
    let error = failure(refuses(400, "InvalidIdentityToken", "bad: eyJ0.a/b+c="));
    assert_eq!(error.kind(), Credentials);
    let error = failure(refuses(400, "Throttling", "Rate exceeded"));
    assert_eq!(error.kind(), Throttled);
    let error = failure(Reply::typed(400, "text/html", "<h1>hunter2</h1>"));
    says(&error, &["status 400"]);
}

#[test]
fn an_answer_of_sts_that_is_of_no_use_is_an_error() {
    for (reply, kind, part) in [
        (gives("A", PAST), Credentials, "expired at 2020-01-01"),
        (gives("A", "soon"), Protocol, "no usable time"),
        (
            Reply::typed(200, "text/xml", "<Credentials>hunter2"),
            Protocol,
            "as it should",
        ),
        (Reply::json(200, "{}"), Protocol, "as it should"),
        (
            Reply::typed(200, "text/xml", [0xff]),
            Protocol,
            "as it should",
        ),
    ] {
        let sts = Server::always(reply);
        let error = pod(&sts).fails();
        assert_eq!(error.kind(), kind);
        says(&error, &[ARN, part]);
    }
}

#[test]
fn a_token_file_that_is_of_no_use_is_an_error_that_names_it() {
    let sts = sts();
    for text in ["", " \n"] {
        let error = pod(&sts).file("token", text).fails();
        assert_eq!(error.kind(), Configuration);
        says(&error, &["no token from", "it is empty"]);
    }
    let error = pod(&sts)
        .set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token")
        .fails();
    says(&error, &["/nonexistent/token", "no such file"]);
    assert!(sts.requests().is_empty());
}

#[test]
fn an_sts_that_is_not_there_is_named() {
    let nowhere = Refusing::port();
    let (sts, phase) = (sts(), phase());
    let machine = pod(&sts).set("AWS_ENDPOINT_URL_STS", &nowhere.url());
    let connection = Connection::new(phase.url());
    let (aws, timeout) = (machine.aws(), Duration::from_secs(1));
    let login = PhaseToken::by_identity(&connection, ACCOUNT, &aws, None, timeout);
    let error = wait(login).unwrap_err();
    assert_eq!(error.kind(), Unreachable);
    says(
        &error,
        &[ARN, "cannot reach 127.0.0.1:", "connection refused"],
    );
}

#[test]
fn a_token_goes_to_no_endpoint_without_tls() {
    let error = pod(&sts())
        .set("AWS_ENDPOINT_URL_STS", "http://sts.example.com")
        .fails();
    assert_eq!(error.kind(), Configuration);
    says(&error, &["AWS_ENDPOINT_URL_STS", "https://"]);
}

#[test]
fn the_clouds_certificate_is_checked_even_if_the_servers_is_not() {
    let authority = Authority::new();
    let sts = Server::start_tls(&authority, &["127.0.0.1"], |_| gives("web", FUTURE));
    let (machine, phase) = (pod(&sts), phase());
    let (aws, timeout) = (machine.aws(), Duration::from_secs(30));
    let login = |connection: Connection| {
        wait(PhaseToken::by_identity(
            &connection,
            ACCOUNT,
            &aws,
            None,
            timeout,
        ))
    };
    let error = login(Connection {
        verify: false,
        ..Connection::new(phase.url())
    });
    let error = error.unwrap_err();
    says(&error, &[ARN, "certificate of 127.0.0.1:", "not accepted"]);
    assert!(sts.requests().is_empty());
    login(Connection {
        roots: Some(authority.file().to_owned()),
        ..Connection::new(phase.url())
    })
    .unwrap();
}
