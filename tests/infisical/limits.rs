//! Changes that are not made, or not made as they were asked for.

use phase_run::ErrorKind::{Configuration, Denied, InvalidValue, TooLarge};
use phase_run::{Change, Folder, NewSecret, Result, SecretType};

use super::{Lab, all_text, demo, new, refusal, resolve, set, token, value, wait};
use crate::support::server::Reply;
use crate::support::server::infisical::Version;

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
fn a_value_that_the_server_would_trim_is_refused_by_name_before_anything_is_sent() {
    let lab = lab();
    let client = lab.user();
    for text in [
        " hunter2 ",
        "hunter2\t",
        "hunter2\n\n",
        "hunter2\r\n",
        "   ",
    ] {
        let personal = Change {
            personal: Some(value(text)),
            ..Change::default()
        };
        let with_override = NewSecret {
            personal: Some(value(text)),
            ..new("NEW", "1")
        };
        let root = Folder::root();
        let errors = [
            wait(client.create(&lab.place(), &new("NEW", text))),
            wait(client.create(&lab.place(), &with_override)),
            wait(client.update(&lab.place(), &root, "NEW", &set(text))),
            wait(client.update(&lab.place(), &root, "NEW", &personal)),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), InvalidValue, "{text:?}");
            assert!(error.to_string().contains("the value of NEW"), "{error}");
            assert!(!all_text(&error).contains("hunter2"), "{error:?}");
        }
    }
    assert!(lab.asked().is_empty(), "{:?}", lab.asked());
    for text in ["", "a b", "a\n", "line\nline\n"] {
        update(&lab, "HOST", &set(text)).unwrap();
        assert_eq!(lab.infisical.stored("dev", "/")[0].value, text);
    }
}

#[test]
fn a_value_that_the_server_has_changed_is_told_by_name() {
    for (kept, changed) in [
        (r#"{"secretValue": "hunter3"}"#, true),
        (r#"{"secretValue": ""}"#, true),
        (r#"{"secretValue": "hunter2"}"#, false),
        (
            r#"{"secretValue": "<hidden-by-infisical>", "secretValueHidden": true}"#,
            false,
        ),
        (r#"{"secretValue": "<hidden-by-infisical>"}"#, false),
        (r#"{"secretValue": null}"#, false),
        ("{}", false),
        ("null", false),
    ] {
        let lab = Lab::with(demo(), move |request| {
            let write = request.path.starts_with("/api/v4/secrets/");
            write.then(|| Reply::json(200, format!(r#"{{"secret": {kept}}}"#)))
        });
        let client = lab.at_hand();
        for written in [
            wait(client.create(&lab.place(), &new("A", "hunter2"))),
            update(&lab, "A", &set("hunter2")),
        ] {
            assert_eq!(written.is_err(), changed, "{kept}");
            if let Err(error) = written {
                assert_eq!(error.kind(), InvalidValue);
                assert!(error.to_string().starts_with("A was stored"), "{error}");
                assert!(!all_text(&error).contains("hunter"), "{error:?}");
            }
        }
        // Without a value some servers show an empty one.
        let comment = Change {
            comment: Some("c".into()),
            ..Change::default()
        };
        update(&lab, "A", &comment).unwrap();
    }
}

#[test]
fn an_answer_of_more_than_memory_should_hold_is_too_large() {
    let rows = r#"{"secretKey":"A"},"#.repeat(900_000);
    let rows = format!(r#"{{"secrets":[{}]}}"#, rows.trim_end_matches(','));
    let values = format!(r#"{{"secrets":[],"more":[{}0]}}"#, "0,".repeat(2_000_000));
    for (body, most) in [(rows, "100000 objects"), (values, "2000000 values")] {
        let lab = Lab::with(demo(), move |request| {
            let list = request.path == "/api/v4/secrets";
            list.then(|| Reply::json(200, body.clone()))
        });
        let error = resolve(&lab.client(), &lab.scope()).unwrap_err();
        assert_eq!(error.kind(), TooLarge);
        let text = error.to_string();
        assert!(text.contains(&format!("more than {most}")), "{text}");
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

#[test]
fn a_value_that_is_too_large_for_the_server_is_told_with_size_and_limit_and_sent_once() {
    for version in [Version::Current, Version::WithoutV4] {
        let lab = Lab::new(demo().secret("HOST", "h").version(version));
        let large = "z".repeat(1_100_000);
        let created = wait(lab.at_hand().create(&lab.place(), &new("BIG", &large)));
        for error in [
            created.unwrap_err(),
            update(&lab, "HOST", &set(&large)).unwrap_err(),
        ] {
            assert_eq!(error.kind(), TooLarge);
            let text = error.to_string();
            assert!(
                text.contains("it has 1100") && text.contains("takes 1048576 at most"),
                "{text}"
            );
            assert!(error.advice().unwrap().contains("shorter"), "{error:?}");
            assert!(!all_text(&error).contains("zzz"));
        }
        let (mut asked, sent) = (lab.asked(), 2);
        asked.retain(|line| !(version == Version::WithoutV4 && line.contains("/v4/")));
        assert_eq!(asked.len(), sent, "{asked:?}");
    }
}

#[test]
fn what_a_server_does_not_take_by_its_right_status_is_too_large_too() {
    let lab = Lab::with(demo(), |request| {
        let write = request.path.starts_with("/api/v4/secrets/");
        write.then(|| {
            refusal(
                413,
                "FST_ERR_CTP_BODY_TOO_LARGE",
                "Request body is too large",
            )
        })
    });
    let error = update(&lab, "A", &set("x")).unwrap_err();
    assert_eq!(error.kind(), TooLarge);
    assert!(
        error.to_string().contains("is too large: it has"),
        "{error}"
    );
}
