//! The server's cryptography: `crypto_kx` and XChaCha20-Poly1305 as libsodium has
//! them. It is written apart from the library's, so that neither is checked by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::{U32, U64};
use blake2::digest::{FixedOutput as _, KeyInit as _, Update as _};
use blake2::{Blake2b, Blake2bMac, Digest as _};
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use x25519_dalek::{PublicKey, StaticSecret};

/// The bytes of a key.
pub(crate) type Bytes = [u8; 32];

/// How long a nonce is. It stands at the end of what is encrypted with it.
pub(crate) const NONCE: usize = 24;

/// A pair of keys to exchange keys with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct KeyPair {
    /// Not clamped.
    pub(crate) private: Bytes,
    pub(crate) public: Bytes,
}

/// What two sides share: one key for each direction.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Session {
    pub(crate) receive: Bytes,
    pub(crate) send: Bytes,
}

impl KeyPair {
    /// The pair of a seed.
    pub(crate) fn of(seed: &Bytes) -> Self {
        let private = Blake2b::<U32>::digest(seed).into();
        let public = PublicKey::from(&StaticSecret::from(private)).to_bytes();
        Self { private, public }
    }

    /// The session with `server`, of the one who begins it.
    pub(crate) fn client(&self, server: &Bytes) -> Session {
        let [receive, send] = self.halves(server, &self.public, server);
        Session { receive, send }
    }

    /// The session with `client`, who began it.
    pub(crate) fn server(&self, client: &Bytes) -> Session {
        let [send, receive] = self.halves(client, client, &self.public);
        Session { receive, send }
    }

    fn halves(&self, other: &Bytes, client: &Bytes, server: &Bytes) -> [Bytes; 2] {
        let shared = StaticSecret::from(self.private).diffie_hellman(&PublicKey::from(*other));
        let hash = Blake2b::<U64>::new()
            .chain_update(shared.as_bytes())
            .chain_update(client)
            .chain_update(server)
            .finalize();
        [0, 32].map(|start| std::array::from_fn(|at| hash[start + at]))
    }
}

/// `plaintext` for the owner of `recipient`, as `ph:v1:…`.
pub(crate) fn encrypt(
    plaintext: &str,
    recipient: &Bytes,
    ephemeral: &KeyPair,
    nonce: &[u8; NONCE],
) -> String {
    let key = ephemeral.client(recipient).send;
    let sealed = STANDARD.encode(seal(plaintext.as_bytes(), &key, nonce));
    format!("ph:v1:{}:{sealed}", hex(&ephemeral.public))
}

/// What `text` says to the owner of `keys`; nothing if it is not for them, or broken.
pub(crate) fn decrypt(text: &str, keys: &KeyPair) -> Option<String> {
    let mut parts = text.strip_prefix("ph:v1:")?.split(':');
    let (ephemeral, sealed) = (parts.next()?, parts.next()?);
    if parts.next().is_some() || ephemeral.len() != 64 {
        return None;
    }
    let key = keys.server(&unhex(ephemeral)?.try_into().ok()?).receive;
    String::from_utf8(open(&STANDARD.decode(sealed).ok()?, &key)?).ok()
}

/// Whether the server takes `text` for encrypted: it only looks at it.
pub(crate) fn looks_encrypted(text: &str) -> bool {
    let mut parts = text.splitn(4, ':');
    let is_key = |part: &str| part.len() == 64 && unhex(part).is_some();
    text.is_empty()
        || (parts.next() == Some("ph")
            && parts.next() == Some("v1")
            && parts.next().is_some_and(is_key)
            && parts.next().is_some_and(|rest| !rest.is_empty()))
}

/// The digest by which a key is found.
pub(crate) fn digest(key: &str, salt: &str) -> String {
    if salt.is_empty() {
        return hex(&Blake2b::<U32>::digest(key));
    }
    let mac = Blake2bMac::<U32>::new_from_slice(salt.as_bytes()).unwrap();
    hex(&mac.chain(key).finalize_fixed())
}

/// Encrypted, and the nonce after it.
pub(crate) fn seal(plaintext: &[u8], key: &Bytes, nonce: &[u8; NONCE]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(Key::from_slice(key));
    let mut sealed = cipher
        .encrypt(XNonce::from_slice(nonce), plaintext)
        .unwrap();
    sealed.extend(nonce);
    sealed
}

/// What was [sealed](seal).
pub(crate) fn open(sealed: &[u8], key: &Bytes) -> Option<Vec<u8>> {
    let (text, nonce) = sealed.split_last_chunk::<NONCE>()?;
    let cipher = XChaCha20Poly1305::new(Key::from_slice(key));
    cipher.decrypt(XNonce::from_slice(nonce), text).ok()
}

/// The two shares' common secret, or the other share of one.
pub(crate) fn xor(one: &Bytes, other: &Bytes) -> Bytes {
    std::array::from_fn(|at| one[at] ^ other[at])
}

/// Two digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

/// The bytes of digits.
pub(crate) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        u8::try_from(digit(0)? * 16 + digit(1)?).ok()
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}
