//! `auth status`: who, where, and what that reaches; never the token.

use serde_json::Value;

use super::{Home, KINDS, UNKNOWN, phase, recorded, token};

#[test]
fn it_shows_whose_the_token_is_and_what_it_reaches() {
    for (kind, account) in KINDS.into_iter().zip([
        "user (33333333-3333-4333-8333-333333333333)",
        "service token of the older kind",
        "service account (44444444-4444-4444-8444-444444444444)",
    ]) {
        let server = phase();
        let home = Home::new();
        let run = home.run(&["auth", "status"]);
        let run = run.variable("PHASE_SERVICE_TOKEN", token(kind));
        let run = run.variable("PHASE_HOST", server.url());
        let finished = run.status(0).silent();
        let text = finished.text();
        for line in [
            format!("host             {}", server.url()),
            format!("account          {account}"),
            "organisation     acme (55555555-5555-4555-8555-555555555555)".to_owned(),
            "token from       PHASE_SERVICE_TOKEN".to_owned(),
            "expires          unknown: the server does not say".to_owned(),
            "app backend_api  Production".to_owned(),
            "app web          Development, Production".to_owned(),
        ] {
            assert!(text.contains(&line), "{line}\n{text}");
        }
        assert!(!text.contains(&token(kind)[20..60]), "{text}");
        assert_eq!(server.requests().len(), 1, "one request tells all");
    }
}

#[test]
fn json_says_the_same_to_a_program() {
    let server = phase();
    let home = Home::logged_in(&server);
    let finished = home.run(&["auth", "status", "--json"]).status(0).silent();
    let status: Value = serde_json::from_str(&finished.text()).unwrap();
    assert_eq!(status["host"], server.url());
    assert_eq!(status["account"]["kind"], "user");
    let answer = &recorded("user_v1")["GET /service/secrets/tokens/"];
    assert_eq!(status["account"]["id"], answer["user_id"]);
    assert_eq!(status["organisation"]["name"], "acme");
    assert_eq!(status["expires"], Value::Null);
    assert_eq!(status["apps"][1]["name"], "web");
    assert_eq!(status["apps"][1]["environments"][0], "Development");
    let from = status["token_from"].as_str().unwrap();
    assert!(from.ends_with("logins.json"), "{from}");
    assert!(!finished.text().contains("pss_"));
}

#[test]
fn a_token_that_is_no_longer_good_says_what_to_do() {
    let server = phase();
    let run = Home::new().run(&["auth", "status"]);
    let run = run.variable("PHASE_SERVICE_TOKEN", UNKNOWN);
    let run = run.variable("PHASE_HOST", server.url());
    let finished = run.failed(125, "credentials");
    finished.stderr_has("auth login").stderr_lacks("2222");
}

#[test]
fn without_any_credentials_it_says_how_to_get_some() {
    let finished = Home::new().run(&["auth", "status"]);
    let finished = finished.failed(125, "credentials");
    finished
        .stderr_has("phase-run auth login")
        .stderr_has("PHASE_SERVICE_TOKEN");
}
