//! What was trusted at first use, remembered on disk: no secrets.
//!
//! One small JSON file per thing, written as a whole: many processes may read and
//! write at the same time without a lock.

use std::fmt::Write as _;
use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result, plain};
use crate::regular;

/// The most bytes an entry may have.
const LARGEST: u64 = 1 << 20;

/// Where public keys and recipients that were once accepted are remembered, so that
/// a change of them is noticed.
///
/// Without one, a [`Client`](crate::Client) accepts whatever it is shown, as at
/// first use.
#[derive(Clone, Debug)]
pub struct TrustStore {
    accepts_new_keys: bool,
    accepts_recipients: bool,
    directory: PathBuf,
}

impl TrustStore {
    /// The one in `directory`, which is made (mode 0700) when something is to be
    /// remembered. Where that cannot be done, nothing is remembered and nothing fails.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            accepts_new_keys: false,
            accepts_recipients: false,
            directory: directory.into(),
        }
    }

    /// The same, which takes another public key of an environment than before, and
    /// remembers that one instead. (Phase, end-to-end encrypted)
    #[must_use]
    pub fn accept_new_keys(mut self, accept: bool) -> Self {
        self.accepts_new_keys = accept;
        self
    }

    /// The same, which takes recipients that were not there before, and remembers
    /// them too. (vault)
    #[must_use]
    pub fn accept_recipients(mut self, accept: bool) -> Self {
        self.accepts_recipients = accept;
        self
    }

    pub(crate) fn accepts_new_keys(&self) -> bool {
        self.accepts_new_keys
    }

    #[cfg(feature = "vault")]
    pub(crate) fn accepts_recipients(&self) -> bool {
        self.accepts_recipients
    }

    /// What is remembered as a `kind` of thing under `key`, if anything is.
    ///
    /// # Errors
    ///
    /// There is an entry, and it cannot be read: then nobody can tell whether
    /// something changed.
    pub(crate) fn recall<T: DeserializeOwned>(
        &self,
        kind: &str,
        key: &[&str],
    ) -> Result<Option<T>> {
        let path = self.entry(kind, key);
        let found = match regular::read(&path, LARGEST) {
            // As where nothing can be written: nothing was.
            Err(error) if regular::is_out_of_sight(&path, &error) => {
                tracing::info!(
                    "nothing is remembered: {:?} is closed to us",
                    path.display()
                );
                Ok(None)
            }
            found => found,
        };
        let read = found.and_then(|bytes| {
            bytes
                .map(|bytes| serde_json::from_slice(&bytes).map_err(|_| not_ours()))
                .transpose()
        });
        read.map_err(|error| {
            let text = format!("cannot read {}: {}", path.display(), plain(&error));
            Error::new(ErrorKind::System, text)
                .help("it says what was trusted before; remove it to trust what comes next")
        })
    }

    /// Remembers `what` as a `kind` of thing under `key`. Where that cannot be
    /// done it is said under `-v`, and nothing fails.
    pub(crate) fn remember<T: Serialize>(&self, kind: &str, key: &[&str], what: &T) {
        let path = self.entry(kind, key);
        let written = serde_json::to_vec_pretty(what)
            .map_err(io::Error::other)
            .and_then(|bytes| write(&path, &bytes));
        if let Err(error) = written {
            tracing::info!(
                "nothing is remembered for the next time: cannot write {:?}: {}",
                path.display(),
                plain(&error)
            );
        }
    }

    /// The file of `key`. Names from outside are no part of its name.
    fn entry(&self, kind: &str, key: &[&str]) -> PathBuf {
        // As JSON, in which ("a", "bc") and ("ab", "c") differ.
        let hash = digest(&SHA256, serde_json::json!(key).to_string().as_bytes());
        let mut hex = String::new();
        for byte in &hash.as_ref()[..16] {
            // A `String` takes all that is written.
            let _ = write!(hex, "{byte:02x}");
        }
        self.directory.join(kind).join(format!("{hex}.json"))
    }
}

fn not_ours() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "it is not what was written there",
    )
}

/// Puts `bytes` in the place of `path`, for its owner alone.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_remembered_is_recalled_by_whoever_asks_for_the_same() {
        let top = tempfile::tempdir().unwrap();
        let store = TrustStore::new(top.path().join("a/b"));
        assert_eq!(store.recall::<String>("keys", &["x", "y"]).unwrap(), None);
        store.remember("keys", &["x", "y"], &"z");
        assert_eq!(
            store
                .recall::<String>("keys", &["x", "y"])
                .unwrap()
                .unwrap(),
            "z"
        );
        assert_eq!(store.recall::<String>("keys", &["xy", ""]).unwrap(), None);
        assert_eq!(store.recall::<String>("vaults", &["x", "y"]).unwrap(), None);
        for folder in ["a", "a/b", "a/b/keys"] {
            let mode = fs::metadata(top.path().join(folder))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o700, "{folder}");
        }
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_remembered_and_nothing_fails() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("file"), "").unwrap();
        let store = TrustStore::new(top.path().join("file"));
        store.remember("keys", &["x"], &1);
        assert_eq!(store.recall::<u8>("keys", &["x"]).unwrap(), None);
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_an_error_that_names_the_file() {
        let top = tempfile::tempdir().unwrap();
        let store = TrustStore::new(top.path());
        store.remember("keys", &["x"], &"text");
        let error = store.recall::<u8>("keys", &["x"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::System);
        assert!(error.to_string().contains(".json"), "{error}");
        assert!(!error.to_string().contains("text\""), "{error}");
    }
}
