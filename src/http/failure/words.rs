//! What is wrong with a certificate, or with TLS, in words: the library that finds it out
//! tells it as its own code names it.

use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_seconds;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription as Alert, CertificateError, InconsistentKeys, InvalidMessage};

/// What is wrong, and what to do about it.
pub(in crate::http) struct Words {
    pub(in crate::http) why: String,
    pub(in crate::http) help: &'static str,
}

/// The most names of a certificate that are told.
const MOST_NAMES: usize = 5;

const ADD: &str = "add the server's root certificate, or its own if it is self-signed, with --ca-cert FILE or PHASE_RUN_CA_CERT; SSL_CERT_FILE replaces the system's";
const ANOTHER: &str = "the server needs another certificate; --ca-cert FILE with exactly this one in it trusts it as it is";
const NO_NAME: &str = "it has no subjectAltName: make one that names the server there; a common name counts only in a certificate that --ca-cert FILE holds itself";
const OTHER_NAME: &str = "the certificate is for another name: check --host";
const OURS: &str = "check --client-cert and --client-key: the server says who may have signed it";
const PROTOCOL: &str =
    "the server must speak TLS 1.2 or 1.3; something between here and there may interfere";
const TIME: &str = "renew the certificate, or set this machine's clock";
const VERSIONS: &str = "the server must speak TLS 1.2 or 1.3, with a cipher of today";

impl Words {
    fn new(why: impl Into<String>, help: &'static str) -> Self {
        Self {
            why: why.into(),
            help,
        }
    }

    /// Of a certificate that is not accepted.
    pub(in crate::http) fn of_certificate(error: &CertificateError) -> Self {
        use CertificateError as E;
        match error {
            E::ExpiredContext { not_after, .. } => {
                Self::new(format!("it was good until {}", date(*not_after)), TIME)
            }
            E::Expired => Self::new("it has expired", TIME),
            E::NotValidYetContext { not_before, .. } => {
                Self::new(format!("it is good from {} on", date(*not_before)), TIME)
            }
            E::NotValidYet => Self::new("it is not good yet", TIME),
            E::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                Self::new("it names no server", NO_NAME)
            }
            E::NotValidForNameContext {
                expected,
                presented,
            } => {
                let why = format!(
                    "it is for {}, not for {}",
                    names(presented),
                    expected.to_str()
                );
                Self::new(why, OTHER_NAME)
            }
            E::NotValidForName => Self::new("it is for another name", OTHER_NAME),
            E::UnknownIssuer => {
                Self::new("no root certificate that is trusted vouches for it", ADD)
            }
            E::BadSignature => Self::new(
                "its issuer has not signed it, or the server does not hold its key",
                ADD,
            ),
            E::BadEncoding => Self::new("it is not written as a certificate is", ANOTHER),
            E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
                Self::new("it is not meant for servers (extendedKeyUsage)", ANOTHER)
            }
            E::Revoked => Self::new("it was revoked", "the server needs another certificate"),
            E::UnhandledCriticalExtension => Self::new(
                "it has a critical extension that is not known here",
                ANOTHER,
            ),
            E::UnsupportedSignatureAlgorithmContext { .. }
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                let why = "it or its issuer is signed in a way that is not safe, or not known here";
                Self::new(why, ANOTHER)
            }
            E::Other(other) => of_other(&other.to_string()),
            _ => Self::new("it cannot be checked", ANOTHER),
        }
    }

    /// Of a connection that TLS could not be agreed on for.
    pub(in crate::http) fn of_tls(error: &rustls::Error) -> Self {
        use rustls::Error as E;
        match error {
            E::InvalidCertificate(error) => Self::of_certificate(error),
            E::AlertReceived(alert) => of_alert(*alert),
            E::InvalidMessage(InvalidMessage::InvalidContentType) => Self::new(
                "its answer is no TLS",
                "check the port, and whether --host should begin with http://",
            ),
            E::NoCertificatesPresented => Self::new("it shows no certificate", PROTOCOL),
            E::PeerIncompatible(_) => {
                Self::new("it offers nothing of TLS that is known here", VERSIONS)
            }
            E::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                Self::new("the key belongs to another certificate", OURS)
            }
            E::FailedToGetCurrentTime | E::FailedToGetRandomBytes | E::General(_) => {
                Self::new("something is missing on this machine", PROTOCOL)
            }
            _ => Self::new("it breaks the rules of TLS", PROTOCOL),
        }
    }
}

