//! From what was typed to a project and an environment.

use phase_run::ErrorKind::{Ambiguous, Denied, Missing};
use phase_run::{App, Folder, Scope};

use super::{Lab, all_text, demo, new, notices, pairs, refusal, resolve, these, wait};
use crate::support::server::Infisical;
use crate::support::server::infisical::Version;

fn named(app: &str) -> Scope {
    Scope::new(App::Name(app.into()), "dev")
}

fn only() -> Scope {
    Scope::new(App::Only, "dev")
}

/// Three projects, each with a secret that says where it is.
fn several() -> Lab {
    let projects = ["demo", "web-shop", "web-admin"];
    let fill = |infisical: Infisical, slug: &&str| {
        let project = infisical.project(slug).environment("dev");
        project.secret("WHERE", slug)
    };
    Lab::new(projects.iter().fold(Infisical::default(), fill))
}

#[test]
fn a_project_of_another_product_is_none() {
    let infisical = demo().secret("A", "1").project("certs");
    let infisical = infisical.environment("dev").product("cert-manager");
    let lab = Lab::new(infisical);
    let resolution = resolve(&lab.client(), &only()).unwrap();
    assert_eq!(pairs(&resolution), ["A=1"]);
    let apps = wait(lab.client().apps()).unwrap();
    assert_eq!(
        apps.iter().map(|app| &app.name).collect::<Vec<_>>(),
        ["demo"]
    );
}

#[test]
fn the_only_project_need_not_be_named() {
    let lab = Lab::new(demo().secret("A", "1"));
    let resolution = resolve(&lab.client(), &only()).unwrap();
    assert_eq!(pairs(&resolution), ["A=1"]);
    assert_eq!(resolution.place.app, App::Name("demo".into()));
    assert_eq!(lab.asked()[1..], ["GET /v1/projects", "GET /v4/secrets"]);
}

#[test]
fn without_a_name_several_projects_are_ambiguous_and_none_is_missing() {
    let lab = several();
    let error = resolve(&lab.client(), &only()).unwrap_err();
    assert_eq!(error.kind(), Ambiguous);
    let advice = error.advice().unwrap();
    assert!(
        advice.ends_with("there are demo, web-admin, web-shop"),
        "{advice}"
    );
    assert!(lab.lists().is_empty());

    let lab = Lab::new(Infisical::default());
    let error = resolve(&lab.client(), &only()).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert_eq!(error.to_string(), "these credentials reach no project");
}

#[test]
fn a_project_may_be_named_in_another_case_or_by_a_part_which_is_told() {
    let lab = several();
    for (wanted, found, told) in [
        ("web-shop", "web-shop", false),
        ("Web-Shop", "web-shop", false),
        ("shop", "web-shop", true),
        ("DEM", "demo", true),
    ] {
        let resolution = resolve(&lab.client(), &named(wanted)).unwrap();
        assert_eq!(pairs(&resolution), [format!("WHERE={found}")], "{wanted}");
        let notice = format!("project {wanted:?} is taken to mean {found:?}");
        let expected: &[String] = if told { &[notice] } else { &[] };
        assert_eq!(notices(&resolution), expected, "{wanted}");
    }
}

#[test]
fn a_part_of_two_projects_names_is_ambiguous_and_lists_both() {
    let lab = several();
    let error = resolve(&lab.client(), &named("web")).unwrap_err();
    assert_eq!(error.kind(), Ambiguous);
    assert!(
        error.to_string().ends_with("web-admin, web-shop"),
        "{error}"
    );
}

#[test]
fn a_project_that_is_not_there_is_missing_and_those_that_are_get_listed() {
    for lab in [several(), Lab::new(several().infisical.without_projects())] {
        let error = resolve(&lab.client(), &named("nope")).unwrap_err();
        assert_eq!(error.kind(), Missing);
        assert_eq!(error.to_string(), "there is no project \"nope\"");
        let advice = error.advice().unwrap();
        assert_eq!(advice, "there are: demo, web-admin, web-shop");
    }
    let lab = several();
    let scope = Scope::new(
        App::Id("00000000-0000-4000-8000-000000000000".into()),
        "dev",
    );
    let error = resolve(&lab.client(), &scope).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(error.to_string().contains("project 00000000-"), "{error}");
    assert!(error.advice().unwrap().contains("--app-id"), "{error:?}");
}

#[test]
fn an_older_server_knows_a_project_by_a_part_of_its_name_too() {
    let lab = Lab::new(several().infisical.without_projects());
    for wanted in ["Shop", "shop"] {
        let resolution = resolve(&lab.client(), &named(wanted)).unwrap();
        assert_eq!(pairs(&resolution), ["WHERE=web-shop"], "{wanted}");
        let notice = format!("project {wanted:?} is taken to mean \"web-shop\"");
        assert_eq!(notices(&resolution), [notice], "{wanted}");
    }
}

