//! Which recipients of a vault were accepted. age says of nobody that they wrote a
//! file, so that a recipient whom somebody added is known only by having been absent.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::format::Vault;
use super::keys::VaultRecipient;
use super::noticed::Noticed;
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::trust::TrustStore;

/// The kind of entry in the [`TrustStore`].
const KIND: &str = "recipients";

/// What is remembered of one vault.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Remembered {
    /// The highest revision that was seen.
    revision: u64,
    recipients: Vec<String>,
}

impl Remembered {
    fn of(vault: &Vault) -> Self {
        Self {
            revision: vault.revision,
            recipients: names(&vault.recipients),
        }
    }

    /// Forgets those whom a later revision than any that was seen does not have. An
    /// earlier one tells nothing: it may be another branch, or an old copy.
    fn see(&mut self, vault: &Vault) {
        if vault.revision > self.revision {
            let listed = names(&vault.recipients);
            self.recipients.retain(|one| listed.contains(one));
            self.revision = vault.revision;
        }
    }

    fn accept(&mut self, recipients: &[VaultRecipient]) {
        for one in names(recipients) {
            if !self.recipients.contains(&one) {
                self.recipients.push(one);
            }
        }
    }
}

fn names(recipients: &[VaultRecipient]) -> Vec<String> {
    recipients.iter().map(ToString::to_string).collect()
}

/// The recipients that were accepted for one vault. Where nothing is remembered,
/// all are, as at first use.
pub(super) struct Acceptance<'a> {
    file: String,
    trust: Option<&'a TrustStore>,
}

impl<'a> Acceptance<'a> {
    /// Those for the vault whose canonical path is `file`.
    pub(super) fn new(trust: Option<&'a TrustStore>, file: &Path) -> Self {
        Self {
            // A name that is not UTF-8 stays another one than any that is.
            file: file.as_os_str().as_bytes().escape_ascii().to_string(),
            trust,
        }
    }

    /// Those of `vault` that were not accepted. All are at first use, or if the
    /// user says so.
    pub(super) fn missing(&self, vault: &Vault) -> Result<Vec<VaultRecipient>> {
        let Some(trust) = self.trust else {
            return Ok(Vec::new());
        };
        let before = trust.recall::<Remembered>(KIND, &[&self.file])?;
        let mut now = before.clone().unwrap_or_else(|| Remembered::of(vault));
        now.see(vault);
        if trust.accepts_recipients() {
            now.accept(&vault.recipients);
        }
        self.keep(before.as_ref(), &now);
        let accepted = |one: &&VaultRecipient| now.recipients.contains(&one.to_string());
        let missing = vault.recipients.iter().filter(|one| !accepted(one));
        Ok(missing.cloned().collect())
    }

    /// Whether the user says that whoever is there may be.
    pub(super) fn is_given(&self) -> bool {
        self.trust.is_some_and(TrustStore::accepts_recipients)
    }

    /// Accepts those of `vault`, which is ours or was looked at.
    pub(super) fn accept(&self, vault: &Vault) -> Result<()> {
        let Some(trust) = self.trust else {
            return Ok(());
        };
        let before = trust.recall::<Remembered>(KIND, &[&self.file])?;
        let mut now = before.clone().unwrap_or_else(|| Remembered::of(vault));
        now.see(vault);
        now.accept(&vault.recipients);
        self.keep(before.as_ref(), &now);
        Ok(())
    }

    /// Accepts those of a new `vault` alone, whatever was remembered of another one
    /// in its place.
    pub(super) fn begin(&self, vault: &Vault) {
        self.keep(None, &Remembered::of(vault));
    }

    /// Forgets `recipients`, whom we removed.
    pub(super) fn forget(&self, recipients: &[VaultRecipient]) -> Result<()> {
        let Some(trust) = self.trust else {
            return Ok(());
        };
        let before = trust.recall::<Remembered>(KIND, &[&self.file])?;
        if let Some(mut now) = before.clone() {
            let removed = names(recipients);
            now.recipients.retain(|one| !removed.contains(one));
            self.keep(before.as_ref(), &now);
        }
        Ok(())
    }

    fn keep(&self, before: Option<&Remembered>, now: &Remembered) {
        if let Some(trust) = self.trust
            && before != Some(now)
        {
            trust.remember(KIND, &[&self.file], now);
        }
    }
}

/// What speaks against writing a vault: it would go to somebody who was not accepted.
pub(super) struct Doubts {
    /// The vault, as it was named.
    pub(super) file: PathBuf,
    /// How many keys open the file and how many its list names, where they differ.
    pub(super) header: Option<(usize, usize)>,
    /// Listed, but not accepted.
    pub(super) recipients: Vec<VaultRecipient>,
}

impl Doubts {
    /// Tells of them, as on reading.
    pub(super) fn tell(self, noticed: &Noticed) {
        if !self.recipients.is_empty() {
            noticed.add(Notice::NotAccepted {
                vault: self.file.clone(),
                recipients: names(&self.recipients),
            });
        }
        if let Some((keys, listed)) = self.header {
            noticed.add(Notice::NotListed {
                vault: self.file,
                keys,
                listed,
            });
        }
    }

    /// Nothing is written where there are any.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`], with the ways out.
    pub(super) fn refuse(self) -> Result<()> {
        let file = self.file.display();
        if !self.recipients.is_empty() {
            let message = format!(
                "{file} is open to recipients that you have not accepted: {}",
                names(&self.recipients).join(", ")
            );
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("`phase-run vault recipients accept` accepts them, and so does --accept-recipients; `phase-run vault recipients remove` shuts them out"));
        }
        if let Some((keys, listed)) = self.header {
            let message = format!("{file} opens with {keys} keys, and its list names {listed}");
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("look at `phase-run vault recipients list`; `phase-run vault recipients accept` encrypts it anew for those, and for nobody else"));
        }
        Ok(())
    }
}
