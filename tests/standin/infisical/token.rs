//! Tokens: how long they are good, and of whom.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{by, demo, json, pairs, refusal, with};
use crate::support::server::infisical::{IDENTITY, Infisical, ORGANISATION, USER, Version};
use crate::support::server::{Reply, Request};

const HOUR: Duration = Duration::from_hours(1);

fn tell(infisical: &Infisical, what: &str, token: &str) -> Reply {
    let request = Request::to("POST", &format!("/api/v1/auth/token/{what}"));
    infisical.answer(&with(request, &json!({"accessToken": token})))
}

fn check(infisical: &Infisical, token: &str) -> Reply {
    infisical.answer(&by(token, "GET", "/api/v1/projects"))
}

/// The same of a server that knows no other way for identities.
fn checked_by_old(infisical: &Infisical, token: &str) -> Reply {
    infisical.answer(&by(token, "GET", "/api/v2/workspace/demo"))
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn renewed(infisical: &Infisical, token: &str) -> String {
    let made = json(200, &tell(infisical, "renew", token));
    made["accessToken"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_says_whose_it_is_and_how_long_it_is_good() {
    let infisical = demo().token_ttl(HOUR);
    let said = claims(&infisical.token());
    assert_eq!(
        (&said["identityId"], &said["authTokenType"]),
        (&json!(IDENTITY), &json!("identityAccessToken"))
    );
    assert_eq!(
        said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap(),
        3600
    );
    assert_eq!(claims(&infisical.user_token())["userId"], USER);
    let longest = claims(
        &demo()
            .token_ttl(Duration::ZERO)
            .max_ttl(Duration::ZERO)
            .token(),
    );
    let days =
        |said: &Value| (said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap()) / 86400;
    assert_eq!(days(&longest), 90);
    // An older server tells of the last renewal alone, and of nothing if there is none.
    let old = demo().token_ttl(HOUR).version(Version::WithoutV4);
    assert_eq!(days(&claims(&old.token())), 30);
    let endless = claims(&old.max_ttl(Duration::ZERO).token());
    assert_eq!(endless.get("exp"), None);
}

#[test]
fn a_renewed_token_is_another_and_both_are_good() {
    let infisical = demo();
    let token = infisical.token();
    infisical.pass(HOUR);
    let next = renewed(&infisical, &token);
    assert_ne!(next, token);
    let id = |token: &str| claims(token)["identityAccessTokenId"].clone();
    assert_eq!(id(&next), id(&token));
    json(200, &check(&infisical, &token));
    infisical.pass(HOUR);
    let (name, text) = refusal(403, &check(&infisical, &token));
    assert_eq!(
        (name.as_str(), text.as_str()),
        (
            "TokenError",
            "Your token has expired. Please re-authenticate."
        )
    );
    json(200, &check(&infisical, &next));
}

#[test]
fn a_renewal_that_is_refused_destroys_the_token_of_an_older_server() {
    let old = demo().version(Version::WithoutV4);
    let check = checked_by_old;
    let infisical = old.token_ttl(2 * HOUR).max_ttl(3 * HOUR);
    let token = infisical.token();
    json(200, &tell(&infisical, "renew", &token));
    infisical.pass(HOUR + HOUR / 2);
    json(200, &check(&infisical, &token));
    let (_, text) = refusal(401, &tell(&infisical, "renew", &token));
    assert_eq!(
        text,
        "Failed to renew MI access token past its Max TTL expiration"
    );
    assert_eq!(
        refusal(401, &check(&infisical, &token)).1,
        "No identity access token found"
    );
    let endless = demo().version(Version::WithoutV4).max_ttl(Duration::ZERO);
    let token = endless.token();
    endless.pass(HOUR);
    json(200, &tell(&endless, "renew", &token));
    let user = endless.user_token();
    assert_eq!(
        refusal(400, &tell(&endless, "renew", &user)).1,
        "Only identity access tokens can be renewed"
    );
}

#[test]
fn an_older_server_ends_a_token_that_was_not_renewed_before_the_token_says_so() {
    let infisical = demo().version(Version::WithoutV4).token_ttl(HOUR);
    let [renewed, other] = [infisical.token(), infisical.token()];
    infisical.pass(HOUR / 2);
    let answer = json(200, &tell(&infisical, "renew", &renewed));
    assert_eq!(answer["accessToken"], renewed);
    infisical.pass(HOUR / 2);
    json(200, &checked_by_old(&infisical, &renewed));
    let (_, text) = refusal(401, &checked_by_old(&infisical, &other));
    assert_eq!(
        text,
        "Failed to renew MI access token due to TTL expiration"
    );
}

#[test]
fn a_renewed_token_lasts_no_longer_than_it_may() {
    let infisical = demo().token_ttl(2 * HOUR).max_ttl(3 * HOUR);
    let token = infisical.token();
    infisical.pass(HOUR + HOUR / 2);
    let answer = json(200, &tell(&infisical, "renew", &token));
    assert_eq!(answer["expiresIn"], 5400);
}

#[test]
fn a_token_is_revoked_with_all_that_came_of_it() {
    let infisical = demo();
    let token = infisical.token();
    infisical.pass(HOUR);
    let next = renewed(&infisical, &token);
    let other = infisical.token();
    let made = json(200, &tell(&infisical, "revoke", &token));
    assert_eq!(made["message"], "Successfully revoked access token");
    json(200, &tell(&infisical, "revoke", &token));
    refusal(401, &check(&infisical, &next));
    json(200, &check(&infisical, &other));
    infisical.revoke_all();
    refusal(401, &check(&infisical, &other));
}

#[test]
fn a_token_may_be_of_no_use() {
    let infisical = demo();
    let unnamed = Request::to("POST", "/api/v1/auth/checkAuth");
    assert_eq!(refusal(401, &infisical.answer(&unnamed)).1, "Token missing");
    assert_eq!(refusal(403, &check(&infisical, "a.b.c")).0, "TokenError");
    let token = infisical.user_token();
    json(200, &check(&infisical, &token));
    infisical.expire_all();
    assert_eq!(refusal(403, &check(&infisical, &token)).0, "TokenError");
    infisical.know("a text");
    json(200, &check(&infisical, "a text"));
}

#[test]
fn a_token_may_be_good_for_so_many_requests() {
    let infisical = demo().token_uses(2);
    let token = infisical.token();
    json(200, &check(&infisical, &token));
    json(200, &check(&infisical, &token));
    for _ in 0..2 {
        let text = refusal(401, &check(&infisical, &token)).1;
        assert_eq!(text, "Failed to authorize: token usage limit reached");
    }
    let old = demo().token_uses(1).version(Version::WithoutV4);
    let token = old.token();
    json(200, &checked_by_old(&old, &token));
    assert_eq!(
        refusal(401, &checked_by_old(&old, &token)).1,
        "Unable to renew because access token number of uses limit reached"
    );
    assert_eq!(
        refusal(401, &checked_by_old(&old, &token)).1,
        "No identity access token found"
    );
}

#[test]
fn a_service_token_of_one_scope_reads_that_whatever_is_asked_for() {
    let infisical = demo().secret("A", "1").folder("/db").secret("B", "2");
    let token = infisical.service_token(&[("dev", "/db")]);
    assert_eq!(token.split('.').count(), 4);
    let shown = by(&token, "GET", "/api/v2/service-token");
    let shown = json(200, &infisical.answer(&shown));
    assert_eq!(shown["workspace"], infisical.project_id("demo"));
    assert_eq!(
        shown["scopes"],
        json!([{"environment": "dev", "secretPath": "/db"}])
    );
    let list = by(&token, "GET", "/api/v4/secrets?projectId=x&environment=y");
    assert_eq!(
        pairs(&json(200, &infisical.answer(&list))["secrets"]),
        ["B=2"]
    );
    let show = by(&token, "GET", "/api/v3/secrets/raw/B");
    json(200, &infisical.answer(&show));
    let about = |token: &str| infisical.answer(&by(token, "GET", "/api/v2/service-token"));
    refusal(403, &about(&infisical.token()));
    let (name, text) = refusal(404, &about("st.a.b.c"));
    assert_eq!(
        (name.as_str(), text.as_str()),
        ("NotFound", "Service token with ID 'a' not found")
    );
    let parts: Vec<&str> = token.split('.').collect();
    let wrong = about(&format!("st.{}.wrong", parts[1]));
    assert_eq!(refusal(401, &wrong).1, "Invalid service token");
    infisical.expire_all();
    assert_eq!(refusal(403, &about(&token)).1, "Service token has expired");
    refusal(404, &about(&token));
}

#[test]
fn a_service_token_of_more_scopes_reads_within_them_and_writes_nothing() {
    let infisical = demo().secret("A", "1").folder("/db/deep").secret("B", "2");
    let token = infisical.service_token(&[("dev", "/db/**"), ("prod", "/")]);
    let project = infisical.project_id("demo");
    let list = |place: &str| {
        let target = format!("/api/v4/secrets?projectId={project}&{place}");
        infisical.answer(&by(&token, "GET", &target))
    };
    let found = json(200, &list("environment=dev&secretPath=/db/deep"));
    assert_eq!(pairs(&found["secrets"]), ["B=2"]);
    json(200, &list("environment=prod"));
    // What it may not see is not there.
    let found = json(200, &list("environment=dev"));
    assert_eq!(found["secrets"], json!([]));
    let new = json!({
        "projectId": project, "environment": "prod", "secretPath": "/", "secretValue": "v",
    });
    let create = with(by(&token, "POST", "/api/v4/secrets/NEW"), &new);
    assert_eq!(
        refusal(403, &infisical.answer(&create)).0,
        "PermissionDenied"
    );
}

#[test]
fn a_user_enters_an_organisation_with_a_token_of_its_own() {
    let infisical = demo();
    let select = |token: &str, id: &str| {
        let request = by(token, "POST", "/api/v3/auth/select-organization");
        infisical.answer(&with(request, &json!({"organizationId": id})))
    };
    let user = infisical.user_token();
    let made = json(200, &select(&user, ORGANISATION));
    assert_eq!(made["isMfaEnabled"], false);
    let token = made["token"].as_str().unwrap();
    assert_ne!(token, user);
    json(200, &check(&infisical, token));
    refusal(403, &select(&user, IDENTITY));
    refusal(403, &select(&infisical.token(), ORGANISATION));
}
