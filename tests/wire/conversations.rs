//! End to end encryption: whole conversations that the official SDK recorded,
//! for each kind of token.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;

use phase_run::{
    App, Client, Connection, Credentials, ErrorKind, Folders, Leases, Notice, PhaseApi, PhaseToken,
    Plan, Resolution, Scope,
};
use serde_json::{Value, json};

use super::wait;
use crate::support::server::{Reply, Request, Server};

const KINDS: [&str; 3] = ["user_v1", "service_v1", "service_account_v2"];
const SECRETS: &str = "GET /service/secrets/ (all paths; dynamic+lease on) by environment id";

const DEVELOPMENT: &str = "d1161980-fcac-4572-83d4-6c315d3b2d40";

/// A conversation: what the token is, and what the server knows.
fn conversation(kind: &str) -> Value {
    let vectors = include_str!("../fixtures/phase/vectors.json");
    let mut vectors: Value = serde_json::from_str(vectors).unwrap();
    vectors["conversations"][kind].take()
}

/// Answers as the server did; a lease is only given where one is asked for.
fn answer(conversation: &Value, request: &Request) -> Reply {
    assert_eq!(
        request.header("authorization"),
        conversation["authorization"].as_str()
    );
    assert_eq!(request.header("accept"), Some("application/json"));
    if request.path == "/service/secrets/tokens/" {
        let body = &conversation["GET /service/secrets/tokens/"];
        return Reply::json(200, body.to_string());
    }
    assert_eq!(request.path, "/service/secrets/");
    let environment = request.header("environment").unwrap();
    let mut rows = conversation[SECRETS][environment]
        .as_array()
        .unwrap()
        .clone();
    rows.retain_mut(|row| {
        let dynamic = row["type"] == "dynamic";
        if dynamic && request.header("lease").is_none() {
            row["lease"] = Value::Null;
        }
        if dynamic {
            request.header("dynamic").is_some()
        } else {
            request.header("keydigest").is_none()
        }
    });
    Reply::json(200, json!(rows).to_string())
}

fn server(kind: &str) -> Server {
    let conversation = conversation(kind);
    Server::start(move |request| answer(&conversation, request))
}

fn client(kind: &str, server: &Server) -> Client {
    let token = conversation(kind)["token"].as_str().unwrap().to_owned();
    Client::new(Credentials::Phase {
        api: PhaseApi::Auto,
        connection: Connection::new(server.url()),
        token: PhaseToken::parse(&token).unwrap(),
    })
    .unwrap()
}

fn scope() -> Scope {
    Scope::new(App::Name("web".into()), "development")
}

fn lenient() -> Plan<'static> {
    Plan {
        allow_unresolved: true,
        ..Plan::default()
    }
}

fn values(resolution: &Resolution) -> BTreeMap<&str, &str> {
    let secrets = resolution.secrets.iter();
    secrets
        .map(|secret| (secret.name.as_str(), secret.value.expose()))
        .collect()
}

