//! Servers of all ages: version 4 of the API as it is and as it was at first, and version 3 alone.

use phase_run::ErrorKind::Missing;
use phase_run::{App, Plan, Scope};

use super::{Lab, demo, pairs, refusal, resolve, set, these, wait};
use crate::support::server::Infisical;
use crate::support::server::infisical::Version;

const OLD: &str = "GET /v3/secrets/raw";

/// Own secrets, overridden ones and imported ones.
fn filled(version: Version) -> Infisical {
    let infisical = demo().version(version).secret("A", "1").own("mine");
    let infisical = infisical
        .secret("B", "${A}")
        .within("staging")
        .secret("C", "3");
    infisical
        .secret("A", "theirs")
        .within("dev")
        .import("staging", "/")
}

#[test]
fn servers_of_every_age_give_the_same_secrets() {
    for version in [Version::Current, Version::Early, Version::WithoutV4] {
        let lab = Lab::new(filled(version));
        let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
        assert_eq!(pairs(&resolution), ["A=1", "B=1", "C=3"], "{version:?}");
        let resolution = resolve(&lab.user(), &lab.scope()).unwrap();
        assert_eq!(
            pairs(&resolution),
            ["A=mine", "B=mine", "C=3"],
            "{version:?}"
        );
        assert!(resolution.secrets[0].overridden);
        assert!(!resolution.secrets[1].overridden);
        let plan = Plan {
            personal: false,
            ..Plan::default()
        };
        let resolution = wait(lab.user().resolve(&lab.scope(), &plan)).unwrap();
        assert_eq!(pairs(&resolution), ["A=1", "B=1", "C=3"], "{version:?}");
    }
}

#[test]
fn version_4_is_tried_once_where_there_is_none() {
    let lab = Lab::new(filled(Version::WithoutV4));
    let client = lab.client();
    for _ in 0..2 {
        resolve(&client, &lab.scope()).unwrap();
    }
    assert_eq!(lab.asked()[1..], ["GET /v4/secrets", OLD, OLD]);
    let list = lab.lists().pop().unwrap();
    let query: Vec<_> = list.query.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "workspaceId",
        "environment",
        "secretPath",
        "viewSecretValue",
        "expandSecretReferences",
        "recursive",
        "include_imports",
    ];
    assert_eq!(query, expected);
}

#[test]
fn several_folders_at_once_fall_back_all_of_them() {
    let lab = Lab::new(filled(Version::WithoutV4).folder("/db").secret("D", "4"));
    let scope = lab.scope().in_folders(these(&["/", "/db"]));
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["A=1", "B=1", "C=3", "D=4"]);
}

#[test]
fn an_old_server_gives_the_id_for_a_slug_by_a_route_of_its_own() {
    let lab = Lab::new(filled(Version::WithoutV4).without_projects());
    let scope = Scope::new(App::Name("demo".into()), "dev");
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["A=1", "B=1", "C=3"]);
    assert_eq!(resolution.place.app, App::Name("demo".into()));
    let slug = ["GET /v1/projects/slug/demo", "GET /v2/workspace/demo"];
    assert_eq!(lab.asked()[1..], [slug[0], slug[1], OLD]);
    let id = lab.infisical.project_id("demo");
    assert_eq!(lab.list().query[0], ("workspaceId".to_owned(), id));
}

#[test]
fn an_environment_by_a_part_of_its_name_is_found_on_older_servers_too() {
    let lab = Lab::new(filled(Version::WithoutV4).without_projects());
    let scope = Scope::new(App::Name("demo".into()), "stag");
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["A=theirs", "C=3"]);
    assert_eq!(resolution.place.environment, "staging");
}

#[test]
fn what_is_missing_is_no_reason_to_fall_back() {
    let lab = Lab::new(demo());
    let scope = lab.scope().in_folders(these(&["/nope"]));
    assert_eq!(resolve(&lab.client(), &scope).unwrap_err().kind(), Missing);
    let asked = lab.asked();
    assert!(asked.iter().all(|line| !line.contains("/v3/")), "{asked:?}");

    let text = "Secret Route GET:/x not found";
    let lab = Lab::with(demo(), move |request| {
        let list = request.path == "/api/v4/secrets";
        list.then(|| refusal(404, "NotFound", text))
    });
    assert_eq!(
        resolve(&lab.client(), &lab.scope()).unwrap_err().kind(),
        Missing
    );
    assert_eq!(lab.lists().len(), 1);
}

#[test]
fn a_route_that_no_version_has_is_told_apart_from_a_thing_that_is_missing() {
    let lab = Lab::with(demo(), |request| {
        let list = request.path.contains("/secrets");
        let text = "Route GET:/api/v3/secrets/raw not found";
        list.then(|| refusal(404, "Not Found", text))
    });
    let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), phase_run::ErrorKind::Protocol);
    assert!(error.to_string().contains("has no such route"), "{error}");
    assert!(error.advice().unwrap().contains("too old"), "{error:?}");
    assert_eq!(lab.lists().len(), 2);
}

#[test]
fn secrets_are_written_on_older_servers_by_the_projects_id_and_slug() {
    let infisical = filled(Version::WithoutV4).without_projects().folder("/db");
    let lab = Lab::new(infisical);
    let client = lab.client();
    let mut place = lab.place();
    place.app = App::Name("demo".into());
    let root = phase_run::Folder::root();
    wait(client.create(&place, &super::new("NEW", "n"))).unwrap();
    wait(client.update(&place, &root, "NEW", &set("m"))).unwrap();
    let there = phase_run::Change {
        folder: Some(super::folder("/db")),
        ..Default::default()
    };
    wait(client.update(&place, &root, "NEW", &there)).unwrap();
    let stored = lab.infisical.stored("dev", "/db");
    assert_eq!(
        (stored[0].key.as_str(), stored[0].value.as_str()),
        ("NEW", "m")
    );
    assert!(wait(client.delete(&place, &super::folder("/db"), "NEW")).unwrap());
    assert!(lab.infisical.stored("dev", "/db").is_empty());
    let asked = lab.asked();
    assert!(asked.iter().all(|line| !line.contains("/v4/")), "{asked:?}");
}
