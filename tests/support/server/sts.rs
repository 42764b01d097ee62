//! What AWS's security token service does with a signed request: it signs it again and
//! compares (Signature Version 4).

use std::time::SystemTime;

use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value};
use sha2::digest::Output;
use sha2::{Digest as _, Sha256};

/// A request for somebody else, signed.
pub(super) struct SignedRequest {
    pub(super) body: String,
    pub(super) headers: Map<String, Value>,
    pub(super) method: String,
    pub(super) url: String,
}

impl SignedRequest {
    /// A header, in any case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found?.1.as_str()
    }

    /// Whether it goes to `endpoint`, by its URL and its header.
    pub(super) fn is_for(&self, endpoint: &str) -> bool {
        let wanted = host(endpoint);
        let said = self
            .header("Host")
            .is_none_or(|said| said.eq_ignore_ascii_case(wanted));
        said && host(&self.url).eq_ignore_ascii_case(wanted)
    }

    /// Whether the owner of these keys has signed it, for STS.
    pub(super) fn is_signed_by(&self, access_key: &str, secret_key: &str) -> bool {
        self.signature(access_key, secret_key)
            .is_some_and(|(wanted, found)| wanted == found)
    }

    /// The signature that it should have, and the one that it has.
    fn signature(&self, access_key: &str, secret_key: &str) -> Option<(String, String)> {
        let header = self.header("Authorization")?;
        let fields = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| {
            let mut fields = fields.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let scope = field("Credential")?
            .strip_prefix(access_key)?
            .strip_prefix('/')?;
        let signed = field("SignedHeaders")?;
        let line = |name| {
            // Whoever sends it adds these after it was signed.
            let value = match (name, self.header(name)) {
                (_, Some(value)) => value.to_owned(),
                ("host", None) => host(&self.url).to_owned(),
                ("content-length", None) => self.body.len().to_string(),
                (_, None) => return None,
            };
            Some(format!("{name}:{}\n", value.trim()))
        };
        let lines = signed.split(';').map(line).collect::<Option<String>>()?;
        let path = self.url.splitn(4, '/').nth(3).unwrap_or_default();
        let (method, body) = (&self.method, format!("{:x}", Sha256::digest(&self.body)));
        let canonical = format!("{method}\n/{path}\n\n{lines}\n{signed}\n{body}");
        let date = self.header("X-Amz-Date")?;
        let text = format!(
            "AWS4-HMAC-SHA256\n{date}\n{scope}\n{:x}",
            Sha256::digest(canonical)
        );
        let parts: Vec<&str> = scope.split('/').collect();
        let [day, _, "sts", "aws4_request"] = parts[..] else {
            return None;
        };
        let first = format!("AWS4{secret_key}").into_bytes();
        let steps = parts
            .iter()
            .fold(first, |key, part| keyed(&key, part).to_vec());
        date.starts_with(day).then(|| {
            (
                format!("{:x}", keyed(&steps, &text)),
                field("Signature").unwrap_or_default().to_owned(),
            )
        })
    }
}

/// The time that a request was signed at: `20261121T010843Z`.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    let part = |range| text.get(range);
    let date = format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?);
    let clock = format!("{}:{}:{}", part(9..11)?, part(11..13)?, part(13..15)?);
    humantime::parse_rfc3339(&format!("{date}T{clock}Z")).ok()
}

fn keyed(key: &[u8], text: &str) -> Output<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(text).finalize().into_bytes()
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}
