//! The `file` vault of the CLI: a folder in the home folder, an encrypted file
//! for each entry of what would be the keyring.

use std::path::{Path, PathBuf};

use super::jwe::{self, Refusal};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretValue;

/// Beside the folder of the CLI, and not in it.
const FOLDER: &str = "infisical-keyring";

/// The folder in the home folder `home`.
pub(super) fn folder(home: &Path) -> PathBuf {
    home.join(FOLDER)
}

/// The file of the entry `key`.
pub(super) fn file(folder: &Path, key: &str) -> PathBuf {
    folder.join(key.replace('%', "%25").replace('/', "%2F"))
}

/// The text of the entry that `file` holds. `source` says where the passphrase is from.
///
/// # Errors
///
/// [`ErrorKind::Decryption`] if it is damaged, or the passphrase is another one.
pub(super) fn open(
    bytes: &[u8],
    passphrase: &[u8],
    source: &str,
    file: &Path,
) -> Result<SecretValue> {
    let file = file.display();
    let why = match jwe::open(bytes, passphrase) {
        Ok(text) => match serde_json::from_slice(&text) {
            Ok(text) => return Ok(SecretValue::new(text)),
            Err(_) => "its text is no JSON string",
        },
        Err(Refusal::Damaged(why)) => why,
        Err(Refusal::Locked) => {
            let message = format!("{source} does not open {file}");
            return Err(Error::new(ErrorKind::Decryption, message).help(
                "it is another one, or the file is damaged: `infisical login` writes it anew",
            ));
        }
    };
    let message = format!("{file} does not decrypt: {why}");
    Err(Error::new(ErrorKind::Decryption, message)
        .help("log in again with `infisical login`, which writes it anew"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli_login::vectors::vectors;

    #[test]
    fn an_entry_lies_in_the_file_that_the_cli_gives_it() {
        let vectors = vectors();
        assert_eq!(vectors.file_names.len(), 5);
        let entries = vectors.entries.iter();
        let names = entries.map(|entry| (&entry.keyring_key, &entry.file_name));
        for (key, name) in names.chain(&vectors.file_names) {
            let file = file(&folder(Path::new("/srv/dev")), key);
            assert_eq!(file, Path::new("/srv/dev/infisical-keyring").join(name));
        }
    }
}
