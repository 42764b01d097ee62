//! Azure: client secret, workload identity, managed identity.

use phase_run::ErrorKind::{Configuration, Credentials, Protocol, Throttled, Unreachable};
use phase_run::{Error, MachineIdentity};

use super::{Machine, assert_fields, busy, decoded, failure, fields, login, phase, says};
use crate::support::server::{Reply, Server};

const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

/// A service that gives the token `eyJ0.<name>`.
fn gives(name: &str) -> Server {
    let body = format!(r#"{{"access_token": "eyJ0.{name}", "expires_in": "3599"}}"#);
    Server::always(Reply::json(200, body))
}

/// An application whose tokens come from `entra`.
fn application(entra: &Server) -> Machine {
    Machine::new()
        .set("AZURE_AUTHORITY_HOST", &entra.url())
        .set("AZURE_TENANT_ID", TENANT)
        .set("AZURE_CLIENT_ID", CLIENT)
}

/// The token that a Phase server is shown.
fn shown(machine: &Machine) -> String {
    let phase = phase();
    login(&phase, &machine.azure()).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&phase.requests()[0].body).unwrap();
    decoded(body["azureEntra"]["jwt"].as_str().unwrap())
}

fn fails(machine: &Machine) -> Error {
    failure(&machine.azure())
}

#[test]
fn an_application_gets_its_token_for_its_secret() {
    let entra = gives("secret");
    let machine = application(&entra).set("AZURE_CLIENT_SECRET", "hunter2~&");
    assert_eq!(shown(&machine), "eyJ0.secret");
    let request = &entra.requests()[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let expected = [
        ("client_id", CLIENT),
        ("client_secret", "hunter2~&"),
        ("grant_type", "client_credentials"),
        ("scope", "https://management.azure.com/.default"),
    ];
    assert_fields(request, &expected);
}

#[test]
fn a_workload_gets_its_token_for_the_one_in_its_file() {
    let entra = gives("workload");
    let machine = application(&entra).set_file("AZURE_FEDERATED_TOKEN_FILE", "token", "eyJ0.k8s\n");
    assert_eq!(shown(&machine), "eyJ0.workload");
    let fields = fields(&entra.requests()[0]);
    assert_eq!(fields["client_assertion"], "eyJ0.k8s");
    assert_eq!(
        fields["client_assertion_type"],
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert!(!fields.contains_key("client_secret"));
}

#[test]
fn app_service_gives_a_token_for_the_header_that_it_set() {
    let service = gives("service");
    let machine = Machine::new()
        .set("IDENTITY_ENDPOINT", &format!("{}/msi/token", service.url()))
        .set("IDENTITY_HEADER", "hunter2");
    assert_eq!(shown(&machine), "eyJ0.service");
    let request = &service.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("GET", "/msi/token")
    );
    assert_eq!(request.header("x-identity-header"), Some("hunter2"));
    assert_eq!(request.parameter("api-version"), Some("2019-08-01"));
    assert_eq!(
        request.parameter("resource"),
        Some("https://management.azure.com")
    );
    assert_eq!(request.parameter("client_id"), None);
}

#[test]
fn an_instance_gets_a_token_of_the_identity_that_is_named() {
    let cloud = gives("instance");
    let machine = Machine::new()
        .set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url())
        .set("AZURE_CLIENT_ID", CLIENT);
    assert_eq!(shown(&machine), "eyJ0.instance");
    let request = &cloud.requests()[0];
    assert_eq!(request.path, "/metadata/identity/oauth2/token");
    assert_eq!(request.header("metadata"), Some("true"));
    assert_eq!(request.parameter("api-version"), Some("2018-02-01"));
    assert_eq!(
        request.parameter("resource"),
        Some("https://management.azure.com")
    );
    assert_eq!(request.parameter("client_id"), Some(CLIENT));
}

#[test]
fn the_resource_may_be_another() {
    let (entra, phase) = (gives("secret"), phase());
    let machine = application(&entra).set("AZURE_CLIENT_SECRET", "hunter2");
    let identity = MachineIdentity::Azure {
        resource: "api://phase/".into(),
        env: machine.env(),
    };
    login(&phase, &identity).unwrap();
    assert_eq!(
        fields(&entra.requests()[0])["scope"],
        "api://phase/.default"
    );
}

#[test]
fn the_sources_count_in_azures_order() {
    let (entra, service, instance) = (gives("entra"), gives("service"), gives("instance"));
    let machine = Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &instance.url());
    assert_eq!(shown(&machine), "eyJ0.instance");
    let machine = machine
        .set("IDENTITY_ENDPOINT", &service.url())
        .set("IDENTITY_HEADER", "hunter2");
    assert_eq!(shown(&machine), "eyJ0.service");
    let machine = machine
        .set("AZURE_AUTHORITY_HOST", &entra.url())
        .set("AZURE_TENANT_ID", TENANT)
        .set("AZURE_CLIENT_ID", CLIENT)
        .set_file("AZURE_FEDERATED_TOKEN_FILE", "token", "eyJ0.k8s");
    assert_eq!(shown(&machine), "eyJ0.entra");
    shown(&machine.set("AZURE_CLIENT_SECRET", "hunter2"));
    assert!(fields(&entra.requests()[1]).contains_key("client_secret"));
}

