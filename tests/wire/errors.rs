//! Every recorded refusal has a kind, a message of ours, and advice.

use std::time::Duration;

use phase_run::ErrorKind::{
    self, Configuration, Conflict, Credentials, Denied, Missing, Protocol, Throttled, Unreachable,
};
use serde_json::Value;

use super::{ID, all_text, failure};
use crate::support::server::{Reply, Server};

/// How the server's text begins, the kind it must become, and words of our message.
const EXPECTED: &[(u16, &str, ErrorKind, &str)] = &[
    (
        401,
        "Authentication credentials were not",
        Credentials,
        "did not reach the server",
    ),
    (401, "Invalid token", Credentials, "cannot read the token"),
    (
        401,
        "Token expired or deleted",
        Credentials,
        "has expired, was deleted",
    ),
    (
        403,
        "Token expired or deleted",
        Credentials,
        "has expired, was deleted",
    ),
    (404, "User not found", Credentials, "no longer a member"),
    (
        401,
        "Service tokens require",
        Configuration,
        "a token of the older kind",
    ),
    (
        401,
        "Service account cannot access",
        Denied,
        "no access to environment \"development\"",
    ),
    (
        401,
        "Service token cannot access",
        Denied,
        "no access to environment \"development\"",
    ),
    (
        403,
        "User cannot access",
        Denied,
        "no access to environment \"development\"",
    ),
    (
        403,
        "You don't have permission to read",
        Denied,
        "the role of this account",
    ),
    (403, "Access denied: a network access", Denied, "IP address"),
    (
        400,
        "SSE is not enabled",
        Configuration,
        "server-side encryption (SSE) is off",
    ),
    (
        403,
        "SSE is not enabled",
        Configuration,
        "server-side encryption (SSE) is off",
    ),
    (
        403,
        "Environment context required",
        Configuration,
        "the app and the environment",
    ),
    (
        403,
        "Could not resolve app",
        Configuration,
        "the app did not reach",
    ),
    (
        404,
        "App with ID nope",
        Missing,
        "there is no app with the id",
    ),
    (
        404,
        "Environment 'dev' not found",
        Missing,
        "there is no environment \"development\"",
    ),
    (
        401,
        "Environment not found",
        Missing,
        "there is no environment \"development\"",
    ),
    (404, "Secret not found", Missing, "the secret is no longer"),
    (
        404,
        "Secret(s) not found",
        Missing,
        "the secret is no longer",
    ),
    (404, "No dynamic secrets", Missing, "status 404"),
    (404, "Lease not found", Missing, "status 404"),
    (404, "No AWS IAM identity", Missing, "status 404"),
    (404, "No Azure identity", Missing, "status 404"),
    (
        409,
        "Duplicate secret found",
        Conflict,
        "a secret of that name",
    ),
    (403, "Unsupported HTTP method", Denied, "status 403"),
    (403, "", Denied, "status 403"),
    (
        404,
        "<html>",
        Protocol,
        "as \"text/html\" (status 404), not with JSON",
    ),
    (500, "Internal server error", Unreachable, "status 500"),
    (405, "Method", Protocol, "status 405"),
    (406, "Could not satisfy", Protocol, "status 406"),
    (400, "Request body", Protocol, "status 400"),
    (400, "'secrets' must be", Protocol, "status 400"),
    (400, "Each secret requires", Protocol, "status 400"),
    (400, "Invalid 'type'", Protocol, "status 400"),
    (400, "'override.isActive'", Protocol, "status 400"),
    (400, "lease_ttl must be", Protocol, "status 400"),
    (400, "Invalid ciphertext", Protocol, "status 400"),
    (400, "Secret ID not provided", Protocol, "status 400"),
    (400, "secret_id is required", Protocol, "status 400"),
    (400, "Missing X-Amz-Date", Protocol, "status 400"),
    (400, "Missing azureEntra", Protocol, "status 400"),
];

