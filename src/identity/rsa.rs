//! RSA keys, by which machines sign for themselves.

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

/// A private key of 2048 bits or more.
pub(super) struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// The key in `text`, PEM, which messages call `name`.
    pub(super) fn of_pem(text: &str, name: &str) -> Result<Self> {
        // In the label of PKCS #8, or in a header below that of PKCS #1.
        if text.contains("ENCRYPTED") {
            let message = format!("{name} is encrypted, and keys with a passphrase are not taken");
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("take the passphrase off: openssl rsa -in KEY -out KEY-WITHOUT"));
        }
        let unusable = |problem: String| {
            let message = format!("{name} is no private RSA key that can be used");
            Error::new(ErrorKind::Credentials, message).with_source(problem)
        };
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map(Zeroizing::new)
            .map_err(|error| {
                unusable(match error {
                    PemError::NoItemsFound => "it holds no key in PEM form".to_owned(),
                    _ => "its PEM form is broken".to_owned(),
                })
            })?;
        let pair = match &*key {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            _ => return Err(unusable("it is of another kind".to_owned())),
        };
        pair.map(Self)
            .map_err(|reason| unusable(reason.to_string()))
    }

    /// The signature of `text`: RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn sign(&self, text: &str) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Error::new(ErrorKind::System, "cannot sign with the private RSA key"))?;
        Ok(signature)
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    const PKCS1: &str = include_str!("../../tests/fixtures/identity/key.pkcs1.pem");
    const PKCS8: &str = include_str!("../../tests/fixtures/identity/key.pkcs8.pem");
    const PUBLIC: &[u8] = include_bytes!("../../tests/fixtures/identity/public.der");

    #[test]
    fn a_key_in_either_form_signs_what_its_public_half_accepts() {
        for pem in [PKCS1, PKCS8, &format!("{PKCS8}\nOCI_API_KEY\n")] {
            let signature = RsaKey::of_pem(pem, "the key").unwrap().sign("text");
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC);
            public.verify(b"text", &signature.unwrap()).unwrap();
        }
    }

    #[test]
    fn an_encrypted_key_is_refused_by_name_with_what_to_do() {
        for pem in [
            include_str!("../../tests/fixtures/identity/encrypted.pkcs1.pem"),
            include_str!("../../tests/fixtures/identity/encrypted.pkcs8.pem"),
        ] {
            let error = RsaKey::of_pem(pem, "the key").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().starts_with("the key is encrypted"));
            assert!(error.advice().unwrap().contains("openssl"));
        }
    }

    #[test]
    fn what_is_no_rsa_key_is_told_without_showing_it() {
        let ec = "-----BEGIN EC PRIVATE KEY-----\naHVudGVyMg==\n-----END EC PRIVATE KEY-----\n";
        let broken = "-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----\n";
        let empty = "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n";
        for (pem, problem) in [
            ("hunter2", "no key in PEM form"),
            (ec, "of another kind"),
            (broken, "broken"),
            (empty, "InvalidEncoding"),
        ] {
            let error = RsaKey::of_pem(pem, "the key").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            let told = error.with_cause_text();
            assert!(told.contains(problem), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
