//! A vault that can be read and written: its files, and the keys to them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use zeroize::Zeroizing;

use super::acceptance::{Acceptance, Doubts};
use super::files::{self, Content, Files};
use super::format::{self, Document, Vault};
use super::keys::VaultRecipient;
use super::noticed::Noticed;
use super::personal::Personal;
use super::revision::Revision;
use super::seal::{self, Keys};
use crate::credentials::VaultKey;
use crate::error::{Error, ErrorKind, Result};
use crate::file_owners::FileOwners;
use crate::notice::Notice;
use crate::trust::TrustStore;

/// A vault file, and all that is said of how it is opened.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) file: PathBuf,
    pub(super) key: VaultKey,
    /// The most work that a passphrase may take.
    pub(super) most_work: u8,
    pub(super) noticed: Noticed,
    pub(super) owners: FileOwners,
    /// Where accepted recipients are remembered.
    pub(super) trust: Option<TrustStore>,
}

impl Opening {
    pub(super) fn new(file: PathBuf, key: VaultKey) -> Self {
        Self {
            file,
            key,
            most_work: seal::MOST_WORK,
            noticed: Noticed::default(),
            owners: FileOwners::everybody(),
            trust: None,
        }
    }

    /// The vault, which is there, but has not been read.
    pub(super) fn open(&self) -> Result<Store> {
        self.with(Files::find)
    }

    /// The vault, which need not be there.
    pub(super) fn plan(&self) -> Result<Store> {
        self.with(Files::plan)
    }

    fn with(&self, files: fn(&Path, &FileOwners) -> Result<Files>) -> Result<Store> {
        Ok(Store {
            files: files(&self.file, &self.owners)?,
            keys: Arc::new(Keys::new(&self.key, self.most_work)?),
            name: self.file.clone(),
            noticed: self.noticed.clone(),
            trust: self.trust.clone(),
        })
    }
}

pub(super) struct Store {
    files: Files,
    keys: Arc<Keys>,
    /// The vault, as it was named.
    name: PathBuf,
    noticed: Noticed,
    trust: Option<TrustStore>,
}

impl Store {
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// See [`Files::lock`].
    pub(super) async fn lock(&self, until: Instant) -> Result<File> {
        self.files.lock(until).await
    }

