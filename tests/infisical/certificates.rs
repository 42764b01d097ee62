//! Certificates of clients: which are shown, and to whom.

use std::fs;
use std::path::PathBuf;

use phase_run::ErrorKind::{Configuration, Unreachable};
use phase_run::{
    App, Client, ClientCertificate, Connection, Credentials, IdentityProof, InfisicalLogin, Result,
    Scope, Secret,
};
use tempfile::TempDir;

use super::{demo, wait};
use crate::support::server::infisical::{IDENTITY, Identity};
use crate::support::server::{Authority, Infisical, Server};

/// A server that lets in whoever has a certificate of its authority.
struct Door {
    authority: Authority,
    folder: TempDir,
    infisical: Infisical,
    server: Server,
}

impl Door {
    fn new() -> Self {
        let authority = Authority::new();
        let infisical = demo().identity(Identity::TlsCertificate);
        let whole = infisical.clone();
        let server = Server::start_for_clients_of(&authority, &["127.0.0.1"], move |request| {
            whole.answer(request)
        });
        Self {
            authority,
            folder: tempfile::tempdir().unwrap(),
            infisical,
            server,
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The files of a certificate that `authority` gave.
    fn certificate(&self, authority: &Authority) -> ClientCertificate {
        let (certificate, key) = authority.client();
        ClientCertificate {
            certificates: self.file("certificate.pem", &certificate),
            key: self.file("key.pem", &key),
        }
    }

    fn list(&self, certificate: Option<ClientCertificate>) -> Result<Vec<Secret>> {
        let client = Client::new(Credentials::Infisical {
            connection: Connection {
                certificate,
                roots: Some(self.authority.file().to_owned()),
                ..Connection::new(self.server.url())
            },
            login: InfisicalLogin::Identity {
                id: IDENTITY.into(),
                proof: IdentityProof::TlsCertificate,
            },
            organisation: None,
        });
        let app = App::Id(self.infisical.project_id("demo"));
        wait(client.unwrap().list(&Scope::new(app, "dev")))
    }
}

#[test]
fn a_certificate_of_the_right_authority_is_the_whole_login() {
    let door = Door::new();
    let certificate = door.certificate(&door.authority);
    assert!(door.list(Some(certificate)).unwrap().is_empty());
    assert_eq!(door.server.requests().len(), 2);
    assert_eq!(door.server.connections(), 1);
}

#[test]
fn without_one_nothing_is_asked_and_the_flags_are_named() {
    let door = Door::new();
    let error = door.list(None).unwrap_err();
    assert_eq!(error.kind(), Configuration);
    assert!(error.advice().unwrap().contains("--client-cert"));
    assert_eq!(door.server.connections(), 0);
}

#[test]
fn one_of_another_authority_is_refused_when_connecting() {
    let door = Door::new();
    let certificate = door.certificate(&Authority::new());
    let error = door.list(Some(certificate)).unwrap_err();
    assert_eq!(error.kind(), Unreachable, "{error:?}");
    assert!(door.server.requests().is_empty());
}

#[test]
fn files_that_are_none_are_named_and_not_shown() {
    let door = Door::new();
    let good = door.certificate(&door.authority);
    let none = door.file("none.pem", "hunter2");
    let begun = door.file("begun.pem", "-----BEGIN hunter2");
    let noise = "-----BEGIN CERTIFICATE-----\nhunter2!\n-----END CERTIFICATE-----\n";
    let broken = door.file("broken.pem", noise);
    for (certificates, key, named) in [
        (&begun, &good.key, &begun),
        (&broken, &good.key, &broken),
        (&good.certificates, &begun, &begun),
        (&none, &good.key, &none),
        (&good.certificates, &none, &none),
        (
            &good.certificates,
            &door.folder.path().join("absent"),
            &door.folder.path().join("absent"),
        ),
    ] {
        let (certificates, key) = (certificates.clone(), key.clone());
        let error = door
            .list(Some(ClientCertificate { certificates, key }))
            .unwrap_err();
        assert_eq!(error.kind(), Configuration);
        let text = format!("{error} {error:?}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        // Not even as numbers.
        assert!(!cause.contains(char::is_numeric), "{cause}");
        assert!(text.contains(named.to_str().unwrap()), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let (_, other) = door.authority.client();
    let key = door.file("other.pem", &other);
    let error = door
        .list(Some(ClientCertificate { key, ..good }))
        .unwrap_err();
    assert!(
        error.to_string().contains("cannot be used with the key"),
        "{error}"
    );
}
