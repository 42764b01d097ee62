//! Environments and folders that are not there. Older servers answer with nothing, and
//! no word.

use phase_run::ErrorKind::Missing;
use phase_run::{App, Plan, Resolution, Result, Scope};

use super::{Lab, all_text, demo, listed, notices, pairs, refusal, these, wait};
use crate::support::server::infisical::Version;

const VERSIONS: [Version; 3] = [Version::Current, Version::Early, Version::WithoutV4];

fn lab(version: Version) -> Lab {
    let infisical = demo().secret("A", "1").folder("/db").secret("B", "2");
    Lab::new(infisical.folder("/db/none").version(version))
}

fn resolved(lab: &Lab, scope: &Scope, allow_empty: bool) -> Result<Resolution> {
    let plan = Plan {
        allow_empty,
        ..Plan::default()
    };
    wait(lab.client().resolve(scope, &plan))
}

#[test]
fn an_environment_that_is_not_there_is_missing_whatever_may_be_empty() {
    for version in VERSIONS {
        let lab = lab(version);
        for app in [lab.place().app, App::Name("demo".into())] {
            let scope = Scope::new(app, "qa");
            for allow_empty in [false, true] {
                for scope in [scope.clone(), scope.clone().in_folders(these(&["/nope"]))] {
                    let error = resolved(&lab, &scope, allow_empty).unwrap_err();
                    assert_eq!(error.kind(), Missing, "{version:?}");
                    assert_eq!(error.to_string(), "there is no environment \"qa\"");
                    assert_eq!(error.advice(), Some("there are: dev, prod, staging"));
                }
            }
            assert_eq!(listed(&lab.client(), &scope).unwrap_err().kind(), Missing);
        }
    }
}

#[test]
fn an_old_server_that_knows_no_projects_by_their_slugs_is_looked_into_too() {
    // Its identities may not list projects.
    let infisical = lab(Version::WithoutV4).infisical.without_projects();
    let lab = Lab::with(infisical, |request| {
        let denied = request.path == "/api/v1/workspace";
        let named = request.path == "/api/v2/workspace/demo";
        let body = r#"{"id": "p", "slug": "demo", "environments": [{"slug": "dev"}]}"#;
        if named {
            return Some(crate::support::server::Reply::json(200, body));
        }
        denied.then(|| refusal(403, "Forbidden access", "no"))
    });
    let scope = Scope::new(App::Name("demo".into()), "qa");
    let error = resolved(&lab, &scope, false).unwrap_err();
    assert_eq!(error.to_string(), "there is no environment \"qa\"");
}

#[test]
fn an_environment_in_other_letters_is_found_on_old_servers_too() {
    for version in VERSIONS {
        let lab = lab(version);
        let scope = Scope::new(lab.place().app, "DEV");
        let resolution = resolved(&lab, &scope, false).unwrap();
        assert_eq!(pairs(&resolution), ["A=1"], "{version:?}");
        assert_eq!(resolution.place.environment, "dev");
    }
}

#[test]
fn a_folder_that_is_not_there_is_missing_by_name_or_counts_as_empty() {
    for version in VERSIONS {
        let lab = lab(version);
        for (paths, gone, there) in [
            (&["/nope"][..], "/nope", &[][..]),
            (&["/db/nope"], "/db/nope", &[]),
            (&["/nope/deep"], "/nope/deep", &[]),
            (&["/db", "/nope", "/gone"], "/nope, /gone", &["B=2"]),
        ] {
            let scope = lab.scope().in_folders(these(paths));
            let error = resolved(&lab, &scope, false).unwrap_err();
            assert_eq!(error.kind(), Missing, "{version:?}");
            let begins = format!("there is no folder {gone} in environment \"dev\" of project");
            assert!(error.to_string().starts_with(&begins), "{error}");
            let resolution = resolved(&lab, &scope, true).unwrap();
            assert_eq!(pairs(&resolution), there, "{version:?}");
            assert_eq!(notices(&resolution), [""; 0]);
            assert_eq!(listed(&lab.client(), &scope).unwrap().len(), there.len());
        }
        let scope = lab.scope().in_folders(super::below(&["/nope"]));
        let error = resolved(&lab, &scope, false).unwrap_err();
        assert!(all_text(&error).contains("no folder /nope"), "{version:?}");
    }
}

#[test]
fn a_folder_that_is_there_may_be_empty() {
    for version in VERSIONS {
        let lab = lab(version);
        let empty = [
            lab.scope().in_folders(these(&["/db/none"])),
            lab.scope().in_folders(super::below(&["/db/none"])),
            Scope::new(lab.place().app, "prod"),
        ];
        for scope in empty {
            let resolution = resolved(&lab, &scope, true).unwrap();
            assert!(resolution.secrets.is_empty(), "{version:?}");
            assert!(listed(&lab.client(), &scope).unwrap().is_empty());
        }
    }
}

#[test]
fn what_is_not_empty_is_not_looked_into() {
    let lab = lab(Version::WithoutV4);
    resolved(&lab, &lab.scope(), false).unwrap();
    let asked = ["GET /v4/secrets", "GET /v3/secrets/raw"];
    assert_eq!(lab.asked()[1..], asked);
}

/// What comes of asking for `/db/nope` on an old server that says no where folders
/// are listed.
fn unlisted(status: u16, error: &'static str) -> String {
    let infisical = lab(Version::WithoutV4).infisical;
    let lab = Lab::with(infisical, move |request| {
        let folders = request.path == "/api/v1/folders";
        folders.then(|| refusal(status, error, "no"))
    });
    let scope = lab.scope().in_folders(these(&["/db/nope"]));
    let error = resolved(&lab, &scope, false).unwrap_err();
    assert_eq!(error.kind(), Missing, "{error:?}");
    error.to_string()
}

#[test]
fn a_folder_in_one_that_is_not_there_is_missing() {
    let told = unlisted(404, "NotFound");
    assert!(told.starts_with("there is no folder /db/nope"), "{told}");
}

#[test]
fn who_may_not_look_for_a_folder_believes_the_list() {
    let told = unlisted(403, "PermissionDenied");
    let list = "there is no secret in folder /db/nope";
    assert!(told.starts_with(list), "{told}");
}
