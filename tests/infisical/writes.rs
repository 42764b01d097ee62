//! Creating, changing and deleting secrets.

use phase_run::ErrorKind::{Conflict, Missing};
use phase_run::{Change, Folder, NewSecret, Place};
use serde_json::json;

use super::{Lab, all_text, body, demo, folder, new, set, wait};
use crate::support::server::infisical::Version;

fn lab() -> Lab {
    let infisical = demo()
        .secret("HOST", "h")
        .comment("where")
        .tags(&["db", "aws"]);
    let infisical = infisical.metadata("owner", "ops").multiline();
    Lab::new(infisical.folder("/db").secret("HOST", "other"))
}

fn update(lab: &Lab, name: &str, change: &Change) -> phase_run::Result<()> {
    wait(
        lab.at_hand()
            .update(&lab.place(), &Folder::root(), name, change),
    )
}

#[test]
fn a_secret_is_created_by_one_request_and_whole() {
    let lab = lab();
    let secret = NewSecret {
        comment: "a comment".into(),
        ..new("URL", "x\"\n😀")
    };
    wait(lab.at_hand().create(&lab.place(), &secret)).unwrap();
    let [request] = &lab.server.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(
        (&*request.method, &*request.path),
        ("POST", "/api/v4/secrets/URL")
    );
    let sent = json!({
        "projectId": lab.infisical.project_id("demo"), "environment": "dev", "secretPath": "/",
        "secretValue": "x\"\n😀", "secretComment": "a comment", "type": "shared",
    });
    assert_eq!(body(request), sent);
    let stored = lab.infisical.stored("dev", "/").pop().unwrap();
    assert_eq!((&*stored.key, &*stored.value), ("URL", "x\"\n😀"));
    assert_eq!(stored.comment, "a comment");
}

#[test]
fn tags_are_named_by_their_slugs_and_sent_as_ids() {
    let lab = lab();
    let secret = NewSecret {
        tags: vec!["aws".into(), "db".into()],
        ..new("URL", "x")
    };
    wait(lab.at_hand().create(&lab.place(), &secret)).unwrap();
    assert_eq!(
        lab.infisical.stored("dev", "/").pop().unwrap().tags,
        ["aws", "db"]
    );
    let tags = format!(
        "GET /v1/projects/{}/tags/slug",
        lab.infisical.project_id("demo")
    );
    let asked = [
        &format!("{tags}/aws"),
        &format!("{tags}/db"),
        "POST /v4/secrets/URL",
    ];
    assert_eq!(lab.asked(), asked);

    let secret = NewSecret {
        tags: vec!["nope".into()],
        ..new("OTHER", "x")
    };
    let error = wait(lab.at_hand().create(&lab.place(), &secret)).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(
        error.to_string().ends_with("has no tag \"nope\""),
        "{error}"
    );
    assert!(error.advice().unwrap().contains("--tag"), "{error:?}");
    assert_eq!(
        lab.infisical.stored("dev", "/").len(),
        2,
        "nothing is created"
    );
}

#[test]
fn creating_what_is_there_is_a_conflict_and_changes_nothing() {
    for version in [Version::Current, Version::WithoutV4] {
        let lab = Lab::new(lab().infisical.version(version));
        let error = wait(lab.at_hand().create(&lab.place(), &new("HOST", "hunter2"))).unwrap_err();
        assert_eq!(error.kind(), Conflict);
        assert_eq!(error.to_string(), "HOST is already in /");
        assert!(!all_text(&error).contains("hunter2"));
        assert_eq!(lab.infisical.stored("dev", "/")[0].value, "h");
    }
}

