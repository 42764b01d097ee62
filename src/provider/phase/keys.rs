//! From a token to the keys of an environment.
//!
//! The secret key of the token's holder is the XOR of two shares: one stands in
//! the token, the other lies with the server, wrapped by a key in the token. It
//! opens the seed and the salt of each environment the holder may read.

use std::fmt;

use zeroize::Zeroizing;

use super::crypto::{self, KeyPair, Unopened, unhex};
use crate::credentials::PhaseToken;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretValue;

/// The key pair of the token's holder.
pub(super) struct HolderKeys(KeyPair);

impl HolderKeys {
    /// Puts the two shares together; `wrapped` is the server's: 208 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] for a token without keys,
    /// [`ErrorKind::Decryption`] if the server's share is not this token's.
    pub(super) fn new(token: &PhaseToken, wrapped: &str) -> Result<Self> {
        let [public, share, unwrap] = token.keys().ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "this token holds no keys, and end-to-end encryption needs them")
                .help("use a full pss_… token; with this one, give --api rest, if server-side encryption is on for the app")
        })?;
        pair(public, share, unwrap, wrapped).map(Self).map_err(|problem| {
            let problem = match problem {
                Unopened::Forged => "does not open with the token's other half",
                Unopened::Malformed | Unopened::NotText => "is not made as it should be",
            };
            let text = format!("the server's half of the token's key {problem}");
            Error::new(ErrorKind::Decryption, text)
                .help("the token may be damaged, or of another server: copy it again from the Phase console")
        })
    }

    /// What was encrypted for the holder, called `what` in messages.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decryption`].
    fn open(&self, text: &str, what: &str) -> Result<Zeroizing<String>> {
        self.0.open(text).map_err(|problem| {
            Error::new(ErrorKind::Decryption, format!("{what} {problem}"))
                .help("give the account access to the environment anew in the Phase console")
        })
    }
}

/// All in hexadecimal digits. So is the share within `wrapped` once more.
fn pair(public: &str, share: &str, unwrap: &str, wrapped: &str) -> Result<KeyPair, Unopened> {
    let public = unhex(public).ok_or(Unopened::Malformed)?;
    let mut secret = unhex::<32>(share).ok_or(Unopened::Malformed)?;
    let key = unhex::<32>(unwrap).ok_or(Unopened::Malformed)?;
    let sealed = unhex::<104>(wrapped).ok_or(Unopened::Malformed)?;
    let mut other = Zeroizing::new(sealed.to_vec());
    crypto::open(&*key, &mut other)?;
    let other = unhex::<32>(&crypto::into_text(other)?).ok_or(Unopened::Malformed)?;
    for (byte, other) in secret.iter_mut().zip(&*other) {
        *byte ^= other;
    }
    Ok(KeyPair::new(*public, secret))
}

/// The keys of an environment.
pub(super) struct EnvironmentKeys {
    pair: KeyPair,
    /// The key of name digests; 64 ASCII characters.
    salt: Zeroizing<String>,
}

/// What to do about a [forged](Unnamed::Forged) name.
pub(super) const FORGED: &str = "the server may have made it up: look at it in the Phase console, or leave out what does not decrypt with --allow-partial";

/// Why a secret has no name that can be used.
#[derive(Clone, Debug)]
pub(super) enum Unnamed {
    /// Nobody who has the keys gave it this name.
    Forged(String),
    Unopened(Unopened),
}

impl EnvironmentKeys {
    /// Opens what the server keeps for the holder. `identity` is the
    /// environment's public key, which the seed must give; `about` names the
    /// environment.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decryption`].
    pub(super) fn new(
        holder: &HolderKeys,
        seed: &str,
        salt: &str,
        identity: &str,
        about: &str,
    ) -> Result<Self> {
        let seed = holder.open(seed, &format!("the key of {about}"))?;
        let salt = holder.open(salt, &format!("the salt of {about}"))?;
        let pair = unhex(&seed).map(|seed| KeyPair::from_seed(&seed));
        let pair = pair.filter(|pair| hex::encode(pair.public) == identity.to_ascii_lowercase());
        let pair = pair.ok_or_else(|| {
            let text = format!("the key of {about} is not the one its public key belongs to");
            Error::new(ErrorKind::Decryption, text)
                .help("somebody may have changed it on the server: nothing was decrypted with it")
        })?;
        Ok(Self { pair, salt })
    }

    /// Keys that nobody wrapped.
    #[cfg(fuzzing)]
    pub(super) fn of_seed(seed: &[u8; 32], salt: &str) -> Self {
        Self {
            pair: KeyPair::from_seed(seed),
            salt: Zeroizing::new(salt.to_owned()),
        }
    }

    /// What tells these keys from others, and is no secret: the public key, and a
    /// digest of the salt.
    pub(super) fn fingerprints(&self) -> (String, String) {
        let salt = crypto::digest(&self.salt, "");
        (hex::encode(self.pair.public), salt.unwrap_or_default())
    }

    /// What is in a ciphertext of this environment.
    pub(super) fn open(&self, text: &str) -> Result<Zeroizing<String>, Unopened> {
        self.pair.open(text)
    }

    /// Encrypts `text` for everybody who may read this environment.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`] without random bytes.
    pub(super) fn seal(&self, text: &str) -> Result<String> {
        crypto::seal(text, &self.pair.public)
            .ok_or_else(|| Error::new(ErrorKind::System, "the system gives no random bytes"))
    }

