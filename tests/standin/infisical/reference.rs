//! References, as the server follows them.

use super::{by, demo, json, pairs};
use crate::support::server::Reply;
use crate::support::server::infisical::{Infisical, Version};

fn expanded(infisical: &Infisical, version: &str) -> Reply {
    let project = infisical.project_id("demo");
    let place = format!("environment=dev&expandSecretReferences=true&projectId={project}");
    let place = format!("{place}&workspaceId={project}&include_imports=true&includeImports=true");
    let base = if version == "v3" {
        "v3/secrets/raw"
    } else {
        "v4/secrets"
    };
    let target = format!("/api/{base}?{place}");
    infisical.answer(&by(&infisical.token(), "GET", &target))
}

fn values(infisical: &Infisical) -> Vec<String> {
    pairs(&json(200, &expanded(infisical, "v4"))["secrets"])
}

#[test]
fn references_lead_to_the_same_folder_or_from_an_environment_down() {
    let infisical = demo()
        .secret("A", "${B}/${dev.db.deep.C}/${prod.D}")
        .secret("B", "b")
        .folder("/db/deep")
        .secret("C", "${E}")
        .secret("E", "e")
        .within("prod")
        .secret("D", "d");
    assert_eq!(values(&infisical), ["A=b/e/d", "B=b"]);
}

#[test]
fn for_what_leads_nowhere_a_newer_server_puts_nothing_and_an_older_one_leaves_it() {
    let infisical = demo()
        .secret(
            "A",
            "${NOPE} ${dev.nope.X} ${nope.X} $B ${B ${} ${B C} ${B}",
        )
        .secret("B", "b")
        .secret("C", "${@other.dev.X}!");
    let left = "A=   $B ${B ${} ${B C} b";
    assert_eq!(values(&infisical), [left, "B=b", "C=!"]);
    let old = infisical.version(Version::WithoutV4);
    let left = "A=${NOPE} ${dev.nope.X} ${nope.X} $B ${B ${} ${B C} b";
    let found = json(200, &expanded(&old, "v3"));
    assert_eq!(
        pairs(&found["secrets"]),
        [left, "B=b", "C=${@other.dev.X}!"]
    );
}

#[test]
fn a_reference_in_the_name_of_another_is_followed_and_the_other_is_not() {
    let infisical = demo()
        .secret("A", "${dev.${WHERE}.KEY}")
        .secret("WHERE", "db")
        .folder("/db")
        .secret("KEY", "k");
    assert_eq!(values(&infisical), ["A=${dev.db.KEY}", "WHERE=db"]);
}

#[test]
fn a_circle_ends_once_it_is_closed() {
    let infisical = demo()
        .secret("A", "a${B}")
        .secret("B", "b${A}")
        .secret("C", "${C}");
    assert_eq!(values(&infisical), ["A=aba${B}", "B=bab${A}", "C=${C}"]);
}

#[test]
fn what_a_folder_imports_is_found_in_it_the_last_import_first_over_the_new_api_alone() {
    let infisical = demo()
        .secret("A", "${B} ${DEEP}")
        .import("staging", "/")
        .import("prod", "/")
        .within("staging")
        .secret("B", "from staging")
        .import("prod", "/deep")
        .within("prod")
        .secret("B", "from prod")
        .folder("/deep")
        .secret("DEEP", "deep");
    assert_eq!(values(&infisical), ["A=from prod deep"]);
    let found = json(200, &expanded(&infisical, "v3"));
    assert_eq!(pairs(&found["secrets"]), ["A= "]);
}

#[test]
fn an_imported_secret_looks_first_where_it_is_imported_over_the_new_api_alone() {
    let infisical = demo()
        .secret("WHO", "dev")
        .import("staging", "/")
        .within("staging")
        .secret("A", "${WHO} ${HERE}")
        .secret("B", "${WHO} ${NOPE}")
        .secret("HERE", "staging")
        .secret("WHO", "staging");
    let imported = |version: &str| {
        let found = json(200, &expanded(&infisical, version));
        pairs(&found["imports"][0]["secrets"])[..2].to_vec()
    };
    // A value of which something is missing is left as it is.
    assert_eq!(imported("v4"), ["A=dev staging", "B=${WHO} ${NOPE}"]);
    assert_eq!(imported("v3"), ["A=staging staging", "B=staging "]);
    let _ = infisical.clone().version(Version::Early);
    assert_eq!(imported("v4"), ["A=staging staging", "B=staging "]);
}

#[test]
fn a_reference_to_what_may_not_be_read_fails_everything() {
    let infisical = demo()
        .secret("A", "${dev.x.B}")
        .folder("/x")
        .forbidden()
        .secret("B", "b");
    for version in ["v3", "v4"] {
        let answer = json(403, &expanded(&infisical, version));
        assert_eq!(answer["error"], "ForbiddenError");
        let text = "You do not have permission to read secret 'B' in environment 'dev' at path \
                    '/x', which is referenced by secret 'A' in environment 'dev' at path '/'.";
        assert_eq!(answer["details"], serde_json::json!([text]));
    }
}

#[test]
fn lines_are_put_into_quotes_where_a_reference_was_followed() {
    let infisical = demo()
        .secret("A", "one\n${B}")
        .multiline()
        .secret("B", "two")
        .secret("C", "one\ntwo")
        .multiline();
    assert_eq!(
        values(&infisical),
        ["A=\"one\\ntwo\"", "B=two", "C=one\ntwo"]
    );
}
