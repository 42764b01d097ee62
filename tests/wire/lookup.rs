//! How apps and environments are found, and with how many requests.

use phase_run::{App, Connection, ErrorKind, Scope};

use super::{WEB, client, client_of, names, recorded, wait};
use crate::shown;
use crate::support::server::{Phase, Reply, Request, Server, Sse};

fn lab() -> Phase {
    Phase::default()
        .app("Web", Sse::On)
        .environment("Development")
        .environment("Staging")
        .secret("A", "3")
        .environment("Production")
        .secret("A", "1")
        .environment("Preprod")
        .secret("A", "2")
        .app("web-old", Sse::On)
        .environment("Development")
        .app("vault", Sse::Off)
        .environment("Development")
}

/// What each request was for: `apps`, `environments`, `secrets`.
fn resources(server: &Server) -> Vec<String> {
    let last = |request: &Request| request.path.split('/').rev().nth(1).unwrap().to_owned();
    server.requests().iter().map(last).collect()
}

#[test]
fn an_environment_is_looked_up_only_if_its_name_fails_and_case_does_not_matter() {
    let server = lab().serve();
    let client = client(&server.url());
    let value = |environment: &str| {
        let scope = Scope::new(App::Id("Web-id".into()), environment);
        wait(client.list(&scope)).map(|secrets| shown(secrets[0].value.as_ref()).to_owned())
    };
    assert_eq!(value("PRODUCTION").unwrap(), "1");
    assert_eq!(resources(&server), ["secrets"]);
    assert_eq!(value("stag").unwrap(), "3");
    assert_eq!(
        resources(&server)[1..],
        ["secrets", "environments", "secrets"]
    );
    assert_eq!(server.requests()[3].parameter("env"), Some("Staging"));
    let error = value("prod").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("Preprod, Production"), "{error}");
    let error = value("qa").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert_eq!(error.to_string(), "there is no environment \"qa\"");
    assert!(error.advice().unwrap().contains("Staging"), "{error:?}");
}

#[test]
fn an_app_by_name_is_looked_up_and_by_id_it_is_not() {
    let server = lab().serve();
    let client = client(&server.url());
    let list = |app| wait(client.list(&Scope::new(app, "staging")));
    assert_eq!(names(&list(App::Name("web".into()))), ["A"]);
    assert_eq!(resources(&server), ["apps", "secrets"]);
    assert_eq!(server.requests()[1].parameter("app_id"), Some("Web-id"));
    let error = list(App::Name("we".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let error = list(App::Name("nope".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    let error = list(App::Id("nope".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert_eq!(error.to_string(), "there is no app with the id \"nope\"");
    assert!(
        error.advice().unwrap().contains("web-old-id (web-old)"),
        "{error:?}"
    );
}

#[test]
fn an_older_service_token_cannot_look_for_an_app_and_is_told_to_give_the_id() {
    let server = lab().serve();
    let client = client_of("Service", Connection::new(server.url()));
    let scope = Scope::new(App::Name("web".into()), "staging");
    let error = wait(client.list(&scope)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.advice().unwrap().contains("--app-id"));
    assert!(server.requests().is_empty());
}

#[test]
fn apps_come_by_name_with_the_environments_that_rest_reaches() {
    let server = Server::start(|request| match request.parameter("app_id") {
        None => recorded("apps"),
        Some(WEB) => recorded("environments"),
        Some(_) => Reply::json(
            401,
            r#"{"error": "Service account cannot access this app"}"#,
        ),
    });
    let apps = wait(client(&server.url()).apps()).unwrap();
    let seen: Vec<(&str, usize)> = apps
        .iter()
        .map(|app| (app.name.as_str(), app.environments.len()))
        .collect();
    assert_eq!(seen, [("backend_api", 0), ("vault-e2ee", 0), ("web", 3)]);
    assert_eq!(apps[2].environments[0], "Development");
    assert_eq!(apps[2].id, WEB);
}