    /// The name in the ciphertext `key`, if the server knows the secret by its digest:
    /// anybody can encrypt a name, but only who has the keys can make a digest. Some
    /// clients make that of the name in upper case.
    pub(super) fn name(&self, key: &str, digest: &str) -> Result<String, Unnamed> {
        // A name is no secret: it need not be overwritten.
        let name = std::mem::take(&mut *self.open(key).map_err(Unnamed::Unopened)?);
        let made = |name: &str| crypto::digest(name, &self.salt).is_some_and(|it| it == digest);
        if made(&name) || made(&name.to_uppercase()) {
            Ok(name)
        } else {
            Err(Unnamed::Forged(name))
        }
    }

    /// What the server knows the secret `name` by.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decryption`] for a salt that is none.
    pub(super) fn digest(&self, name: &str) -> Result<String> {
        crypto::digest(name, &self.salt).ok_or_else(|| {
            Error::new(
                ErrorKind::Decryption,
                "the environment's salt is longer than 64 bytes",
            )
        })
    }
}

impl fmt::Debug for EnvironmentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvironmentKeys(..)")
    }
}

impl fmt::Display for Unnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forged(name) => write!(f, "is {name:?}, which nobody who has the keys gave it"),
            Self::Unopened(problem) => problem.fmt(f),
        }
    }
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forged => "does not open with this key, or was changed",
            Self::Malformed => "is no ciphertext of Phase (ph:v1:…)",
            Self::NotText => "is not UTF-8 once decrypted",
        })
    }
}

/// A text that was opened, as a value.
pub(super) fn value(mut text: Zeroizing<String>) -> SecretValue {
    SecretValue::new(std::mem::take(&mut *text))
}

#[cfg(test)]
mod tests {
    use super::super::vectors;
    use super::*;

    fn token(row: &serde_json::Value) -> PhaseToken {
        PhaseToken::parse(row["token"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn the_two_shares_of_each_kind_of_token_make_its_secret_key() {
        let vectors = vectors::all();
        let rows = vectors["tokens"].as_object().unwrap();
        assert_eq!(rows.len(), 3);
        for row in rows.values() {
            let token = token(row);
            assert_eq!(
                *token.authorization(),
                row["authorization"].as_str().unwrap()
            );
            let wrapped = row["wrapped_key_share"].as_str().unwrap();
            let holder = HolderKeys::new(&token, wrapped).unwrap();
            assert_eq!(holder.0.public, vectors::bytes(&row["public_key"]));
            let text = crypto::seal("x", &holder.0.public).unwrap();
            let secret = Zeroizing::new(vectors::bytes(&row["private_key"]));
            let known = KeyPair::new(holder.0.public, secret);
            assert_eq!(*known.open(&text).unwrap(), "x");
            assert_eq!(*holder.0.open(&text).unwrap(), "x");
        }
    }

    #[test]
    fn the_share_of_another_token_does_not_open_and_neither_does_a_damaged_one() {
        let vectors = vectors::all();
        let token = token(&vectors["tokens"]["user_v1"]);
        let other = vectors["tokens"]["service_v1"]["wrapped_key_share"]
            .as_str()
            .unwrap();
        for wrapped in [other, "x", "", &other[2..]] {
            let error = HolderKeys::new(&token, wrapped).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decryption);
        }
        let bare = PhaseToken::parse(&format!("User {}", "a".repeat(64))).unwrap();
        let error = HolderKeys::new(&bare, other).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }

    #[test]
    fn a_seed_that_does_not_give_the_public_key_is_refused() {
        let holder = HolderKeys(KeyPair::from_seed(&[1; 32]));
        let seal = |text: &str| crypto::seal(text, &holder.0.public).unwrap();
        let (seed, salt) = (seal(&"2".repeat(64)), seal(&"3".repeat(64)));
        let right = hex::encode(KeyPair::from_seed(&[0x22; 32]).public);
        let wrong = hex::encode(KeyPair::from_seed(&[0x23; 32]).public);
        let keys = |identity: &str| EnvironmentKeys::new(&holder, &seed, &salt, identity, "it");
        assert!(keys(&right).is_ok());
        assert!(keys(&right.to_uppercase()).is_ok());
        let error = keys(&wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decryption);
        assert!(error.to_string().contains("public key"), "{error}");
    }

    #[test]
    fn everything_that_other_clients_and_the_server_wrote_opens() {
        let live = &vectors::all()["interop_live"];
        let rows = live["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 8);
        let keys = EnvironmentKeys {
            pair: KeyPair::from_seed(&vectors::bytes(&live["env_seed"])),
            salt: Zeroizing::new(live["env_salt"].as_str().unwrap().to_owned()),
        };
        assert_eq!(hex::encode(keys.pair.public), live["env_public"]);
        for row in rows {
            let text = |field: &str| row[field].as_str().unwrap();
            assert_eq!(*keys.open(text("key_ct")).unwrap(), text("key"));
            assert_eq!(*keys.open(text("value_ct")).unwrap(), text("value"));
            let name = keys.name(text("key_ct"), text("key_digest"));
            assert_eq!(
                name.is_ok(),
                row["digest_of_key_matches"],
                "{}",
                text("key")
            );
        }
    }
}
