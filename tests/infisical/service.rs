//! Service tokens, the older kind, which are made for places in one project.

use phase_run::ErrorKind::{Ambiguous, Denied};
use phase_run::{App, Folders, NewSecret, Scope};

use super::{Lab, all_text, demo, new, pairs, refusal, resolve, these, token, wait};
use crate::support::server::infisical::Version;

fn lab() -> Lab {
    let infisical = demo().secret("A", "dev").folder("/db").secret("B", "db");
    Lab::new(infisical.within("prod").secret("A", "prod"))
}

#[test]
fn a_service_token_says_project_and_environment_itself() {
    let lab = lab();
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/**")])));
    let resolution = resolve(&client, &Scope::new(App::Only, "")).unwrap();
    assert_eq!(pairs(&resolution), ["A=dev"]);
    assert_eq!(resolution.place, lab.place());
    assert_eq!(lab.asked(), ["GET /v2/service-token", "GET /v4/secrets"]);
    let bearer = lab.list().header("authorization").unwrap().to_owned();
    assert_eq!(
        bearer.matches('.').count(),
        2,
        "without the key that was once in it"
    );
}

#[test]
fn where_both_are_named_a_service_token_is_not_asked() {
    let lab = lab();
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/**")])));
    let scope = lab.scope().in_folders(these(&["/", "/db"]));
    assert_eq!(pairs(&resolve(&client, &scope).unwrap()), ["A=dev", "B=db"]);
    assert_eq!(lab.asked(), ["GET /v4/secrets", "GET /v4/secrets"]);
}

#[test]
fn a_service_token_for_several_environments_wants_one_named() {
    let lab = lab();
    let scopes = [("prod", "/**"), ("dev", "/**"), ("dev", "/db")];
    let client = lab.client_of(token(&lab.infisical.service_token(&scopes)));
    let error = resolve(&client, &Scope::new(App::Only, "")).unwrap_err();
    assert_eq!(error.kind(), Ambiguous);
    assert_eq!(error.advice(), Some("give --env: there are dev, prod"));
    let resolution = resolve(&client, &Scope::new(App::Only, "prod")).unwrap();
    assert_eq!(pairs(&resolution), ["A=prod"]);
    let two_of_one = [("dev", "/"), ("dev", "/db")];
    let client = lab.client_of(token(&lab.infisical.service_token(&two_of_one)));
    let resolution = resolve(&client, &Scope::new(App::Only, "")).unwrap();
    assert_eq!(pairs(&resolution), ["A=dev"]);
}

#[test]
fn a_service_token_for_one_folder_gives_it_to_those_who_name_none() {
    let lab = lab();
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/db")])));
    for folders in [these(&["/"]), these(&["/db"]), Folders::All] {
        let scope = Scope::new(App::Only, "").in_folders(folders);
        assert_eq!(
            pairs(&resolve(&client, &scope).unwrap()),
            ["B=db"],
            "{scope:?}"
        );
    }
}

#[test]
fn a_service_token_for_one_folder_never_gives_it_for_another_that_is_named() {
    let lab = lab();
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/db")])));
    for (environment, path) in [("prod", "/"), ("prod", "/db"), ("dev", "/other")] {
        let scope = Scope::new(lab.place().app, environment).in_folders(these(&[path]));
        let error = resolve(&client, &scope).unwrap_err();
        assert_eq!(error.kind(), Denied, "{environment} {path}: {error:?}");
        let text = error.to_string();
        assert!(text.contains("/db of environment \"dev\""), "{text}");
        assert!(text.contains(path) && text.contains(environment), "{text}");
    }
}

#[test]
fn a_service_token_keeps_to_its_folders() {
    let lab = Lab::new(lab().infisical.version(Version::WithoutV4));
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/x*")])));
    let error = resolve(&client, &lab.scope()).unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert!(
        error.to_string().contains("/ of environment \"dev\""),
        "{error}"
    );
}

const VERSIONS: [Version; 2] = [Version::Current, Version::WithoutV4];

#[test]
fn a_service_token_takes_its_project_by_slug_or_name_on_servers_of_every_age() {
    for version in VERSIONS {
        let lab = Lab::new(lab().infisical.titled("Web Shop").version(version));
        let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/**")])));
        for wanted in ["demo", "DEMO", "Web Shop", "shop"] {
            for environment in ["dev", ""] {
                let scope = Scope::new(App::Name(wanted.into()), environment);
                let resolution = resolve(&client, &scope).unwrap();
                assert_eq!(pairs(&resolution), ["A=dev"], "{version:?} {wanted}");
                assert_eq!(resolution.place.app, App::Name("demo".into()));
            }
        }
        let asked = lab.asked();
        let closed = |line: &String| line.contains("/slug/") || line.ends_with("/projects");
        assert!(!asked.iter().any(closed), "{asked:?}");
    }
}

#[test]
fn another_project_than_the_service_tokens_is_refused_with_both_names() {
    for version in VERSIONS {
        let lab = Lab::new(lab().infisical.project("other").version(version));
        let infisical = lab.infisical.clone().within("demo/dev");
        let client = lab.client_of(token(&infisical.service_token(&[("dev", "/**")])));
        let (own, other) = ("demo", lab.infisical.project_id("other"));
        for (app, own, wanted) in [
            (App::Name("other".into()), own, "other"),
            (App::Name("nope".into()), own, "nope"),
            (
                App::Id(other.clone()),
                &*lab.infisical.project_id("demo"),
                &*other,
            ),
        ] {
            let error = resolve(&client, &Scope::new(app, "")).unwrap_err();
            assert_eq!(error.kind(), Denied, "{error:?}");
            let text = format!("the service token is for project {own:?}, and not for {wanted:?}");
            assert_eq!(error.to_string(), text);
            assert!(
                error.advice().unwrap().starts_with("leave --app"),
                "{error:?}"
            );
        }
        assert!(lab.lists().is_empty());
    }
}

#[test]
fn a_name_that_a_service_token_may_not_look_up_says_the_id() {
    let lab = Lab::with(lab().infisical, |request| {
        let project = request.path.starts_with("/api/v1/projects/");
        project.then(|| refusal(403, "PermissionDenied", "no"))
    });
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/**")])));
    let error = resolve(&client, &Scope::new(App::Name("demo".into()), "dev")).unwrap_err();
    assert_eq!(error.kind(), Denied);
    let id = lab.infisical.project_id("demo");
    let advice = format!("leave --app out, or give --app-id {id}");
    assert_eq!(error.advice(), Some(&*advice));
}

#[test]
fn what_is_for_other_credentials_than_service_tokens_is_said_to_be() {
    for version in VERSIONS {
        let lab = Lab::new(lab().infisical.tags(&["db"]).version(version));
        let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/**")])));
        let secret = NewSecret {
            tags: vec!["db".into()],
            ..new("NEW", "1")
        };
        let error = wait(client.create(&lab.place(), &secret)).unwrap_err();
        assert_eq!(error.kind(), Denied);
        assert!(
            error
                .to_string()
                .contains("the tag \"db\" to credentials of other kinds")
        );
        assert!(all_text(&error).contains("machine identity"), "{error:?}");
    }
}
