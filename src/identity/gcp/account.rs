//! A service account, and what it signs with its key.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::http::json;
use crate::identity::rsa::RsaKey;
use crate::secret::SecretValue;

/// Where keys without a `token_uri` get their tokens.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// An account for programs, by one of its keys.
pub(crate) struct ServiceAccount {
    pub(super) email: String,
    key: RsaKey,
    /// The key's id.
    id: String,
    pub(super) token_uri: String,
}

/// A key as Google hands it out. What else it holds is not needed.
#[derive(Deserialize)]
struct Document {
    client_email: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    token_uri: Option<String>,
    r#type: Option<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

/// What a token says.
#[derive(Default, Serialize)]
pub(super) struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<&'a str>,
    pub(super) aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exp: Option<u64>,
}

impl Claims<'_> {
    /// How long a token is good for: in spite of clocks that differ a little.
    const LIFETIME: Duration = Duration::from_mins(10);

    /// The same, good from `at` on.
    pub(super) fn at(self, at: SystemTime) -> Self {
        let now = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            iat: Some(now.as_secs()),
            exp: Some((now + Self::LIFETIME).as_secs()),
            ..self
        }
    }
}

impl ServiceAccount {
    /// The account in `text`, JSON, which messages call `name`.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self> {
        let unusable = |problem: String| {
            let message = format!("{name} is no key of a service account that can be used");
            Error::new(ErrorKind::Credentials, message)
                .with_source(problem)
                .help("create a key of the type JSON in Google's console, at the service account")
        };
        let document: Document = serde_json::from_str(text).map_err(|error| {
            let at = format!("line {}, column {}", error.line(), error.column());
            unusable(format!("it is not JSON of the right shape, at {at}"))
        })?;
        let private_key = document.private_key.map(Zeroizing::new);
        if let Some(kind) = document.r#type.filter(|kind| kind != "service_account") {
            return Err(unusable(format!("its type is {kind:?}")));
        }
        let entry = |entry: Option<String>, name| {
            let there = entry.filter(|entry| !entry.is_empty());
            there.ok_or_else(|| unusable(format!("it has no {name}")))
        };
        let email = entry(document.client_email, "client_email")?;
        // It becomes a part of a path.
        let fits = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'@' | b':')
        };
        if !email.bytes().all(fits) {
            return Err(unusable("its client_email is no address".to_owned()));
        }
        let private_key = private_key.filter(|key| !key.is_empty());
        let private_key =
            private_key.ok_or_else(|| unusable("it has no private_key".to_owned()))?;
        Ok(Self {
            email,
            key: RsaKey::of_pem(&private_key, &format!("the private_key in {name}"))?,
            id: entry(document.private_key_id, "private_key_id")?,
            token_uri: document.token_uri.unwrap_or_else(|| TOKEN_URI.to_owned()),
        })
    }

    /// A token of the account for `audience`, signed here, at the time `at`. It is
    /// good for some minutes.
    pub(crate) fn token(&self, audience: &str, at: SystemTime) -> Result<SecretValue> {
        let claims = Claims {
            aud: audience,
            sub: Some(&self.email),
            ..Claims::default()
        };
        self.sign(&claims.at(at))
    }

    /// `claims` as a token.
    pub(super) fn sign(&self, claims: &Claims<'_>) -> Result<SecretValue> {
        let header = Header {
            alg: "RS256",
            kid: &self.id,
            typ: "JWT",
        };
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let text = format!("{}.{}", encoded(&json(&header)?), encoded(&json(claims)?));
        let signature = encoded(&self.key.sign(&text)?);
        Ok(SecretValue::new(format!("{text}.{signature}")))
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceAccount({}, ..)", self.email)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const KEY: &str = include_str!("../../../tests/fixtures/identity/service-account.json");
    const SIGNED: &str = include_str!("../../../tests/fixtures/identity/service-account.jwt");

    #[test]
    fn a_token_is_the_one_that_another_library_signs() {
        let account = ServiceAccount::parse(KEY, "the key").unwrap();
        let at = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let token = account.token("6c1f3c5e-5a35-4a5c-9c39-0f1f4a2f0d11", at);
        assert_eq!(token.unwrap().expose(), SIGNED.trim());
    }

    #[test]
    fn what_is_no_key_is_told_by_what_it_lacks() {
        let with = |name: &str, value: Value| {
            let mut key: Value = serde_json::from_str(KEY).unwrap();
            key[name] = value;
            key.to_string()
        };
        for (text, problem) in [
            ("hunter2".to_owned(), "at line 1, column 1"),
            (with("private_key", json!(["hunter2"])), "right shape"),
            (
                with("type", "authorized_user".into()),
                "\"authorized_user\"",
            ),
            (with("client_email", Value::Null), "no client_email"),
            (with("client_email", "a/../b@c".into()), "no address"),
            (with("private_key", "".into()), "no private_key"),
            (with("private_key", "hunter2".into()), "no key in PEM form"),
            (with("private_key_id", Value::Null), "no private_key_id"),
        ] {
            let error = ServiceAccount::parse(&text, "/key.json").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            let told = error.with_cause_text();
            assert!(told.contains("/key.json"), "{told}");
            assert!(told.contains(problem), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_key_without_an_address_for_tokens_has_googles() {
        let mut key: Value = serde_json::from_str(KEY).unwrap();
        key.as_object_mut().unwrap().remove("token_uri");
        let account = ServiceAccount::parse(&key.to_string(), "the key").unwrap();
        assert_eq!(account.token_uri, TOKEN_URI);
        assert!(!format!("{account:?}").contains("BEGIN"));
    }
}
