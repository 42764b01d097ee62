//! End to end encryption: what a server changes is noticed, and only where it counts.

use phase_run::{ErrorKind, Folders, Notice, Plan};
use serde_json::{Value, json};

use super::conversations::{
    DEVELOPMENT, SECRETS, answer, client, conversation, lenient, scope, values,
};
use super::wait;
use crate::support::server::Server;

/// The conversation with the rows of development changed.
pub(super) fn tampered(change: impl Fn(&mut Value)) -> Server {
    let mut conversation = conversation("user_v1");
    let rows = conversation[SECRETS][DEVELOPMENT].as_array_mut().unwrap();
    rows.iter_mut().for_each(change);
    Server::start(move |request| answer(&conversation, request))
}

/// The conversation with the row `id` of development changed.
pub(super) fn tampered_in(id: &str, change: impl Fn(&mut Value)) -> Server {
    tampered(|row| {
        if row["id"] == id {
            change(row);
        }
    })
}

/// A ciphertext of the same form that does not open.
fn spoil(text: &mut Value) {
    let mut spoilt = text.as_str().unwrap().to_owned();
    let changed = if &spoilt[80..81] == "A" { "B" } else { "A" };
    spoilt.replace_range(80..81, changed);
    *text = spoilt.into();
}

#[test]
fn a_row_that_does_not_decrypt_fails_the_call_and_is_named() {
    for field in ["key", "value"] {
        let server = tampered_in("sec-1", move |row| spoil(&mut row[field]));
        let client = client("user_v1", &server);
        let error = wait(client.resolve(&scope(), &lenient())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decryption, "{error}");
        let text = error.to_string();
        for part in [
            "sec-1",
            " / ",
            "Development",
            "web",
            field.trim_start_matches("key"),
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(error.advice().unwrap().contains("--allow-partial"));
        let plan = Plan {
            allow_partial: true,
            ..lenient()
        };
        let resolution = wait(client.resolve(&scope(), &plan)).unwrap();
        assert!(!values(&resolution).contains_key("PORT"));
        assert_eq!(values(&resolution)["HOST"], "localhost");
        let left_out = |notice: &&Notice| matches!(notice, Notice::LeftOut { .. });
        let told: Vec<_> = resolution.notices.iter().filter(left_out).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].to_string().contains("sec-1"), "{}", told[0]);
    }
}

#[test]
fn what_is_not_used_need_not_decrypt() {
    let server = tampered_in("sec-1", |row| {
        spoil(&mut row["value"]);
        row["comment"] = "no ciphertext".into();
    });
    let wanted = |name: &str| name == "HOST";
    let plan = Plan {
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap();
    assert_eq!(resolution.secrets.len(), 1);
    let server = tampered_in("sec-5", |row| spoil(&mut row["value"]));
    let client = client("user_v1", &server);
    let resolution = wait(client.resolve(&scope(), &lenient())).unwrap();
    assert_eq!(
        values(&resolution)["OVR"],
        "mine",
        "the shared value is superseded"
    );
    let error = wait(client.list(&scope())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
}

#[test]
fn a_name_that_the_server_puts_on_another_secret_is_not_followed() {
    // URL alone is in scope; what it refers to is found by digest.
    let host = conversation("user_v1")[SECRETS][DEVELOPMENT][0].clone();
    let digest = host["key_digest"].clone();
    let honest = |row: &mut Value| match row["id"].as_str() {
        Some("sec-2") => row["tags"] = json!(["alone"]),
        _ => row["tags"] = json!([]),
    };
    let server = tampered(honest);
    let scope = scope().tagged(vec!["alone".into()]);
    let resolution = wait(client("user_v1", &server).resolve(&scope, &Plan::default())).unwrap();
    assert!(values(&resolution)["URL"].starts_with("pg://localhost:5432/"));
    // The digest of HOST on the row of UNI, which is younger.
    let server = tampered(move |row| {
        honest(row);
        if row["id"] == "sec-4" {
            row["key_digest"] = digest.clone();
        }
    });
    let error = wait(client("user_v1", &server).resolve(&scope, &Plan::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption, "{error}");
    assert!(error.to_string().contains("\"UNI\""), "{error}");
}

#[test]
fn what_lies_where_nothing_can_lie_fails_no_run_but_one_of_all_folders() {
    let server = tampered_in("sec-9", |row| row["path"] = "/a\nb".into());
    let reader = client("user_v1", &server);
    assert!(wait(reader.resolve(&scope(), &lenient())).is_ok());
    let all = scope().in_folders(Folders::All);
    let error = wait(reader.resolve(&all, &lenient())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let server = tampered_in("sec-9", |row| row["value"] = Value::Null);
    let reader = client("user_v1", &server);
    assert!(wait(reader.resolve(&scope(), &lenient())).is_ok());
    let error = wait(reader.resolve(&all, &lenient())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
}
