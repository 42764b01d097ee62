//! What the CLI leaves behind, for the fuzz targets.

use std::path::Path;
use std::time::UNIX_EPOCH;

use super::config::Content;
use super::{entry, profile, vault};
use crate::error::Result;
use crate::secret::SecretValue;

/// The text of the entry `bytes` of the vault.
///
/// # Errors
///
/// It is damaged, or `passphrase` does not open it.
pub fn opened(bytes: &[u8], passphrase: &str) -> Result<String> {
    let text = vault::open(bytes, passphrase.as_bytes(), "it", Path::new("vault"))?;
    Ok(text.expose().to_owned())
}

/// The token in the text `text` of an entry.
#[must_use]
pub fn token(text: &str) -> Option<String> {
    let entry = SecretValue::new(text.to_owned());
    let token = entry::token(&entry, UNIX_EPOCH).ok()?;
    Some(token.expose().to_owned())
}

/// The host of the login in force by the file `bytes`, if it is such a file.
#[must_use]
pub fn host(bytes: &[u8], directory: &Path) -> Option<String> {
    let content = Content::parse(bytes).ok()?;
    let chosen = profile::choose(content, None, directory, Path::new("file"));
    Some(chosen.ok()??.host)
}
