//! How an entry of the vault is encrypted: JWE (RFC 7516) in its compact form,
//! with a key from a passphrase (RFC 7518 § 4.8). No file is touched here.

use std::num::NonZeroU32;

use aes_kw::KekAes128;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// How the key of the text is encrypted, the only way that the CLI writes.
const KEY_ENCRYPTION: &str = "PBES2-HS256+A128KW";

/// How the text is.
const TEXT_ENCRYPTION: &str = "A256GCM";

/// The most rounds that are accepted, as by the CLI's own library: each costs
/// time. The CLI writes 8192.
const MOST_ROUNDS: u32 = 1_300_000;

/// Why an entry does not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// It is not as it was written, or was written in another way.
    Damaged(&'static str),
    /// The passphrase is another one, or the key was changed.
    Locked,
}

/// What of the first part is used.
#[derive(Deserialize)]
struct Header {
    alg: String,
    /// What has to be understood, and is not.
    crit: Option<IgnoredAny>,
    enc: String,
    /// Rounds.
    p2c: u64,
    /// Salt, base64.
    p2s: String,
    /// Compression.
    zip: Option<IgnoredAny>,
}

/// Decrypts `text`.
pub(super) fn open(text: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let parts: Vec<&[u8]> = text.trim_ascii().split(|&byte| byte == b'.').collect();
    let [header, wrapped, nonce, text, tag] = parts[..] else {
        return Err(Refusal::Damaged("it does not have five parts"));
    };
    let kek = key_encryption_key(&parse(header)?, passphrase)?;
    let key = unwrapped(&decoded(wrapped)?, &kek)?;
    let nonce = Nonce::try_assume_unique_for_key(&decoded(nonce)?)
        .map_err(|_| Refusal::Damaged("its third part is not 12 bytes"))?;
    let key = UnboundKey::new(&AES_256_GCM, &key[..])
        .map_err(|_| Refusal::Damaged("its key is not one"))?;
    let tag = decoded(tag)?;
    if tag.len() != AES_256_GCM.tag_len() {
        return Err(Refusal::Damaged("its fifth part is not 16 bytes"));
    }
    let mut opened = Zeroizing::new(decoded(text)?);
    opened.extend_from_slice(&tag);
    let length = LessSafeKey::new(key)
        .open_in_place(nonce, Aad::from(header), &mut opened)
        .map_err(|_| Refusal::Damaged("it was changed after it was encrypted"))?
        .len();
    opened.truncate(length);
    Ok(opened)
}

/// The header, if it says what we can do.
fn parse(part: &[u8]) -> Result<Header, Refusal> {
    let header: Header = serde_json::from_slice(&decoded(part)?)
        .map_err(|_| Refusal::Damaged("its first part is no header of such an entry"))?;
    let known = header.alg == KEY_ENCRYPTION && header.enc == TEXT_ENCRYPTION;
    if !known || header.crit.is_some() || header.zip.is_some() {
        return Err(Refusal::Damaged(
            "it is not encrypted with PBES2-HS256+A128KW and A256GCM",
        ));
    }
    Ok(header)
}

/// What the passphrase comes to.
fn key_encryption_key(header: &Header, passphrase: &[u8]) -> Result<KekAes128, Refusal> {
    let rounds = u32::try_from(header.p2c).ok().and_then(NonZeroU32::new);
    let rounds = rounds
        .filter(|rounds| rounds.get() <= MOST_ROUNDS)
        .ok_or(Refusal::Damaged(
            "it asks for 0 or more than 1300000 rounds",
        ))?;
    let mut salt = format!("{KEY_ENCRYPTION}\0").into_bytes();
    salt.extend(decoded(header.p2s.as_bytes())?);
    let mut bytes = Zeroizing::new([0; 16]);
    pbkdf2::derive(PBKDF2_HMAC_SHA256, rounds, &salt, passphrase, &mut *bytes);
    KekAes128::try_from(&bytes[..]).map_err(|_| Refusal::Locked)
}

/// The key of the text.
fn unwrapped(wrapped: &[u8], kek: &KekAes128) -> Result<Zeroizing<[u8; 32]>, Refusal> {
    let mut key = Zeroizing::new([0; 32]);
    if wrapped.len() != key.len() + aes_kw::IV_LEN {
        return Err(Refusal::Damaged("its second part is not 40 bytes"));
    }
    kek.unwrap(wrapped, &mut *key)
        .map_err(|_| Refusal::Locked)?;
    Ok(key)
}

