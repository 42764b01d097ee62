//! Secrets as they are changed, over both APIs.

use serde_json::{Value, json};

use super::{by, demo, json, refusal, with};
use crate::support::server::Reply;
use crate::support::server::infisical::{Infisical, Stored};

/// What both APIs are told of where.
fn place(infisical: &Infisical, path: &str) -> Value {
    let project = infisical.project_id("demo");
    json!({
        "projectId": project, "workspaceId": project, "environment": "dev", "secretPath": path,
    })
}

/// A change of a secret in the root folder, with more that is said.
fn change(infisical: &Infisical, token: &str, method: &str, route: &str, more: &Value) -> Reply {
    let mut body = place(infisical, "/");
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    infisical.answer(&with(by(token, method, &format!("/api/{route}")), &body))
}

/// The same by the machine identity.
pub(super) fn by_identity(infisical: &Infisical, method: &str, route: &str, more: &Value) -> Reply {
    change(infisical, &infisical.token(), method, route, more)
}

/// What is in the root folder, as `KEY=value`.
pub(super) fn values(infisical: &Infisical) -> Vec<String> {
    let text = |secret: Stored| format!("{}={}", secret.key, secret.value);
    infisical.stored("dev", "/").into_iter().map(text).collect()
}

#[test]
fn a_secret_is_created_changed_and_deleted_with_all_that_belongs_to_it() {
    for base in ["v3/secrets/raw", "v4/secrets"] {
        let infisical = demo().secret("OTHER", "o").tags(&["x", "y"]);
        let project = infisical.project_id("demo");
        let tag = by(
            &infisical.token(),
            "GET",
            &format!("/api/v1/projects/{project}/tags/slug/y"),
        );
        let tag = json(200, &infisical.answer(&tag))["tag"]["id"].clone();
        let more = json!({
            "secretValue": "1", "secretComment": "c", "tagIds": [tag],
            "skipMultilineEncoding": true, "secretMetadata": [{"key": "k", "value": "v"}],
        });
        let made = by_identity(&infisical, "POST", &format!("{base}/A%20B"), &more);
        let made = json(200, &made)["secret"].clone();
        assert_eq!(
            (&made["secretKey"], &made["version"]),
            (&json!("A B"), &json!(1))
        );
        assert_eq!(made.get("secretPath"), None);
        let mut wanted = Stored {
            comment: "c".to_owned(),
            id: made["id"].as_str().unwrap().to_owned(),
            key: "A B".to_owned(),
            metadata: vec![("k".to_owned(), "v".to_owned())],
            multiline: true,
            personal: false,
            tags: vec!["y".to_owned()],
            value: "1".to_owned(),
        };
        assert_eq!(infisical.stored("dev", "/")[1], wanted);
        let more = json!({"secretValue": "2", "newSecretName": "B", "tagIds": []});
        let changed = by_identity(&infisical, "PATCH", &format!("{base}/A%20B"), &more);
        assert_eq!(json(200, &changed)["secret"]["version"], 2);
        wanted.key = "B".to_owned();
        wanted.tags = Vec::new();
        wanted.value = "2".to_owned();
        assert_eq!(infisical.stored("dev", "/")[1], wanted);
        json(
            200,
            &by_identity(&infisical, "DELETE", &format!("{base}/B"), &json!({})),
        );
        assert_eq!(values(&infisical), ["OTHER=o"]);
    }
}

#[test]
fn a_value_is_trimmed_but_for_one_newline() {
    let infisical = demo();
    for (sent, kept) in [
        (" a b\t", "a b"),
        ("\n a  \n\n", "a\n"),
        ("a\n ", "a"),
        ("", ""),
        ("\n", "\n"),
    ] {
        json(
            200,
            &by_identity(
                &infisical,
                "POST",
                "v4/secrets/A",
                &json!({"secretValue": sent}),
            ),
        );
        assert_eq!(infisical.stored("dev", "/")[0].value, kept, "{sent:?}");
        json(
            200,
            &by_identity(&infisical, "DELETE", "v4/secrets/A", &json!({})),
        );
    }
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let infisical = demo().secret("A", "1").secret("B", "2");
    let token = infisical.token();
    let new = json!({"secretValue": ""});
    for (status, method, name, more) in [
        (422, "POST", "a%2Fb", &new),
        (422, "POST", "a:b", &new),
        (422, "POST", "%20", &new),
        (400, "POST", "A", &new),
        (404, "PATCH", "C", &new),
        (404, "DELETE", "C", &new),
        (400, "PATCH", "A", &json!({"newSecretName": "B"})),
        (422, "POST", "C", &json!({})),
    ] {
        let route = format!("v4/secrets/{name}");
        let reply = change(&infisical, &token, method, &route, more);
        assert_eq!(reply.status(), status, "{method} {name}");
        assert_eq!(values(&infisical), ["A=1", "B=2"]);
    }
    let colon = by_identity(&infisical, "POST", "v4/secrets/a:b", &new);
    let text = "Secret name cannot contain colon or forward slash.";
    assert_eq!(json(422, &colon)["message"][0]["message"], text);
}

