//! Servers whose certificate is signed by its own key alone, as curl believes them.

use std::fs;
use std::time::Duration;

use phase_run::ErrorKind::Unreachable;
use phase_run::{Connection, Error, Result, Secret};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::version::{TLS12, TLS13};

use super::{all_text, client_of, recorded, scope, wait};
use crate::support::needs;
use crate::support::server::{SelfSigned, Server};

const HERE: &str = "127.0.0.1";

/// The three things that a certificate may say about its being an authority's.
fn kinds() -> [IsCa; 3] {
    [
        IsCa::NoCa,
        IsCa::ExplicitNoCa,
        IsCa::Ca(BasicConstraints::Unconstrained),
    ]
}

fn subject(params: &mut CertificateParams, name: &str) {
    params.distinguished_name.push(DnType::CommonName, name);
}

fn server(shown: &SelfSigned) -> Server {
    Server::start_showing(shown, shown, &TLS13, |_| recorded("root folder"))
}

/// What comes of asking `server`, with the certificate of `listed` given.
fn list(server: &Server, listed: &SelfSigned) -> Result<Vec<Secret>> {
    ask(Connection {
        roots: Some(listed.file().to_owned()),
        ..Connection::new(server.url())
    })
}

fn ask(connection: Connection) -> Result<Vec<Secret>> {
    let client = client_of("User", connection).timeout(Duration::from_secs(30));
    wait(client.list(&scope()))
}

/// The error that it comes to, for which one attempt is enough.
fn refusal(server: &Server, listed: &SelfSigned) -> Error {
    let error = list(server, listed).unwrap_err();
    assert_eq!(error.kind(), Unreachable, "{error:?}");
    assert_eq!(server.connections(), 1);
    assert!(server.requests().is_empty());
    error
}

#[test]
fn what_openssl_makes_is_believed_as_it_is() {
    if !needs::are_there(&["openssl"]) {
        return;
    }
    for arguments in [
        // As the official recipe has it: no more than a common name.
        &[
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:secp384r1",
            "-subj",
            "/C=SG/CN=127.0.0.1",
        ][..],
        &[
            "-newkey",
            "rsa:2048",
            "-subj",
            "/CN=phase",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ],
        &[
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-subj",
            "/CN=phase",
            "-addext",
            "subjectAltName=DNS:phase,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ],
    ] {
        let own = SelfSigned::by_openssl(arguments, None);
        let server = server(&own);
        let error = ask(Connection::new(server.url())).unwrap_err();
        assert!(error.advice().unwrap().contains("--ca-cert"), "{error:?}");
        list(&server, &own).unwrap_or_else(|error| panic!("{arguments:?}: {error:?}"));
    }
}

#[test]
fn an_authority_or_not_it_is_believed_wherever_it_was_given_and_nowhere_else() {
    for kind in kinds() {
        let own = SelfSigned::new(&[HERE], |params| params.is_ca = kind);
        let server = server(&own);
        let connection = Connection::new(server.url());
        ask(connection.clone()).unwrap_err();
        let given = Some(own.file().to_owned());
        let text = fs::read_to_string(own.file()).unwrap();
        for connection in [
            Connection {
                roots: given.clone(),
                ..connection.clone()
            },
            Connection {
                bundle: given.clone(),
                ..connection.clone()
            },
            Connection {
                roots_text: Some(text),
                ..connection
            },
        ] {
            ask(connection).unwrap();
        }
    }
}

#[test]
fn a_name_is_looked_for_in_the_common_name_where_there_is_no_other_alone() {
    let own = SelfSigned::new(&[], |params| subject(params, HERE));
    list(&server(&own), &own).unwrap();
    let own = SelfSigned::new(&[], |params| subject(params, "phase.example"));
    let error = refusal(&server(&own), &own);
    assert!(error.advice().unwrap().contains("--host"), "{error:?}");
    assert!(all_text(&error).contains("phase.example"), "{error:?}");
    let own = SelfSigned::new(&["phase.example"], |params| subject(params, HERE));
    let error = refusal(&server(&own), &own);
    assert!(error.advice().unwrap().contains("--host"), "{error:?}");
}

#[test]
fn another_name_is_refused_whatever_the_kind() {
    for kind in kinds() {
        let own = SelfSigned::new(&["phase.example", "127.0.0.2"], |params| {
            params.is_ca = kind;
        });
        let error = refusal(&server(&own), &own);
        assert!(error.advice().unwrap().contains("--host"), "{error:?}");
    }
}

#[test]
fn what_has_expired_or_does_not_count_yet_is_refused_whatever_the_kind() {
    for (from, to) in [(2001, 2002), (3001, 3002)] {
        for kind in kinds() {
            let own = SelfSigned::new(&[HERE], |params| {
                params.is_ca = kind;
                params.not_before = date_time_ymd(from, 1, 1);
                params.not_after = date_time_ymd(to, 1, 1);
            });
            let error = refusal(&server(&own), &own);
            assert!(error.advice().unwrap().contains("clock"), "{error:?}");
        }
    }
}

#[test]
fn the_same_subject_with_another_key_is_somebody_else() {
    for kind in kinds() {
        let make = |params: &mut CertificateParams| {
            params.is_ca = kind;
            params.serial_number = Some(7.into());
            subject(params, "phase");
        };
        let (own, other) = (
            SelfSigned::new(&[HERE], make),
            SelfSigned::new(&[HERE], make),
        );
        refusal(&server(&other), &own);
    }
}

#[test]
fn an_authority_with_the_same_key_subject_and_serial_is_another_certificate() {
    let key = KeyPair::generate().unwrap();
    let make = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.serial_number = Some(7.into());
        subject(params, "phase");
    };
    let own = SelfSigned::with(&key, &[HERE], make);
    let other = SelfSigned::with(&key, &[HERE, "localhost"], make);
    assert_ne!(own.der(), other.der());
    let error = refusal(&server(&other), &own);
    let told = "it is an authority's, and the server shows it as its own";
    assert!(all_text(&error).contains(told), "{error:?}");
    assert!(!all_text(&error).contains("CaUsed"), "{error:?}");
    assert!(error.advice().unwrap().contains("--ca-cert"), "{error:?}");
}

