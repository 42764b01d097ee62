//! AWS's default chain: which source counts, and what is said if none does.

use phase_run::ErrorKind::{Configuration, Credentials};

use super::{FUTURE, Machine, document, says};
use crate::support::server::{Reply, Request, Server};

const STS: &str = "<X><Credentials><AccessKeyId>WEB</AccessKeyId><SecretAccessKey>hunter2\
    </SecretAccessKey><SessionToken>hunter2</SessionToken><Expiration>2999-01-01T00:00:00Z\
    </Expiration></Credentials></X>";

/// Every service of AWS at once: STS, a container's and an instance's metadata.
fn cloud(request: &Request) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") => Reply::typed(200, "text/xml", STS),
        ("PUT", "/latest/api/token") => Reply::typed(200, "text/plain", "session"),
        (_, "/task") => Reply::json(200, document("CONTAINER", FUTURE)),
        (_, "/latest/meta-data/iam/security-credentials/") => {
            Reply::typed(200, "text/plain", "web\n")
        }
        (_, "/latest/meta-data/iam/security-credentials/web") => {
            Reply::typed(200, "text/plain", document("INSTANCE", FUTURE))
        }
        _ => Reply::typed(404, "text/plain", ""),
    }
}

#[test]
fn the_sources_count_in_awss_order() {
    let cloud = Server::start(cloud);
    let id = |machine: &Machine| machine.proves().signer().0.to_owned();

    let machine = Machine::new().set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &cloud.url());
    assert_eq!(id(&machine), "INSTANCE");
    let task = format!("{}/task", cloud.url());
    let machine = machine.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &task);
    assert_eq!(id(&machine), "CONTAINER");
    let machine = machine
        .set("AWS_ENDPOINT_URL_STS", &cloud.url())
        .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/web")
        .set_file("AWS_WEB_IDENTITY_TOKEN_FILE", "token", "eyJ0.a.b");
    assert_eq!(id(&machine), "WEB");
    let machine = machine.file(
        ".aws/credentials",
        "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = hunter2\n",
    );
    assert_eq!(id(&machine), "PROFILE");
    let asked = cloud.requests().len();
    let machine = machine
        .set("AWS_ACCESS_KEY_ID", "ENVIRONMENT")
        .set("AWS_SECRET_ACCESS_KEY", "hunter2");
    assert_eq!(id(&machine), "ENVIRONMENT");
    assert_eq!(cloud.requests().len(), asked, "nobody else was asked");
}

#[test]
fn without_credentials_the_error_lists_what_was_tried() {
    let error = Machine::new().fails();
    assert_eq!(error.kind(), Credentials);
    assert_eq!(error.to_string(), "this machine has no AWS credentials");
    says(
        &error,
        &[
            "tried: environment (AWS_ACCESS_KEY_ID is not set), profile default (not in ",
            ".aws/config and ",
            ".aws/credentials), web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set), container (",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI are not set), instance (cannot \
             reach 127.0.0.1:",
            "connection refused",
        ],
    );
}

#[test]
fn half_of_a_pair_is_an_error_and_not_the_next_source() {
    let cloud = Server::start(cloud);
    let machine = || Machine::new().set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &cloud.url());
    for (name, other) in [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ] {
        let error = machine().set(name, "hunter2").fails();
        assert_eq!(error.kind(), Credentials);
        says(&error, &[&format!("{name} is set, and {other} is not")]);
    }
    let error = machine()
        .set_file("AWS_WEB_IDENTITY_TOKEN_FILE", "token", "eyJ0.a.b")
        .fails();
    says(
        &error,
        &["AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not"],
    );
    assert!(cloud.requests().is_empty());
}

#[test]
fn a_role_without_a_token_file_is_not_a_web_identity() {
    let error = Machine::new()
        .set("AWS_ROLE_ARN", "arn:aws:iam::1:role/web")
        .fails();
    says(
        &error,
        &["web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set)"],
    );
}

#[test]
fn a_container_shows_the_token_that_it_was_given() {
    let cloud = Server::start(cloud);
    let machine = Machine::new().set(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        &format!("{}/task?a=b%20c", cloud.url()),
    );
    let proof = machine.proves();
    assert_eq!(proof.signer().0, "CONTAINER");
    assert_eq!(proof.session(), Some("hunter2 of CONTAINER"));
    let machine = machine.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic hunter2");
    machine.proves();
    let machine = machine.set_file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token", "eyJ0\n");
    machine.proves();

    let requests = cloud.requests();
    let shown: Vec<_> = requests
        .iter()
        .map(|one| one.header("authorization"))
        .collect();
    assert_eq!(shown, [None, Some("Basic hunter2"), Some("eyJ0")]);
    assert_eq!(requests[0].parameter("a"), Some("b c"));
}

#[test]
fn a_containers_service_that_is_set_up_must_answer() {
    for (reply, parts) in [
        (
            Reply::json(403, r#"{"message": "hunter2"}"#),
            &["status 403", "role of the task"][..],
        ),
        (
            Reply::json(200, document("A", super::PAST)),
            &["expired at 2020-01-01"],
        ),
        (
            Reply::json(200, document("A", "hunter2")),
            &["no usable time"],
        ),
        (
            Reply::json(200, "{\"AccessKeyId\": \"hunter2\"}"),
            &["SecretAccessKey"],
        ),
        (
            Reply::json(200, "{"),
            &["gives no credentials", "ends in the middle"],
        ),
        (Reply::reset(), &["gives no credentials", "broke"]),
    ] {
        let cloud = Server::always(reply);
        let error = Machine::new()
            .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &cloud.url())
            .fails();
        says(&error, parts);
        says(&error, &["the container's metadata service"]);
    }
    let error = Machine::new()
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")
        .set(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "/nonexistent/token",
        )
        .fails();
    says(
        &error,
        &["no token from /nonexistent/token", "no such file"],
    );
}

#[test]
fn a_container_asks_nobody_else_without_tls() {
    for url in [
        "http://example.com/",
        "http://169.254.170.2.example.com/",
        "http://169.254.170.2@example.com/",
        "ftp://127.0.0.1/",
    ] {
        let error = Machine::new()
            .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
            .fails();
        assert_eq!(error.kind(), Configuration, "{url}");
        says(
            &error,
            &["AWS_CONTAINER_CREDENTIALS_FULL_URI cannot be used"],
        );
    }
    let error = Machine::new()
        .set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "example.com")
        .fails();
    assert_eq!(error.kind(), Configuration);
}

#[test]
fn an_address_that_is_no_url_is_an_error_that_names_the_variable() {
    let name = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    let error = Machine::new().set(name, "169.254.169.254").fails();
    assert_eq!(error.kind(), Configuration);
    says(
        &error,
        &[
            "AWS_EC2_METADATA_SERVICE_ENDPOINT cannot be used",
            "not a URL",
        ],
    );
}
