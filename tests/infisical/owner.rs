//! Whose a login is, and which projects it reaches.

use std::time::{Duration, UNIX_EPOCH};

use phase_run::ErrorKind::Denied;
use phase_run::{App, AppSummary, OwnerKind, Scope};

use super::{Lab, demo, refusal, resolve, token, wait};
use crate::support::server::Infisical;
use crate::support::server::infisical::{IDENTITY, USER, Version};

fn several() -> Infisical {
    let infisical = demo().project("abc").environments(&["one", "two"]);
    infisical.within("demo/dev")
}

fn summary(infisical: &Infisical, name: &str, environments: &[&str]) -> AppSummary {
    AppSummary {
        environments: environments.iter().map(|&slug| slug.to_owned()).collect(),
        id: infisical.project_id(name),
        name: name.to_owned(),
    }
}

#[test]
fn apps_are_projects_by_name_with_their_environments() {
    for infisical in [several(), several().without_projects()] {
        let lab = Lab::new(infisical);
        let expected = [
            summary(&lab.infisical, "abc", &["one", "two"]),
            summary(&lab.infisical, "demo", &["prod", "staging", "dev"]),
        ];
        assert_eq!(wait(lab.client().apps()).unwrap(), expected);
    }
}

#[test]
fn a_token_of_an_identity_tells_whose_it_is_and_when_it_ends() {
    let lab = Lab::new(several());
    // On a whole second, of which alone the token knows.
    let now = UNIX_EPOCH + Duration::from_hours(500_000);
    lab.infisical.wall_clock(now);
    for client in [lab.client(), lab.at_hand()] {
        let owner = wait(client.owner()).unwrap();
        assert_eq!(owner.kind, OwnerKind::Identity);
        assert_eq!(owner.id.as_deref(), Some(IDENTITY));
        let apps = owner.apps.iter().map(|app| app.name.as_str());
        assert_eq!(apps.collect::<Vec<_>>(), ["abc", "demo"]);
        let ends = humantime::parse_rfc3339(&owner.expires).unwrap();
        let lasts = ends.duration_since(now).unwrap();
        assert!((7200..7230).contains(&lasts.as_secs()), "{}", owner.expires);
    }
}

#[test]
fn an_older_server_tells_no_identity_its_projects_and_the_owner_is_known_all_the_same() {
    let lab = Lab::new(several().version(Version::WithoutV4));
    let owner = wait(lab.client().owner()).unwrap();
    assert_eq!(owner.kind, OwnerKind::Identity);
    assert_eq!(owner.id.as_deref(), Some(IDENTITY));
    assert_eq!(owner.apps, []);
    let owner = wait(lab.user().owner()).unwrap();
    assert_eq!(owner.apps.len(), 2);
}

#[test]
fn a_users_token_is_a_users() {
    let lab = Lab::new(several());
    let owner = wait(lab.user().owner()).unwrap();
    assert_eq!(owner.kind, OwnerKind::User);
    assert_eq!(owner.id.as_deref(), Some(USER));
    assert_eq!(lab.asked(), ["GET /v1/projects"]);
}

#[test]
fn a_service_token_is_nobodys_and_for_one_project() {
    let lab = Lab::new(several());
    let scopes = [("staging", "/"), ("dev", "/**"), ("dev", "/x")];
    let client = lab.client_of(token(&lab.infisical.service_token(&scopes)));
    let owner = wait(client.owner()).unwrap();
    assert_eq!(
        (owner.kind, owner.id, &*owner.expires),
        (OwnerKind::Service, None, "")
    );
    let expected = [summary(&lab.infisical, "demo", &["dev", "staging"])];
    assert_eq!(owner.apps, expected);
    let project = format!("GET /v1/projects/{}", lab.infisical.project_id("demo"));
    assert_eq!(lab.asked(), ["GET /v2/service-token", &project]);
}

#[test]
fn a_service_token_reaches_its_project_and_the_environments_of_its_scopes() {
    for version in [Version::Current, Version::WithoutV4] {
        let lab = Lab::new(several().version(version));
        let scopes = [("staging", "/"), ("dev", "/**"), ("dev", "/x")];
        let client = lab.client_of(token(&lab.infisical.service_token(&scopes)));
        let expected = [summary(&lab.infisical, "demo", &["dev", "staging"])];
        assert_eq!(wait(client.apps()).unwrap(), expected, "{version:?}");
        assert_eq!(wait(client.owner()).unwrap().apps, expected, "{version:?}");
    }
}

#[test]
fn a_service_token_that_may_not_see_its_project_knows_it_by_its_id() {
    let lab = Lab::with(several(), |request| {
        let project = request.path.starts_with("/api/v1/projects/");
        project.then(|| refusal(403, "PermissionDenied", "no"))
    });
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/")])));
    let id = lab.infisical.project_id("demo");
    let apps = wait(client.apps()).unwrap();
    assert_eq!((&*apps[0].name, &*apps[0].id), (&*id, &*id));
    assert_eq!(apps[0].environments, ["dev"]);
}

#[test]
fn an_old_server_lists_projects_for_users_alone_and_that_is_said() {
    let lab = Lab::new(several().version(Version::WithoutV4));
    assert_eq!(wait(lab.user().apps()).unwrap().len(), 2);
    let client = lab.client();
    let unnamed = resolve(&client, &Scope::new(App::Only, "dev")).unwrap_err();
    for error in [wait(client.apps()).unwrap_err(), unnamed] {
        assert_eq!(error.kind(), Denied);
        let text = "this server lists projects for users alone";
        assert_eq!(error.to_string(), text);
        let advice = "the console shows its slug, for --app, and its id, for --app-id";
        assert_eq!(error.advice(), Some(advice));
    }
}

#[test]
fn what_says_nothing_of_itself_is_taken_for_an_identitys() {
    let lab = Lab::new(several());
    lab.infisical.know("opaque");
    let owner = wait(lab.client_of(token("opaque")).owner()).unwrap();
    assert_eq!((owner.kind, owner.id), (OwnerKind::Identity, None));
    assert_eq!(owner.expires, "");
}
