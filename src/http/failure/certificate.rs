//! What is wrong with a server's certificate, in words, and what to do.

use std::time::{Duration, SystemTime};

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

/// How many names of a certificate a message lists.
const MOST: usize = 5;

const ADD_IT: &str = "add the server's root certificate, or its own if it is self-signed, with --ca-cert FILE; SSL_CERT_FILE replaces the system's";
const CLOCK: &str = "renew the certificate, or set this machine's clock";
const MAKE_ANOTHER: &str = "have another certificate made for the server";
const VERSION_3: &str = "make one of version 3, with a subjectAltName that names the server";

/// What speaks against a certificate, and what to do about it.
#[expect(deprecated, reason = "the library may still make them")]
pub(super) fn told(problem: &CertificateError) -> (String, &'static str) {
    use CertificateError as Problem;
    let (what, help) = match problem {
        Problem::ExpiredContext { not_after, .. } => {
            return (format!("it expired on {}", date(*not_after)), CLOCK);
        }
        Problem::NotValidYetContext { not_before, .. } => {
            return (format!("it begins on {}", date(*not_before)), CLOCK);
        }
        Problem::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            return (
                format!("it is for {}", names(presented)),
                "the certificate is for another name: check --host",
            );
        }
        Problem::NotValidForNameContext { .. } => (
            "it has no subjectAltName",
            "make one that names the server there; a common name counts only in a certificate that --ca-cert FILE holds itself",
        ),
        Problem::NotValidForName => (
            "it is for another name",
            "the certificate is for another name: check --host",
        ),
        Problem::Expired => ("it has expired", CLOCK),
        Problem::NotValidYet => ("it is not valid yet", CLOCK),
        Problem::UnknownIssuer => ("nobody who is trusted here has signed it", ADD_IT),
        Problem::BadSignature => (
            "its signature is wrong, or one that its key should have made",
            ADD_IT,
        ),
        Problem::Revoked => ("it has been revoked", MAKE_ANOTHER),
        Problem::InvalidPurpose | Problem::InvalidPurposeContext { .. } => {
            ("it is not made for servers", MAKE_ANOTHER)
        }
        Problem::UnsupportedSignatureAlgorithm
        | Problem::UnsupportedSignatureAlgorithmContext { .. }
        | Problem::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => (
            "it is signed in a way that is too old or too new",
            MAKE_ANOTHER,
        ),
        Problem::UnhandledCriticalExtension => (
            "it has a critical extension that nothing here knows",
            MAKE_ANOTHER,
        ),
        Problem::BadEncoding => ("it cannot be read", MAKE_ANOTHER),
        Problem::Other(other) => match other.to_string().as_str() {
            "UnsupportedCertVersion" => ("it is of X.509 version 1", VERSION_3),
            "CaUsedAsEndEntity" => (
                "it is an authority's own, and not one that an authority made for the server",
                ADD_IT,
            ),
            _ => ("it breaks a rule for certificates", ADD_IT),
        },
        _ => ("it cannot be checked", ADD_IT),
    };
    (what.to_owned(), help)
}

/// The day of `time`, by UTC.
fn date(time: UnixTime) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
    let time = time.unwrap_or(SystemTime::UNIX_EPOCH);
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// The names, without the kinds that the library puts around some of them.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once("(\"").map_or(name.as_str(), |(_, it)| it);
        inner.trim_end_matches("\")").to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(MOST).map(bare).collect();
    if presented.len() > MOST {
        names.push("…".to_owned());
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{CertificateError as Problem, OtherError};

    use super::*;

    #[test]
    fn each_problem_is_told_in_words_and_not_by_its_name_in_a_library() {
        let other = |text: &str| Problem::Other(OtherError(Arc::new(std::io::Error::other(text))));
        for (problem, what) in [
            (Problem::UnknownIssuer, "nobody who is trusted here"),
            (other("CaUsedAsEndEntity"), "an authority's own"),
            (other("UnsupportedCertVersion"), "version 1"),
            (other("MaximumPathDepthExceeded"), "breaks a rule"),
            (Problem::BadEncoding, "cannot be read"),
            (Problem::ApplicationVerificationFailure, "cannot be checked"),
        ] {
            let (text, help) = told(&problem);
            assert!(text.contains(what), "{text}");
            let name = format!("{problem:?}");
            assert!(!text.contains(&name) && !help.is_empty(), "{text}");
        }
    }

    #[test]
    fn dates_and_names_are_those_of_the_certificate() {
        let expired = CertificateError::ExpiredContext {
            time: UnixTime::since_unix_epoch(Duration::from_hours(1)),
            not_after: UnixTime::since_unix_epoch(Duration::from_secs(1_767_225_601)),
        };
        assert_eq!(told(&expired).0, "it expired on 2026-01-01");
        let presented = ["DnsName(\"a.example\")", "*.b.example"].map(str::to_owned);
        assert_eq!(names(&presented), "a.example, *.b.example");
        let many: Vec<String> = (0..9).map(|number| number.to_string()).collect();
        assert_eq!(names(&many), "0, 1, 2, 3, 4, …");
    }
}