/// Of what the checker of certificates says in a word of its own, `name`.
fn of_other(name: &str) -> Words {
    let chain = "ask who runs the server for a chain of certificates that is whole and right";
    match name {
        "CaUsedAsEndEntity" => Words::new(
            "it is an authority's, and the server shows it as its own",
            "if it is the server's own, name a file with exactly this certificate in it by --ca-cert or PHASE_RUN_CA_CERT; else the server needs one that is no authority's (CA:FALSE)",
        ),
        "CertDistrusted" => Words::new("its key is known as one not to trust", ANOTHER),
        "EndEntityUsedAsCa" => Words::new("it was signed by one that is no authority's", chain),
        "NameConstraintViolation" => Words::new(
            "an authority signed it that may not vouch for this name",
            chain,
        ),
        "PathLenConstraintViolated" => Words::new(
            "more authorities stand between than the first one allows",
            chain,
        ),
        "UnsupportedCertVersion" => Words::new(
            "it is of X.509 version 1, or of one that is not known",
            "make one of version 3, with a subjectAltName that names the server",
        ),
        name if name.starts_with("Maximum") => {
            Words::new("it takes too much work to check who vouches for it", chain)
        }
        _ => Words::new(
            "it or one that vouches for it is not made by the rules (RFC 5280)",
            ANOTHER,
        ),
    }
}

/// Of what the server says when it ends the connection.
fn of_alert(alert: Alert) -> Words {
    match alert {
        Alert::CertificateRequired | Alert::NoCertificate => Words::new(
            "it wants a certificate of a client",
            "give one with --client-cert FILE and --client-key FILE",
        ),
        Alert::AccessDenied
        | Alert::BadCertificate
        | Alert::CertificateExpired
        | Alert::CertificateRevoked
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::UnsupportedCertificate => {
            Words::new("it does not accept the client's certificate", OURS)
        }
        Alert::HandshakeFailure | Alert::InsufficientSecurity | Alert::ProtocolVersion => {
            Words::new("it knows nothing of TLS that is offered", VERSIONS)
        }
        Alert::UnrecognisedName => Words::new("it knows no server of this name", "check --host"),
        _ => Words::new("it ended the connection while TLS was agreed on", PROTOCOL),
    }
}

/// The names of a certificate, each of which came as `Kind("name")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let name = name.split_once('(').map_or(&**name, |(_, name)| name);
        let name = name.trim_end_matches(')').trim_matches('"');
        name.escape_debug().to_string()
    };
    let mut told: Vec<String> = presented.iter().take(MOST_NAMES).map(bare).collect();
    if presented.len() > MOST_NAMES {
        told.push("others".to_owned());
    }
    told.join(", ")
}

