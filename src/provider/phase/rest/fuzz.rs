//! The answer of the REST API, for the fuzz target.

use super::wire::secret;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::phase::wire::Row;
use crate::secret::Secret;

/// The secrets in the body of an answer, and how many rows are dynamic ones.
///
/// # Errors
///
/// [`ErrorKind::Protocol`] for anything else than a list of secrets.
pub fn secrets(body: &[u8]) -> Result<(Vec<Secret>, usize)> {
    let rows: Vec<Row<'_>> = serde_json::from_slice(body)
        .map_err(|_| Error::new(ErrorKind::Protocol, "not a list of secrets"))?;
    let (dynamic, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(Row::is_dynamic);
    let secrets = rows.into_iter().map(|row| secret(row, None));
    Ok((secrets.collect::<Result<_>>()?, dynamic.len()))
}
