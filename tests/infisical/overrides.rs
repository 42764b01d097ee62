//! Personal overrides, which are users' alone.

use phase_run::ErrorKind::{Configuration, Denied, Missing};
use phase_run::{App, Change, Folder, NewSecret, Plan, Scope};

use super::{Lab, all_text, client, demo, folder, new, pairs, resolve, token, value, wait};
use crate::shown;
use crate::support::server::infisical::Version;
use crate::support::server::{Reply, Server};

const VERSIONS: [Version; 3] = [Version::Current, Version::Early, Version::WithoutV4];

fn own(text: &str) -> Change {
    Change {
        personal: Some(value(text)),
        ..Change::default()
    }
}

/// Each secret's value, and the override of it.
fn listed(lab: &Lab) -> Vec<(String, String, Option<String>)> {
    let secrets = wait(lab.user().list(&lab.scope())).unwrap();
    let row = |secret: &phase_run::Secret| {
        let personal = secret.personal.as_ref().inspect(|own| assert!(own.active));
        let personal = personal.map(|own| shown(own.value.as_ref()).to_owned());
        (
            secret.name.clone(),
            shown(secret.value.as_ref()).to_owned(),
            personal,
        )
    };
    secrets.iter().map(row).collect()
}

#[test]
fn an_override_comes_beside_the_value_of_all() {
    for version in VERSIONS {
        let lab = Lab::new(
            demo()
                .version(version)
                .secret("A", "1")
                .own("mine")
                .secret("B", "2"),
        );
        let expected = [
            ("A".to_owned(), "1".to_owned(), Some("mine".to_owned())),
            ("B".to_owned(), "2".to_owned(), None),
        ];
        assert_eq!(listed(&lab), expected, "{version:?}");
        let identity = wait(lab.at_hand().list(&lab.scope())).unwrap();
        assert!(identity.iter().all(|secret| secret.personal.is_none()));
    }
}

#[test]
fn an_override_is_made_where_there_is_none_and_changed_where_there_is_one() {
    for version in VERSIONS {
        let lab = Lab::new(demo().version(version).secret("A", "1"));
        for text in ["mine", "mine too"] {
            let client = lab.user();
            wait(client.update(&lab.place(), &Folder::root(), "A", &own(text))).unwrap();
            let expected = ("A".to_owned(), "1".to_owned(), Some(text.to_owned()));
            assert_eq!(listed(&lab), [expected], "{version:?}");
        }
    }
}

#[test]
fn a_secret_can_be_created_with_an_override_and_both_be_changed() {
    let lab = Lab::new(demo());
    let secret = NewSecret {
        personal: Some(value("mine")),
        ..new("A", "1")
    };
    wait(lab.user().create(&lab.place(), &secret)).unwrap();
    let all = |text: &str, own: &str| ("A".to_owned(), text.to_owned(), Some(own.to_owned()));
    assert_eq!(listed(&lab), [all("1", "mine")]);
    let both = Change {
        value: Some(value("2")),
        ..own("still mine")
    };
    wait(lab.user().update(&lab.place(), &Folder::root(), "A", &both)).unwrap();
    assert_eq!(listed(&lab), [all("2", "still mine")]);
    assert!(wait(lab.user().delete(&lab.place(), &Folder::root(), "A")).unwrap());
    assert!(listed(&lab).is_empty(), "the override goes with it");
}

#[test]
fn what_is_not_there_cannot_be_overridden() {
    let lab = Lab::new(demo());
    for path in ["/", "/nope"] {
        let error = wait(
            lab.user()
                .update(&lab.place(), &folder(path), "A", &own("x")),
        );
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Missing, "{error:?}");
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[test]
fn an_identity_has_no_overrides_and_is_told_so_before_anything_is_sent() {
    let lab = Lab::new(demo().secret("A", "1"));
    let client = lab.at_hand();
    let secret = NewSecret {
        personal: Some(value("hunter2")),
        ..new("B", "1")
    };
    let errors = [
        wait(client.update(&lab.place(), &Folder::root(), "A", &own("hunter2"))).unwrap_err(),
        wait(client.create(&lab.place(), &secret)).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), Configuration);
        let text = all_text(&error);
        assert!(
            text.contains("users") && !text.contains("hunter2"),
            "{text}"
        );
    }
    assert_eq!(lab.infisical.stored("dev", "/").len(), 1);
    assert!(lab.asked().is_empty());
}

#[test]
fn where_a_token_does_not_say_whose_it_is_the_server_decides() {
    let lab = Lab::new(demo().secret("A", "1"));
    lab.infisical.know("opaque");
    let client = lab.client_of(super::token("opaque"));
    wait(client.update(&lab.place(), &Folder::root(), "A", &own("mine"))).unwrap();
    assert_eq!(listed(&lab)[0].2.as_deref(), Some("mine"));
}

#[test]
fn an_override_that_waits_for_approval_is_denied() {
    let lab = Lab::new(demo().secret("A", "1").reviewed());
    let error = wait(
        lab.user()
            .update(&lab.place(), &Folder::root(), "A", &own("mine")),
    );
    assert_eq!(error.unwrap_err().kind(), Denied);
}

#[test]
fn an_override_of_an_imported_secret_counts_and_its_name_never_vanishes() {
    let infisical = demo().within("staging").secret("A", "theirs").own("mine");
    let infisical = infisical.secret("B", "2").within("dev");
    let lab = Lab::new(infisical.secret("R", "<${A}>").import("staging", "/"));
    let resolution = resolve(&lab.user(), &lab.scope()).unwrap();
    assert_eq!(pairs(&resolution), ["A=mine", "B=2", "R=<mine>"]);
    assert!(resolution.secrets[0].overridden);
    let plan = Plan {
        personal: false,
        ..Plan::default()
    };
    let resolution = wait(lab.user().resolve(&lab.scope(), &plan)).unwrap();
    assert_eq!(pairs(&resolution), ["A=theirs", "B=2", "R=<theirs>"]);
    let resolution = resolve(&lab.at_hand(), &lab.scope()).unwrap();
    assert_eq!(pairs(&resolution), ["A=theirs", "B=2", "R=<theirs>"]);
}

#[test]
fn of_two_overrides_the_newer_counts_in_whatever_order_they_come() {
    let row = |id, kind, time, text| {
        format!(
            r#"{{"id": "{id}", "secretKey": "A", "type": "{kind}", "secretValue": "{text}",
                "updatedAt": "2026-01-0{time}T00:00:00.000Z"}}"#
        )
    };
    let rows = [
        row(1, "personal", 3, "new"),
        row(2, "shared", 1, "shared"),
        row(3, "personal", 2, "old"),
    ];
    for turn in 0..rows.len() {
        let mut rows = rows.clone();
        rows.rotate_left(turn);
        let body = format!(r#"{{"secrets": [{}]}}"#, rows.join(","));
        let server = Server::always(Reply::json(200, body));
        let scope = Scope::new(App::Id("p".into()), "dev");
        let resolution = resolve(&client(&server.url(), token("t")), &scope).unwrap();
        assert_eq!(pairs(&resolution), ["A=new"], "{rows:?}");
    }
}
