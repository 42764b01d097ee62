//! Signature Version 4, for what STS takes: a form, posted to `/`.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use ring::{digest, hmac};
use zeroize::Zeroizing;

use super::{Keys, Region};
use crate::secret::SecretValue;

/// A form, as STS wants it named.
pub(super) const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The headers that `host` needs to believe that `keys` send it `body` at the
/// time `at`. They are good for some minutes, in the hands of anybody.
pub(super) fn headers(
    keys: &Keys,
    region: &Region,
    host: &str,
    body: &[u8],
    at: SystemTime,
) -> Vec<(&'static str, SecretValue)> {
    let time = stamp(at);
    let public = |text: &str| SecretValue::new(text.to_owned());
    let mut headers = vec![
        ("Content-Type", public(FORM)),
        ("Host", public(host)),
        ("X-Amz-Date", public(&time)),
    ];
    // Signed only if it is sent: STS would miss it otherwise.
    if let Some(session) = &keys.session {
        headers.push(("X-Amz-Security-Token", session.clone()));
    }
    let scope = Scope {
        region: region.as_str(),
        service: "sts",
        time: &time,
    };
    let shown: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.expose()))
        .collect();
    let authorization = scope.authorization(keys, &shown, body);
    headers.insert(0, ("Authorization", SecretValue::new(authorization)));
    headers
}

/// What a signature is good for.
struct Scope<'a> {
    region: &'a str,
    service: &'a str,
    /// `20150830T123600Z`.
    time: &'a str,
}

impl Scope<'_> {
    /// The value of `Authorization`. `headers` are those to sign, in the order
    /// of their names.
    fn authorization(&self, keys: &Keys, headers: &[(&str, &str)], body: &[u8]) -> String {
        let names: Vec<_> = headers
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        let names = names.join(";");
        // Method, path, query, headers, their names, body.
        let mut request = Zeroizing::new("POST\n/\n\n".to_owned());
        for (name, value) in headers {
            let _ = writeln!(request, "{}:{}", name.to_ascii_lowercase(), value.trim());
        }
        let _ = write!(request, "\n{names}\n{}", hash(body));

        let scope = format!(
            "{}/{}/{}/aws4_request",
            self.day(),
            self.region,
            self.service
        );
        let text = format!(
            "{ALGORITHM}\n{}\n{scope}\n{}",
            self.time,
            hash(request.as_bytes())
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.key(keys.secret.expose()));
        let signature = hex::encode(hmac::sign(&key, text.as_bytes()).as_ref());
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            keys.id
        )
    }

    /// The key of one day, region and service.
    fn key(&self, secret: &str) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(format!("AWS4{secret}").into_bytes());
        for part in [self.day(), self.region, self.service, "aws4_request"] {
            let signer = hmac::Key::new(hmac::HMAC_SHA256, &key);
            key = Zeroizing::new(hmac::sign(&signer, part.as_bytes()).as_ref().to_vec());
        }
        key
    }

    fn day(&self) -> &str {
        self.time.split('T').next().unwrap_or_default()
    }
}

/// `20150830T123600Z`. There are no times before 1970.
fn stamp(at: SystemTime) -> String {
    let mut text = humantime::format_rfc3339_seconds(at.max(UNIX_EPOCH)).to_string();
    text.retain(|letter| !matches!(letter, '-' | ':'));
    text
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Row {
        body: String,
        headers: BTreeMap<String, String>,
        host: String,
        id: String,
        region: String,
        secret: String,
        session: Option<String>,
        time: String,
    }

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    #[test]
    fn every_request_is_signed_as_botocore_signs_it() {
        let rows = include_str!("../../../tests/fixtures/aws/signatures.json");
        let rows: Vec<Row> = serde_json::from_str(rows).unwrap();
        assert_eq!(rows.len(), 4);
        for row in rows {
            let keys = Keys::new(&row.id, &row.secret, row.session.as_deref());
            let region = Region::new(&row.region, "the test").unwrap();
            let time = humantime::parse_rfc3339(&row.time).unwrap();
            let signed = headers(&keys, &region, &row.host, row.body.as_bytes(), time);
            let signed: BTreeMap<_, _> = signed
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.expose().to_owned()))
                .collect();
            assert_eq!(signed, row.headers, "{}", row.host);
        }
    }

    #[test]
    fn the_example_of_awss_test_suite_is_signed_as_published() {
        // `post-x-www-form-urlencoded` of aws-sig-v4-test-suite.
        let scope = Scope {
            region: "us-east-1",
            service: "service",
            time: "20150830T123600Z",
        };
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Host", "example.amazonaws.com"),
            ("X-Amz-Date", scope.time),
        ];
        let keys = Keys::new("AKIDEXAMPLE", SECRET, None);
        assert_eq!(
            scope.authorization(&keys, &headers, b"Param1=value1"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }

    #[test]
    fn the_key_of_a_day_is_the_one_in_awss_documentation() {
        let scope = Scope {
            region: "us-east-1",
            service: "iam",
            time: "20150830T123600Z",
        };
        assert_eq!(
            hex::encode(scope.key(SECRET)),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    #[test]
    fn a_clock_before_1970_is_no_panic() {
        let time = UNIX_EPOCH - std::time::Duration::from_secs(1);
        assert_eq!(stamp(time), "19700101T000000Z");
    }
}
