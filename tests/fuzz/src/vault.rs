use phase_run::fuzz::vault::{open, personal_rewritten, rewritten, seal, takes_passphrase};
use phase_run::{SecretValue, VaultKey};

/// A throw-away key, that of age's own test files.
const IDENTITY: &str = include_str!("../seeds/identity");

/// A document, and a vault that holds it for [`IDENTITY`].
const DOCUMENT: &[u8] = include_bytes!("../seeds/vault/document.json");
const SEALED: &[u8] = include_bytes!("../seeds/vault/sealed.age");

/// A file opens to what was sealed or not at all, and a document that can be
/// read is written the same for ever after.
///
/// # Panics
///
/// If that is not so.
pub fn vault(data: &[u8]) {
    let key = VaultKey::Identities(SecretValue::new(IDENTITY.to_owned()));
    if let Ok(text) = open(data, &key) {
        assert_eq!(takes_passphrase(data).ok(), Some(false));
        document(&text);
    }
    if is_cheap(data) {
        let passphrase = VaultKey::Passphrase(SecretValue::new("swordfish".to_owned()));
        let _ = open(data, &passphrase);
    }
    if let Ok(text) = open(&damaged(data), &key) {
        assert!(text == DOCUMENT, "damage goes unseen");
    }
    if let Some(written) = document(data) {
        let sealed = seal(&written, &key).expect("the key is good");
        assert!(open(&sealed, &key).is_ok_and(|text| text == written));
    }
}

/// What is written for the document `text`, if it is one.
fn document(text: &[u8]) -> Option<Vec<u8>> {
    for rewritten in [rewritten, personal_rewritten] {
        if let Ok(once) = rewritten(text) {
            let twice = rewritten(&once).expect("what is written can be read");
            assert!(once == twice, "what is written reads as something else");
            return Some(once);
        }
    }
    None
}

/// The sealed vault with bytes changed: three bytes of `edits` are a place and
/// a change. An odd one at the end cuts it there.
fn damaged(edits: &[u8]) -> Vec<u8> {
    let mut file = SEALED.to_vec();
    let (edits, rest) = edits.as_chunks::<3>();
    for [high, low, change] in edits {
        let place = usize::from(u16::from_be_bytes([*high, *low])) % file.len();
        file[place] ^= change;
    }
    if let [length] = rest {
        file.truncate(usize::from(*length) * 4);
    }
    file
}

/// Whether trying a passphrase takes little work: `-> scrypt SALT WORK`.
fn is_cheap(data: &[u8]) -> bool {
    let header = String::from_utf8_lossy(&data[..data.len().min(1024)]);
    let works: Vec<&str> = header
        .lines()
        .filter(|line| line.starts_with("-> scrypt"))
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    works
        .iter()
        .all(|work| matches!(work.parse(), Ok(0..=8_u8)))
}