#[test]
fn an_update_sends_what_changes_and_keeps_the_rest() {
    let lab = lab();
    update(&lab, "HOST", &set("v2")).unwrap();
    let [request] = &lab.server.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(
        (&*request.method, &*request.path),
        ("PATCH", "/api/v4/secrets/HOST")
    );
    let sent = json!({
        "projectId": lab.infisical.project_id("demo"), "environment": "dev", "secretPath": "/",
        "secretValue": "v2", "type": "shared",
    });
    assert_eq!(body(request), sent);
    let stored = || lab.infisical.stored("dev", "/").remove(0);
    let before = stored();
    assert_eq!((&*before.value, &*before.comment), ("v2", "where"));
    assert_eq!(before.tags, ["db", "aws"]);
    assert_eq!(before.metadata, [("owner".to_owned(), "ops".to_owned())]);
    assert!(before.multiline);

    let change = Change {
        comment: Some(String::new()),
        ..Change::default()
    };
    update(&lab, "HOST", &change).unwrap();
    assert_eq!((&*stored().value, &*stored().comment), ("v2", ""));
    let change = Change {
        tags: Some(vec!["aws".into()]),
        ..Change::default()
    };
    update(&lab, "HOST", &change).unwrap();
    assert_eq!(
        (&*stored().value, stored().tags),
        ("v2", vec!["aws".to_owned()])
    );
    let change = Change {
        tags: Some(Vec::new()),
        ..Change::default()
    };
    update(&lab, "HOST", &change).unwrap();
    assert!(stored().tags.is_empty());
    update(&lab, "HOST", &set("")).unwrap();
    assert_eq!(stored().value, "");
    assert_eq!(stored().metadata, before.metadata);
    assert_eq!(lab.infisical.stored("dev", "/db")[0].value, "other");
}

#[test]
fn a_missing_secret_cannot_be_updated_and_need_not_be_deleted() {
    let lab = lab();
    let error = update(&lab, "NOPE", &set("x")).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert_eq!(
        error.to_string(),
        "there is no NOPE in / of environment \"dev\""
    );
    let client = lab.at_hand();
    for folder in [Folder::root(), folder("/nope")] {
        assert!(!wait(client.delete(&lab.place(), &folder, "NOPE")).unwrap());
    }
}

#[test]
fn a_deleted_secret_is_gone_from_its_folder_alone() {
    let lab = lab();
    let client = lab.at_hand();
    assert!(wait(client.delete(&lab.place(), &Folder::root(), "HOST")).unwrap());
    assert!(lab.infisical.stored("dev", "/").is_empty());
    assert_eq!(lab.infisical.stored("dev", "/db").len(), 1);
    let sent = json!({
        "projectId": lab.infisical.project_id("demo"), "environment": "dev", "secretPath": "/",
        "type": "shared",
    });
    assert_eq!(body(&lab.server.requests()[0]), sent);
    assert!(!wait(client.delete(&lab.place(), &Folder::root(), "HOST")).unwrap());
}

#[test]
fn the_environment_of_a_change_takes_its_whole_name_and_must_be_there() {
    let lab = lab();
    let client = lab.at_hand();
    let root = Folder::root();
    let in_part = Place {
        environment: "stag".into(),
        ..lab.place()
    };
    for refused in [
        wait(client.create(&in_part, &new("A", "1"))),
        wait(client.update(&in_part, &root, "A", &set("2"))),
        wait(client.delete(&in_part, &root, "A")).map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), Missing);
        assert!(error.advice().unwrap().contains("\"staging\""), "{error:?}");
    }
    let other_case = Place {
        environment: "Staging".into(),
        ..lab.place()
    };
    wait(client.create(&other_case, &new("A", "1"))).unwrap();
    assert_eq!(lab.infisical.stored("staging", "/")[0].value, "1");

    let nowhere = Place {
        environment: "qa".into(),
        ..lab.place()
    };
    let errors = [
        wait(client.create(&nowhere, &new("A", "1"))).unwrap_err(),
        wait(client.update(&nowhere, &root, "A", &set("2"))).unwrap_err(),
        wait(client.delete(&nowhere, &root, "A")).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), Missing);
        assert_eq!(error.to_string(), "there is no environment \"qa\"");
        assert_eq!(error.advice(), Some("there are: dev, prod, staging"));
    }
}

#[test]
fn a_secret_cannot_be_created_where_there_is_no_folder() {
    let lab = lab();
    let secret = NewSecret {
        folder: folder("/nope"),
        ..new("A", "1")
    };
    let error = wait(lab.at_hand().create(&lab.place(), &secret)).unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(
        error.to_string().contains("/nope of environment \"dev\""),
        "{error}"
    );
    assert!(error.advice().unwrap().contains("--path"), "{error:?}");
}