#[test]
fn everything_decrypts_to_what_the_official_sdk_saw_for_each_kind_of_token() {
    for kind in KINDS {
        let conversation = conversation(kind);
        let server = server(kind);
        let client = client(kind, &server);
        for environment in conversation["environments"].as_array().unwrap() {
            let text = |field: &str| environment[field].as_str().unwrap();
            let scope = Scope::new(App::Id(text("app_id").into()), text("env"));
            let mut found = wait(client.list(&scope.in_folders(Folders::All))).unwrap();
            found.sort_by(|a, b| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
            let expected = &conversation["expected_decrypted_by_environment_id"][text("env_id")];
            let expected = expected.as_array().unwrap().iter();
            let mut expected: Vec<&Value> =
                expected.filter(|row| row["dynamic"].is_null()).collect();
            expected.sort_by_key(|row| (row["path"].to_string(), row["key"].to_string()));
            assert_eq!(found.len(), expected.len());
            for (secret, row) in found.iter().zip(expected) {
                assert_eq!(secret.name, row["key"]);
                assert_eq!(secret.folder.as_str(), row["path"]);
                assert_eq!(secret.comment, row["comment"]);
                assert_eq!(json!(secret.tags), row["tags"]);
                assert_eq!(secret.kind.as_str(), row["type"]);
                let own = secret.personal.as_ref().filter(|own| own.active);
                assert_eq!(own.is_some(), row["overridden"] == true);
                let value = own.map_or(&secret.value, |own| &own.value);
                assert_eq!(value.expose(), row["raw_value"]);
            }
        }
    }
}

#[test]
fn overrides_and_references_are_resolved_across_environments_and_apps() {
    for kind in KINDS {
        let server = server(kind);
        let resolution = wait(client(kind, &server).resolve(&scope(), &lenient())).unwrap();
        let values = values(&resolution);
        let conversation = conversation(kind);
        let expected = conversation["expected_resolved_web_Development"].as_object();
        for (name, value) in expected.unwrap() {
            if let Some(name) = name.strip_prefix("/:") {
                assert_eq!(values[name], value, "{kind}: {name}");
            }
        }
        assert_eq!(resolution.place.environment, "Development");
        // The token, its own environment, and two that are referred to.
        assert_eq!(server.requests().len(), 4, "{kind}");
    }
}

#[test]
fn a_run_that_stays_in_one_environment_makes_exactly_two_requests() {
    let server = server("service_account_v2");
    let wanted = |name: &str| !["URL", "XREF", "MISSING"].contains(&name);
    let plan = Plan {
        wanted: &wanted,
        ..Plan::default()
    };
    let all = scope().in_folders(Folders::All);
    let resolution = wait(client("service_account_v2", &server).resolve(&all, &plan)).unwrap();
    assert_eq!(
        values(&resolution)["HOST"],
        "backend-host",
        "the deeper one wins"
    );
    let requests = server.requests();
    let paths: Vec<&str> = requests.iter().map(|request| &*request.path).collect();
    assert_eq!(paths, ["/service/secrets/tokens/", "/service/secrets/"]);
    assert_eq!(requests[0].connection, requests[1].connection);
    assert_eq!(
        requests[1].header("path"),
        None,
        "one request serves all folders"
    );
}

#[test]
fn with_a_hint_both_requests_are_made_at_the_same_time() {
    let arrived = Barrier::new(2);
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| {
        // Nobody is answered before both have asked.
        arrived.wait();
        answer(&conversation, request)
    });
    let wanted = |name: &str| name == "HOST";
    let plan = Plan {
        hint: Some(DEVELOPMENT),
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap();
    assert_eq!(values(&resolution)["HOST"], "localhost");
    assert_eq!(resolution.hint.as_deref(), Some(DEVELOPMENT));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_wrong_hint_costs_a_request_and_nothing_else() {
    let other = "427697b9-fbb5-40ab-81d6-db8738e6501d";
    for hint in [other, "gone", "no id\n"] {
        let conversation = conversation("user_v1");
        let server = Server::start(move |request| match request.header("environment") {
            Some("gone") => Reply::json(401, r#"{"error": "Environment not found"}"#),
            _ => answer(&conversation, request),
        });
        let plan = Plan {
            hint: Some(hint),
            ..lenient()
        };
        let resolution = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap();
        assert_eq!(values(&resolution)["HOST"], "localhost", "{hint}");
        assert_ne!(resolution.hint.as_deref(), Some(hint));
    }
}

#[test]
fn a_hint_is_given_where_an_answer_takes_longer_than_a_second_connection_would() {
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| {
        let reply = answer(&conversation, request);
        reply.after(Duration::from_millis(20))
    });
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &lenient())).unwrap();
    assert_eq!(resolution.hint.as_deref(), Some(DEVELOPMENT));
}

#[test]
fn without_a_lease_a_dynamic_secret_sets_nothing_and_is_told() {
    let server = server("user_v1");
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &lenient())).unwrap();
    assert!(!values(&resolution).contains_key("AWS_ACCESS_KEY_ID"));
    assert!(resolution.leases.is_empty());
    let told = resolution.notices.iter().find_map(|notice| match notice {
        Notice::Dynamic { keys, .. } => Some(keys.clone()),
        _ => None,
    });
    let keys = [
        "AWS_IAM_USERNAME",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ];
    assert_eq!(told.unwrap(), keys);
}

#[test]
fn a_lease_is_asked_for_once_and_for_the_folder_alone() {
    for kind in KINDS {
        let server = server(kind);
        let plan = Plan {
            leases: Leases::Generate {
                ttl: Some(Duration::from_secs(90)),
            },
            ..lenient()
        };
        let resolution = wait(client(kind, &server).resolve(&scope(), &plan)).unwrap();
        let values = values(&resolution);
        assert_eq!(values["AWS_IAM_USERNAME"], "u-123");
        assert_eq!(values["AWS_ACCESS_KEY_ID"], "AKIAEXAMPLE");
        assert_eq!(values["AWS_SECRET_ACCESS_KEY"], "s3cr3t/+=");
        assert_eq!(resolution.leases.len(), 1);
        assert_eq!(resolution.leases[0].id, "lease-1");
        assert_eq!(resolution.leases[0].expires, "2026-01-01T01:00:00.000000Z");
        let requests = server.requests();
        let minting: Vec<_> = requests
            .iter()
            .filter(|request| request.header("lease").is_some())
            .collect();
        assert_eq!(minting.len(), 1);
        assert_eq!(minting[0].header("path"), Some("/"));
        assert_eq!(minting[0].header("lease-ttl"), Some("90"));
    }
}

