//! The grammar of tokens.

use std::fmt;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::outside;

/// A token of Phase, in one of two forms:
///
/// - `pss_service:v2:…` or `pss_user:v1:…`, six fields, which holds keys;
/// - `ServiceAccount …`, `Service …` or `User …`, which is good for REST alone.
///
/// The memory is overwritten when the token is dropped.
#[derive(Clone)]
pub struct PhaseToken {
    holder: Holder,
    /// The token as given, without the space around it and without `Bearer`.
    text: Zeroizing<String>,
}

/// Whose token it is. The server tells them apart by this word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holder {
    /// An app's token of the older kind.
    Service,
    ServiceAccount,
    User,
}

impl Holder {
    fn word(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::ServiceAccount => "ServiceAccount",
            Self::User => "User",
        }
    }
}

impl PhaseToken {
    /// Reads a token. Space around it is dropped; its case is kept, since the
    /// server tells upper from lower.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] if it is none. The message does not show it.
    pub fn parse(text: &str) -> Result<Self> {
        let text = outside::trimmed_text(text);
        let parsed = if text.starts_with("pss_") {
            keyed(text)
        } else {
            bare(text)
        };
        parsed
            .map(|(holder, text)| Self { holder, text: Zeroizing::new(text.to_owned()) })
            .map_err(|problem| {
                Error::new(ErrorKind::Credentials, format!("this is no Phase token: {problem}"))
                    .help("copy it again from the Phase console: it begins with pss_service: or pss_user:")
            })
    }

    /// Whether it holds the keys that end-to-end encryption needs.
    #[must_use]
    pub fn holds_keys(&self) -> bool {
        self.text.starts_with("pss_")
    }

    /// Tells this token from others: 64 hexadecimal digits, from which nobody
    /// can find the token.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Blake2b::<U32>::new_with_prefix(b"phase-run token\0")
            .chain_update(self.text.as_bytes())
            .finalize();
        format!("{hash:x}")
    }

    /// The holder's public key, a share of the secret key, and the key that opens
    /// the other share: 64 hexadecimal digits each. `None` in a token for REST alone.
    pub(crate) fn keys(&self) -> Option<[&str; 3]> {
        let mut fields = self.text.split(':').skip(3);
        Some([fields.next()?, fields.next()?, fields.next()?])
    }

    pub(crate) fn holder(&self) -> Holder {
        self.holder
    }

    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Bearer {} {}", self.holder.word(), self.id()))
    }

    /// The part that the server knows the token by, a secret.
    pub(crate) fn id(&self) -> &str {
        let separator = if self.holds_keys() { ':' } else { ' ' };
        let place = if self.holds_keys() { 2 } else { 1 };
        self.text.split(separator).nth(place).unwrap_or_default()
    }
}

impl fmt::Debug for PhaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhaseToken({}, ..)", self.holder.word())
    }
}

/// A token with keys: `pss_<holder>:v<digits>` and four fields.
fn keyed(text: &str) -> Result<(Holder, &str), String> {
    let fields: Vec<&str> = text.split(':').collect();
    let [kind, version, keys @ ..] = &fields[..] else {
        return Err("it has one field, and six are needed".to_owned());
    };
    let holder = match *kind {
        "pss_user" => Holder::User,
        // Newer versions are taken for what `v2` is; there are none today.
        "pss_service" if *version == "v1" => Holder::Service,
        "pss_service" => Holder::ServiceAccount,
        _ => return Err("it begins with neither pss_service: nor pss_user:".to_owned()),
    };
    let digits = version.strip_prefix('v').unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its second field is no version, such as v2".to_owned());
    }
    if fields.len() != 6 {
        return Err(format!(
            "it has {} fields, and six are needed",
            fields.len()
        ));
    }
    match keys.iter().position(|key| !is_key(key)) {
        Some(at) => Err(format!(
            "field {} is not made of 64 hexadecimal digits",
            at + 3
        )),
        None => Ok((holder, text)),
    }
}

