//! One store behind two APIs.

use serde_json::{Value, json};

use super::{by, json, web};
use crate::support::server::{Kind, Limit, Phase, Reply, Request, Stored};

const REST: &str = "/service/public/v1/secrets/?app_id=web-id&env=development";

fn rest(phase: &Phase, kind: Kind, method: &str, body: &Value) -> Reply {
    let request = by(&phase.token(kind), method, REST);
    phase.answer(&request.carrying(body.to_string()))
}

/// The encrypted rows of `web/Development`.
fn encrypted(phase: &Phase, kind: Kind, headers: &[(&str, &str)]) -> Value {
    let id = phase.environment_id("web/Development");
    let request = by(&phase.token(kind), "GET", "/service/secrets/").with("Environment", &id);
    let add = |request: Request, (name, value): &(&str, &str)| request.with(name, value);
    json(200, &phase.answer(&headers.iter().fold(request, add)))
}

#[test]
fn what_is_written_over_rest_lies_there_encrypted_and_whole() {
    let phase = web().secret("OLD", "1").comment("for people").tags(&["t"]);
    let new = json!({"secrets": [{
        "key": "db_url", "value": "x\n\u{1F512}", "comment": "hi", "path": "a//b/",
        "tags": [" db ", "db", ""], "type": "config",
    }]});
    json(200, &rest(&phase, Kind::User, "POST", &new));
    let [old, new] = &phase.stored("web/Development")[..] else {
        panic!("two secrets")
    };
    assert_eq!((&*old.comment, &*old.kind), ("for people", "secret"));
    let wanted = Stored {
        comment: "hi".into(),
        id: new.id.clone(),
        key: "DB_URL".into(),
        kind: "config".into(),
        path: "/a/b".into(),
        tags: vec!["db".into()],
        value: "x\n\u{1F512}".into(),
    };
    assert_eq!(*new, wanted);
    let rows = encrypted(&phase, Kind::User, &[("Tags", "db,t")]);
    assert_eq!(rows[1]["id"], new.id.as_str());
    assert!(rows[1]["value"].as_str().unwrap().starts_with("ph:v1:"));
}

#[test]
fn an_own_value_is_its_users_alone() {
    let phase = web().secret("A", "shared").own("mine");
    let rows = encrypted(&phase, Kind::User, &[]);
    assert_eq!(rows[0]["override"]["is_active"], true);
    let rows = encrypted(&phase, Kind::User, &[("X-Use-Camel-Case", "true")]);
    assert_eq!(rows[0]["override"]["isActive"], true);
    for kind in [Kind::Service, Kind::ServiceAccount] {
        assert!(encrypted(&phase, kind, &[])[0]["override"].is_null());
    }
    let other = phase.admit(Kind::User, &["web"]);
    let rows = json(200, &phase.answer(&by(&other, "GET", REST)));
    assert!(rows[0]["override"].is_null());
}

#[test]
fn a_changed_secret_moves_to_the_end_of_the_list() {
    let phase = web().secret("A", "1").secret("B", "2");
    let id = phase.stored("web/Development")[0].id.clone();
    let body = json!({"secrets": [{"id": id, "value": "3"}]});
    json(200, &rest(&phase, Kind::User, "PUT", &body));
    let stored = phase.stored("web/Development");
    let keys: Vec<_> = stored.iter().map(|secret| secret.key.as_str()).collect();
    assert_eq!(keys, ["B", "A"]);
}

#[test]
fn a_sealed_secret_stays_as_it_is() {
    let phase = web().secret("A", "1").kind("sealed");
    let id = phase.stored("web/Development")[0].id.clone();
    let put = |fields: Value| {
        let mut item = json!({"id": id});
        item.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        rest(&phase, Kind::User, "PUT", &json!({"secrets": [item]}))
    };
    json(400, &put(json!({"type": "config"})));
    let rows = json(200, &put(json!({"value": "2"})));
    assert_eq!(rows[0]["value"], "1");
}

#[test]
fn a_rotating_secret_is_changed_by_nobody() {
    let phase = web().secret("A", "1").rotating();
    let id = phase.stored("web/Development")[0].id.clone();
    assert_eq!(
        encrypted(&phase, Kind::User, &[])[0]["lifecycle"],
        "rotating"
    );
    let put = json!({"secrets": [{"id": id, "value": "2"}]});
    json(400, &rest(&phase, Kind::User, "PUT", &put));
    json(
        400,
        &rest(&phase, Kind::User, "DELETE", &json!({"secrets": [id]})),
    );
}

#[test]
fn a_key_of_a_dynamic_secret_is_taken() {
    let phase = web().dynamic("AWS", &["USER"]);
    let body = json!({"secrets": [{"key": "user", "value": "1"}]});
    json(409, &rest(&phase, Kind::User, "POST", &body));
    assert!(phase.stored("web/Development").is_empty());
}

#[test]
fn what_was_encrypted_for_somebody_else_does_not_open() {
    let phase = web().secret("A", "1").misplaced();
    json(500, &rest(&phase, Kind::User, "GET", &Value::Null));
    assert_eq!(encrypted(&phase, Kind::User, &[])[0]["path"], "/");
}

#[test]
fn a_path_in_a_header_is_latin_1() {
    let phase = web().folder("/b\u{fc}cher").secret("A", "1");
    let id = phase.environment_id("web/Development");
    let token = phase.token(Kind::User).rest;
    let count = |path: &[u8]| {
        let head = format!(
            "GET /service/secrets/ HTTP/1.1\r\nAuthorization: Bearer {token}\r\nEnvironment: {id}\r\nPath: "
        );
        let bytes = [head.as_bytes(), path, b"\r\n\r\n"].concat();
        let request = Request::read(&mut &bytes[..], 0).unwrap().unwrap();
        json(200, &phase.answer(&request)).as_array().unwrap().len()
    };
    assert_eq!(count(b"/b\xfccher"), 1);
    assert_eq!(count("/b\u{fc}cher".as_bytes()), 0);
    assert_eq!(count(b"/b%C3%BCcher"), 0);
    assert_eq!(count(b""), 1);
}

