//! Secrets are made, found, changed and removed.

use super::*;
use crate::shown;

#[test]
fn what_was_written_is_read_back() {
    let desk = Desk::new();
    let text = "naïve \"quoted\" \\ \u{1F512}\r\n\t\0 ${OTHER}\n";
    desk.create(&NewSecret {
        comment: "for people".to_owned(),
        folder: Folder::new("/a/b").unwrap(),
        kind: SecretType::Config,
        tags: vec!["two".to_owned(), "one".to_owned()],
        ..secret("NAME", text)
    })
    .unwrap();
    let stored = desk.only();
    assert_eq!(stored.name, "NAME");
    assert_eq!(shown(stored.value.as_ref()), text);
    assert_eq!(stored.comment, "for people");
    assert_eq!(stored.folder.as_str(), "/a/b");
    assert_eq!(stored.kind, SecretType::Config);
    assert_eq!(stored.tags, ["two", "one"]);
    assert_eq!(stored.version, 1);
    assert!(
        stored.updated.starts_with('2') && stored.updated.ends_with('Z'),
        "{}",
        stored.updated
    );
    assert!(stored.personal.is_none());
}

#[test]
fn a_second_secret_of_a_name_is_a_conflict_and_changes_nothing() {
    let desk = Desk::with(&["NAME"]);
    let before = fs::read(desk.file()).unwrap();
    let error = desk.create(&secret("NAME", "hunter2")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("NAME"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert_eq!(fs::read(desk.file()).unwrap(), before);

    let folder = Folder::new("/other").unwrap();
    desk.create(&NewSecret {
        folder,
        ..secret("NAME", "another")
    })
    .unwrap();
    assert_eq!(desk.names(), ["NAME", "NAME"]);
}

#[test]
fn an_update_changes_what_it_names_and_counts() {
    let desk = Desk::with(&["NAME"]);
    let change = Change {
        comment: Some("new".to_owned()),
        tags: Some(vec!["tag".to_owned()]),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let stored = desk.only();
    assert_eq!((stored.comment.as_str(), stored.version), ("new", 2));
    assert_eq!(shown(stored.value.as_ref()), "value of NAME");

    let change = Change {
        value: Some(value("newer")),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let stored = desk.only();
    assert_eq!((shown(stored.value.as_ref()), stored.version), ("newer", 3));
    assert_eq!(stored.tags, ["tag"]);
}

#[test]
fn a_secret_moves_to_another_folder_unless_its_name_is_taken_there() {
    let desk = Desk::with(&["NAME", "ZZZ"]);
    let folder = Folder::new("/deep").unwrap();
    let change = Change {
        folder: Some(folder.clone()),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let moved = desk.list().unwrap().remove(0);
    assert_eq!((moved.name.as_str(), &moved.folder), ("NAME", &folder));

    desk.create(&secret("NAME", "again")).unwrap();
    let error = desk.update("NAME", &change).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(desk.list().unwrap().len(), 3);
}

#[test]
fn a_missing_secret_cannot_be_updated_and_was_not_there_to_delete() {
    let desk = Desk::with(&["NAME"]);
    let change = Change {
        value: Some(value("hunter2")),
        ..Change::default()
    };
    let error = desk.update("OTHER", &change).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.to_string().contains("OTHER"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert!(!desk.delete("OTHER").unwrap());
    assert!(desk.delete("NAME").unwrap());
    assert!(!desk.delete("NAME").unwrap());
    assert!(desk.names().is_empty());
}

#[test]
fn the_first_secret_makes_the_app_and_the_environment_and_another_case_is_the_same() {
    let desk = Desk::with(&["ONE"]);
    let at = |app: &str, environment: &str| Place {
        app: App::Name(app.to_owned()),
        environment: environment.to_owned(),
    };
    let client = desk.client();
    wait(client.create(&at("WEB", "Dev"), &secret("TWO", "2"))).unwrap();
    assert_eq!(desk.names(), ["ONE", "TWO"]);
    let apps = wait(client.apps()).unwrap();
    assert_eq!(apps.len(), 1);
    assert_eq!(apps[0].name, "web");
    assert_eq!(apps[0].environments, ["dev"]);
}

#[test]
fn a_change_is_never_made_where_only_a_part_of_the_name_fits() {
    let desk = Desk::with(&["NAME"]);
    let part = Place {
        environment: "de".to_owned(),
        ..place()
    };
    let error = wait(desk.client().delete(&part, &Folder::root(), "NAME")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.advice().unwrap().contains("dev"), "{error:?}");
    assert_eq!(desk.names(), ["NAME"]);
}

#[test]
fn an_app_or_environment_that_is_not_there_is_missing_and_the_others_are_listed() {
    let desk = Desk::with(&["NAME"]);
    let scope = Scope::new(App::Name("api".to_owned()), "dev");
    let error = wait(desk.client().list(&scope)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.advice().unwrap().contains("web"), "{error:?}");
    let scope = Scope::new(App::Name("web".to_owned()), "staging");
    let error = wait(desk.client().list(&scope)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.advice().unwrap().contains("dev"), "{error:?}");
}
