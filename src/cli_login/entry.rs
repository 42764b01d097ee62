//! What an entry of the keyring says.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::jwt::Claims;
use crate::outside;
use crate::secret::SecretValue;

/// How Go's keyring library marks what it puts into the keychain of macOS.
const BASE64: &str = "go-keyring-base64:";
const HEX: &str = "go-keyring-encoded:";

/// What of the entry of a profile is used.
#[derive(Deserialize)]
struct Content {
    #[serde(default, rename = "JTWToken")]
    token: Option<String>,
}

/// The token in the text `entry`, which is the token itself where it is for one
/// organisation.
///
/// # Errors
///
/// Why there is none that is any good at `now`, to be put behind a name.
pub(super) fn token(entry: &SecretValue, now: SystemTime) -> Result<SecretValue, String> {
    let text = plain(entry.expose()).ok_or("is not text as it is written to the keychain")?;
    let text = outside::trimmed_text(&text);
    let token = if text.starts_with('{') {
        let content: Content =
            serde_json::from_str(text).map_err(|_| "is not JSON of the right shape")?;
        let token = Zeroizing::new(content.token.ok_or("holds no token")?);
        SecretValue::new(outside::trimmed_text(&token).to_owned())
    } else {
        SecretValue::new(text.to_owned())
    };
    let claims = Claims::of(token.expose());
    let expires = claims.as_ref().and_then(Claims::end);
    match (claims, expires) {
        (Some(claims), Some(expires)) if claims.has_ended(now) => {
            let time = humantime::format_rfc3339_seconds(expires);
            Err(format!("expired at {time}"))
        }
        (Some(_), Some(_)) => Ok(token),
        _ => Err("holds no token that says when it expires".to_owned()),
    }
}

/// The text without what the keychain of macOS puts around it.
fn plain(text: &str) -> Option<Zeroizing<String>> {
    let bytes = if let Some(text) = text.strip_prefix(BASE64) {
        STANDARD.decode(text.trim()).ok()?
    } else if let Some(text) = text.strip_prefix(HEX) {
        hex::decode(text.trim()).ok()?
    } else {
        return Some(Zeroizing::new(text.to_owned()));
    };
    let bytes = Zeroizing::new(bytes);
    Some(Zeroizing::new(str::from_utf8(&bytes).ok()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::cli_login::vectors::vectors;

    fn read(entry: &str, now: u64) -> Result<String, String> {
        let entry = SecretValue::new(entry.to_owned());
        let token = token(&entry, UNIX_EPOCH + Duration::from_secs(now))?;
        Ok(token.expose().to_owned())
    }

    fn jwt(claims: &str) -> String {
        format!(
            "eyJhbGciOiJIUzI1NiJ9.{}.c2ln",
            URL_SAFE_NO_PAD.encode(claims)
        )
    }

    #[test]
    fn the_token_of_each_recorded_entry_is_read() {
        let entries = vectors().entries;
        for entry in &entries[..2] {
            let token = read(&entry.value, 0).unwrap();
            assert!(entry.value.contains(&format!(r#""JTWToken":"{token}""#)));
        }
        assert_eq!(read(&entries[2].value, 0).unwrap(), entries[2].value);
        assert!(read(&entries[3].value, 0).is_err(), "it is a key");
    }

    #[test]
    fn what_the_keychain_of_macos_adds_is_taken_away() {
        let token = jwt(r#"{"exp":100}"#);
        let entry = format!(r#"{{"JTWToken":"{token}"}}"#);
        for text in [
            format!("{BASE64}{}\n", STANDARD.encode(&entry)),
            format!("{BASE64}{}", STANDARD.encode(&token)),
        ] {
            assert_eq!(read(&text, 0).unwrap(), token);
        }
        assert_eq!(*plain("go-keyring-encoded:4a5A\n").unwrap(), "JZ");
        for text in ["=", "0", "0g", "é", "FF", "/w=="] {
            for prefix in [BASE64, HEX] {
                assert!(
                    read(&format!("{prefix}{text}"), 0).is_err(),
                    "{prefix}{text}"
                );
            }
        }
    }

    #[test]
    fn white_space_round_a_token_is_no_part_of_it() {
        let token = jwt(r#"{"exp":100}"#);
        for text in [
            format!(r#"{{"JTWToken":" {token}\r\n"}}"#),
            format!("\u{feff} {token}\r\n"),
        ] {
            assert_eq!(read(&text, 0).unwrap(), token, "{text:?}");
        }
        assert!(read(r#"{"JTWToken":" "}"#, 0).is_err());
    }

    #[test]
    fn a_token_counts_as_expired_half_a_minute_early() {
        let token = jwt(r#"{"exp":1700000000,"iat":1}"#);
        assert!(read(&token, 1_699_999_970).is_ok());
        let why = read(&token, 1_699_999_971).unwrap_err();
        assert_eq!(why, "expired at 2023-11-14T22:13:20Z");
        for exp in ["-1", "-1e300", "0", "0.5"] {
            let why = read(&jwt(&format!(r#"{{"exp":{exp}}}"#)), 1).unwrap_err();
            assert_eq!(why, "expired at 1970-01-01T00:00:00Z", "{exp}");
        }
        assert!(read(&jwt(r#"{"exp":1700000000.5}"#), 0).is_ok());
    }

    #[test]
    fn what_holds_no_token_of_use_is_refused_and_not_shown() {
        let bare = [
            String::new(),
            "hunter2".to_owned(),
            "hunter2.hunter2.hunter2".to_owned(),
            jwt("{}"),
            jwt(r#"{"exp":null}"#),
            jwt(r#"{"exp":"hunter2"}"#),
            jwt(r#"{"exp":1e300}"#),
            jwt("hunter2"),
            jwt(r#"{"exp":100}"#) + ".c2ln",
            jwt(r#"{"exp":100}"#) + "=",
            jwt(r#"{"exp":100}"#).replace("eyJh", "ey\nh"),
        ];
        let entries = [
            "{",
            "{}",
            r#"{"JTWToken":null}"#,
            r#"{"JTWToken":""}"#,
            r#"{"JTWToken":"hunter2"}"#,
            r#"{"JTWToken":{"hunter2":1}}"#,
            r#"{"token":"hunter2"}"#,
        ];
        for text in bare.into_iter().chain(entries.map(str::to_owned)) {
            let why = read(&text, 0).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text: String, claims: String) {
            let _ = read(&text, 0);
            let _ = read(&jwt(&claims), 0);
            let _ = read(&format!("{HEX}{text}"), 0);
            let _ = read(&format!("{BASE64}{text}"), 0);
        }
    }
}
