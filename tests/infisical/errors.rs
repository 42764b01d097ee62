//! What the server says no with, in all its forms, and what is made of it.

use std::time::Duration;

use phase_run::ErrorKind::{
    self, Configuration, Conflict, Credentials, Denied, Missing, Protocol, TooLarge, Unreachable,
};
use phase_run::{App, Error, Scope};
use serde_json::json;

use super::{Lab, all_text, client, demo, refusal, resolve, token};
use crate::support::server::{Reply, Server};

const TOKEN: &str = "hunter2-token";

/// The error of a list that is answered with `reply`, and how often it was asked for.
fn failure(reply: Reply) -> (Error, usize) {
    let server = Server::always(reply);
    let client = client(&server.url(), token(TOKEN)).timeout(Duration::from_millis(500));
    let scope = Scope::new(App::Id("p".into()), "dev");
    let error = resolve(&client, &scope).unwrap_err();
    (error, server.requests().len())
}

/// A status, the name and the text of an error, the kind it must become, and words of ours.
const ERRORS: [(u16, &str, &str, ErrorKind, &str); 10] = [
    (
        400,
        "BadRequest",
        "Missing project id or environment",
        Configuration,
        "does not accept",
    ),
    (
        401,
        "UnauthorizedError",
        "Token missing",
        Credentials,
        "does not know the token",
    ),
    (
        401,
        "UnauthorizedError",
        "No identity access token found",
        Credentials,
        "was revoked",
    ),
    (
        401,
        "PermissionDenied",
        "You are not allowed",
        Denied,
        "have no access to /",
    ),
    (
        403,
        "TokenError",
        "Your token has expired.",
        Credentials,
        "the token has expired",
    ),
    (
        403,
        "PermissionDenied",
        "You are not allowed",
        Denied,
        "have no access to /",
    ),
    (
        403,
        "ForbiddenError",
        "Blocked by IP",
        Denied,
        "refuses access to /",
    ),
    (
        404,
        "Not Found",
        "Route GET:/x not found",
        Protocol,
        "has no such route",
    ),
    (409, "Conflict", "Already in use", Conflict, "in the way"),
    (
        418,
        "Teapot",
        "I am a teapot",
        Configuration,
        "(status 418)",
    ),
];

#[test]
fn every_error_has_its_kind_words_of_ours_advice_and_the_servers_own_text() {
    for (status, name, text, kind, words) in ERRORS {
        let (error, count) = failure(refusal(status, name, text));
        assert_eq!(error.kind(), kind, "{text}: {error:?}");
        assert!(error.to_string().contains(words), "{text}: {error}");
        assert!(
            error.advice().is_some_and(|advice| !advice.is_empty()),
            "{text}"
        );
        assert!(!error.to_string().ends_with('.'), "{error}");
        let told = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(told, format!("the server said {text:?} (req-0123456789ab)"));
        // A missing route is looked for in version 3 too.
        assert_eq!(count, if kind == Protocol { 2 } else { 1 }, "{text}");
    }
}

#[test]
fn what_is_wrong_with_single_fields_is_one_line() {
    let issues = json!([
        {"code": "invalid_type", "path": ["environment"], "message": "Required"},
        {"code": "custom", "path": ["secrets", 0, "secretKey"], "message": "Too long"},
        {"code": "custom", "path": [], "message": "Also"},
        "odd", 7, {"message": null},
    ]);
    let (error, count) = failure(refusal(422, "ValidationFailure", issues));
    assert_eq!((error.kind(), count), (Configuration, 1));
    let text = all_text(&error);
    assert!(
        text.contains("environment: Required; secrets.0.secretKey: Too long; Also"),
        "{text}"
    );
    assert!(!text.contains("; ;"), "{text}");
}

#[test]
fn what_may_not_be_read_is_told_in_detail() {
    let detail = "You do not have permission to read secret 'PASS' in environment 'prod'.";
    let mut body = json!({"statusCode": 403, "error": "ForbiddenError", "message": "Failed to expand references"});
    body["details"] = json!([detail, {"action": ["readValue"]}]);
    let (error, count) = failure(Reply::json(403, body.to_string()));
    assert_eq!((error.kind(), count), (Denied, 1));
    assert!(all_text(&error).contains(detail), "{error:?}");
}

#[test]
fn a_reason_that_stands_in_the_place_of_its_word_is_told() {
    let text = "You are not allowed to access this resource";
    for (status, name, kind, words) in [
        (
            403,
            "Identity is not a member of the specified project with ID 'p'",
            Denied,
            "refuses access",
        ),
        (
            401,
            "/api/v4/secrets Unauthorized Access, no organization found in request",
            Credentials,
            "the session is in no organisation",
        ),
    ] {
        let (error, count) = failure(refusal(status, name, text));
        assert_eq!((error.kind(), count), (kind, 1));
        assert!(error.to_string().contains(words), "{error}");
        assert!(all_text(&error).contains(name), "{error:?}");
    }
}

