//! Creating, changing and deleting secrets.

use phase_run::ErrorKind::{Configuration, Conflict, Denied, Missing};
use phase_run::{Change, Folder, NewSecret, Place, SecretType};
use serde_json::json;

use super::{Lab, all_text, body, demo, folder, new, resolve, set, value, wait};
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
fn the_environment_of_a_change_may_be_a_part_of_its_name_and_must_be_there() {
    let lab = lab();
    let client = lab.at_hand();
    let root = Folder::root();
    let in_part = Place {
        environment: "stag".into(),
        ..lab.place()
    };
    wait(client.create(&in_part, &new("A", "1"))).unwrap();
    wait(client.update(&in_part, &root, "A", &set("2"))).unwrap();
    assert_eq!(lab.infisical.stored("staging", "/")[0].value, "2");
    assert!(wait(client.delete(&in_part, &root, "A")).unwrap());

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

#[test]
fn a_change_that_waits_for_approval_is_denied_and_explained() {
    let lab = Lab::new(demo().secret("HOST", "h").reviewed());
    let client = lab.at_hand();
    let root = Folder::root();
    let errors = [
        wait(client.create(&lab.place(), &new("A", "1"))).unwrap_err(),
        wait(client.update(&lab.place(), &root, "HOST", &set("2"))).unwrap_err(),
        wait(client.delete(&lab.place(), &root, "HOST")).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), Denied);
        let text = error.to_string();
        assert!(
            text.contains("not made yet") && text.contains("(request \"change\")"),
            "{text}"
        );
        assert!(error.advice().unwrap().contains("Change Requests"));
    }
    assert_eq!(lab.infisical.stored("dev", "/")[0].value, "h");
    assert_eq!(lab.asked().len(), 3);
}

#[test]
fn a_value_loses_what_is_around_it_but_for_one_line_break_at_its_end() {
    // It is the server that does so, before anybody can see the value.
    let lab = lab();
    for (sent, kept) in [
        ("  a b ", "a b"),
        ("a  \n", "a\n"),
        ("\ta\n\n", "a\n"),
        ("a", "a"),
    ] {
        update(&lab, "HOST", &set(sent)).unwrap();
        assert_eq!(
            body(lab.server.requests().last().unwrap())["secretValue"],
            sent
        );
        let resolution = resolve(&lab.at_hand(), &lab.scope()).unwrap();
        assert_eq!(resolution.secrets[0].value.expose(), kept);
    }
}

#[test]
fn there_is_one_kind_of_secret_and_nothing_to_switch() {
    let lab = lab();
    let switch = Change {
        toggle_personal: true,
        ..Change::default()
    };
    let error = update(&lab, "HOST", &switch).unwrap_err();
    assert_eq!(error.kind(), Configuration);
    assert!(
        error.advice().unwrap().contains("--no-personal"),
        "{error:?}"
    );
    for kind in [SecretType::Config, SecretType::Sealed] {
        let change = Change {
            kind: Some(kind),
            ..set("x")
        };
        assert_eq!(
            update(&lab, "HOST", &change).unwrap_err().kind(),
            Configuration
        );
        let secret = NewSecret {
            kind,
            ..new("A", "1")
        };
        let error = wait(lab.at_hand().create(&lab.place(), &secret)).unwrap_err();
        assert_eq!(error.kind(), Configuration);
        assert!(error.to_string().contains(kind.as_str()), "{error}");
    }
    assert!(lab.asked().is_empty());
    let change = Change {
        kind: Some(SecretType::Secret),
        ..set("x")
    };
    update(&lab, "HOST", &change).unwrap();
}

#[test]
fn a_server_that_repeats_the_value_is_not_quoted() {
    let lab = Lab::with(demo(), |request| {
        let write = request.path.starts_with("/api/v4/secrets/");
        write.then(|| super::refusal(400, "BadRequest", "hunter2 is too weak"))
    });
    let client = lab.at_hand();
    let errors = [
        wait(client.create(&lab.place(), &new("A", "hunter2"))).unwrap_err(),
        update(&lab, "A", &set("hunter2")).unwrap_err(),
        update(
            &lab,
            "A",
            &Change {
                personal: Some(value("hunter2")),
                ..Change::default()
            },
        )
        .unwrap_err(),
    ];
    for error in errors {
        assert!(!all_text(&error).contains("hunter2"), "{error:?}");
    }
}

#[test]
fn whoever_may_only_read_is_denied() {
    let lab = lab();
    let client = lab.client_of(super::token(
        &lab.infisical.service_token(&[("dev", "/**")]),
    ));
    let error = wait(client.create(&lab.place(), &new("A", "1"))).unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert_eq!(lab.asked().len(), 1);
}
