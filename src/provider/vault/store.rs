//! A vault that can be read and written: its files, and the keys to them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::files::{self, Files};
use super::format::{self, Document, Vault};
use super::keys::VaultRecipient;
use super::personal::Personal;
use super::seal::{self, Keys};
use crate::credentials::VaultKey;
use crate::error::{Error, ErrorKind, Result};

pub(super) struct Store {
    files: Files,
    keys: Keys,
    name: PathBuf,
}

impl Store {
    /// The vault `file`. It is there, but has not been read.
    pub(super) fn open(file: &Path, key: &VaultKey) -> Result<Self> {
        Self::with(file, key, Files::find)
    }

    /// The vault `file`, which need not be there.
    pub(super) fn plan(file: &Path, key: &VaultKey) -> Result<Self> {
        Self::with(file, key, Files::plan)
    }

    fn with(file: &Path, key: &VaultKey, files: fn(&Path) -> Result<Files>) -> Result<Self> {
        Ok(Self {
            keys: Keys::new(key)?,
            files: files(file)?,
            name: file.to_owned(),
        })
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// See [`Files::lock`].
    pub(super) async fn lock(&self, until: Instant) -> Result<File> {
        self.files.lock(until).await
    }

    /// What the vault holds.
    pub(super) fn vault(&self) -> Result<Vault> {
        self.decoded_vault(&self.bytes()?)
    }

    /// What the vault holds, and the overrides to it.
    ///
    /// No lock is needed, hence no writable directory. The two belong together:
    /// a writer that moves a secret leaves its override in the old place until
    /// the vault is written, so that it is enough to see the same vault twice.
    pub(super) fn both(&self) -> Result<(Vault, Personal)> {
        let mut vault = self.bytes()?;
        while let Some(personal) = files::read(&self.files.personal())? {
            let again = self.bytes()?;
            if again == vault {
                return Ok((
                    self.decoded_vault(&vault)?,
                    self.decoded_personal(&personal)?,
                ));
            }
            vault = again;
        }
        Ok((self.decoded_vault(&vault)?, Personal::default()))
    }

    /// The overrides alone, if there is a file of them.
    pub(super) fn personal(&self) -> Result<Option<Personal>> {
        let bytes = files::read(&self.files.personal())?;
        bytes.map(|bytes| self.decoded_personal(&bytes)).transpose()
    }

    /// Makes the vault. Neither it nor overrides to it may be there.
    pub(super) fn create(&self, vault: &Vault) -> Result<()> {
        let personal = self.files.personal();
        if personal.try_exists().unwrap_or(true) {
            let message = format!("{} is left over from another vault", personal.display());
            return Err(Error::new(ErrorKind::Conflict, message).help("move it away first"));
        }
        files::create(self.files.vault(), &self.sealed(vault, &vault.recipients)?)
    }

    /// Writes the vault. Only under the lock.
    pub(super) fn save(&self, vault: &Vault) -> Result<()> {
        let own = self.keys.recipients();
        if !own.is_empty() && !vault.recipients.iter().any(|one| own.contains(one)) {
            let message = format!(
                "{} would no longer open with your own identity",
                self.name.display()
            );
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("ask another recipient to do it, or change your identity with `phase-run vault rekey`"));
        }
        self.files
            .replace_vault(&self.sealed(vault, &vault.recipients)?)
    }

    /// Writes the overrides. Only under the lock.
    pub(super) fn save_personal(&self, personal: &Personal) -> Result<()> {
        self.files
            .replace_personal(&self.sealed(personal, &self.keys.recipients())?)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        files::read(self.files.vault())?.ok_or_else(|| files::absent(&self.name))
    }

    fn sealed(&self, document: &impl Document, to: &[VaultRecipient]) -> Result<Vec<u8>> {
        seal::seal(&self.keys, to, |writer| format::write(document, writer))
    }

    fn decoded_vault(&self, bytes: &[u8]) -> Result<Vault> {
        let vault: Vault = format::parse(&seal::open(bytes, &self.keys, &self.name)?, &self.name)?;
        if vault.recipients.is_empty() == matches!(self.keys, Keys::Passphrase(_)) {
            return Ok(vault);
        }
        let message = format!(
            "the list of recipients in {} does not fit how it is encrypted",
            self.name.display()
        );
        Err(Error::new(ErrorKind::Protocol, message)
            .help("a vault with recipients lists them, and one with a passphrase has none"))
    }

    fn decoded_personal(&self, bytes: &[u8]) -> Result<Personal> {
        let file = self.files.personal();
        match seal::open(bytes, &self.keys, &file) {
            Ok(text) => format::parse(&text, &file),
            Err(error) if error.kind() == ErrorKind::Decryption => Err(error.help(
                "it holds your personal overrides: use the key it was made with, finish a `phase-run vault rekey` that was interrupted, or move it away",
            )),
            Err(error) => Err(error),
        }
    }
}
