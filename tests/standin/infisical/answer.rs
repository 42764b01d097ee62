//! Answers, whatever they are about.

use serde_json::json;

use super::{by, demo, json, pairs};
use crate::support::server::infisical::Version;
use crate::support::server::{Reply, Request};

#[test]
fn an_old_server_has_no_route_for_the_new_api() {
    let infisical = demo().version(Version::WithoutV4);
    let request = Request::to("GET", "/api/v4/secrets?environment=dev");
    let answer = json(404, &infisical.answer(&request));
    let text = "Route GET:/api/v4/secrets?environment=dev not found";
    assert_eq!(
        answer,
        json!({"message": text, "error": "Not Found", "statusCode": 404})
    );
    let project = infisical.project_id("demo");
    let target = format!("/api/v3/secrets/raw?workspaceId={project}&environment=dev");
    json(
        200,
        &infisical.answer(&by(&infisical.token(), "GET", &target)),
    );
}

#[test]
fn an_answer_that_has_not_changed_is_not_sent_again() {
    let infisical = demo().secret("A", "1");
    let project = infisical.project_id("demo");
    for (value, route) in [
        ("2", "v3/secrets/raw?workspaceId"),
        ("3", "v4/secrets?projectId"),
    ] {
        let target = format!("/api/{route}={project}&environment=dev");
        let request = by(&infisical.token(), "GET", &target);
        let first = infisical.answer(&request);
        let etag = first.said("ETag").unwrap().to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
        let again = request.with("If-None-Match", &etag);
        let unchanged = infisical.answer(&again);
        assert_eq!((unchanged.status(), unchanged.body()), (304, &b""[..]));
        let _ = infisical.clone().within("dev").secret("A", value);
        let changed = json(200, &infisical.answer(&again));
        assert_eq!(pairs(&changed["secrets"]), [format!("A={value}")]);
    }
    let infisical = demo().without_etags();
    let project = infisical.project_id("demo");
    let target = format!("/api/v4/secrets?projectId={project}&environment=dev");
    let reply = infisical.answer(&by(&infisical.token(), "GET", &target));
    assert_eq!((reply.status(), reply.said("ETag")), (200, None));
}

#[test]
fn the_next_answers_may_be_failures() {
    let infisical = demo();
    let status = Request::to("GET", "/api/status");
    infisical.fails(2, Reply::json(503, "{}"));
    let found: Vec<u16> = (0..3).map(|_| infisical.answer(&status).status()).collect();
    assert_eq!(found, [503, 503, 200]);
    assert_eq!(json(200, &infisical.answer(&status))["message"], "Ok");
}
