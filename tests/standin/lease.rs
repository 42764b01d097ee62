//! Dynamic secrets, and the leases that are made of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{by, json, web};
use crate::support::server::{Kind, Lease, Phase, Reply, Request, Token};

const REST: &str = "/service/public/v1/secrets/?app_id=web-id&env=development";
const LEASES: &str = "/service/public/v1/secrets/dynamic/leases/?app_id=web-id&env=development";

fn lab() -> Phase {
    web()
        .secret("HOST", "h")
        .dynamic("AWS", &["USER", "KEY", "SECRET", "SESSION"])
        .lasting(Duration::from_mins(2), Duration::from_mins(10))
}

/// A request for the secrets of `web/Development`, encrypted.
fn encrypted(phase: &Phase, token: &Token) -> Request {
    let id = phase.environment_id("web/Development");
    by(token, "GET", "/service/secrets/").with("Environment", &id)
}

fn ids(phase: &Phase) -> Vec<String> {
    phase.leases().into_iter().map(|lease| lease.id).collect()
}

/// Changes a lease.
fn change(phase: &Phase, method: &str, body: &Value) -> Reply {
    let request = by(&phase.token(Kind::ServiceAccount), method, LEASES);
    phase.answer(&request.carrying(body.to_string()))
}

#[test]
fn no_lease_is_made_unless_it_is_asked_for() {
    let phase = lab();
    let token = phase.token(Kind::ServiceAccount);
    let plain = encrypted(&phase, &token);
    let dynamic = plain.clone().with("dynamic", "true");
    for (request, count) in [
        (plain.clone(), 1),
        (plain.clone().with("lease", "true"), 1),
        (plain.clone().with("dynamic", "False"), 1),
        (plain.with("include-dynamic", ""), 2),
        (dynamic.clone().with("lease", "false"), 2),
        (dynamic.clone(), 2),
    ] {
        let rows = json(200, &phase.answer(&request));
        assert_eq!(rows.as_array().unwrap().len(), count);
        assert!(count == 1 || rows[1]["lease"].is_null(), "{rows}");
    }
    assert!(phase.leases().is_empty());
    let rows = json(200, &phase.answer(&dynamic.with("lease", "true")));
    assert_eq!(rows[1]["lease"]["id"], ids(&phase)[0].as_str());
    assert_eq!(rows[1]["lease"]["ttl"], "00:02:00");
}

#[test]
fn each_lease_has_values_of_its_own_and_a_name_too_many_has_none() {
    let phase = lab();
    let token = phase.token(Kind::User);
    for turn in ["1", "2"] {
        let target = format!("{REST}&dynamic&lease&key=HOST");
        let rows = json(200, &phase.answer(&by(&token, "GET", &target)));
        assert_eq!(rows[1]["keyMap"][3]["keyName"], "SESSION");
        let wanted = json!([
            {"key": "USER", "value": format!("username-{turn}")},
            {"key": "KEY", "value": format!("access_key_id-{turn}")},
            {"key": "SECRET", "value": format!("secret_access_key-{turn}")},
        ]);
        assert_eq!(rows[1]["lease"]["credentials"], wanted);
        assert_eq!(rows[1]["lease"]["owner"]["type"], "organisation_member");
    }
    assert_eq!(phase.leases().len(), 2);
}

#[test]
fn a_lease_that_fails_fails_the_request_and_the_others_stay() {
    let phase = lab().dynamic("DOWN", &["OTHER"]).failing("AccessDenied");
    let token = phase.token(Kind::ServiceAccount);
    let request = encrypted(&phase, &token).with("dynamic", "true");
    let request = request.with("lease", "true");
    let body = json(400, &phase.answer(&request));
    assert_eq!(body["successful_leases"], 1);
    assert_eq!(body["failed_leases"][0]["secret_name"], "DOWN");
    assert_eq!(
        body["failed_leases"][0]["error"],
        "An internal error occurred"
    );
    assert_eq!(phase.leases().len(), 1);
    let target = format!("{REST}&dynamic&lease");
    let body = json(400, &phase.answer(&by(&token, "GET", &target)));
    assert_eq!(body["successfulLeases"], 1);
    assert_eq!(body["failedLeases"][0]["secretName"], "DOWN");
    assert_eq!(body["failedLeases"][0]["error"], "AccessDenied");
    let dynamic = target.replace("secrets/", "secrets/dynamic/");
    let body = json(500, &phase.answer(&by(&token, "GET", &dynamic)));
    let text = "An internal error occurred while creating the lease";
    assert_eq!(body["error"], text);
}

#[test]
fn a_lease_lasts_as_long_as_is_asked_for_within_limits() {
    let phase = lab();
    let token = phase.token(Kind::ServiceAccount);
    for (seconds, made) in [("59", false), ("60", true), ("600", true), ("601", false)] {
        let request = encrypted(&phase, &token).with("dynamic", "");
        let request = request.with("lease", "").with("lease-ttl", seconds);
        let status = if made { 200 } else { 400 };
        let body = json(status, &phase.answer(&request));
        assert!(
            made || body["failed_leases"][0]["error"]
                .as_str()
                .unwrap()
                .contains("TTL")
        );
    }
    let seconds: Vec<u64> = phase
        .leases()
        .iter()
        .map(|lease| lease.ttl.as_secs())
        .collect();
    assert_eq!(seconds, [60, 600]);
}

#[test]
fn a_lease_is_renewed_until_its_limit_or_its_end() {
    let phase = lab();
    let token = phase.token(Kind::ServiceAccount);
    let dynamic = format!("{REST}&dynamic&lease").replace("secrets/", "secrets/dynamic/");
    json(200, &phase.answer(&by(&token, "GET", &dynamic)));
    let id = &ids(&phase)[0];
    let renew = |seconds: u64| change(&phase, "PUT", &json!({"lease_id": id, "ttl": seconds}));
    let body = json(200, &renew(60));
    let message = body["message"].as_str().unwrap();
    assert!(
        message.starts_with("Lease renewed successfully. "),
        "{message}"
    );
    assert_eq!(phase.leases()[0].ttl, Duration::from_mins(3));
    let body = json(400, &renew(421));
    assert!(
        body["error"].as_str().unwrap().ends_with("420 seconds"),
        "{body}"
    );
    phase.pass(Duration::from_mins(3));
    let body = json(400, &renew(60));
    assert_eq!(
        body["error"],
        "This lease has expired and cannot be renewed"
    );
}

#[test]
fn a_lease_is_revoked_once_and_listed_all_the_same() {
    let phase = lab();
    let token = phase.token(Kind::ServiceAccount);
    let target = format!("{REST}&dynamic&lease");
    let rows = json(200, &phase.answer(&by(&token, "GET", &target)));
    let id = &ids(&phase)[0];
    let by_query = by(&token, "DELETE", &format!("{LEASES}&lease_id={id}"));
    let first = change(&phase, "DELETE", &json!({"lease_id": id}));
    assert_eq!(json(200, &first)["message"], "Lease revoked successfully");
    assert!(phase.leases().iter().all(Lease::is_revoked));
    let again = json(200, &phase.answer(&by_query));
    assert_eq!(again["message"], "Lease was already revoked");
    let none = change(&phase, "DELETE", &json!({}));
    assert_eq!(json(400, &none)["error"], "lease_id is required");
    let dynamic = rows[1]["id"].as_str().unwrap();
    let list = by(&token, "GET", &format!("{LEASES}&secret_id={dynamic}"));
    let list = json(200, &phase.answer(&list));
    assert_eq!(list[0]["status"], "revoked");
    assert_eq!(list[0]["credentials"], json!([]));
}
