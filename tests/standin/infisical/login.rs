//! Log-ins: what they must say, and who is let in.

use std::time::Duration;

use serde_json::{Value, json};

use super::{by, demo, json, refusal, with};
use crate::support::server::infisical::{
    CLIENT_ID, CLIENT_SECRET, IDENTITY, Identity, Infisical, Login, ORGANISATION,
};
use crate::support::server::{Reply, Request};

const LOCKED: &str = "This identity auth method is temporarily locked, please try again later";

fn login(infisical: &Infisical, method: &str, body: &Value) -> Reply {
    let target = format!("/api/v1/auth/{method}-auth/login");
    infisical.answer(&with(Request::to("POST", &target), body))
}

fn by_secret(infisical: &Infisical, secret: &str) -> Reply {
    let body = json!({"clientId": CLIENT_ID, "clientSecret": secret});
    login(infisical, "universal", &body)
}

#[test]
fn a_secret_with_blanks_around_it_gives_a_token_that_is_good() {
    let infisical = demo();
    let made = json(200, &by_secret(&infisical, &format!(" {CLIENT_SECRET}\n")));
    assert_eq!(made["tokenType"], "Bearer");
    assert_eq!(
        (&made["expiresIn"], &made["accessTokenMaxTTL"]),
        (&json!(7200), &json!(2_592_000))
    );
    let token = made["accessToken"].as_str().unwrap();
    let projects = json(
        200,
        &infisical.answer(&by(token, "GET", "/api/v1/projects")),
    );
    assert_eq!(projects["projects"][0]["slug"], "demo");
}

#[test]
fn three_wrong_secrets_lock_the_identity_for_five_minutes() {
    let infisical = demo();
    let invalid = (
        "UnauthorizedError".to_owned(),
        "Invalid credentials".to_owned(),
    );
    for _ in 0..2 {
        assert_eq!(refusal(401, &by_secret(&infisical, "wrong")), invalid);
    }
    json(200, &by_secret(&infisical, CLIENT_SECRET));
    // One that was right makes good for those before.
    for _ in 0..3 {
        assert_eq!(refusal(401, &by_secret(&infisical, "wrong")), invalid);
    }
    let (_, text) = refusal(401, &by_secret(&infisical, CLIENT_SECRET));
    assert_eq!(text, LOCKED);
    infisical.pass(Duration::from_mins(5));
    json(200, &by_secret(&infisical, CLIENT_SECRET));
    let stranger = json!({"clientId": "x", "clientSecret": "y"});
    assert_eq!(
        refusal(401, &login(&infisical, "universal", &stranger)),
        invalid
    );
}

#[test]
fn what_is_missing_is_named() {
    let infisical = demo();
    let missing = |method: &str, body: Value, name: &str| {
        let answer = json(422, &login(&infisical, method, &body));
        assert_eq!(answer["error"], "ValidationFailure");
        let issue = &answer["message"][0];
        assert_eq!(
            (&issue["path"], &issue["code"]),
            (&json!([name]), &json!("invalid_type"))
        );
    };
    missing("universal", json!({"clientId": CLIENT_ID}), "clientSecret");
    missing(
        "universal",
        json!({"clientId": 1, "clientSecret": "s"}),
        "clientId",
    );
    for method in ["azure", "gcp", "jwt", "kubernetes", "oidc", "spiffe"] {
        missing(method, json!({"identityId": IDENTITY}), "jwt");
        missing(method, json!({"jwt": "a"}), "identityId");
    }
    let named = |name: &str, value: Value| json!({"identityId": IDENTITY, name: value});
    missing(
        "aws",
        named("iamRequestBody", json!("b")),
        "iamRequestHeaders",
    );
    missing("ldap", named("password", json!("p")), "username");
    missing("oci", named("userOcid", json!("u")), "headers");
    missing("alicloud", named("AccessKeyId", json!("a")), "Action");
    missing("tls-cert", json!({}), "identityId");
}

#[test]
fn a_method_that_is_not_set_up_lets_nobody_in() {
    let infisical = demo();
    let body = json!({"identityId": IDENTITY, "jwt": "a"});
    let (name, text) = refusal(404, &login(&infisical, "oidc", &body));
    assert_eq!(name, "NotFound");
    assert_eq!(
        text,
        "OIDC auth method not found for identity, did you configure OIDC auth?"
    );
    let answer = json(404, &login(&infisical, "psychic", &body));
    assert_eq!(
        answer["message"],
        "Route POST:/api/v1/auth/psychic-auth/login not found"
    );
    assert_eq!(answer.get("reqId"), None);
}

#[test]
fn a_token_of_somebody_trusted_lets_its_owner_in_by_its_method_alone() {
    let infisical = demo().identity(Identity::Token {
        method: "jwt",
        token: "a.good.one".to_owned(),
    });
    let shown = |jwt: &str| json!({"identityId": IDENTITY, "jwt": jwt});
    json(200, &login(&infisical, "jwt", &shown("a.good.one\n")));
    refusal(401, &login(&infisical, "jwt", &shown("a.bad.one")));
    refusal(404, &login(&infisical, "oidc", &shown("a.good.one")));
    let stranger = |id: &str| json!({"identityId": id, "jwt": "a.good.one"});
    refusal(404, &login(&infisical, "jwt", &stranger(ORGANISATION)));
    // The server does not look before it looks for it.
    refusal(500, &login(&infisical, "jwt", &stranger("somebody")));
}

#[test]
fn wrong_passwords_of_a_directory_lock_it_too() {
    let infisical = demo().identity(Identity::Ldap {
        username: "ann".to_owned(),
        password: "p".to_owned(),
    });
    let shown =
        |password: &str| json!({"identityId": IDENTITY, "username": "ann", "password": password});
    for _ in 0..3 {
        let (_, text) = refusal(401, &login(&infisical, "ldap", &shown("wrong")));
        assert_ne!(text, LOCKED);
    }
    assert_eq!(
        refusal(401, &login(&infisical, "ldap", &shown("p"))).1,
        LOCKED
    );
    infisical.pass(Duration::from_mins(5));
    json(200, &login(&infisical, "ldap", &shown("p")));
}

#[test]
fn a_log_in_may_be_a_form_and_name_an_organisation_in_either_way() {
    let infisical = demo().identity(Identity::TlsCertificate);
    let form = format!("identityId={IDENTITY}&organizationSlug=one");
    let request = Request::to("POST", "/api/v1/auth/tls-cert-auth/login/");
    let request = request.with("Content-Type", "application/x-www-form-urlencoded");
    json(200, &infisical.answer(&request.carrying(form)));
    let body = json!({"identityId": IDENTITY, "subOrganizationName": "two"});
    json(200, &login(&infisical, "tls-cert", &body));
    json(200, &by_secret(&infisical, CLIENT_SECRET));
    let login = |method: &str, organisation: Option<&str>| Login {
        method: method.to_owned(),
        organisation: organisation.map(str::to_owned),
    };
    let logins = [
        login("tls-cert", Some("one")),
        login("tls-cert", Some("two")),
        login("universal", None),
    ];
    assert_eq!(infisical.logins(), logins);
    let odd =
        Request::to("POST", "/api/v1/auth/universal-auth/login").with("Content-Type", "text/plain");
    assert_eq!(infisical.answer(&odd.carrying("a")).status(), 422);
}