#[test]
fn nobody_is_served_while_the_server_throttles() {
    let phase = web();
    phase.throttle(Some(58));
    let token = phase.token(Kind::ServiceAccount);
    let environment = phase.environment_id("web/Development");
    for target in ["/service/secrets/", "/service/secrets/tokens/", REST] {
        let request = by(&token, "GET", target).with("Environment", &environment);
        let reply = phase.answer(&request);
        assert_eq!(reply.said("Retry-After"), Some("58"));
        let text = "Request was throttled. Expected available in 58 seconds.";
        assert_eq!(json(429, &reply)["error"], text);
    }
    phase.throttle(None);
    json(200, &rest(&phase, Kind::User, "GET", &Value::Null));
}

#[test]
fn a_role_may_lack_one_right_alone() {
    let phase = web();
    let token = phase.admit(Kind::ServiceAccount, &["web"]);
    phase.limit(&token, Limit::Without("create"));
    json(200, &phase.answer(&by(&token, "GET", REST)));
    let body = json(403, &phase.answer(&by(&token, "POST", REST)));
    let text = "You don't have permission to create secrets in this environment.";
    assert_eq!(body["error"], text);
}

/// A write of `body` over the encrypted API, into `environment`.
fn write(phase: &Phase, environment: &str, method: &str, body: &Value) -> Reply {
    let id = phase.environment_id(environment);
    let request = by(&phase.token(Kind::User), method, "/service/secrets/");
    phase.answer(&request.with("Environment", &id).carrying(body.to_string()))
}

#[test]
fn a_removed_secret_is_changed_as_if_it_were_there_and_stays_away() {
    let phase = web().secret("A", "1");
    let id = phase.stored("web/Development")[0].id.clone();
    let gone = json!({"secrets": [id]});
    json(200, &rest(&phase, Kind::User, "DELETE", &gone));
    json(404, &rest(&phase, Kind::User, "DELETE", &gone));
    let put = json!({"secrets": [{"id": id, "comment": "", "tags": []}]});
    let rows = json(200, &rest(&phase, Kind::User, "PUT", &put));
    assert_eq!(rows[0]["version"], 2);
    assert_eq!(write(&phase, "web/Development", "PUT", &put).status(), 200);
    assert!(phase.stored("web/Development").is_empty());
    let new = json!({"secrets": [{"key": "A", "value": "2"}]});
    json(200, &rest(&phase, Kind::User, "POST", &new));
}

#[test]
fn an_encrypted_write_finds_a_secret_in_any_environment() {
    let phase = web().secret("A", "1").secret("B", "2");
    let stored = phase.stored("web/Development");
    let put = json!({"secrets": [{"id": stored[0].id, "tags": []}]});
    let rest = "/service/public/v1/secrets/?app_id=web-id&env=staging";
    let request = by(&phase.token(Kind::User), "PUT", rest);
    json(404, &phase.answer(&request.carrying(put.to_string())));
    assert_eq!(write(&phase, "web/Staging", "PUT", &put).status(), 200);
    let gone = json!({"secrets": [stored[1].id]});
    assert_eq!(write(&phase, "web/Staging", "DELETE", &gone).status(), 200);
    assert!(phase.stored("web/Development").is_empty());
}

#[test]
fn of_several_changes_those_before_the_one_that_fails_are_made_unless_a_name_is_taken() {
    let phase = web().secret("A", "1").secret("B", "2");
    let id = phase.stored("web/Development")[0].id.clone();
    let value = || {
        let stored = phase.stored("web/Development");
        let found = stored.iter().find(|secret| secret.id == id).unwrap();
        found.value.clone()
    };
    let put = |value: &str, last: Value| {
        let first = json!({"id": id, "value": value});
        rest(
            &phase,
            Kind::User,
            "PUT",
            &json!({"secrets": [first, last]}),
        )
    };
    json(409, &put("3", json!({"id": "none", "key": "b"})));
    assert_eq!(value(), "1");
    json(404, &put("3", json!({"id": "none", "value": ""})));
    assert_eq!(value(), "3");
}

#[test]
fn the_proxy_takes_no_body_of_more_than_a_mebibyte_and_keeps_the_rest_of_the_site_to_itself() {
    let phase = web();
    let big = json!({"secrets": [{"key": "A", "value": "x".repeat(1 << 20)}]});
    let refused = rest(&phase, Kind::User, "POST", &big);
    assert_eq!(refused.status(), 413);
    assert_eq!(refused.said("Content-Type"), Some("text/html"));
    let token = phase.token(Kind::User);
    let elsewhere = phase.answer(&by(&token, "GET", &REST.replace("/service", "")));
    assert_eq!(elsewhere.said("Content-Type"), Some("text/html"));
    assert_eq!(elsewhere.status(), 200);
    json(200, &phase.answer(&by(&token, "GET", &format!("/{REST}"))));
    phase.direct(true);
    json(200, &rest(&phase, Kind::User, "POST", &big));
    json(
        200,
        &phase.answer(&by(&token, "GET", &REST.replace("/service", ""))),
    );
    let doubled = phase.answer(&by(&token, "GET", &format!("/{REST}")));
    assert_eq!(doubled.status(), 404);
}
