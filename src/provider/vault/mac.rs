//! Whose hand wrote a text: a MAC under the own identity. age cannot tell, as
//! anybody can encrypt to a public key.

use std::io;

use age::secrecy::ExposeSecret as _;
use age::x25519;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::Serialize;

/// Keeps the key for these MACs apart from all else that an identity may be used for.
const PURPOSE: &[u8] = b"phase-run: MAC of personal overrides, version 1";

/// The key for MACs that belongs to `identity`.
fn key(identity: &x25519::Identity) -> hmac::Key {
    let secret = identity.to_string();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, PURPOSE).as_ref())
}

/// The MAC of `what` under `identity`.
pub(super) fn mac(identity: &x25519::Identity, what: &impl Serialize) -> io::Result<String> {
    Ok(STANDARD.encode(tag(&key(identity), what)?))
}

/// Whether `claimed` is that MAC.
pub(super) fn is_mac(identity: &x25519::Identity, what: &impl Serialize, claimed: &str) -> bool {
    let key = key(identity);
    let (Ok(found), Ok(claimed)) = (tag(&key, what), STANDARD.decode(claimed)) else {
        return false;
    };
    // Compares them in a time that tells nothing of where they differ.
    hmac::verify(&key, found.as_ref(), hmac::sign(&key, &claimed).as_ref()).is_ok()
}

/// Without a copy of the text, which holds values.
fn tag(key: &hmac::Key, what: &impl Serialize) -> io::Result<hmac::Tag> {
    struct Into(hmac::Context);
    impl io::Write for Into {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut into = Into(hmac::Context::with_key(key));
    serde_json::to_writer(&mut into, what)?;
    Ok(into.0.sign())
}
