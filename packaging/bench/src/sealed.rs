//! The encrypted API: a token, and what it reaches.
//!
//! The app `N` has one environment with N secrets, each with a comment and ten
//! references to others. All keys are random and gone with the server.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::KeyInit as _;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Blake2bMac, Digest as _, digest::Mac as _};
use chacha20poly1305::aead::AeadInPlace as _;
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use x25519_dalek::{PublicKey, StaticSecret};

/// A token, and whole answers by the ids of what is asked for.
pub struct Sealed {
    pub token: String,
    pub tokens: Vec<u8>,
    /// By the id of the environment.
    pub secrets: HashMap<String, Vec<u8>>,
}

/// How many references each value has.
const REFERENCES: usize = 10;

struct Pair {
    secret: StaticSecret,
    public: PublicKey,
}

impl Pair {
    fn of_seed(seed: &[u8; 32]) -> Self {
        let secret: [u8; 32] = Blake2b::<U32>::digest(seed).into();
        let secret = StaticSecret::from(secret);
        let public = PublicKey::from(&secret);
        Self { secret, public }
    }
}

/// Makes an environment for each of `counts`.
pub fn sealed(counts: &[usize]) -> Sealed {
    let holder_seed = random();
    let holder_secret: [u8; 32] = Blake2b::<U32>::digest(holder_seed).into();
    let holder = Pair::of_seed(&holder_seed);
    let (share, unwrap, nonce): ([u8; 32], [u8; 32], [u8; 24]) = (random(), random(), random());
    let mut other = holder_secret;
    for (byte, share) in other.iter_mut().zip(share) {
        *byte ^= share;
    }
    let wrapped = boxed(&unwrap, &nonce, hex(&other).as_bytes());
    let mut apps = String::new();
    let mut secrets = HashMap::new();
    for (index, count) in counts.iter().enumerate() {
        let (seed, salt): ([u8; 32], [u8; 32]) = (random(), random());
        let pair = Pair::of_seed(&seed);
        let salt = hex(&salt);
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            apps,
            "{comma}{{\"id\":\"{count}\",\"name\":\"{count}\",\"encryption\":\"E2E\",\"environment_keys\":[{{\"id\":\"k{count}\",\
             \"environment\":{{\"id\":\"e{count}\",\"name\":\"development\",\"env_type\":\"dev\",\"index\":0}},\
             \"identity_key\":\"{identity}\",\"wrapped_seed\":\"{seed}\",\"wrapped_salt\":\"{wrapped_salt}\"}}]}}",
            identity = hex(pair.public.as_bytes()),
            seed = seal(&hex(&seed), &holder.public),
            wrapped_salt = seal(&salt, &holder.public),
        );
        secrets.insert(format!("e{count}"), rows(*count, &pair.public, &salt));
    }
    Sealed {
        token: format!(
            "pss_service:v2:{}:{}:{}:{}",
            "0".repeat(64),
            hex(holder.public.as_bytes()),
            hex(&share),
            hex(&unwrap),
        ),
        tokens: format!(
            "{{\"wrapped_key_share\":\"{}\",\"account_id\":\"a\",\"organisation\":{{\"id\":\"o\",\"name\":\"o\"}},\"apps\":[{apps}]}}",
            hex(&wrapped),
        )
        .into_bytes(),
        secrets,
    }
}

fn rows(count: usize, public: &PublicKey, salt: &str) -> Vec<u8> {
    let name = |number: usize| format!("SETTING_{number:05}");
    let mut body = String::from("[");
    for number in 0..count {
        // The first ones are referred to, and refer to nothing. They are short, so
        // that ten thousand of the others go into an environment.
        let text = if number < REFERENCES {
            format!("{number:04x}")
        } else {
            let reference = |other| format!("${{{}}}", name(other));
            (0..REFERENCES).map(reference).collect()
        };
        let comma = if number > 0 { "," } else { "" };
        let mut digest = <Blake2bMac<U32> as blake2::digest::Mac>::new_from_slice(salt.as_bytes())
            .unwrap_or_else(|_| unreachable!("a salt has 64 bytes"));
        digest.update(name(number).as_bytes());
        let digest: [u8; 32] = digest.finalize().into_bytes().into();
        let _ = write!(
            body,
            "{comma}{{\"id\":\"{number:08x}-2628-4b08-a94d-3a21b4eb2a72\",\"key\":\"{key}\",\"value\":\"{value}\",\
             \"comment\":\"{comment}\",\"tags\":[],\"override\":null,\"type\":\"secret\",\"lifecycle\":\"static\",\"path\":\"/\",\
             \"key_digest\":\"{digest}\",\"version\":1,\"created_at\":\"2026-11-21T01:08:43.722240Z\",\
             \"updated_at\":\"2026-11-21T01:08:43.722257Z\",\"environment\":\"e{count}\",\"folder\":null}}",
            key = seal(&name(number), public),
            value = seal(&text, public),
            comment = seal("what it is for", public),
            digest = hex(&digest),
        );
    }
    body.push(']');
    body.into_bytes()
}

/// `ph:v1:…`, as clients write it.
fn seal(text: &str, recipient: &PublicKey) -> String {
    let pair = Pair::of_seed(&random());
    let shared = pair.secret.diffie_hellman(recipient);
    let hash = Blake2b512::new()
        .chain_update(shared.as_bytes())
        .chain_update(pair.public.as_bytes())
        .chain_update(recipient.as_bytes())
        .finalize();
    let mut key = [0; 32];
    key.copy_from_slice(&hash[32..]);
    let sealed = boxed(&key, &random(), text.as_bytes());
    format!("ph:v1:{}:{}", hex(pair.public.as_bytes()), STANDARD.encode(sealed))
}

/// Ciphertext, tag and nonce.
fn boxed(key: &[u8; 32], nonce: &[u8; 24], text: &[u8]) -> Vec<u8> {
    let mut sealed = text.to_vec();
    let cipher = XChaCha20Poly1305::new(Key::from_slice(key));
    let tag = cipher
        .encrypt_in_place_detached(XNonce::from_slice(nonce), b"", &mut sealed)
        .unwrap_or_else(|_| unreachable!("it is short enough"));
    sealed.extend_from_slice(&tag);
    sealed.extend_from_slice(nonce);
    sealed
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fastrand::fill(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
