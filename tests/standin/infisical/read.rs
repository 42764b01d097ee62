//! Secrets as they are read, over both APIs.

use serde_json::{Value, json};

use super::{by, demo, json, pairs, refusal};
use crate::support::server::Reply;
use crate::support::server::infisical::{Infisical, Version};

const HIDDEN: &str = "<hidden-by-infisical>";

/// A request for secrets of `dev`, over `v3/secrets/raw` or `v4/secrets` and what follows.
fn read(infisical: &Infisical, token: &str, route: &str, rest: &str) -> Reply {
    let project = infisical.project_id("demo");
    let name = if route.starts_with("v3") {
        "workspaceId"
    } else {
        "projectId"
    };
    let target = format!("/api/{route}?{name}={project}&environment=dev&{rest}");
    infisical.answer(&by(token, "GET", &target))
}

fn listed(infisical: &Infisical, route: &str, rest: &str) -> Value {
    json(200, &read(infisical, &infisical.token(), route, rest))
}

/// The imports of an answer, each with where it is from.
fn imports(answer: &Value) -> Vec<String> {
    let rows = answer["imports"].as_array().unwrap().iter();
    rows.map(|row| {
        let (slug, path) = (&row["environment"], &row["secretPath"]);
        let (slug, path) = (slug.as_str().unwrap(), path.as_str().unwrap());
        format!("{slug}{path} {}", pairs(&row["secrets"]).join(" "))
    })
    .collect()
}

#[test]
fn what_is_not_said_differs_between_the_apis() {
    let infisical = demo()
        .secret("A", "${B}")
        .secret("B", "b")
        .import("staging", "/");
    let new = listed(&infisical, "v4/secrets", "");
    assert_eq!(pairs(&new["secrets"]), ["A=b", "B=b"]);
    assert_eq!(imports(&new), ["staging/ "]);
    for (version, route) in [
        (Version::Current, "v3/secrets/raw"),
        (Version::Early, "v4/secrets"),
    ] {
        let infisical = infisical.clone().version(version);
        let old = listed(&infisical, route, "includeImports=true");
        assert_eq!(pairs(&old["secrets"]), ["A=${B}", "B=b"]);
        assert_eq!(old["imports"], json!([]));
        let old = listed(
            &infisical,
            route,
            "include_imports=true&expandSecretReferences=true",
        );
        assert_eq!(pairs(&old["secrets"]), ["A=b", "B=b"]);
        assert_eq!(imports(&old), ["staging/ "]);
    }
}

#[test]
fn own_values_are_the_users_and_stand_beside_or_before_those_of_all() {
    let infisical = demo().secret("A", "1").own("mine").secret("B", "2");
    let user = infisical.user_token();
    let values = |token: &str, route: &str, rest: &str| {
        pairs(&json(200, &read(&infisical, token, route, rest))["secrets"])
    };
    assert_eq!(
        values(&user, "v3/secrets/raw", ""),
        ["A=1", "A=mine", "B=2"]
    );
    assert_eq!(values(&user, "v4/secrets", ""), ["A=1", "B=2"]);
    let priority = "includePersonalOverrides=true";
    assert_eq!(values(&user, "v4/secrets", priority), ["A=mine", "B=2"]);
    for route in ["v3/secrets/raw", "v4/secrets"] {
        assert_eq!(values(&infisical.token(), route, priority), ["A=1", "B=2"]);
    }
    let own = |token: &str| read(&infisical, token, "v3/secrets/raw/A", "type=personal");
    assert_eq!(json(200, &own(&user))["secret"]["secretValue"], "mine");
    refusal(404, &own(&infisical.token()));
    let _ = infisical.clone().version(Version::Early);
    assert_eq!(
        values(&user, "v4/secrets", priority),
        ["A=1", "A=mine", "B=2"]
    );
}

#[test]
fn imports_come_in_their_order_with_what_they_import_themselves() {
    let infisical = demo()
        .import("staging", "/")
        .import("prod", "/")
        .import("staging", "/gone")
        .within("staging")
        .secret("A", "1")
        .import("prod", "/deep")
        .import("prod", "/")
        .within("prod")
        .secret("A", "2")
        .folder("/deep")
        .secret("A", "3")
        .secret("C", "3")
        .secret("SECRET", "s")
        .hidden();
    let known = listed(&infisical, "v4/secrets", "");
    // One that leads nowhere is there, with nothing in it.
    let all = ["staging/ A=1 C=3", "prod/ A=2", "staging/gone "];
    assert_eq!(imports(&known), all);
    assert_eq!(known["imports"][2].get("folderId"), None);
    assert_eq!(known["imports"][0]["secrets"][0].get("secretPath"), None);
    assert_eq!(known["imports"][0]["secrets"][0].get("tags"), None);
    let show = |name: &str, rest: &str| read(&infisical, &infisical.token(), name, rest);
    let last = json(200, &show("v4/secrets/A", ""));
    assert_eq!(last["secret"]["secretValue"], "2");
    refusal(404, &show("v4/secrets/A", "includeImports=false"));
    refusal(404, &show("v3/secrets/raw/A", ""));
}

