//! Dynamic secrets and their leases.

use std::time::Duration;

use serde_json::{Value, json};

use super::{by, demo, json, refusal, with};
use crate::support::server::Reply;
use crate::support::server::infisical::Infisical;

const BASE: &str = "/api/v1/dynamic-secrets";
const HOUR: Duration = Duration::from_hours(1);

fn ask(infisical: &Infisical, rest: &str) -> Reply {
    let target = format!("{BASE}{rest}?projectSlug=demo&environmentSlug=dev&path=/db");
    infisical.answer(&by(&infisical.token(), "GET", &target))
}

fn tell(infisical: &Infisical, method: &str, rest: &str, more: &Value) -> Reply {
    let mut body = json!({"projectSlug": "demo", "environmentSlug": "dev", "path": "/db"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    infisical.answer(&with(
        by(&infisical.token(), method, &format!("{BASE}{rest}")),
        &body,
    ))
}

fn lease(infisical: &Infisical, ttl: &str) -> Reply {
    let more = json!({"dynamicSecretName": "pg", "ttl": ttl});
    tell(infisical, "POST", "/leases", &more)
}

/// An Infisical with a dynamic secret.
fn lab() -> Infisical {
    demo().folder("/db").dynamic("pg", &["DB_USER", "DB_PASS"])
}

#[test]
fn each_lease_has_values_of_its_own_until_it_is_revoked() {
    let infisical = lab();
    let made = json(200, &lease(&infisical, "30m"));
    assert_eq!(
        made["data"],
        json!({"DB_USER": "db_user-1", "DB_PASS": "db_pass-1"})
    );
    assert_eq!(made["dynamicSecret"]["name"], "pg");
    let next = tell(
        &infisical,
        "POST",
        "/leases",
        &json!({"dynamicSecretName": "pg"}),
    );
    assert_eq!(json(200, &next)["data"]["DB_USER"], "db_user-2");
    let found = infisical.leases();
    assert_eq!([found[0].ttl(), found[1].ttl()], [HOUR / 2, HOUR]);
    let rest = format!("/leases/{}", found[0].id);
    assert_eq!(
        json(200, &ask(&infisical, &rest))["lease"]["dynamicSecret"]["name"],
        "pg"
    );
    json(
        200,
        &tell(&infisical, "DELETE", &rest, &json!({"isForced": false})),
    );
    assert!(infisical.leases()[0].revoked);
    refusal(404, &tell(&infisical, "DELETE", &rest, &json!({})));
    refusal(404, &ask(&infisical, &rest));
    let living = json(200, &ask(&infisical, "/pg/leases"));
    assert_eq!(living["leases"].as_array().unwrap().len(), 1);
    assert_eq!(living["leases"][0]["id"], found[1].id.as_str());
}

#[test]
fn dynamic_secrets_are_listed_and_shown() {
    let infisical = lab().lasting(HOUR, 2 * HOUR);
    let all = json(200, &ask(&infisical, ""));
    assert_eq!(all["dynamicSecrets"][0]["name"], "pg");
    let one = json(200, &ask(&infisical, "/pg"));
    assert_eq!(one["dynamicSecret"]["defaultTTL"], "1h");
    assert_eq!(one["dynamicSecret"]["maxTTL"], "2h");
    refusal(404, &ask(&infisical, "/other"));
    refusal(
        404,
        &tell(
            &infisical,
            "POST",
            "/leases",
            &json!({"dynamicSecretName": "other"}),
        ),
    );
    let bare = by(&infisical.token(), "GET", BASE);
    json(422, &infisical.answer(&bare));
}

#[test]
fn a_lease_is_renewed_until_its_limit_or_its_end() {
    let infisical = lab().lasting(HOUR, 3 * HOUR);
    refusal(400, &lease(&infisical, "4h"));
    json(422, &lease(&infisical, "1s"));
    json(422, &lease(&infisical, "soon"));
    json(200, &lease(&infisical, "1h"));
    let rest = format!("/leases/{}/renew", infisical.leases()[0].id);
    json(200, &tell(&infisical, "POST", &rest, &json!({"ttl": "2h"})));
    assert_eq!(infisical.leases()[0].ttl(), 3 * HOUR);
    refusal(400, &tell(&infisical, "POST", &rest, &json!({})));
    infisical.pass(3 * HOUR);
    refusal(404, &tell(&infisical, "POST", &rest, &json!({})));
}

#[test]
fn a_lease_that_cannot_be_made_says_why() {
    let infisical = lab().failing("the database is away");
    assert_eq!(
        refusal(400, &lease(&infisical, "1h")).1,
        "the database is away"
    );
    assert!(infisical.leases().is_empty());
}