#[test]
fn a_slug_goes_before_a_name_in_changes_on_older_servers_too() {
    let infisical = Infisical::default()
        .project("web")
        .environment("dev")
        .titled("The Site");
    let infisical = infisical
        .project("other")
        .environment("dev")
        .titled("web app");
    for infisical in [infisical.clone(), infisical.without_projects()] {
        let lab = Lab::new(infisical);
        let client = lab.client();
        let part = wait(client.create(&named("the").place, &new("A", "1")));
        assert_eq!(part.unwrap_err().kind(), Missing);
        for (wanted, written) in [("web", "web/dev"), ("Web App", "other/dev")] {
            let place = named(wanted).place;
            wait(client.create(&place, &new("A", wanted))).unwrap();
            assert_eq!(lab.infisical.stored(written, "/")[0].value, wanted);
            assert_eq!(
                pairs(&resolve(&client, &named(wanted)).unwrap()),
                [format!("A={wanted}")]
            );
            assert!(wait(client.delete(&place, &Folder::root(), "A")).unwrap());
        }
    }
}

#[test]
fn an_environment_may_be_named_in_another_case_or_by_a_part_which_is_told() {
    let lab = Lab::new(demo().within("staging").secret("A", "1"));
    for (wanted, told) in [("Staging", false), ("stag", true)] {
        let scope = Scope::new(lab.place().app, wanted);
        let resolution = resolve(&lab.at_hand(), &scope).unwrap();
        assert_eq!(pairs(&resolution), ["A=1"]);
        assert_eq!(resolution.place.environment, "staging");
        let notice = format!("environment {wanted:?} is taken to mean \"staging\"");
        let expected: &[String] = if told { &[notice] } else { &[] };
        assert_eq!(notices(&resolution), expected);
    }
    let project = format!("GET /v1/projects/{}", lab.infisical.project_id("demo"));
    assert_eq!(
        lab.asked()[..3],
        ["GET /v4/secrets", &project, "GET /v4/secrets"]
    );
}

#[test]
fn a_missing_environment_lists_those_there_are_and_is_not_taken_for_a_missing_folder() {
    let lab = Lab::new(demo().folder("/db"));
    let scope = Scope::new(lab.place().app, "qa").in_folders(these(&["/db"]));
    let error = resolve(&lab.at_hand(), &scope).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert_eq!(error.to_string(), "there is no environment \"qa\"");
    assert_eq!(error.advice(), Some("there are: dev, prod, staging"));

    let scope = lab.scope().in_folders(these(&["/nope"]));
    let error = resolve(&lab.at_hand(), &scope).unwrap_err();
    assert_eq!(error.kind(), Missing);
    let begins = "there is no folder /nope in environment \"dev\" of project";
    assert!(error.to_string().starts_with(begins), "{error}");
    assert_eq!(
        error.advice(),
        Some("look at --path, or go on without by --allow-empty")
    );

    let scope = lab.scope().in_folders(these(&["/db", "/nope"]));
    let error = resolve(&lab.at_hand(), &scope).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(
        all_text(&error).contains("/nope"),
        "the server says which: {error:?}"
    );
}

#[test]
fn a_part_of_two_environments_is_ambiguous() {
    let lab = Lab::new(demo().environment("preprod"));
    let scope = Scope::new(lab.place().app, "pro");
    let error = resolve(&lab.at_hand(), &scope).unwrap_err();
    assert_eq!(error.kind(), Ambiguous);
    assert!(error.to_string().ends_with("preprod, prod"), "{error}");
}

#[test]
fn where_the_project_may_not_be_looked_at_the_first_answer_stands() {
    let denied = |status, name: &'static str| {
        let lab = Lab::with(demo(), move |request| {
            let project = request.path.starts_with("/api/v1/projects/");
            project.then(|| refusal(status, name, "no"))
        });
        let scope = Scope::new(lab.place().app, "qa");
        let error = resolve(&lab.at_hand(), &scope).unwrap_err();
        assert_eq!(error.kind(), Missing, "{error:?}");
        assert!(all_text(&error).contains("environment 'qa'"), "{error:?}");
        assert!(error.advice().unwrap().contains("--env"), "{error:?}");
    };
    denied(403, "PermissionDenied");
    denied(401, "UnauthorizedError");
    let old = demo().version(Version::WithoutV4);
    let lab = Lab::new(old.folder("/db").forbidden());
    let scope = lab.scope().in_folders(these(&["/db"]));
    let error = resolve(&lab.at_hand(), &scope).unwrap_err();
    assert_eq!(error.kind(), Denied);
}