/// A token for REST alone: a word and one field.
fn bare(text: &str) -> Result<(Holder, &str), String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    let (word, id) = text.split_once(' ').unwrap_or((text, ""));
    let holders = [Holder::Service, Holder::ServiceAccount, Holder::User];
    match holders.into_iter().find(|holder| holder.word() == word) {
        None => Err("it begins with neither pss_service: nor pss_user:".to_owned()),
        Some(_) if !is_key(id) => Err(format!("{word} is not followed by 64 hexadecimal digits")),
        Some(holder) => Ok((holder, text)),
    }
}

fn is_key(field: &str) -> bool {
    field.len() == 64 && field.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Row {
        token: String,
        expect_type: Option<String>,
    }

    const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    /// The word sent for each row, where it is not the one recorded from the
    /// official clients: we trim, take the bare form, and follow the Node
    /// client for versions that do not exist yet.
    fn ours(row: &Row) -> Option<&str> {
        let token = row.token.as_str();
        match token.trim_ascii() {
            "" => None,
            _ if token.starts_with("pss_service:v3") => Some("ServiceAccount"),
            _ if token.starts_with(' ') || token.ends_with('\n') => Some("ServiceAccount"),
            _ if token.contains(' ') => token.split(' ').next(),
            _ => row.expect_type.as_deref(),
        }
    }

    #[test]
    fn every_recorded_spelling_is_taken_or_refused_as_decided() {
        let rows = include_str!("../../tests/fixtures/phase/token_syntax.json");
        let rows: Vec<Row> = serde_json::from_str(rows).unwrap();
        assert_eq!(rows.len(), 15);
        for row in rows {
            let shown = row.token.replace(ID, "<id>");
            match (PhaseToken::parse(&row.token), ours(&row)) {
                (Ok(token), Some(word)) => {
                    let id = if row.token.contains("AAAA") {
                        ID.to_uppercase()
                    } else {
                        ID.into()
                    };
                    assert_eq!(
                        *token.authorization(),
                        format!("Bearer {word} {id}"),
                        "{shown}"
                    );
                    assert_eq!(token.holds_keys(), row.token.contains("pss_"), "{shown}");
                }
                (Err(error), None) => {
                    assert_eq!(error.kind(), ErrorKind::Credentials, "{shown}");
                    assert!(!error.to_string().contains("aaaa"), "{shown}: {error}");
                }
                (parsed, expected) => panic!("{shown}: {parsed:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn the_bare_form_may_carry_its_header_word() {
        for word in ["User", "ServiceAccount", "Service"] {
            let token = PhaseToken::parse(&format!("\tBearer {word} {ID}\r\n")).unwrap();
            assert_eq!(*token.authorization(), format!("Bearer {word} {ID}"));
            assert!(!token.holds_keys());
        }
        for text in ["Foo", "user", "Bearer", "Bearer  User", "User ", "User x"] {
            assert!(
                PhaseToken::parse(&format!("{text} {ID}")).is_err(),
                "{text}"
            );
        }
        assert!(PhaseToken::parse(&format!("Bearer pss_user:v1:{ID}:{ID}:{ID}:{ID}")).is_err());
    }

    #[test]
    fn the_message_says_what_is_wrong_and_never_shows_the_token() {
        for (text, problem) in [
            (String::new(), "it is empty"),
            ("hunter2".into(), "it begins with neither"),
            ("pss_hunter2".into(), "it has one field"),
            (format!("pss_env:v1:{ID}"), "it begins with neither"),
            (format!("pss_user:hunter2:{ID}"), "its second field"),
            (format!("pss_user:v1:{ID}:{ID}"), "it has 4 fields"),
            (
                format!("pss_user:v1:{ID}:{ID}:hunter2:{ID}"),
                "field 5 is not",
            ),
            (
                format!("pss_user:v1:{ID}:{ID}:{ID}:é{}", &ID[2..]),
                "field 6 is not",
            ),
            ("User hunter2".into(), "User is not followed"),
        ] {
            let error = PhaseToken::parse(&text).unwrap_err();
            let message = error.to_string();
            assert!(message.contains(problem), "{message}");
            assert!(!format!("{error:?}").contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn debug_output_shows_whose_token_it_is_and_nothing_of_it() {
        let token = PhaseToken::parse(&format!("pss_service:v2:{ID}:{ID}:{ID}:{ID}")).unwrap();
        assert_eq!(format!("{token:?}"), "PhaseToken(ServiceAccount, ..)");
    }
}