#[test]
fn an_old_servers_401_for_what_does_not_fit_is_no_ended_token() {
    let (error, count) = failure(refusal(401, "ValidationFailure", "Required"));
    assert_eq!((error.kind(), count), (Configuration, 1), "{error:?}");
}

#[test]
fn a_complaint_without_end_is_not_taken_apart() {
    let body = format!(
        r#"{{"message": "no", "details": [{}0]}}"#,
        "0,".repeat(1 << 20)
    );
    let (error, _) = failure(Reply::json(403, body));
    assert_eq!(error.kind(), Denied, "{error:?}");
    assert!(!all_text(&error).contains("the server said"), "{error:?}");
}

#[test]
fn messages_of_any_shape_are_borne() {
    for message in [
        json!(null),
        json!({"a": 1}),
        json!(7),
        json!([]),
        json!([[1]]),
        json!(""),
    ] {
        for status in [400, 404, 500] {
            let (error, _) = failure(refusal(status, "x", message.clone()));
            assert!(
                error.to_string().contains(&format!("status {status}")),
                "{error:?}"
            );
        }
    }
    let bodies = ["{}", "[]", "null", "7", "\"text\"", "{\"message\": ", ""];
    for body in bodies {
        let (error, _) = failure(Reply::json(403, body));
        assert_eq!(error.kind(), Denied, "{body}: {error:?}");
    }
}

#[test]
fn a_page_with_a_4xx_is_somebody_elses_and_with_a_5xx_the_proxys() {
    for (status, wanted) in [
        (400, Protocol),
        (401, Protocol),
        (403, Protocol),
        (404, Protocol),
        (405, Protocol),
        (413, TooLarge),
    ] {
        for kind in ["text/html", "text/plain", ""] {
            let (error, count) = failure(Reply::typed(status, kind, "<html>hunter2</html>"));
            assert_eq!((error.kind(), count), (wanted, 1), "{error:?}");
            assert!(
                error.to_string().contains(&format!("status {status}")),
                "{error}"
            );
            assert!(error.advice().unwrap().contains("proxy"), "{error:?}");
            assert!(!all_text(&error).contains("hunter2"), "{error:?}");
        }
    }
    for status in [500, 502, 503, 504] {
        let (error, count) = failure(Reply::typed(status, "text/html", "<html>hunter2</html>"));
        assert_eq!(error.kind(), Unreachable, "{error:?}");
        assert!(count > 1, "{status}");
        assert!(
            error.to_string().contains(&format!("status {status}")),
            "{error}"
        );
        assert!(!all_text(&error).contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_server_that_repeats_the_token_is_not_quoted() {
    for status in [400, 401, 403, 404, 422, 500] {
        let (error, _) = failure(refusal(status, "x", format!("bad token {TOKEN}")));
        assert!(!all_text(&error).contains(TOKEN), "{status}: {error:?}");
    }
}

#[test]
fn what_goes_by_the_name_of_a_request_is_only_shown_if_it_is_one() {
    let body = json!({"reqId": "req<script>\n", "statusCode": 400, "message": "no", "error": "x"});
    let (error, _) = failure(Reply::json(400, body.to_string()));
    let text = all_text(&error);
    assert!(
        text.contains("the server said") && !text.contains("script"),
        "{text}"
    );
}

#[test]
fn json_of_another_shape_says_where_and_shows_no_value() {
    for body in [
        r#"{"secrets": [{"secretKey": "A", "secretValue": {"hunter2": 1}}]}"#,
        r#"{"secrets": [{"secretKey": "A", "secretValue": "hunter2", "version": "hunter2"}]}"#,
        r#"{"secrets": [{"secretValue": "hunter2"}]}"#,
        r#"{"secrets": [{"secretKey": "A", "secretValue": "hunter2", "secretPath": "/a\nb"}]}"#,
        r#"{"secrets": "hunter2"}"#,
        r#"{"hunter2": []}"#,
        r#"["hunter2"]"#,
        r#"{"secrets": [{"secretKey": "hunter2"#,
        "null",
        "",
    ] {
        let (error, count) = failure(Reply::json(200, body));
        assert_eq!((error.kind(), count), (Protocol, 1), "{body}: {error:?}");
        assert!(!all_text(&error).contains("hunter2"), "{body}: {error:?}");
    }
}

#[test]
fn a_missing_project_says_what_to_check() {
    let lab = Lab::new(demo());
    let scope = Scope::new(App::Id("nope".into()), "dev");
    let error = resolve(&lab.client(), &scope).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(
        all_text(&error).contains("Project with ID 'nope' not found"),
        "{error:?}"
    );
    assert!(error.advice().unwrap().contains("slug is for --app"));
}