fn decoded(part: &[u8]) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Refusal::Damaged("a part of it is not base64"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli_login::vectors::{PASSPHRASE, vectors};

    fn encoded(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    /// A recorded entry, in its parts.
    fn parts() -> Vec<String> {
        let entry = &vectors().entries[0].jwe;
        entry.split('.').map(str::to_owned).collect()
    }

    fn opened(parts: &[String]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        open(parts.join(".").as_bytes(), PASSPHRASE.as_bytes())
    }

    #[test]
    fn each_recorded_entry_opens_with_its_passphrase_alone() {
        for entry in vectors().entries {
            let text = open(entry.jwe.as_bytes(), PASSPHRASE.as_bytes()).unwrap();
            assert_eq!(*text, entry.jwe_payload.as_bytes());
            for passphrase in ["abcDEF1235", "", "abcDEF1234 "] {
                let refusal = open(entry.jwe.as_bytes(), passphrase.as_bytes()).unwrap_err();
                assert_eq!(refusal, Refusal::Locked);
            }
        }
    }

    #[test]
    fn a_change_in_any_part_is_noticed() {
        for at in 0..5 {
            let mut parts = parts();
            let mut bytes = URL_SAFE_NO_PAD.decode(&parts[at]).unwrap();
            // In the header that is a digit of the time, which nobody reads.
            let byte = if at == 0 { 50 } else { 3 };
            bytes[byte] ^= 1;
            parts[at] = URL_SAFE_NO_PAD.encode(bytes);
            let expected = match at {
                1 => Refusal::Locked,
                _ => Refusal::Damaged("it was changed after it was encrypted"),
            };
            assert_eq!(opened(&parts).unwrap_err(), expected, "{at}");
        }
    }

    #[test]
    fn an_entry_that_was_cut_does_not_open() {
        let whole = parts().join(".");
        for length in 0..whole.len() {
            let refusal = open(&whole.as_bytes()[..length], PASSPHRASE.as_bytes());
            assert!(refusal.is_err(), "{length}");
        }
        assert!(open(format!("{whole}\n").as_bytes(), PASSPHRASE.as_bytes()).is_ok());
        assert!(open(format!("{whole}.").as_bytes(), PASSPHRASE.as_bytes()).is_err());
    }

    #[test]
    fn each_part_has_its_length() {
        for (at, length, why) in [
            (1, 32, "its second part is not 40 bytes"),
            (2, 16, "its third part is not 12 bytes"),
            (4, 12, "its fifth part is not 16 bytes"),
        ] {
            let mut parts = parts();
            parts[at] = URL_SAFE_NO_PAD.encode(vec![0; length]);
            assert_eq!(opened(&parts).unwrap_err(), Refusal::Damaged(why));
        }
    }

    #[test]
    fn a_header_of_another_kind_is_refused_before_any_work() {
        let header = String::from_utf8(URL_SAFE_NO_PAD.decode(&parts()[0]).unwrap()).unwrap();
        let other = "it is not encrypted with PBES2-HS256+A128KW and A256GCM";
        let rounds = "it asks for 0 or more than 1300000 rounds";
        let none = "its first part is no header of such an entry";
        for (from, to, why) in [
            ("HS256+A128KW", "HS512+A256KW", other),
            ("A256GCM", "A128GCM", other),
            ("\"p2c\"", "\"zip\":\"DEF\",\"p2c\"", other),
            ("\"p2c\"", "\"crit\":[\"exp\"],\"p2c\"", other),
            ("8192", "1300001", rounds),
            ("8192", "4294967297", rounds),
            ("8192", "0", rounds),
            ("8192", "-1", none),
            ("8192", "99999999999999999999", none),
            ("\"p2s\"", "\"p2x\"", none),
            ("{", "[", none),
            ("\"p2s\":\"", "\"p2s\":\"=", "a part of it is not base64"),
        ] {
            assert!(header.contains(from));
            let mut parts = parts();
            parts[0] = encoded(&header.replace(from, to));
            assert_eq!(opened(&parts).unwrap_err(), Refusal::Damaged(why), "{to}");
        }
    }

    proptest! {
        #[test]
        fn random_bytes_do_not_open(bytes: Vec<u8>) {
            prop_assert!(open(&bytes, b"").is_err());
        }

        #[test]
        fn random_parts_do_not_open(at in 0..5_usize, bytes: Vec<u8>) {
            let mut parts = parts();
            parts[at] = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert!(opened(&parts).is_err());
        }
    }
}
