//! Making a vault, and saying who can open it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::files::{self, Files};
use super::format::Vault;
use super::keys::VaultRecipient;
use super::seal::{self, Keys};
use super::store::Store;
use crate::credentials::VaultKey;
use crate::error::{Error, ErrorKind, Result};

/// A vault file as such: made, and opened to others. What is in it is read
/// and written by a [`Client`](crate::Client).
///
/// Every change rewrites the file whole, under a lock that keeps other writers
/// out, and encrypts it with a new file key to every recipient it has then.
/// The calls that wait need a tokio runtime whose timer is on.
///
/// ```no_run
/// # async fn example() -> phase_run::Result<()> {
/// use phase_run::{VaultFile, VaultIdentity};
///
/// let identity = VaultIdentity::generate();
/// identity.save("identity".as_ref())?;
/// VaultFile::new("team.vault", identity.key()).create(&[]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VaultFile {
    file: PathBuf,
    key: VaultKey,
    timeout: Duration,
}

impl VaultFile {
    /// The vault `file`, opened with `key`. Nothing is read yet.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>, key: VaultKey) -> Self {
        Self {
            file: file.into(),
            key,
            timeout: Duration::from_secs(30),
        }
    }

    /// The same, but a call waits at most `timeout` for other writers, not
    /// 30 seconds; a day is the most.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether the vault `file` opens with a passphrase, and not with an
    /// identity. No key is needed to tell.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] if there is no such file,
    /// [`ErrorKind::Protocol`] or [`ErrorKind::Decryption`] if it is no age file.
    pub fn takes_passphrase(file: &Path) -> Result<bool> {
        let found = Files::find(file)?;
        let bytes = files::read(found.vault())?.ok_or_else(|| files::absent(file))?;
        seal::takes_passphrase(&bytes, file)
    }

    /// Makes an empty vault that opens with the key, and for `others` too.
    /// Only its owner can read the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] if there is a file of that name: it is never
    /// overwritten; [`ErrorKind::Configuration`] for `others` beside a passphrase.
    pub async fn create(&self, others: &[VaultRecipient]) -> Result<()> {
        let store = Store::plan(&self.file, &self.key)?;
        if matches!(store.keys(), Keys::Passphrase(_)) && !others.is_empty() {
            return Err(self.no_recipients());
        }
        let mut vault = Vault::default();
        for one in store.keys().recipients().iter().chain(others) {
            if !vault.recipients.contains(one) {
                vault.recipients.push(one.clone());
            }
        }
        let _lock = store.lock(self.until()).await?;
        store.create(&vault)
    }

    /// Who can open the vault; nobody is listed if it has a passphrase.
    ///
    /// # Errors
    ///
    /// As for reading secrets: any [`ErrorKind`].
    pub fn recipients(&self) -> Result<Vec<VaultRecipient>> {
        Ok(Store::open(&self.file, &self.key)?.vault()?.recipients)
    }

    /// Opens the vault to `recipient`, and says whether that is new.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the vault has a passphrase; otherwise
    /// any [`ErrorKind`].
    pub async fn add(&self, recipient: &VaultRecipient) -> Result<bool> {
        let store = Store::open(&self.file, &self.key)?;
        let _lock = store.lock(self.until()).await?;
        let mut vault = self.shared(&store)?;
        if vault.recipients.contains(recipient) {
            return Ok(false);
        }
        vault.recipients.push(recipient.clone());
        store.save(&vault)?;
        Ok(true)
    }

    /// Closes the vault to `recipient`. From then on the file does not open
    /// for them. Older copies of it do, those in the history of git among
    /// them: what they could read must be changed at its source.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] if the vault is not open to them;
    /// [`ErrorKind::Configuration`] if the key would not open it any more,
    /// which goes for the last recipient, or if it has a passphrase;
    /// otherwise any [`ErrorKind`].
    pub async fn remove(&self, recipient: &VaultRecipient) -> Result<()> {
        let store = Store::open(&self.file, &self.key)?;
        let _lock = store.lock(self.until()).await?;
        let mut vault = self.shared(&store)?;
        let Some(index) = vault.recipients.iter().position(|one| one == recipient) else {
            let message = format!("{recipient} is not a recipient of {}", self.file.display());
            return Err(Error::new(ErrorKind::Missing, message)
                .help("`phase-run vault recipients list` shows who is"));
        };
        if vault.recipients.len() == 1 {
            let message = format!(
                "{recipient} is the last recipient of {}",
                self.file.display()
            );
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("add another one first, or nobody could open it"));
        }
        vault.recipients.remove(index);
        store.save(&vault)
    }

    /// Encrypts the vault anew, for the same recipients or with the same passphrase.
    ///
    /// # Errors
    ///
    /// As for changing secrets: any [`ErrorKind`].
    pub async fn rekey(&self) -> Result<()> {
        let store = Store::open(&self.file, &self.key)?;
        let _lock = store.lock(self.until()).await?;
        store.save(&store.vault()?)
    }

    /// Puts `new` in the place of this key: another passphrase, or another
    /// identity as the recipient that this one was. Other recipients stay.
    /// Personal overrides move to the new key, too.
    ///
    /// The new key must be kept safe before: without it the vault is lost.
    /// After an interruption the same call again brings it to an end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for a passphrase while others are
    /// recipients; otherwise any [`ErrorKind`].
    pub async fn change_key(&self, new: &VaultKey) -> Result<()> {
        let (store, next) = (
            Store::open(&self.file, &self.key)?,
            Store::open(&self.file, new)?,
        );
        let _lock = store.lock(self.until()).await?;
        let mut vault = store.vault()?;
        let own = store.keys().recipients();
        vault.recipients.retain(|one| !own.contains(one));
        if matches!(next.keys(), Keys::Passphrase(_)) && !vault.recipients.is_empty() {
            return Err(self.no_recipients());
        }
        for one in next.keys().recipients() {
            if !vault.recipients.contains(&one) {
                vault.recipients.push(one);
            }
        }
        // An earlier call may have come this far.
        let personal = store
            .personal()
            .or_else(|error| next.personal().map_err(|_| error))?;
        if let Some(personal) = personal {
            next.save_personal(&personal)?;
        }
        next.save(&vault)
    }

    /// The vault, which has recipients.
    fn shared(&self, store: &Store) -> Result<Vault> {
        let vault = store.vault()?;
        if vault.recipients.is_empty() {
            return Err(self.no_recipients());
        }
        Ok(vault)
    }

    fn no_recipients(&self) -> Error {
        let message = format!(
            "{} opens with a passphrase, or with identities, not with both",
            self.file.display()
        );
        Error::new(ErrorKind::Configuration, message)
            .help("`phase-run vault rekey` changes a passphrase for an identity; a passphrase is for a vault without other recipients")
    }

    fn until(&self) -> Instant {
        // An instant cannot be as far away as a duration can be long.
        Instant::now() + self.timeout.min(Duration::from_hours(24))
    }
}

impl VaultKey {
    /// The recipients that this key belongs to; none for a passphrase.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] if it does not parse.
    pub fn recipients(&self) -> Result<Vec<VaultRecipient>> {
        Ok(Keys::new(self)?.recipients())
    }
}
