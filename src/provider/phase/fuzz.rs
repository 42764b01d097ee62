//! Tokens, ciphertexts and answers, for the fuzz targets.

use super::PhaseToken;
use super::crypto::{KeyPair, seal};
use super::encrypted::fuzz as encrypted;
use super::rest::fuzz as rest;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

pub use encrypted::{account, rows};
pub use rest::secrets;

/// The value of the `Authorization` header, a secret.
#[must_use]
pub fn authorization(token: &PhaseToken) -> String {
    token.authorization().to_string()
}

/// What is in the ciphertext `text`, made for the key pair of `seed`.
#[must_use]
pub fn opened(text: &str, seed: &[u8; 32]) -> Option<String> {
    let opened = KeyPair::from_seed(seed).open(text).ok()?;
    Some(opened.to_string())
}

/// `text`, encrypted for the key pair of `seed`.
#[must_use]
pub fn sealed(text: &str, seed: &[u8; 32]) -> Option<String> {
    seal(text, &KeyPair::from_seed(seed).public)
}
