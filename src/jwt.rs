//! What a JSON Web Token (RFC 7519) says of itself. Nobody has checked it: it is
//! for choosing and for the eye.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The claims that are looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    /// Seconds since 1970.
    #[serde(default)]
    exp: Option<f64>,
    /// The machine identity that an Infisical server gave it to.
    #[serde(default)]
    pub(crate) identity_id: Option<String>,
    /// The user.
    #[serde(default)]
    pub(crate) user_id: Option<String>,
}

impl Claims {
    /// Those of `token`; `None` if it is no such token.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let parts: Vec<&str> = token.trim().split('.').collect();
        let [header, body, signature] = parts[..] else {
            return None;
        };
        // It is to be sent in a header.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !header.bytes().chain(signature.bytes()).all(fits) {
            return None;
        }
        let body = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).ok()?);
        serde_json::from_slice(&body).ok()
    }

    /// When it ends, unless it does not: a year has four digits.
    pub(crate) fn end(&self) -> Option<SystemTime> {
        // In the year 10000.
        const TOO_FAR: Duration = Duration::from_hours(70_389_528);
        let time = Duration::try_from_secs_f64(self.exp?.max(0.0)).ok()?;
        UNIX_EPOCH.checked_add(Some(time).filter(|time| *time < TOO_FAR)?)
    }

    /// Whether it has ended at the time `now`, or is about to.
    pub(crate) fn has_ended(&self, now: SystemTime) -> bool {
        const LEEWAY: Duration = Duration::from_secs(30);
        self.end().is_some_and(|end| end < now + LEEWAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_has_ended_half_a_minute_before_it_ends() {
        let claims = Claims::of(&token(r#"{"exp":1000,"identityId":"i"}"#)).unwrap();
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(!claims.has_ended(at(970)));
        assert!(claims.has_ended(at(971)));
        assert_eq!(claims.identity_id.as_deref(), Some("i"));
        let endless = Claims::of(&token("{}")).unwrap();
        assert!(!endless.has_ended(at(u32::MAX.into())));
    }

    #[test]
    fn what_is_no_token_says_nothing() {
        for text in ["", "st.a.b", "a.b", "e30.e30", "e30.!.c", &token("1")] {
            assert!(Claims::of(text).is_none(), "{text}");
        }
        assert!(Claims::of(&format!("{}.x", token("{}"))).is_none());
    }

    #[test]
    fn a_time_beyond_all_clocks_is_none() {
        for exp in ["1e300", "18446744073709551615", "253402300800"] {
            let claims = Claims::of(&token(&format!(r#"{{"exp":{exp}}}"#))).unwrap();
            assert!(claims.end().is_none(), "{exp}");
        }
        let claims = Claims::of(&token(r#"{"exp":253402300799}"#)).unwrap();
        let last = humantime::format_rfc3339_seconds(claims.end().unwrap()).to_string();
        assert_eq!(last, "9999-12-31T23:59:59Z");
    }
}
