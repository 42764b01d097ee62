//! The ciphertexts of Phase, and nothing but bytes in and bytes out.
//!
//! The primitives are those of libsodium: `crypto_kx` for session keys and
//! XChaCha20-Poly1305 (IETF) with the nonce behind the tag. A ciphertext is
//!
//! ```text
//! ph:v1:<ephemeral public key, 64 hex digits>:<base64 of ciphertext ‖ tag ‖ nonce>
//! ```
//!
//! Official clients are laxer with the first two fields; nothing but this is
//! ever written, and nothing but this is read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::Mac;
use blake2::{Blake2b, Blake2b512, Blake2bMac, Digest as _};
use chacha20poly1305::aead::generic_array::typenum::U32;
use chacha20poly1305::aead::{AeadInPlace as _, KeyInit as _};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::x25519;

/// 32 bytes of key.
pub(super) type Bytes = [u8; 32];

const NONCE: usize = 24;
const TAG: usize = 16;

/// Why a ciphertext does not open. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unopened {
    /// It was not made for these keys, or was changed since.
    Forged,
    /// It is no `ph:v1:…`.
    Malformed,
    /// What is in it is not UTF-8.
    NotText,
}

/// A key pair of `crypto_kx`.
pub(super) struct KeyPair {
    pub(super) public: Bytes,
    secret: Zeroizing<Bytes>,
}

impl KeyPair {
    /// `crypto_kx_seed_keypair`.
    pub(super) fn from_seed(seed: &Bytes) -> Self {
        let secret: Bytes = Blake2b::<U32>::digest(seed).into();
        let secret = Zeroizing::new(secret);
        let public = x25519::public(&secret);
        Self { public, secret }
    }

    /// A pair whose halves came from two places. If they do not belong
    /// together, nothing opens.
    pub(super) fn new(public: Bytes, secret: Zeroizing<Bytes>) -> Self {
        Self { public, secret }
    }

    /// The key for what the client sends to the server, of whom we are one
    /// and `other` is the other: `tx` of `crypto_kx_client_session_keys`, which
    /// is `rx` of the server's. `None` for a public key of small order, which
    /// would make it known to everybody.
    fn session(&self, other: &Bytes, client: &Bytes, server: &Bytes) -> Option<Zeroizing<Bytes>> {
        let shared = x25519::shared(&self.secret, other)?;
        let hash = Blake2b512::new()
            .chain_update(&shared[..])
            .chain_update(client)
            .chain_update(server);
        let both = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&both[32..]);
        Some(key)
    }

    /// What is in the ciphertext `text`, which was made for this pair.
    pub(super) fn open(&self, text: &str) -> Result<Zeroizing<String>, Unopened> {
        let (peer, mut sealed) = parse(text).ok_or(Unopened::Malformed)?;
        let key = self.session(&peer, &peer, &self.public);
        open(&*key.ok_or(Unopened::Forged)?, &mut sealed)?;
        into_text(sealed)
    }
}

/// Encrypts `text` for who holds the secret half of `recipient`. `None` if the
/// system gives no random bytes, or for a key of small order.
pub(super) fn seal(text: &str, recipient: &Bytes) -> Option<String> {
    let mut seed = Zeroizing::new([0; 32]);
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut *seed).ok()?;
    getrandom::fill(&mut nonce).ok()?;
    seal_with(text, recipient, &KeyPair::from_seed(&seed), nonce)
}

/// The same with a key pair and a nonce that were not used before.
fn seal_with(text: &str, recipient: &Bytes, pair: &KeyPair, nonce: [u8; NONCE]) -> Option<String> {
    let mut sealed = Zeroizing::new(Vec::with_capacity(text.len() + TAG + NONCE));
    sealed.extend_from_slice(text.as_bytes());
    let key = pair.session(recipient, &pair.public, recipient)?;
    let tag = XChaCha20Poly1305::new(Key::from_slice(&*key))
        .encrypt_in_place_detached(XNonce::from_slice(&nonce), b"", &mut sealed)
        .ok()?;
    sealed.extend_from_slice(&tag);
    sealed.extend_from_slice(&nonce);
    let (public, sealed) = (hex::encode(pair.public), STANDARD.encode(&*sealed));
    Some(format!("ph:v1:{public}:{sealed}"))
}

/// Opens `ciphertext ‖ tag ‖ nonce` in place.
pub(super) fn open(key: &[u8], sealed: &mut Zeroizing<Vec<u8>>) -> Result<(), Unopened> {
    let length = sealed
        .len()
        .checked_sub(NONCE + TAG)
        .ok_or(Unopened::Malformed)?;
    let (text, rest) = sealed.split_at_mut(length);
    let (tag, nonce) = rest.split_at(TAG);
    XChaCha20Poly1305::new(Key::from_slice(key))
        .decrypt_in_place_detached(XNonce::from_slice(nonce), b"", text, Tag::from_slice(tag))
        .map_err(|_| Unopened::Forged)?;
    sealed.truncate(length);
    Ok(())
}

/// The bytes as text, without a copy.
pub(super) fn into_text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Unopened> {
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(Unopened::NotText)
        }
    }
}

/// What the server knows a secret's name by: BLAKE2b-256 keyed with the text of
/// the environment's salt; without a key if that is empty. `None` for a salt
/// that is too long to be one.
pub(super) fn digest(name: &str, salt: &str) -> Option<String> {
    if salt.is_empty() {
        let hash: Bytes = Blake2b::<U32>::digest(name).into();
        return Some(hex::encode(hash));
    }
    let mut hash = <Blake2bMac<U32> as Mac>::new_from_slice(salt.as_bytes()).ok()?;
    hash.update(name.as_bytes());
    let hash: Bytes = hash.finalize().into_bytes().into();
    Some(hex::encode(hash))
}

/// The ephemeral public key, and the decoded rest.
fn parse(text: &str) -> Option<(Bytes, Zeroizing<Vec<u8>>)> {
    let rest = text.strip_prefix("ph:v1:")?;
    let (peer, sealed) = rest.split_once(':')?;
    let sealed = Zeroizing::new(STANDARD.decode(sealed).ok()?);
    (sealed.len() >= TAG + NONCE).then_some((*unhex(peer)?, sealed))
}

/// The bytes that hexadecimal digits of either case spell, if they are `N`.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    hex::decode_to_slice(text, &mut *bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests;
