//! Tokens, ciphertexts and answers, for the fuzz targets.

pub use super::encrypted::fuzz::{account, rows};
pub use super::rest::fuzz::secrets;

use super::PhaseToken;
use super::crypto::{KeyPair, seal};

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
