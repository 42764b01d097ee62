//! Chance that comes out alike in every run.

use fastrand::Rng;

use super::crypto::{self, Bytes, KeyPair};

/// Draws keys, nonces and names.
pub(super) struct Draw(Rng);

impl Default for Draw {
    fn default() -> Self {
        Self(Rng::with_seed(1))
    }
}

impl Draw {
    /// So many bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.0.u8(..))
    }

    /// 64 digits.
    pub(super) fn hex(&mut self) -> String {
        crypto::hex(&self.bytes::<32>())
    }

    /// A pair of keys.
    pub(super) fn keys(&mut self) -> KeyPair {
        KeyPair::of(&self.bytes())
    }

    /// An id such as a database gives.
    pub(super) fn id(&mut self) -> String {
        let text = self.hex();
        let parts = [0..8, 8..12, 13..16, 17..20, 20..32].map(|range| &text[range]);
        let [time, middle, version, variant, node] = parts;
        format!("{time}-{middle}-4{version}-8{variant}-{node}")
    }

    /// `plaintext` for the owner of `recipient`.
    pub(super) fn encrypt(&mut self, plaintext: &str, recipient: &Bytes) -> String {
        let (ephemeral, nonce) = (self.keys(), self.bytes());
        crypto::encrypt(plaintext, recipient, &ephemeral, &nonce)
    }
}
