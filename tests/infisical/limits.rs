//! Changes that are not made, or not made as they were asked for.

use phase_run::ErrorKind::{Configuration, Denied};
use phase_run::{Change, Folder, NewSecret, Result, SecretType};

use super::{Lab, all_text, body, demo, new, refusal, resolve, set, token, value, wait};

fn lab() -> Lab {
    Lab::new(demo().secret("HOST", "h"))
}

fn update(lab: &Lab, name: &str, change: &Change) -> Result<()> {
    wait(
        lab.at_hand()
            .update(&lab.place(), &Folder::root(), name, change),
    )
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
        write.then(|| refusal(400, "BadRequest", "hunter2 is too weak"))
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
    let client = lab.client_of(token(&lab.infisical.service_token(&[("dev", "/**")])));
    let error = wait(client.create(&lab.place(), &new("A", "1"))).unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert_eq!(lab.asked().len(), 1);
}
