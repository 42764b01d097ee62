//! References, as the server follows them.

use super::{by, demo, json, pairs, refusal};
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
fn what_leads_nowhere_stays_and_so_does_other_text() {
    let infisical = demo()
        .secret(
            "A",
            "${NOPE} ${dev.nope.X} ${nope.X} $B ${B ${} ${B C} ${B}",
        )
        .secret("B", "b")
        .secret("C", "${@other.dev.X}!");
    let left = "A=${NOPE} ${dev.nope.X} ${nope.X} $B ${B ${} ${B C} b";
    assert_eq!(values(&infisical), [left, "B=b", "C=!"]);
}

#[test]
fn nested_references_are_resolved_from_the_inside() {
    let infisical = demo()
        .secret("A", "${dev.${WHERE}.KEY}")
        .secret("WHERE", "db")
        .folder("/db")
        .secret("KEY", "k");
    assert_eq!(values(&infisical), ["A=k", "WHERE=db"]);
}

#[test]
fn a_circle_ends_where_it_closes() {
    let infisical = demo()
        .secret("A", "a${B}")
        .secret("B", "b${A}")
        .secret("C", "${C}");
    assert_eq!(values(&infisical), ["A=ab${A}", "B=ba${B}", "C=${C}"]);
}

#[test]
fn what_a_folder_imports_is_found_in_it_the_last_import_first_and_one_level_deep() {
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
    assert_eq!(values(&infisical), ["A=from prod ${DEEP}"]);
}

#[test]
fn an_imported_secret_looks_first_where_it_is_imported_over_the_new_api_alone() {
    let infisical = demo()
        .secret("WHO", "dev")
        .import("staging", "/")
        .within("staging")
        .secret("A", "${WHO} ${HERE} ${NOPE}")
        .secret("HERE", "staging")
        .secret("WHO", "staging");
    let imported = |version: &str| {
        let found = json(200, &expanded(&infisical, version));
        pairs(&found["imports"][0]["secrets"])[0].clone()
    };
    assert_eq!(imported("v4"), "A=dev staging ");
    assert_eq!(imported("v3"), "A=staging staging ${NOPE}");
    let _ = infisical.clone().version(Version::Early);
    assert_eq!(imported("v4"), "A=staging staging ${NOPE}");
}

#[test]
fn a_reference_to_what_may_not_be_read_fails_everything() {
    let infisical = demo().secret("A", "${B}").secret("B", "b").hidden();
    let (name, text) = refusal(403, &expanded(&infisical, "v4"));
    assert_eq!(
        (name.as_str(), text.as_str()),
        (
            "PermissionDenied",
            "You are not allowed to readValue on secrets"
        )
    );
    let infisical = demo()
        .secret("A", "${dev.x.B}")
        .folder("/x")
        .forbidden()
        .secret("B", "b");
    refusal(403, &expanded(&infisical, "v3"));
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
