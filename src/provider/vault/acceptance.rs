//! Which recipients of a vault were accepted. age says of nobody that they wrote a
//! file, so that a recipient whom somebody added is known only by having been absent.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::format::Vault;
use super::keys::VaultRecipient;
use super::noticed::Noticed;
use super::revision::{Revision, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::trust::TrustStore;

/// The kind of entry in the [`TrustStore`].
const KIND: &str = "recipients";

/// What is remembered of one vault.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Remembered {
    /// The highest revision that was seen.
    revision: Revision,
    recipients: Vec<String>,
}

impl Remembered {
    fn of(vault: &Vault) -> Self {
        Self {
            revision: vault.revision,
            recipients: names(&vault.recipients),
        }
    }

    /// Forgets those whom a later revision than any that was seen does not have. One
    /// that is not a step on tells nothing.
    fn see(&mut self, vault: &Vault) {
        if vault.revision.step_from(self.revision) == Step::On {
            self.follow(vault);
        }
    }

    fn follow(&mut self, vault: &Vault) {
        let listed = names(&vault.recipients);
        self.recipients.retain(|one| listed.contains(one));
        self.revision = vault.revision;
    }

    /// Takes `vault` as it is, however far it is from what was seen.
    fn accept(&mut self, vault: &Vault) {
        if vault.revision > self.revision {
            self.follow(vault);
        }
        for one in names(&vault.recipients) {
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

    /// What speaks against `vault`, called `name`: nothing at first use, or if the
    /// user says so.
    pub(super) fn doubts(&self, vault: &Vault, name: &Path) -> Result<Doubts> {
        let mut doubts = Doubts {
            file: name.to_owned(),
            header: None,
            leap: None,
            recipients: Vec::new(),
        };
        let Some(trust) = self.trust else {
            return Ok(doubts);
        };
        let before = trust.recall::<Remembered>(KIND, &[&self.file])?;
        let mut now = before.clone().unwrap_or_else(|| Remembered::of(vault));
        if trust.accepts_recipients() {
            now.accept(vault);
        } else {
            now.see(vault);
        }
        self.keep(before.as_ref(), &now);
        let accepted = |one: &&VaultRecipient| now.recipients.contains(&one.to_string());
        let missing = vault.recipients.iter().filter(|one| !accepted(one));
        doubts.recipients = missing.cloned().collect();
        let leaps = vault.revision.step_from(now.revision) == Step::Leap;
        doubts.leap = leaps.then_some((now.revision, vault.revision));
        Ok(doubts)
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
        now.accept(vault);
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
    /// The revision that was seen, and the one that is no step on from it.
    pub(super) leap: Option<(Revision, Revision)>,
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
        if let Some((seen, revision)) = self.leap {
            noticed.add(Notice::Leapt {
                vault: self.file.clone(),
                revision: revision.into(),
                seen: seen.into(),
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
        if let Some((seen, revision)) = self.leap {
            let message = format!(
                "{file} is at revision {revision}, and was at {seen} when it was last seen"
            );
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("nobody writes that often: if it was made up, restore the vault from git; if it was not, `phase-run vault recipients accept` takes it as it is"));
        }
        if let Some((keys, listed)) = self.header {
            let message = format!("{file} opens with {keys} keys, and its list names {listed}");
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("look at `phase-run vault recipients list`; `phase-run vault recipients accept` encrypts it anew for those, and for nobody else"));
        }
        Ok(())
    }
}
