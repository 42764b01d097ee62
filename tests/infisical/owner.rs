//! Whose a login is, and which projects it reaches.

use std::time::{Duration, UNIX_EPOCH};

use phase_run::{AppSummary, OwnerKind};

use super::{Lab, demo, token, wait};
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
    let project = lab.infisical.project_id("demo");
    assert_eq!(owner.apps[0].id, project);
    assert_eq!(owner.apps[0].environments, ["dev", "staging"]);
    assert_eq!(lab.asked(), ["GET /v2/service-token"]);
}

#[test]
fn what_says_nothing_of_itself_is_taken_for_an_identitys() {
    let lab = Lab::new(several());
    lab.infisical.know("opaque");
    let owner = wait(lab.client_of(token("opaque")).owner()).unwrap();
    assert_eq!((owner.kind, owner.id), (OwnerKind::Identity, None));
    assert_eq!(owner.expires, "");
}
