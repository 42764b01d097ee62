//! Tokens and answers, for the fuzz targets.

use super::PhaseToken;
use super::wire::{Item, Row};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::secret::Secret;

/// The value of the `Authorization` header, a secret.
#[must_use]
pub fn authorization(token: &PhaseToken) -> String {
    token.authorization().to_string()
}

/// The secrets in the body of an answer, and the rows that are none.
///
/// # Errors
///
/// [`ErrorKind::Protocol`] for anything else than a list of secrets.
pub fn secrets(body: &[u8]) -> Result<(Vec<Secret>, Vec<Notice>)> {
    let rows: Vec<Row<'_>> = serde_json::from_slice(body)
        .map_err(|_| Error::new(ErrorKind::Protocol, "not a list of secrets"))?;
    let (mut secrets, mut notices) = (Vec::new(), Vec::new());
    for row in rows {
        match row.into_item(None)? {
            Item::Dynamic(notice) => notices.push(notice),
            Item::Secret(secret) => secrets.push(secret),
        }
    }
    Ok((secrets, notices))
}
