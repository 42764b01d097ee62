//! Creating, changing and deleting over REST.

use phase_run::ErrorKind::{Configuration, Conflict, Missing, TooLarge};
use phase_run::{
    Change, Client, Connection, Error, Folder, Folders, NewSecret, Place, Scope, Secret, SecretType,
};

use super::{all_text, client_of, new, place, value, wait};
use crate::shown;
use crate::support::server::{Phase, Server, Sse};

fn lab() -> (Server, Client) {
    let phase = Phase::default()
        .app("web", Sse::On)
        .environments(&["Development", "Staging"])
        .within("web/Development")
        .secret("HOST", "h")
        .folder("/db")
        .secret("HOST", "other");
    let server = phase.serve();
    let client = client_of("User", Connection::new(server.url()));
    (server, client)
}

fn stored(client: &Client, folder: &str, name: &str) -> Option<Secret> {
    let folder = Folder::new(folder).unwrap();
    let scope = Scope::new(place().app, place().environment);
    let scope = scope.in_folders(Folders::These(vec![folder]));
    wait(client.list(&scope))
        .unwrap()
        .into_iter()
        .find(|secret| secret.name == name)
}

fn update(client: &Client, name: &str, change: &Change) -> Result<(), Error> {
    wait(client.update(&place(), &Folder::root(), name, change))
}

#[test]
fn a_created_secret_is_stored_whole_under_its_name_in_upper_case() {
    let (_server, client) = lab();
    let secret = NewSecret {
        personal: Some(value("mine")),
        ..new("db_url", "x\"\n😀")
    };
    wait(client.create(&place(), &secret)).unwrap();
    let found = stored(&client, "/", "DB_URL").unwrap();
    assert_eq!(shown(found.value.as_ref()), "x\"\n😀");
    assert_eq!(found.comment, "a comment");
    assert_eq!(found.kind, SecretType::Config);
    assert_eq!(found.tags, ["db"]);
    let personal = found.personal.unwrap();
    assert_eq!(
        (shown(personal.value.as_ref()), personal.active),
        ("mine", true)
    );
}

#[test]
fn creating_what_is_there_is_a_conflict_that_names_secret_and_folder() {
    let (_server, client) = lab();
    let error = wait(client.create(&place(), &new("host", "hunter2"))).unwrap_err();
    assert_eq!(error.kind(), Conflict);
    assert_eq!(error.to_string(), "host is already in /");
    assert!(!all_text(&error).contains("hunter2"));
    assert_eq!(
        shown(stored(&client, "/", "HOST").unwrap().value.as_ref()),
        "h"
    );
}

#[test]
fn a_secret_that_is_too_large_for_the_proxy_before_the_server_is_told_as_that() {
    let (_server, client) = lab();
    let secret = new("BIG", &"x".repeat(1 << 20));
    let error = wait(client.create(&place(), &secret)).unwrap_err();
    assert_eq!(error.kind(), TooLarge);
    let text = all_text(&error);
    assert!(text.contains("larger than the server takes"), "{text}");
    assert!(text.contains("1 MiB") && !text.contains("--host"), "{text}");
}

#[test]
fn an_update_changes_what_is_given_and_leaves_the_rest() {
    let (server, client) = lab();
    let change = Change {
        comment: Some("new".into()),
        value: Some(value("v2")),
        ..Change::default()
    };
    update(&client, "HOST", &change).unwrap();
    let found = stored(&client, "/", "HOST").unwrap();
    assert_eq!(
        (shown(found.value.as_ref()), found.comment.as_str()),
        ("v2", "new")
    );
    assert_eq!(
        shown(stored(&client, "/db", "HOST").unwrap().value.as_ref()),
        "other"
    );
    let put = server
        .requests()
        .into_iter()
        .find(|request| request.method == "PUT")
        .unwrap();
    let body = r#"{"secrets":[{"comment":"new","id":"ID","key":"HOST","path":"/","value":"v2"}]}"#;
    assert_eq!(
        String::from_utf8(put.body).unwrap(),
        body.replace("ID", &found.id)
    );
    let tags = Change {
        tags: Some(vec!["a".into()]),
        ..Change::default()
    };
    update(&client, "host", &tags).unwrap();
    let found = stored(&client, "/", "HOST").unwrap();
    assert_eq!(
        (shown(found.value.as_ref()), found.tags),
        ("v2", vec!["a".to_owned()])
    );
}