#[test]
fn without_an_identity_the_error_lists_what_was_tried() {
    let error = fails(&Machine::new());
    assert_eq!(error.kind(), Credentials);
    assert_eq!(error.to_string(), "this machine has no Azure identity");
    says(
        &error,
        &[
            "tried: client secret (AZURE_CLIENT_SECRET is not set), workload identity \
             (AZURE_FEDERATED_TOKEN_FILE is not set), App Service (IDENTITY_ENDPOINT is not set), \
             instance (cannot reach 127.0.0.1:",
        ],
    );
    let body = r#"{"error": "invalid_request", "error_description": "Identity not found"}"#;
    let cloud = Server::always(Reply::json(400, body));
    let error = fails(&Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url()));
    says(
        &error,
        &["instance (the instance's metadata service said \"Identity not found\")"],
    );
    let cloud = Server::always(Reply::typed(404, "text/html", "<h1>hunter2</h1>"));
    let error = fails(&Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url()));
    says(&error, &["answered with status 404"]);
}

#[test]
fn what_is_set_up_by_half_is_an_error_and_not_the_next_source() {
    let entra = gives("entra");
    let secret = || Machine::new().set("AZURE_CLIENT_SECRET", "hunter2");
    let error = fails(&secret());
    says(
        &error,
        &["AZURE_CLIENT_SECRET is set, and AZURE_TENANT_ID is not"],
    );
    let error = fails(&secret().set("AZURE_TENANT_ID", TENANT));
    says(
        &error,
        &["AZURE_CLIENT_SECRET is set, and AZURE_CLIENT_ID is not"],
    );
    let error = fails(&application(&entra).set("AZURE_FEDERATED_TOKEN_FILE", "/nonexistent/token"));
    says(&error, &["no token from /nonexistent/token"]);
    let error = fails(&application(&entra).set("AZURE_CLIENT_CERTIFICATE_PATH", "/cert.pem"));
    assert_eq!(error.kind(), Configuration);
    says(&error, &["certificates are not supported"]);
    assert!(entra.requests().is_empty());
}

#[test]
fn a_tenant_and_an_authority_are_what_they_should_be() {
    let entra = gives("entra");
    let machine = || application(&entra).set("AZURE_CLIENT_SECRET", "hunter2");
    let error = fails(&machine().set("AZURE_TENANT_ID", "a/../b"));
    assert_eq!(error.kind(), Configuration);
    says(&error, &["AZURE_TENANT_ID"]);
    let error = fails(&machine().set("AZURE_AUTHORITY_HOST", "http://login.example.com"));
    assert_eq!(error.kind(), Configuration);
    says(&error, &["AZURE_AUTHORITY_HOST", "https://"]);
}

#[test]
fn a_refusal_of_entra_is_told_without_the_secret() {
    let body = r#"{"error": "invalid_client", "error_description":
        "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"}"#;
    for (reply, kind, parts) in [
        (
            Reply::json(401, body),
            Credentials,
            &["AADSTS7000215", "AZURE_CLIENT_SECRET"][..],
        ),
        (
            Reply::json(400, r#"{"error": "no hunter2"}"#),
            Credentials,
            &["status 400"],
        ),
        (Reply::json(200, "{}"), Protocol, &["no usable token"]),
        (
            Reply::json(200, r#"{"access_token": ""}"#),
            Protocol,
            &["it is empty"],
        ),
    ] {
        let entra = Server::always(reply);
        let error = fails(&application(&entra).set("AZURE_CLIENT_SECRET", "hunter2"));
        assert_eq!(error.kind(), kind);
        says(&error, parts);
        assert!(!all(&error).contains("Trace ID"));
    }
}

fn all(error: &Error) -> String {
    super::all_text(error)
}

#[test]
fn a_managed_identity_that_is_set_up_must_answer() {
    let body = r#"{"statusCode": 400, "message": "hunter2"}"#;
    let service = Server::always(Reply::json(400, body));
    let machine = |url: &str| {
        Machine::new()
            .set("IDENTITY_ENDPOINT", url)
            .set("IDENTITY_HEADER", "hunter2")
    };
    let error = fails(&machine(&service.url()));
    assert_eq!(error.kind(), Credentials);
    says(
        &error,
        &["App Service gives no token (status 400)", "AZURE_CLIENT_ID"],
    );
    let error = fails(&machine("http://127.0.0.1:1/msi/token"));
    assert_eq!(error.kind(), Unreachable);
    says(
        &error,
        &["App Service gives no token", "connection refused"],
    );
    let cloud = Server::always(Reply::json(410, ""));
    let error = fails(&Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url()));
    assert_eq!(error.kind(), Unreachable);
    says(&error, &["status 410", "in a minute"]);
    let cloud = Server::always(busy());
    let error = fails(&Machine::new().set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &cloud.url()));
    assert_eq!(error.kind(), Throttled);
    says(&error, &["metadata service gives no token"]);
}
