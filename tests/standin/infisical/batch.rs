//! Many secrets at once.

use serde_json::{Value, json};

use super::change::{by_identity, values};
use super::{by, demo, json, refusal, with};

#[test]
fn a_batch_is_done_whole_or_not_at_all() {
    for route in ["v3/secrets/batch/raw", "v4/secrets/batch"] {
        let infisical = demo().secret("A", "1");
        let batch = |method: &str, more: &Value| by_identity(&infisical, method, route, more);
        let two = json!({"secrets": [
            {"secretKey": "B", "secretValue": "2"}, {"secretKey": "C", "secretValue": "3 "},
        ]});
        assert_eq!(
            json(200, &batch("POST", &two))["secrets"][1]["secretValue"],
            "3"
        );
        let taken = json!({"secrets": [
            {"secretKey": "D", "secretValue": "4"}, {"secretKey": "A", "secretValue": "5"},
        ]});
        refusal(400, &batch("POST", &taken));
        refusal(404, &batch("PATCH", &taken));
        assert_eq!(values(&infisical), ["A=1", "B=2", "C=3"]);
        let mut lenient = taken.clone();
        lenient["mode"] = json!("ignore");
        json(200, &batch("PATCH", &lenient));
        assert_eq!(values(&infisical), ["A=5", "B=2", "C=3"]);
        lenient["mode"] = json!("upsert");
        json(200, &batch("PATCH", &lenient));
        assert_eq!(values(&infisical), ["A=5", "B=2", "C=3", "D=4"]);
        let gone = json!({"secrets": [{"secretKey": "A"}, {"secretKey": "D"}]});
        json(200, &batch("DELETE", &gone));
        assert_eq!(values(&infisical), ["B=2", "C=3"]);
        json(422, &batch("POST", &json!({"secrets": []})));
        json(
            422,
            &batch("POST", &json!({"secrets": [{"secretKey": "E"}]})),
        );
    }
}

#[test]
fn secrets_move_and_take_a_place_only_if_that_is_wanted() {
    let infisical = demo()
        .secret("A", "1")
        .secret("B", "2")
        .folder("/new")
        .secret("B", "3");
    let ids: Vec<String> = infisical
        .stored("dev", "/")
        .into_iter()
        .map(|one| one.id)
        .collect();
    let moved = |ids: &[String], overwrite: bool| {
        let body = json!({
            "projectId": infisical.project_id("demo"), "projectSlug": "demo",
            "sourceEnvironment": "dev", "sourceSecretPath": "/",
            "destinationEnvironment": "dev", "destinationSecretPath": "/new",
            "secretIds": ids, "shouldOverwrite": overwrite,
        });
        ["v3", "v4"].map(|version| {
            let target = format!("/api/{version}/secrets/move");
            infisical.answer(&with(by(&infisical.token(), "POST", &target), &body))
        })
    };
    for reply in moved(&ids, false) {
        refusal(400, &reply);
    }
    let [done, again] = moved(&ids, true);
    assert_eq!(
        json(200, &done),
        json!({"isSourceUpdated": true, "isDestinationUpdated": true})
    );
    refusal(404, &again);
    assert_eq!(values(&infisical), [""; 0]);
    let keys = infisical.stored("dev", "/new").into_iter();
    assert_eq!(keys.map(|one| one.value).collect::<Vec<_>>(), ["1", "2"]);
}