#[test]
fn an_update_can_move_a_secret_to_another_folder() {
    let (_server, client) = lab();
    let folder = Some(Folder::new("/elsewhere").unwrap());
    update(
        &client,
        "HOST",
        &Change {
            folder,
            ..Change::default()
        },
    )
    .unwrap();
    assert!(stored(&client, "/", "HOST").is_none());
    assert_eq!(
        shown(
            stored(&client, "/elsewhere", "HOST")
                .unwrap()
                .value
                .as_ref()
        ),
        "h"
    );
}

#[test]
fn a_personal_override_is_set_and_switched() {
    let (_server, client) = lab();
    let switch = Change {
        toggle_personal: true,
        ..Change::default()
    };
    let error = update(&client, "HOST", &switch).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert_eq!(error.to_string(), "HOST has no personal override to switch");
    let set = Change {
        personal: Some(value("mine")),
        ..Change::default()
    };
    update(&client, "HOST", &set).unwrap();
    for active in [true, false, true] {
        let found = stored(&client, "/", "HOST").unwrap();
        let personal = found.personal.unwrap();
        assert_eq!(
            (shown(personal.value.as_ref()), personal.active),
            ("mine", active)
        );
        assert_eq!(shown(found.value.as_ref()), "h");
        update(&client, "HOST", &switch).unwrap();
    }
}

#[test]
fn a_service_has_no_personal_overrides_and_nothing_is_sent() {
    let (server, _) = lab();
    let client = client_of("ServiceAccount", Connection::new(server.url()));
    let secret = NewSecret {
        personal: Some(value("mine")),
        ..new("A", "1")
    };
    assert_eq!(
        wait(client.create(&place(), &secret)).unwrap_err().kind(),
        Configuration
    );
    let change = Change {
        toggle_personal: true,
        ..Change::default()
    };
    assert_eq!(
        update(&client, "HOST", &change).unwrap_err().kind(),
        Configuration
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_missing_secret_cannot_be_updated_and_need_not_be_deleted() {
    let (server, client) = lab();
    let error = update(&client, "NOPE", &Change::default()).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(
        error.to_string().starts_with("there is no NOPE in /"),
        "{error}"
    );
    assert!(!wait(client.delete(&place(), &Folder::root(), "NOPE")).unwrap());
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
}

#[test]
fn a_deleted_secret_is_gone_from_its_folder_alone() {
    let (_server, client) = lab();
    assert!(wait(client.delete(&place(), &Folder::root(), "HOST")).unwrap());
    assert!(stored(&client, "/", "HOST").is_none());
    assert!(stored(&client, "/db", "HOST").is_some());
    assert!(!wait(client.delete(&place(), &Folder::root(), "HOST")).unwrap());
}

#[test]
fn a_write_takes_the_whole_name_of_an_environment_in_any_case() {
    let (_server, client) = lab();
    let in_part = Place {
        environment: "stag".into(),
        ..place()
    };
    for refused in [
        wait(client.create(&in_part, &new("A", "1"))),
        wait(client.update(&in_part, &Folder::root(), "A", &Change::default())),
        wait(client.delete(&in_part, &Folder::root(), "A")).map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), Missing);
        assert!(error.advice().unwrap().contains("\"Staging\""), "{error:?}");
    }
    let other_case = Place {
        environment: "STAGING".into(),
        ..place()
    };
    wait(client.create(&other_case, &new("A", "1"))).unwrap();
    assert!(wait(client.delete(&other_case, &Folder::root(), "A")).unwrap());
}
