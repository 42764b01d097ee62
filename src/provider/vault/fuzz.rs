//! The vault's file and its document, for the fuzz targets.

use std::path::Path;

use super::format::{self, Document, Vault};
use super::personal::Personal;
use super::seal::{self, Keys, MOST_WORK};
use crate::credentials::VaultKey;
use crate::error::{Error, ErrorKind, Result};

const FILE: &str = "vault";

/// What stands in the age file `bytes`.
///
/// # Errors
///
/// It is no age file, is damaged, or `key` does not open it.
pub fn open(bytes: &[u8], key: &VaultKey) -> Result<Vec<u8>> {
    let text = seal::open(bytes, &Keys::new(key, MOST_WORK)?, Path::new(FILE))?;
    Ok(text.to_vec())
}

/// An age file with `text` in it, for `key` alone.
///
/// # Errors
///
/// The key is unusable.
pub fn seal(text: &[u8], key: &VaultKey) -> Result<Vec<u8>> {
    let keys = Keys::new(key, MOST_WORK)?;
    seal::seal(&keys, &keys.recipients(), |to| to.write_all(text))
}

/// Whether the age file `bytes` opens with a passphrase.
///
/// # Errors
///
/// It is no age file.
pub fn takes_passphrase(bytes: &[u8]) -> Result<bool> {
    seal::takes_passphrase(bytes, Path::new(FILE))
}

/// The vault's document `bytes`, read and written again.
///
/// # Errors
///
/// It is no such document.
pub fn rewritten(bytes: &[u8]) -> Result<Vec<u8>> {
    written(&format::parse::<Vault>(bytes, Path::new(FILE))?)
}

/// The document of personal overrides `bytes`, read and written again.
///
/// # Errors
///
/// It is no such document.
pub fn personal_rewritten(bytes: &[u8]) -> Result<Vec<u8>> {
    written(&format::parse::<Personal>(bytes, Path::new(FILE))?)
}

fn written(document: &impl Document) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    format::write(document, &mut bytes)
        .map_err(|error| Error::new(ErrorKind::System, "cannot be written").with_source(error))?;
    Ok(bytes)
}