#[test]
fn nobody_is_asked_for_a_lease_of_what_is_not_wanted() {
    let server = server("user_v1");
    let wanted = |name: &str| name == "HOST";
    let plan = Plan {
        leases: Leases::Generate { ttl: None },
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap();
    assert_eq!(values(&resolution).len(), 1);
    assert!(resolution.notices.is_empty(), "{:?}", resolution.notices);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_request_that_mints_leases_is_never_repeated() {
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| {
        if request.header("lease").is_some() {
            Reply::json(503, r#"{"error": "later"}"#)
        } else {
            answer(&conversation, request)
        }
    });
    let plan = Plan {
        leases: Leases::Generate { ttl: None },
        ..lenient()
    };
    let error = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn names_are_matched_exactly_then_ignoring_case_then_by_a_unique_part() {
    let server = server("user_v1");
    let client = client("user_v1", &server);
    let resolve = |app: &str, environment: &str| {
        let scope = Scope::new(App::Name(app.into()), environment);
        wait(client.resolve(&scope, &lenient()))
    };
    assert!(
        resolve("WEB", "DEVELOPMENT")
            .unwrap()
            .notices
            .iter()
            .all(|notice| { !matches!(notice, Notice::Chosen { .. }) })
    );
    let chosen = resolve("backend", "prod").unwrap();
    let chosen = chosen
        .notices
        .iter()
        .filter(|notice| matches!(notice, Notice::Chosen { .. }));
    assert_eq!(chosen.count(), 2);
    let error = resolve("web", "qa").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert_eq!(error.advice(), Some("there are: Development, Production"));
    let error = resolve("shop", "prod").unwrap_err();
    assert_eq!(error.advice(), Some("there are: backend_api, web"));
    let by_id = Scope::new(App::Id("nope".into()), "prod");
    let error = wait(client.resolve(&by_id, &lenient())).unwrap_err();
    assert!(error.advice().unwrap().contains("(web)"), "{error:?}");
}

#[test]
fn what_the_token_reaches_is_asked_for_once_for_several_calls() {
    let server = server("user_v1");
    let client = client("user_v1", &server);
    wait(async {
        client.apps().await.unwrap();
        client.list(&scope()).await.unwrap();
        client.resolve(&scope(), &lenient()).await.unwrap();
    });
    let tokens = server.requests().into_iter();
    let tokens = tokens.filter(|request| request.path.ends_with("/tokens/"));
    assert_eq!(tokens.count(), 1);
}

/// The conversation with the rows of development changed.
fn tampered(change: impl Fn(&mut Value)) -> Server {
    let mut conversation = conversation("user_v1");
    let rows = conversation[SECRETS][DEVELOPMENT].as_array_mut().unwrap();
    rows.iter_mut().for_each(change);
    Server::start(move |request| answer(&conversation, request))
}

/// The conversation with the row `id` of development changed.
fn tampered_in(id: &str, change: impl Fn(&mut Value)) -> Server {
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
    let resolution = wait(client_of(&server).resolve(&scope, &Plan::default())).unwrap();
    assert!(values(&resolution)["URL"].starts_with("pg://localhost:5432/"));
    // The digest of HOST on the row of UNI, which is younger.
    let server = tampered(move |row| {
        honest(row);
        if row["id"] == "sec-4" {
            row["key_digest"] = digest.clone();
        }
    });
    let error = wait(client_of(&server).resolve(&scope, &Plan::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unresolved, "{error}");
    assert!(error.to_string().contains("HOST"), "{error}");
}

#[test]
fn what_lies_where_nothing_can_lie_fails_no_run_but_one_of_all_folders() {
    let server = tampered_in("sec-9", |row| row["path"] = "/a\nb".into());
    let client = client("user_v1", &server);
    assert!(wait(client.resolve(&scope(), &lenient())).is_ok());
    let all = scope().in_folders(Folders::All);
    let error = wait(client.resolve(&all, &lenient())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let server = tampered_in("sec-9", |row| row["value"] = Value::Null);
    let client = client_of(&server);
    assert!(wait(client.resolve(&scope(), &lenient())).is_ok());
    let error = wait(client.resolve(&all, &lenient())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
}

fn client_of(server: &Server) -> Client {
    client("user_v1", server)
}