#[test]
fn each_field_is_of_its_own_type_and_what_it_names_is_there() {
    let infisical = demo();
    for (status, field, value) in [
        (422, "secretValue", json!(1)),
        (422, "skipMultilineEncoding", json!("true")),
        (422, "tagIds", json!("x")),
        (404, "tagIds", json!(["x"])),
        (404, "secretPath", json!("/x")),
        (404, "environment", json!("x")),
        (404, "projectId", json!("x")),
    ] {
        let mut more = json!({"secretValue": ""});
        more[field] = value;
        let reply = by_identity(&infisical, "POST", "v4/secrets/A", &more);
        assert_eq!(reply.status(), status, "{more}");
        assert!(infisical.stored("dev", "/").is_empty());
    }
}

#[test]
fn a_body_is_json_and_says_where() {
    let infisical = demo();
    let token = infisical.token();
    let broken = by(&token, "POST", "/api/v4/secrets/C").with("Content-Type", "application/json");
    refusal(500, &infisical.answer(&broken.carrying("{")));
    let nowhere = by(&token, "POST", "/api/v3/secrets/raw/C");
    let new = json!({"environment": "dev", "secretValue": ""});
    let nowhere = infisical.answer(&with(nowhere, &new));
    assert_eq!(
        refusal(400, &nowhere).1,
        "Must provide projectId or projectSlug"
    );
}

#[test]
fn own_values_are_written_by_users_alone_and_go_with_the_secret() {
    let infisical = demo().secret("A", "1");
    let user = infisical.user_token();
    let own = json!({"secretValue": "mine", "type": "personal"});
    let (_, text) = refusal(400, &by_identity(&infisical, "POST", "v4/secrets/A", &own));
    assert_eq!(text, "Must be user to create personal secret");
    refusal(
        400,
        &change(&infisical, &user, "POST", "v4/secrets/B", &own),
    );
    json(
        200,
        &change(&infisical, &user, "POST", "v4/secrets/A", &own),
    );
    json(
        200,
        &by_identity(
            &infisical,
            "PATCH",
            "v4/secrets/A",
            &json!({"newSecretName": "B"}),
        ),
    );
    assert_eq!(values(&infisical), ["B=1", "B=mine"]);
    json(
        200,
        &change(
            &infisical,
            &user,
            "DELETE",
            "v4/secrets/B",
            &json!({"type": "personal"}),
        ),
    );
    assert_eq!(values(&infisical), ["B=1"]);
    json(
        200,
        &change(&infisical, &user, "POST", "v4/secrets/B", &own),
    );
    assert!(infisical.stored("dev", "/")[1].personal);
    json(
        200,
        &by_identity(&infisical, "DELETE", "v4/secrets/B", &json!({})),
    );
    assert_eq!(values(&infisical), [""; 0]);
}

#[test]
fn a_change_that_waits_for_approval_changes_nothing_yet() {
    let infisical = demo().reviewed().secret("A", "1");
    let new = json!({"secretValue": "2"});
    for (method, route) in [
        ("POST", "B"),
        ("PATCH", "A"),
        ("DELETE", "A"),
        ("POST", "batch"),
    ] {
        let more = match route {
            "batch" => json!({"secrets": [{"secretKey": "B", "secretValue": "2"}]}),
            _ => new.clone(),
        };
        let reply = by_identity(&infisical, method, &format!("v4/secrets/{route}"), &more);
        let answer = json(200, &reply);
        assert_eq!(answer["approval"]["status"], "open");
        assert_eq!(answer.get("secret"), None);
    }
    assert_eq!(values(&infisical), ["A=1"]);
}
