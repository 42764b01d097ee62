//! OIDC auth by the run of a workflow of GitHub Actions.

use phase_run::ErrorKind::{Configuration, Credentials, Protocol, Throttled, Unreachable};
use phase_run::IdentityProof;
use serde_json::json;

use super::super::{Machine, busy, says};
use super::{IDENTITY, failure, shown};
use crate::support::server::{Reply, Server};

fn run(url: &str, audience: Option<&str>) -> IdentityProof {
    let machine = Machine::new()
        .set("ACTIONS_ID_TOKEN_REQUEST_URL", url)
        .set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2");
    IdentityProof::GitHub {
        audience: audience.map(str::to_owned),
        env: machine.env(),
    }
}

fn at(github: &Server) -> String {
    format!("{}/idtoken/1/2?api-version=2.0", github.url())
}

#[test]
fn a_run_shows_the_token_that_github_gives_it() {
    let github = Server::always(Reply::json(
        200,
        r#"{"count": 9, "value": "eyJ0.of.github"}"#,
    ));
    let (route, body) = shown(run(&at(&github), Some("https://a.example/?b=c&d")));
    assert_eq!(route, "oidc-auth");
    assert_eq!(
        body,
        json!({ "identityId": IDENTITY, "jwt": "eyJ0.of.github" })
    );
    shown(run(&at(&github), None));
    let requests = github.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, "GET");
    assert_eq!(
        requests[0].target,
        "/idtoken/1/2?api-version=2.0&audience=https%3A%2F%2Fa.example%2F%3Fb%3Dc%26d"
    );
    assert_eq!(requests[0].header("authorization"), Some("Bearer hunter2"));
    assert_eq!(requests[1].target, "/idtoken/1/2?api-version=2.0");
}

#[test]
fn a_job_without_the_permission_is_told_which_it_needs() {
    let variables = [
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ];
    for (missing, there) in [(variables[0], variables[1]), (variables[1], variables[0])] {
        let machine = Machine::new().set(there, "https://hunter2.example");
        let error = failure(IdentityProof::GitHub {
            audience: None,
            env: machine.env(),
        });
        assert_eq!(error.kind(), Credentials);
        says(
            &error,
            &[missing, "is not set", "permissions: id-token: write"],
        );
    }
}

#[test]
fn a_github_that_gives_no_token_is_told_apart_by_the_reason() {
    for (reply, kind, parts) in [
        (busy(), Throttled, &["cannot be asked", "too many"][..]),
        (Reply::json(501, ""), Unreachable, &["status 501"]),
        (
            Reply::json(403, r#"{"message": "The run has ended"}"#),
            Credentials,
            &["status 403", "said \"The run has ended\""],
        ),
        (
            Reply::json(401, r#"{"message": "no: hunter2"}"#),
            Credentials,
            &["status 401"],
        ),
        (Reply::json(200, "{}"), Protocol, &["no usable token"]),
        (
            Reply::json(200, r#"{"value": ""}"#),
            Protocol,
            &["no usable token", "it is empty"],
        ),
    ] {
        let github = Server::always(reply);
        let error = failure(run(&at(&github), None));
        assert_eq!(error.kind(), kind);
        says(&error, &["GitHub"]);
        says(&error, parts);
    }
}

#[test]
fn the_tokens_token_goes_nowhere_without_tls() {
    let error = failure(run("http://github.example/idtoken", None));
    assert_eq!(error.kind(), Configuration);
    says(&error, &["ACTIONS_ID_TOKEN_REQUEST_URL", "https://"]);
}