#[test]
fn a_recursive_list_goes_down_and_leaves_out_what_is_forbidden() {
    let infisical = demo()
        .secret("Z", "1")
        .folder("/b/c")
        .secret("A", "3")
        .folder("/b")
        .secret("B", "2")
        .import("prod", "/")
        .folder("/bb")
        .secret("C", "4")
        .folder("/x")
        .forbidden()
        .secret("D", "5");
    let found = listed(&infisical, "v4/secrets", "recursive=true");
    assert_eq!(pairs(&found["secrets"]), ["A=3", "B=2", "C=4", "Z=1"]);
    assert_eq!(found["secrets"][0]["secretPath"], "/b/c");
    assert_eq!(imports(&found), ["prod/ "]);
    let found = listed(&infisical, "v4/secrets", "recursive=true&secretPath=%20/b/");
    assert_eq!(pairs(&found["secrets"]), ["A=3", "B=2"]);
    // Of what it may not see, a newer server says nothing at all.
    let forbidden = listed(&infisical, "v4/secrets", "secretPath=/x");
    assert_eq!(forbidden["secrets"], json!([]));
    let old = infisical.version(Version::WithoutV4);
    let forbidden = read(&old, &old.token(), "v3/secrets/raw", "secretPath=/x");
    let (name, text) = refusal(403, &forbidden);
    assert_eq!(name, "PermissionDenied");
    assert_eq!(text, "You are not allowed to read on secrets");
}

#[test]
fn a_value_that_may_not_be_read_keeps_the_whole_folder_from_whoever_wants_values() {
    let infisical = demo().secret("A", "1").hidden().secret("B", "2");
    let token = infisical.token();
    let (_, text) = refusal(403, &read(&infisical, &token, "v4/secrets", ""));
    assert_eq!(text, "You are not allowed to readValue on secrets");
    let (name, _) = refusal(403, &read(&infisical, &token, "v4/secrets/A", ""));
    assert_eq!(name, "ForbiddenReadSecretError");
    let found = listed(&infisical, "v4/secrets", "viewSecretValue=false");
    let hidden = ["A", "B"].map(|key| format!("{key}={HIDDEN}"));
    assert_eq!(pairs(&found["secrets"]), hidden);
    assert_eq!(found["secrets"][0]["secretValueHidden"], true);
    let found = listed(&infisical, "v3/secrets/raw/B", "viewSecretValue=false");
    assert_eq!(found["secret"]["secretValue"], HIDDEN);
}

#[test]
fn a_secret_of_any_of_the_tags_is_listed() {
    let infisical = demo()
        .secret("A", "1")
        .tags(&["x", "y"])
        .secret("B", "2")
        .tags(&["z"])
        .metadata("owner", "ann")
        .secret("C", "3");
    let found = listed(&infisical, "v4/secrets", "tagSlugs=y,z");
    assert_eq!(pairs(&found["secrets"]), ["A=1", "B=2"]);
    assert_eq!(found["secrets"][0]["tags"][1]["slug"], "y");
    let metadata = json!([{"key": "owner", "value": "ann", "isEncrypted": false}]);
    assert_eq!(found["secrets"][1]["secretMetadata"], metadata);
}

#[test]
fn a_question_is_checked() {
    let infisical = demo();
    let token = infisical.token();
    let answer = json(
        422,
        &read(&infisical, &token, "v4/secrets", "recursive=True"),
    );
    assert_eq!(answer["error"], "ValidationFailure");
    assert_eq!(answer["message"][0]["code"], "invalid_enum_value");
    assert_eq!(answer["message"][0]["path"], json!(["recursive"]));
    let bare = |target: &str| infisical.answer(&by(&token, "GET", target));
    let (name, text) = refusal(400, &bare("/api/v4/secrets?environment=dev"));
    assert_eq!(
        (name.as_str(), text.as_str()),
        ("BadRequest", "Missing project id or environment")
    );
    // Only the older API knows slugs.
    json(
        200,
        &bare("/api/v3/secrets/raw?workspaceSlug=demo&environment=dev"),
    );
    refusal(
        400,
        &bare("/api/v4/secrets?workspaceSlug=demo&environment=dev"),
    );
    refusal(404, &bare("/api/v4/secrets?projectId=demo&environment=dev"));
    let (_, text) = refusal(
        404,
        &read(&infisical, &token, "v4/secrets", "secretPath=/x"),
    );
    assert_eq!(
        text,
        "Folder with path '/x' in environment 'dev' was not found. Please ensure the environment \
         slug and secret path is correct."
    );
    refusal(
        404,
        &infisical.answer(&by(
            &token,
            "GET",
            &format!(
                "/api/v4/secrets?projectId={}&environment=nope",
                infisical.project_id("demo")
            ),
        )),
    );
}

#[test]
fn a_secret_is_shown_by_its_name_whatever_it_is_and_by_its_id() {
    let infisical = demo().secret("a+b ?\u{e9}", "1").comment("c").multiline();
    let found = listed(&infisical, "v4/secrets/a+b%20%3F%C3%A9", "");
    assert_eq!(found["secret"]["secretValue"], "1");
    assert_eq!(found["secret"]["secretComment"], "c");
    assert_eq!(found["secret"]["skipMultilineEncoding"], true);
    let id = &infisical.stored("dev", "/")[0].id;
    for route in ["v3/secrets/raw/id", "v4/secrets/id"] {
        let found = listed(&infisical, &format!("{route}/{id}"), "");
        assert_eq!(found["secret"]["secretKey"], "a+b ?\u{e9}");
        refusal(
            404,
            &read(&infisical, &infisical.token(), &format!("{route}/x"), ""),
        );
    }
}
