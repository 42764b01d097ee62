//! References over REST, as the real server was seen to follow them.

use serde_json::Value;

use super::{by, json};
use crate::support::server::{Kind, Phase, Sse, Token};

/// The value of a secret in the root folder of an environment of `web`.
fn value(phase: &Phase, token: &Token, environment: &str, path: &str, key: &str) -> String {
    let target = format!(
        "/service/public/v1/secrets/?app_id=web-id&env={environment}&path={path}&key={key}"
    );
    let rows = json(200, &phase.answer(&by(token, "GET", &target)));
    rows[0]["value"].as_str().unwrap().to_owned()
}

#[test]
fn every_observed_reference_is_followed_or_left_as_the_real_server_does() {
    let vectors: Value =
        serde_json::from_str(include_str!("../fixtures/phase/vectors.json")).unwrap();
    let observed = &vectors["reference_resolution_observed"];
    let mut phase = Phase::default()
        .app("web", Sse::On)
        .environments(&["Development", "Staging"])
        .app("backend_api", Sse::On)
        .environments(&["Development", "Production"])
        .app("vault-e2ee", Sse::Off)
        .environment("Development")
        .secret("K", "out of reach");
    for (place, folders) in observed["world"].as_object().unwrap() {
        for (folder, secrets) in folders.as_object().unwrap() {
            phase = phase.within(place).folder(folder);
            for (key, value) in secrets.as_object().unwrap() {
                phase = phase.secret(key, value.as_str().unwrap());
            }
        }
    }
    let token = phase.token(Kind::ServiceAccount);
    let cases = observed["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 35);
    for case in cases {
        let [path, key, wanted] =
            ["path", "key", "server_sse_v2.73.2"].map(|name| case[name].as_str().unwrap());
        let found = value(&phase, &token, "development", path, key);
        assert_eq!(found, wanted, "{case}");
    }
}

#[test]
fn shared_values_are_referred_to_and_own_ones_followed() {
    let phase = super::web()
        .secret("HOST", "h")
        .secret("OVR", "base-ovr")
        .own("mine-${HOST}")
        .secret("OVRREF", "${OVR}");
    let user = phase.token(Kind::User);
    let target = "/service/public/v1/secrets/?app_id=web-id&env=development&key=OVR";
    let rows = json(200, &phase.answer(&by(&user, "GET", target)));
    assert_eq!(rows[0]["value"], "base-ovr");
    assert_eq!(rows[0]["override"]["value"], "mine-h");
    assert_eq!(
        value(&phase, &user, "development", "/", "OVRREF"),
        "base-ovr"
    );
}

#[test]
fn what_is_out_of_reach_ends_the_value_there() {
    let phase = super::web()
        .secret("HOST", "h")
        .secret("URL", "${HOST}-${staging.HOST}-${HOST}")
        .within("web/Staging")
        .secret("HOST", "s");
    let one = phase.admit(Kind::ServiceAccount, &["web/Development"]);
    let found = value(&phase, &one, "development", "/", "URL");
    assert_eq!(found, "h-${staging.HOST}-${HOST}");
    // An older service token is not held to that.
    let old = phase.admit(Kind::Service, &["web/Development"]);
    assert_eq!(value(&phase, &old, "development", "/", "URL"), "h-s-h");
}

#[test]
fn of_two_apps_with_one_name_none_is_meant() {
    let phase = super::web()
        .secret("A", "${twin::Development.A}")
        .app("twin", Sse::On)
        .environment("Development")
        .secret("A", "1")
        .app("twin", Sse::On)
        .environment("Development")
        .secret("A", "2");
    let token = phase.token(Kind::User);
    let found = value(&phase, &token, "development", "/", "A");
    assert_eq!(found, "${twin::Development.A}");
    let target = "/service/public/v1/secrets/?app_id=twin-id-2&env=development";
    let rows = json(200, &phase.answer(&by(&token, "GET", target)));
    assert_eq!(rows[0]["value"], "2");
}