fn date(time: UnixTime) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
    time.map_or_else(String::new, |time| format_rfc3339_seconds(time).to_string())
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{OtherError, PeerIncompatible, PeerMisbehaved};

    use super::*;

    /// An error of the checker of certificates, which tells itself by its name.
    #[derive(Debug)]
    struct Named(&'static str);

    impl fmt::Display for Named {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Named {}

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    /// Those that have no kind of their own.
    const NAMED: [&str; 19] = [
        "CaUsedAsEndEntity",
        "CertDistrusted",
        "EmptyEkuExtension",
        "EndEntityUsedAsCa",
        "ExtensionValueInvalid",
        "InvalidNetworkMaskConstraint",
        "InvalidSerialNumber",
        "MalformedDnsIdentifier",
        "MalformedExtensions",
        "MalformedNameConstraint",
        "MaximumNameConstraintComparisonsExceeded",
        "MaximumPathBuildCallsExceeded",
        "MaximumPathDepthExceeded",
        "MaximumSignatureChecksExceeded",
        "NameConstraintViolation",
        "PathLenConstraintViolated",
        "SignatureAlgorithmMismatch",
        "UnsupportedCertVersion",
        "UnsupportedNameType",
    ];

    fn certificate_errors() -> Vec<CertificateError> {
        use CertificateError as E;
        let others = NAMED.map(|name| E::Other(OtherError(Arc::new(Named(name)))));
        let server = |presented: &[&str]| E::NotValidForNameContext {
            expected: ServerName::try_from("here.example").unwrap(),
            presented: presented.iter().map(|&name| name.to_owned()).collect(),
        };
        let mut all = vec![
            E::ApplicationVerificationFailure,
            E::BadEncoding,
            E::BadSignature,
            E::Expired,
            E::ExpiredRevocationList,
            E::InvalidOcspResponse,
            E::InvalidPurpose,
            E::InvalidPurposeContext {
                required: rustls::ExtendedKeyPurpose::ServerAuth,
                presented: vec![rustls::ExtendedKeyPurpose::ClientAuth],
            },
            E::NotValidForName,
            E::NotValidYet,
            E::Revoked,
            E::UnhandledCriticalExtension,
            E::UnknownIssuer,
            E::UnknownRevocationStatus,
            E::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: vec![1],
                supported_algorithms: Vec::new(),
            },
            E::ExpiredContext {
                time: at(10),
                not_after: at(1),
            },
            E::NotValidYetContext {
                time: at(1),
                not_before: at(253_402_300_799),
            },
            server(&[]),
            server(&["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"]),
        ];
        all.extend(others);
        all
    }

    /// Whether it holds a name of code: `OneOfThese`, or what has brackets.
    fn is_code(text: &str) -> bool {
        let plain = [
            "subjectAltName",
            "extendedKeyUsage",
            "(CA:FALSE)",
            "(RFC 5280)",
        ];
        let text = plain
            .iter()
            .fold(text.to_owned(), |text, word| text.replace(word, ""));
        let camel = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
        text.contains(['{', '[', '"']) || text.as_bytes().windows(2).any(camel)
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_in_words_with_advice() {
        for error in certificate_errors() {
            let words = Words::of_tls(&error.clone().into());
            assert!(!is_code(&words.why), "{}", words.why);
            assert!(!words.why.is_empty() && !words.help.is_empty(), "{error:?}");
        }
        let told = |error: CertificateError| Words::of_certificate(&error).why;
        let authority = OtherError(Arc::new(Named("CaUsedAsEndEntity")));
        let authority = CertificateError::Other(authority);
        assert!(Words::of_certificate(&authority).help.contains("--ca-cert"));
        let names = ["a", "b", "c", "d", "e", "f"].map(|name| format!("DnsName(\"{name}\")"));
        let other = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("here.example").unwrap(),
            presented: names.into(),
        };
        let wanted = "it is for a, b, c, d, e, others, not for here.example";
        assert_eq!(told(other), wanted);
        let expired = CertificateError::ExpiredContext {
            time: at(10),
            not_after: at(1),
        };
        assert_eq!(told(expired), "it was good until 1970-01-01T00:00:01Z");
    }

    #[test]
    fn what_ends_a_connection_is_told_in_words_with_advice() {
        use rustls::Error as E;
        let alerts = (0..=u8::MAX).map(|code| E::AlertReceived(Alert::from(code)));
        let others = [
            E::DecryptError,
            E::General("SomeReason".to_owned()),
            E::HandshakeNotComplete,
            E::InconsistentKeys(InconsistentKeys::KeyMismatch),
            E::InvalidMessage(InvalidMessage::InvalidContentType),
            E::InvalidMessage(InvalidMessage::MessageTooLarge),
            E::NoApplicationProtocol,
            E::NoCertificatesPresented,
            E::Other(OtherError(Arc::new(Named("SomeReason")))),
            E::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            E::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments),
            E::PeerSentOversizedRecord,
        ];
        for error in alerts.chain(others) {
            let words = Words::of_tls(&error);
            assert!(!is_code(&words.why), "{}", words.why);
            assert!(!words.help.is_empty(), "{error:?}");
        }
        let wanted = E::AlertReceived(Alert::CertificateRequired);
        assert!(Words::of_tls(&wanted).help.contains("--client-cert"));
    }
}
