//! The answer of a list, for the fuzz target.

use super::api::{Manner, Query};
use super::found::ProjectId;
use super::merge::Rows;
use super::wire::List;
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Folder;
use crate::secret::Secret;

/// The secrets in the body of an answer about the root folder.
///
/// # Errors
///
/// [`ErrorKind::Protocol`] for anything else than a list of secrets.
pub fn secrets(body: &[u8]) -> Result<Vec<Secret>> {
    let list: List<'_> = serde_json::from_slice(body)
        .map_err(|_| Error::new(ErrorKind::Protocol, "not a list of secrets"))?;
    let mut rows = Rows::default();
    let query = Query {
        environment: "dev",
        folder: &Folder::root(),
        manner: Manner {
            imports: true,
            names_will_do: false,
            personal: true,
        },
        project: &ProjectId(String::new()),
        recursive: false,
        tags: "",
    };
    rows.add(list, &query, &[])?;
    rows.settle();
    rows.secrets.append(&mut rows.imported);
    Ok(rows.secrets)
}