#[test]
fn every_recorded_error_says_what_it_means_and_what_to_do() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/phase/errors.json")).unwrap();
    assert_eq!(rows.len(), 91);
    let mut used = vec![false; EXPECTED.len()];
    for row in rows {
        let label = row["label"].as_str().unwrap();
        let status = u16::try_from(row["status"].as_u64().unwrap()).unwrap();
        let text = row["body"]["error"].as_str();
        let text = text.unwrap_or(if row["body"] == "" { "" } else { "<html>" });
        let fits = |&(code, beginning, ..): &(u16, &str, ErrorKind, &str)| {
            code == status && text.starts_with(beginning) && text.is_empty() == beginning.is_empty()
        };
        let place = EXPECTED.iter().position(fits);
        let place =
            place.unwrap_or_else(|| panic!("{label}: nothing expected for {status} {text}"));
        used[place] = true;
        let (.., kind, words) = EXPECTED[place];

        let body = row["body"]
            .as_str()
            .map_or_else(|| row["body"].to_string(), str::to_owned);
        let content_type = row["content_type"].as_str().unwrap();
        let server = Server::always(Reply::typed(status, content_type, body));
        let error = failure(&server.url(), Duration::from_millis(300));
        assert_eq!(error.kind(), kind, "{label}: {error:?}");
        assert!(error.to_string().contains(words), "{label}: {error}");
        assert!(
            error.advice().is_some_and(|advice| !advice.is_empty()),
            "{label}: {error:?}"
        );
        assert!(!all_text(&error).contains(ID), "{label}: {error:?}");
        assert!(!error.to_string().ends_with('.'), "{label}: {error}");
    }
    let unused: Vec<_> = EXPECTED
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .collect();
    assert!(unused.is_empty(), "expected, but not recorded: {unused:?}");
}

#[test]
fn the_words_of_the_server_stand_behind_ours() {
    let text = r#"{"error": "You don't have permission to read secrets in this environment."}"#;
    let server = Server::always(Reply::json(403, text));
    let error = failure(&server.url(), Duration::from_secs(30));
    assert!(all_text(&error).contains("the server said"), "{error:?}");
    assert!(error.advice().unwrap().contains("Secrets: read"));
}

#[test]
fn server_side_encryption_off_says_both_ways_out() {
    let server = Server::always(Reply::json(
        400,
        r#"{"error": "SSE is not enabled for this App"}"#,
    ));
    let error = failure(&server.url(), Duration::from_secs(30));
    let advice = error.advice().unwrap();
    assert!(advice.contains("full `pss_…` token"), "{advice}");
    assert!(advice.contains("enable server-side encryption"), "{advice}");
}

#[test]
fn a_server_that_repeats_the_token_in_its_error_is_not_quoted() {
    for status in [400, 401, 403, 404, 500] {
        let text = format!(r#"{{"error": "no such token: {ID}"}}"#);
        let server = Server::always(Reply::json(status, text));
        let error = failure(&server.url(), Duration::from_millis(100));
        assert!(!all_text(&error).contains(ID), "{status}: {error:?}");
    }
}

#[test]
fn an_unknown_401_or_403_is_denied_and_does_not_claim_that_the_token_is_dead() {
    for status in [401, 403] {
        let server = Server::always(Reply::json(status, r#"{"detail": "nope"}"#));
        let error = failure(&server.url(), Duration::from_secs(30));
        assert_eq!(error.kind(), Denied);
        assert!(!all_text(&error).contains("expired"), "{error:?}");
        assert!(all_text(&error).contains("nope"), "{error:?}");
    }
}

#[test]
fn errors_that_will_not_pass_are_not_asked_again() {
    for status in [400, 401, 403, 404, 405, 406, 409, 422] {
        let server = Server::always(Reply::json(status, r#"{"error": "x"}"#));
        failure(&server.url(), Duration::from_secs(30));
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[test]
fn too_many_requests_until_the_end_are_throttled() {
    let server = Server::always(Reply::json(429, r#"{"error": "Request was throttled."}"#));
    let error = failure(&server.url(), Duration::from_millis(300));
    assert_eq!(error.kind(), Throttled);
}