    /// Which recipients were accepted.
    pub(super) fn acceptance(&self) -> Acceptance<'_> {
        Acceptance::new(self.trust.as_ref(), self.files.vault())
    }

    /// What the vault holds, to be read. What speaks against writing it is noticed.
    pub(super) async fn vault(&self, until: Instant) -> Result<Vault> {
        let (vault, doubts) = self.doubted(until).await?;
        doubts.tell(&self.noticed);
        Ok(vault)
    }

    /// The same with the overrides to it, if `personal` says that they count. Where
    /// they do not, it is nothing to us who wrote them.
    pub(super) async fn for_use(
        &self,
        personal: bool,
        until: Instant,
    ) -> Result<(Vault, Personal)> {
        if personal {
            self.both(until).await
        } else {
            Ok((self.vault(until).await?, Personal::default()))
        }
    }

    /// What the vault holds, and the overrides to it, to be read.
    pub(super) async fn both(&self, until: Instant) -> Result<(Vault, Personal)> {
        let (vault, personal, doubts) = self.both_doubted(until).await?;
        doubts.tell(&self.noticed);
        Ok((vault, personal))
    }

    /// The same, to be changed. Only under the lock.
    pub(super) async fn to_change(&self, until: Instant) -> Result<(Vault, Personal)> {
        let (vault, personal, doubts) = self.both_doubted(until).await?;
        doubts.refuse()?;
        Ok((vault, personal))
    }

    /// What the vault holds, and what speaks against writing it.
    pub(super) async fn doubted(&self, until: Instant) -> Result<(Vault, Doubts)> {
        self.decoded_vault(self.bytes()?, until).await
    }

    /// No lock is needed, hence no writable directory. The two belong together:
    /// a writer that moves a secret leaves its override in the old place until
    /// the vault is written, so that it is enough to see the same vault twice.
    async fn both_doubted(&self, until: Instant) -> Result<(Vault, Personal, Doubts)> {
        let mut bytes = self.bytes()?;
        while let Some(personal) = self.personal_bytes()? {
            let again = self.bytes()?;
            if again == bytes {
                let (vault, doubts) = self.decoded_vault(bytes, until).await?;
                let personal = self.decoded_personal(personal, until).await?;
                return Ok((vault, self.ours(personal)?, doubts));
            }
            if Instant::now() >= until {
                return Err(no_time(&self.name));
            }
            bytes = again;
        }
        let (vault, doubts) = self.decoded_vault(bytes, until).await?;
        Ok((vault, Personal::default(), doubts))
    }

    /// The overrides alone, if there is a file of them.
    pub(super) async fn personal(&self, until: Instant) -> Result<Option<Personal>> {
        match self.any_personal(until).await? {
            Some(personal) => self.ours(personal).map(Some),
            None => Ok(None),
        }
    }

    /// The same, whoever wrote them.
    pub(super) async fn any_personal(&self, until: Instant) -> Result<Option<Personal>> {
        match self.personal_bytes()? {
            Some(bytes) => self.decoded_personal(bytes, until).await.map(Some),
            None => Ok(None),
        }
    }

    /// Makes the vault. Neither it nor overrides to it may be there.
    pub(super) fn create(&self, vault: &mut Vault) -> Result<()> {
        let personal = self.files.personal();
        if personal.symlink_metadata().is_ok() {
            let message = format!("{} is left over from another vault", personal.display());
            return Err(Error::new(ErrorKind::Conflict, message).help("move it away first"));
        }
        vault.revision = Revision::FIRST;
        files::create(self.files.vault(), &self.sealed(vault, &vault.recipients)?)?;
        self.acceptance().begin(vault);
        Ok(())
    }

    /// Writes the vault. Only under the lock.
    pub(super) fn save(&self, vault: &mut Vault) -> Result<()> {
        let own = self.keys.recipients();
        if !own.is_empty() && !vault.recipients.iter().any(|one| own.contains(one)) {
            let message = format!(
                "{} would no longer open with your own identity",
                self.name.display()
            );
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("ask another recipient to do it, or change your identity with `phase-run vault rekey`"));
        }
        let next = vault.revision.next();
        vault.revision = next.ok_or_else(|| self.impossible(vault.revision))?;
        self.files
            .replace_vault(&self.sealed(vault, &vault.recipients)?)?;
        self.acceptance().accept(vault)
    }

    /// Writes the overrides, and seals them as ours. Only under the lock.
    pub(super) fn save_personal(&self, personal: &mut Personal) -> Result<()> {
        personal.seal(&self.keys).map_err(|error| {
            Error::new(ErrorKind::System, "cannot seal personal overrides").with_source(error)
        })?;
        self.files
            .replace_personal(&self.sealed(personal, &self.keys.recipients())?)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let content = self.files.read_vault()?;
        Ok(self.looked_at(content, &self.name))
    }

    fn personal_bytes(&self) -> Result<Option<Vec<u8>>> {
        let content = self.files.read_personal()?;
        Ok(content.map(|content| self.looked_at(content, &self.files.personal())))
    }

    fn looked_at(&self, content: Content, file: &Path) -> Vec<u8> {
        if content.is_exposed {
            let file = file.to_owned();
            self.noticed.add(Notice::Exposed { file });
        }
        content.bytes
    }

    fn sealed(&self, document: &impl Document, to: &[VaultRecipient]) -> Result<Vec<u8>> {
        seal::seal(&self.keys, to, |writer| format::write(document, writer))
    }

    async fn decoded_vault(&self, bytes: Vec<u8>, until: Instant) -> Result<(Vault, Doubts)> {
        let keys = seal::openers(&bytes);
        let vault: Vault =
            format::parse(&self.opened(bytes, &self.name, until).await?, &self.name)?;
        if !vault.revision.is_possible() {
            return Err(self.impossible(vault.revision));
        }
        let by_passphrase = matches!(*self.keys, Keys::Passphrase { .. });
        if vault.recipients.is_empty() != by_passphrase {
            let message = format!(
                "the list of recipients in {} does not fit how it is encrypted",
                self.name.display()
            );
            return Err(Error::new(ErrorKind::Protocol, message)
                .help("a vault with recipients lists them, and one with a passphrase has none"));
        }
        let acceptance = self.acceptance();
        let listed = vault.recipients.len();
        let differ = !by_passphrase && keys != listed && !acceptance.is_given();
        let mut doubts = acceptance.doubts(&vault, &self.name)?;
        doubts.header = differ.then_some((keys, listed));
        Ok((vault, doubts))
    }

    /// No vault was written so often, or none can be once more.
    fn impossible(&self, revision: Revision) -> Error {
        let file = self.name.display();
        let message =
            format!("{file} is at revision {revision}, which no vault comes to by writing");
        Error::new(ErrorKind::Protocol, message)
            .help("restore an earlier copy, from git or from a backup")
    }

    async fn decoded_personal(&self, bytes: Vec<u8>, until: Instant) -> Result<Personal> {
        let file = self.files.personal();
        match self.opened(bytes, &file, until).await {
            Ok(text) => format::parse(&text, &file),
            Err(error) if error.kind() == ErrorKind::Decryption => Err(error.help(
                "it holds your personal overrides: use the key it was made with, finish a `phase-run vault rekey` that was interrupted, or move it away",
            )),
            Err(error) => Err(error),
        }
    }

    /// `personal`, if it was we who wrote it.
    fn ours(&self, personal: Personal) -> Result<Personal> {
        if personal.is_ours(&self.keys) {
            return Ok(personal);
        }
        let file = self.files.personal();
        let message = format!("nothing shows that {} was written by you", file.display());
        Err(Error::new(ErrorKind::Decryption, message)
            .help("`phase-run vault rekey` shows what it overrides, and seals it as yours if you say so; phase-run 0.1 put no seal on it; else move it away"))
    }

    /// What stands in the age file `bytes`. `file` is its name for messages.
    async fn opened(
        &self,
        bytes: Vec<u8>,
        file: &Path,
        until: Instant,
    ) -> Result<Zeroizing<Vec<u8>>> {
        if matches!(*self.keys, Keys::Identities(_)) {
            return seal::open(&bytes, &self.keys, file);
        }
        // A passphrase is made to take long, and whoever made the file says how long.
        let (keys, name) = (Arc::clone(&self.keys), file.to_owned());
        let work = tokio::task::spawn_blocking(move || seal::open(&bytes, &keys, &name));
        match tokio::time::timeout_at(until.into(), work).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                let message = format!("cannot open {}", file.display());
                Err(Error::new(ErrorKind::System, message).with_source(error))
            }
            Err(_) => Err(no_time(file)),
        }
    }
}

fn no_time(file: &Path) -> Error {
    let message = format!("there was no time left to open {}", file.display());
    Error::new(ErrorKind::Timeout, message).help("give more time with --timeout")
}
