//! End to end encryption: whole conversations that the official SDK recorded,
//! for each kind of token.

use std::collections::BTreeMap;

use phase_run::{
    App, Client, Connection, Credentials, ErrorKind, Folders, Notice, PhaseApi, PhaseToken, Plan,
    Resolution, Scope,
};
use serde_json::{Value, json};

use super::wait;
use crate::support::server::{Reply, Request, Server};

pub(super) const KINDS: [&str; 3] = ["user_v1", "service_v1", "service_account_v2"];
pub(super) const SECRETS: &str =
    "GET /service/secrets/ (all paths; dynamic+lease on) by environment id";

pub(super) const DEVELOPMENT: &str = "d1161980-fcac-4572-83d4-6c315d3b2d40";

/// A conversation: what the token is, and what the server knows.
pub(super) fn conversation(kind: &str) -> Value {
    let vectors = include_str!("../fixtures/phase/vectors.json");
    let mut vectors: Value = serde_json::from_str(vectors).unwrap();
    vectors["conversations"][kind].take()
}

/// Answers as the server did; a lease is only given where one is asked for.
pub(super) fn answer(conversation: &Value, request: &Request) -> Reply {
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
        if request
            .header("path")
            .is_some_and(|path| row["path"] != path)
        {
            return false;
        }
        if dynamic {
            request.header("dynamic").is_some()
        } else {
            request
                .header("keydigest")
                .is_none_or(|digest| row["key_digest"] == digest)
        }
    });
    Reply::json(200, json!(rows).to_string())
}

pub(super) fn server(kind: &str) -> Server {
    let conversation = conversation(kind);
    Server::start(move |request| answer(&conversation, request))
}

pub(super) fn client(kind: &str, server: &Server) -> Client {
    let token = conversation(kind)["token"].as_str().unwrap().to_owned();
    Client::new(Credentials::Phase {
        api: PhaseApi::Auto,
        connection: Connection::new(server.url()),
        token: PhaseToken::parse(&token).unwrap(),
    })
    .unwrap()
}

pub(super) fn scope() -> Scope {
    Scope::new(App::Name("web".into()), "development")
}

pub(super) fn lenient() -> Plan<'static> {
    Plan {
        allow_unresolved: true,
        ..Plan::default()
    }
}

pub(super) fn values(resolution: &Resolution) -> BTreeMap<&str, &str> {
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
                assert_eq!(value.as_ref().unwrap().expose(), row["raw_value"]);
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
        // The token, its own folder, and three names that are referred to.
        assert_eq!(server.requests().len(), 5, "{kind}");
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
