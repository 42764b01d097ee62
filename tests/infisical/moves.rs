//! Moving a secret to another folder.

use phase_run::ErrorKind::{Conflict, Denied, Missing};
use phase_run::{Change, Folder, Result};
use serde_json::json;

use super::{Lab, body, demo, folder, set, wait};
use crate::support::server::Infisical;
use crate::support::server::infisical::{Stored, Version};

fn infisical() -> Infisical {
    let infisical = demo().folder("/db").secret("TAKEN", "there");
    let infisical = infisical
        .within("dev")
        .secret("HOST", "h")
        .comment("where")
        .tags(&["db"]);
    infisical.secret("TAKEN", "here")
}

fn go(lab: &Lab, name: &str, path: &str) -> Result<()> {
    let change = Change {
        folder: Some(folder(path)),
        ..Change::default()
    };
    wait(
        lab.at_hand()
            .update(&lab.place(), &Folder::root(), name, &change),
    )
}

#[test]
fn a_secret_moves_with_all_that_is_known_of_it() {
    for version in [Version::Current, Version::Early, Version::WithoutV4] {
        let lab = Lab::new(infisical().version(version));
        let before = lab.infisical.stored("dev", "/").remove(0);
        go(&lab, "HOST", "/db").unwrap();
        let after = lab.infisical.stored("dev", "/db").pop().unwrap();
        // To the server it is another one.
        assert_ne!(after.id, before.id);
        let id = before.id.clone();
        assert_eq!(Stored { id, ..after }, before, "{version:?}");
        assert_eq!(lab.infisical.stored("dev", "/").len(), 1);
    }
}

#[test]
fn a_move_takes_a_look_and_one_request() {
    let lab = Lab::new(infisical());
    let id = lab.infisical.stored("dev", "/")[0].id.clone();
    go(&lab, "HOST", "/db").unwrap();
    assert_eq!(lab.asked(), ["GET /v4/secrets", "POST /v4/secrets/move"]);
    let sent = json!({
        "projectId": lab.infisical.project_id("demo"), "sourceEnvironment": "dev",
        "sourceSecretPath": "/", "destinationEnvironment": "dev", "destinationSecretPath": "/db",
        "secretIds": [id], "shouldOverwrite": false,
    });
    assert_eq!(body(&lab.server.requests()[1]), sent);
}

#[test]
fn where_it_lies_already_a_secret_is_not_moved() {
    let lab = Lab::new(infisical());
    let change = Change {
        folder: Some(Folder::root()),
        ..set("2")
    };
    wait(
        lab.at_hand()
            .update(&lab.place(), &Folder::root(), "HOST", &change),
    )
    .unwrap();
    assert_eq!(lab.asked(), ["PATCH /v4/secrets/HOST"]);
}

#[test]
fn a_secret_of_the_same_name_is_in_the_way() {
    for version in [Version::Current, Version::WithoutV4] {
        let lab = Lab::new(infisical().version(version));
        let error = go(&lab, "TAKEN", "/db").unwrap_err();
        assert_eq!(error.kind(), Conflict, "{error:?}");
        assert_eq!(error.to_string(), "TAKEN is already in /db");
        assert_eq!(lab.infisical.stored("dev", "/db")[0].value, "there");
    }
}

#[test]
fn a_secret_or_a_folder_that_is_not_there_is_missing() {
    let lab = Lab::new(infisical());
    let error = go(&lab, "NOPE", "/db").unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(error.to_string().contains("there is no NOPE"), "{error}");
    let error = go(&lab, "HOST", "/nope").unwrap_err();
    assert_eq!(error.kind(), Missing);
    assert!(error.to_string().contains("/nope"), "{error}");
    assert_eq!(lab.infisical.stored("dev", "/").len(), 2);
}

#[test]
fn a_move_that_waits_for_approval_on_either_side_is_denied_and_explained() {
    for (path, infisical) in [
        ("/db", infisical().within("dev").folder("/db").reviewed()),
        ("/other", infisical().reviewed().folder("/other")),
    ] {
        let lab = Lab::new(infisical);
        let error = go(&lab, "HOST", path).unwrap_err();
        assert_eq!(error.kind(), Denied);
        assert!(error.to_string().contains("not made yet"), "{error}");
        assert!(error.advice().unwrap().contains("Change Requests"));
    }
}