#[test]
fn who_shows_a_listed_certificate_must_hold_its_key() {
    for version in [&TLS12, &TLS13] {
        for kind in kinds() {
            let own = SelfSigned::new(&[HERE], |params| params.is_ca = kind);
            let right = Server::start_showing(&own, &own, version, |_| recorded("root folder"));
            list(&right, &own).unwrap();
            let thief = SelfSigned::new(&[HERE], |params| params.is_ca = kind);
            let wrong = Server::start_showing(&own, &thief, version, |_| recorded("root folder"));
            let error = refusal(&wrong, &own);
            assert!(all_text(&error).contains("not hold its key"), "{error:?}");
        }
    }
}

#[test]
fn a_common_name_of_a_certificate_that_is_not_listed_counts_for_nothing() {
    let key = KeyPair::generate().unwrap();
    let authority = SelfSigned::with(&key, &[], |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        subject(params, HERE);
    });
    // Signed by the authority's key, and in its name, but no authority itself.
    let leaf = SelfSigned::with(&key, &[], |params| subject(params, HERE));
    let error = refusal(&server(&leaf), &authority);
    assert!(all_text(&error).contains("subjectAltName"), "{error:?}");
}

#[test]
fn a_certificate_of_version_1_is_refused_and_the_advice_is_to_make_another() {
    if !needs::are_there(&["openssl"]) {
        return;
    }
    let arguments = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-subj",
        "/CN=127.0.0.1",
    ];
    let settings = "[req]\ndistinguished_name = dn\n[dn]\n";
    let own = SelfSigned::by_openssl(&arguments, Some(settings));
    // A later openssl makes version 3 of the same.
    let is_first = own.der()[..16]
        .windows(5)
        .all(|bytes| bytes != [0xa0, 3, 2, 1, 2]);
    if !is_first {
        list(&server(&own), &own).unwrap();
        return;
    }
    let error = refusal(&server(&own), &own);
    assert!(all_text(&error).contains("version 1"), "{error:?}");
    assert!(error.advice().unwrap().contains("version 3"), "{error:?}");
}
