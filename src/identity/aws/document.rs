//! Keys as metadata services hand them out.

use std::time::SystemTime;

use serde::Deserialize;

use super::Keys;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, quoted};
use crate::identity::failed;
use crate::secret::SecretValue;

/// What a metadata service answers, when it is well and when it is not.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: Option<String>,
    #[serde(alias = "code")]
    code: Option<String>,
    expiration: Option<String>,
    #[serde(alias = "message")]
    message: Option<String>,
    secret_access_key: Option<String>,
    token: Option<String>,
}

/// The keys in `answer`, which `source` gave.
pub(super) fn keys(answer: &Answer, source: &str) -> Result<Keys> {
    let Document {
        access_key_id,
        code,
        expiration,
        message,
        secret_access_key,
        token,
    } = answer
        .json_of_any_type("credentials")
        .map_err(|error| unusable(source, &error))?;
    if let Some(code) = code.filter(|code| code != "Success") {
        let text = message.map_or_else(|| code.clone(), |message| format!("{code}: {message}"));
        let said = quoted(&text, &[]).unwrap_or_default();
        let message = format!("{source} gives no credentials");
        return Err(
            Error::new(ErrorKind::Credentials, message).with_source(format!("it said {said}"))
        );
    }
    let (Some(id), Some(secret)) = (access_key_id, secret_access_key) else {
        let message = format!("{source} answered without AccessKeyId or SecretAccessKey");
        return Err(Error::new(ErrorKind::Protocol, message));
    };
    if let Some(expiration) = expiration {
        check(&expiration, source)?;
    }
    Ok(Keys {
        id,
        region: None,
        secret: SecretValue::new(secret),
        session: token.map(SecretValue::new),
    })
}

/// That no answer of use came from `source`.
pub(super) fn unusable(source: &str, error: &Error) -> Error {
    failed(format!("{source} gives no credentials"), error)
}

/// The error of an answer that has another status than it should.
pub(super) fn denied(source: &str, status: u16) -> Error {
    let kind = match status {
        500.. => ErrorKind::Unreachable,
        _ => ErrorKind::Credentials,
    };
    Error::new(kind, format!("{source} gives no credentials"))
        .with_source(format!("it answered with status {status}"))
}

/// Fails if the time `expiration` has come.
pub(super) fn check(expiration: &str, source: &str) -> Result<()> {
    match humantime::parse_rfc3339(expiration) {
        Ok(time) if time > SystemTime::now() => Ok(()),
        Ok(_) => {
            let message = format!("the credentials of {source} expired at {expiration}");
            Err(Error::new(ErrorKind::Credentials, message).help(
                "it should have new ones in a moment: try again, and check this machine's clock",
            ))
        }
        Err(_) => {
            let message = format!("{source} gave no usable time for when its credentials expire");
            Err(Error::new(ErrorKind::Protocol, message))
        }
    }
}
