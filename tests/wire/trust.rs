//! Certificates: which are believed, and what is said of the others.

use std::path::PathBuf;
use std::time::Duration;

use phase_run::ErrorKind::{Configuration, Unreachable};
use phase_run::{Connection, Error, Result, Secret};

use super::{all_text, client_of, recorded, scope, wait};
use crate::support::server::{Authority, Server};

fn server(authority: &Authority, name: &str) -> Server {
    Server::start_tls(authority, &[name], |_| recorded("root folder"))
}

fn list(connection: Connection) -> Result<Vec<Secret>> {
    wait(
        client_of("User", connection)
            .timeout(Duration::from_secs(30))
            .list(&scope()),
    )
}

/// The error that `connection` meets, which is no reason to try again.
fn refusal(server: &Server, connection: Connection) -> Error {
    let error = list(connection).unwrap_err();
    assert_eq!(error.kind(), Unreachable, "{error:?}");
    assert_eq!(server.connections(), 1);
    assert!(server.requests().is_empty());
    error
}

#[test]
fn an_unknown_authority_is_refused_and_the_advice_is_to_add_it() {
    let authority = Authority::new();
    let server = server(&authority, "127.0.0.1");
    let error = refusal(&server, Connection::new(server.url()));
    assert!(error.to_string().ends_with("is not accepted"), "{error}");
    assert!(error.advice().unwrap().contains("--ca-cert"), "{error:?}");
    assert!(
        error.advice().unwrap().contains("SSL_CERT_FILE"),
        "{error:?}"
    );
}

#[test]
fn another_authority_does_not_help() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = server(&authority, "127.0.0.1");
    let roots = Some(other.file().to_owned());
    refusal(
        &server,
        Connection {
            roots,
            ..Connection::new(server.url())
        },
    );
}

#[test]
fn an_added_root_and_a_replaced_bundle_are_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = server(&authority, "127.0.0.1");
    let connection = Connection::new(server.url());
    let own = Some(authority.file().to_owned());
    let foreign = Some(other.file().to_owned());
    list(Connection {
        roots: own.clone(),
        ..connection.clone()
    })
    .unwrap();
    list(Connection {
        bundle: own.clone(),
        ..connection.clone()
    })
    .unwrap();
    list(Connection {
        bundle: foreign,
        roots: own,
        ..connection
    })
    .unwrap();
}

#[test]
fn a_certificate_for_another_name_is_refused_and_the_advice_is_the_host() {
    let authority = Authority::new();
    let server = server(&authority, "phase.example");
    let roots = Some(authority.file().to_owned());
    let error = refusal(
        &server,
        Connection {
            roots,
            ..Connection::new(server.url())
        },
    );
    assert!(error.advice().unwrap().contains("--host"), "{error:?}");
}

#[test]
fn an_expired_certificate_is_refused_and_the_advice_is_the_clock() {
    let authority = Authority::new().of_the_past();
    let server = server(&authority, "127.0.0.1");
    let roots = Some(authority.file().to_owned());
    let error = refusal(
        &server,
        Connection {
            roots,
            ..Connection::new(server.url())
        },
    );
    assert!(error.advice().unwrap().contains("clock"), "{error:?}");
}

#[test]
fn without_verification_any_certificate_will_do() {
    let authority = Authority::new().of_the_past();
    let server = server(&authority, "phase.example");
    list(Connection {
        verify: false,
        ..Connection::new(server.url())
    })
    .unwrap();
}

#[test]
fn a_file_without_certificates_is_a_configuration_error_that_names_it() {
    let authority = Authority::new();
    let server = server(&authority, "127.0.0.1");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let good = std::fs::read_to_string(authority.file()).unwrap();
    let noise = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for path in [
        file("empty.pem", ""),
        file("text.pem", "not a certificate\n"),
        file("noise.pem", noise),
        file("begun.pem", "-----BEGIN hunter2"),
        file("cut.pem", &format!("{good}{}", &good[..good.len() / 2])),
        folder.path().join("absent.pem"),
        folder.path().to_owned(),
    ] {
        let connection = Connection::new(server.url());
        let given = Some(path.clone());
        for connection in [
            Connection {
                bundle: given.clone(),
                ..connection.clone()
            },
            Connection {
                roots: given,
                ..connection
            },
        ] {
            let error = list(connection).unwrap_err();
            assert_eq!(error.kind(), Configuration, "{error:?}");
            // As text or as a list of bytes.
            let text = all_text(&error);
            assert!(
                !text.contains("hunter2") && !text.contains("104, 117"),
                "{text}"
            );
            assert!(
                error.to_string().contains(path.to_str().unwrap()),
                "{error}"
            );
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn certificates_are_not_read_for_plain_http() {
    let server = Server::always(recorded("none"));
    let roots = Some(PathBuf::from("/nonexistent/roots.pem"));
    list(Connection {
        roots,
        ..Connection::new(server.url())
    })
    .unwrap();
}

#[test]
fn https_to_a_port_that_speaks_http_says_so() {
    let server = Server::always(recorded("none"));
    let error = list(Connection::new(server.url().replace("http:", "https:"))).unwrap_err();
    assert_eq!(error.kind(), Unreachable, "{error:?}");
}
