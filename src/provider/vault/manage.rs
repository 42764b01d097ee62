//! Making a vault, and saying who can open it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::files::Files;
use super::format::Vault;
use super::keys::VaultRecipient;
use super::personal::Personal;
use super::seal::{self, Keys};
use super::store::Opening;
use crate::credentials::VaultKey;
use crate::error::{Error, ErrorKind, Result};
use crate::file_owners::FileOwners;
use crate::notice::Notice;
use crate::trust::TrustStore;

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
    opening: Opening,
    timeout: Duration,
}

/// Personal overrides that nothing shows to be one's own. See [`VaultFile::unsealed`].
#[derive(Debug)]
pub struct UnsealedOverrides(Personal);

impl UnsealedOverrides {
    /// What they override: names and places, no values.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.names()
    }
}

impl VaultFile {
    /// The work for a passphrase that is taken on [unless asked](Self::most_work).
    pub const MOST_WORK: u8 = seal::MOST_WORK;

    /// The most that can be asked for.
    pub const LIMIT_OF_WORK: u8 = seal::LIMIT_OF_WORK;

    /// The vault `file`, opened with `key`. Nothing is read yet.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>, key: VaultKey) -> Self {
        Self {
            opening: Opening::new(file.into(), key),
            timeout: Duration::from_secs(30),
        }
    }

    /// The same, but a call takes at most `timeout` for reading, and for waiting for
    /// other writers, not 30 seconds; a day is the most.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same, which remembers in `store` which recipients were accepted, and
    /// writes nothing while there are others.
    #[must_use]
    pub fn trust(mut self, store: TrustStore) -> Self {
        self.opening.trust = Some(store);
        self
    }

    /// The same, which tries a passphrase where scrypt takes work of two to the power
    /// of `most`: that many KiB of memory. [`LIMIT_OF_WORK`](Self::LIMIT_OF_WORK) is
    /// the most.
    #[must_use]
    pub fn most_work(mut self, most: u8) -> Self {
        self.opening.most_work = most;
        self
    }

    /// The same, which reads the vault and what is personal of it only if they are of
    /// these `owners`, and not everybody's.
    #[must_use]
    pub fn owned_by(mut self, owners: FileOwners) -> Self {
        self.opening.owners = owners;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.opening.file
    }

    /// What calls noticed, each thing once.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.opening.noticed.take()
    }

    /// Whether the vault `file` opens with a passphrase, and not with an
    /// identity. No key is needed to tell.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] if there is no such file,
    /// [`ErrorKind::Configuration`] if it is of none of the `owners`,
    /// [`ErrorKind::Protocol`] or [`ErrorKind::Decryption`] if it is no age file.
    pub fn takes_passphrase(file: &Path, owners: &FileOwners) -> Result<bool> {
        let content = Files::find(file, owners)?.read_vault()?;
        seal::takes_passphrase(&content.bytes, file)
    }

    /// Makes an empty vault that opens with the key, and for `others` too.
    /// Only its owner can read the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] if there is a file of that name: it is never
    /// overwritten; [`ErrorKind::Configuration`] for `others` beside a passphrase.
    pub async fn create(&self, others: &[VaultRecipient]) -> Result<()> {
        let store = self.opening.plan()?;
        if matches!(store.keys(), Keys::Passphrase { .. }) && !others.is_empty() {
            return Err(self.no_recipients());
        }
        let mut vault = Vault::default();
        for one in store.keys().recipients().iter().chain(others) {
            if !vault.recipients.contains(one) {
                vault.recipients.push(one.clone());
            }
        }
        let _lock = store.lock(self.until()).await?;
        store.create(&mut vault)
    }

    /// Who can open the vault; nobody is listed if it has a passphrase.
    ///
    /// # Errors
    ///
    /// As for reading secrets: any [`ErrorKind`].
    pub async fn recipients(&self) -> Result<Vec<VaultRecipient>> {
        let vault = self.opening.open()?.vault(self.until()).await?;
        Ok(vault.recipients)
    }

    /// Accepts the recipients that the vault lists, and gives those that were not
    /// accepted before. Where other keys than these may open the file, it is
    /// encrypted anew to these alone.
    ///
    /// # Errors
    ///
    /// As for changing secrets: any [`ErrorKind`].
    pub async fn accept(&self) -> Result<Vec<VaultRecipient>> {
        let (store, until) = (self.opening.open()?, self.until());
        let _lock = store.lock(until).await?;
        let (mut vault, doubts) = store.doubted(until).await?;
        store.acceptance().accept(&vault)?;
        if doubts.header.is_some() {
            store.save(&mut vault)?;
        }
        Ok(doubts.recipients)
    }

    /// Opens the vault to `recipient`, and says whether that is new.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the vault has a passphrase, or recipients
    /// that were not accepted; otherwise any [`ErrorKind`].
    pub async fn add(&self, recipient: &VaultRecipient) -> Result<bool> {
        let (store, until) = (self.opening.open()?, self.until());
        let _lock = store.lock(until).await?;
        let (mut vault, doubts) = store.doubted(until).await?;
        self.shared(&vault)?;
        doubts.refuse()?;
        if vault.recipients.contains(recipient) {
            return Ok(false);
        }
        vault.recipients.push(recipient.clone());
        store.save(&mut vault)?;
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
    /// which goes for the last recipient, if it has a passphrase, or if others
    /// than this one were not accepted; otherwise any [`ErrorKind`].
    pub async fn remove(&self, recipient: &VaultRecipient) -> Result<()> {
        let (store, until) = (self.opening.open()?, self.until());
        let _lock = store.lock(until).await?;
        let (mut vault, mut doubts) = store.doubted(until).await?;
        self.shared(&vault)?;
        doubts.recipients.retain(|one| one != recipient);
        doubts.refuse()?;
        let file = self.opening.file.display();
        let Some(index) = vault.recipients.iter().position(|one| one == recipient) else {
            let message = format!("{recipient} is not a recipient of {file}");
            return Err(Error::new(ErrorKind::Missing, message)
                .help("`phase-run vault recipients list` shows who is"));
        };
        if vault.recipients.len() == 1 {
            let message = format!("{recipient} is the last recipient of {file}");
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("add another one first, or nobody could open it"));
        }
        let removed = vault.recipients.remove(index);
        store.save(&mut vault)?;
        store.acceptance().forget(&[removed])
    }

    /// Encrypts the vault anew, for the same recipients or with the same passphrase.
    ///
    /// # Errors
    ///
    /// As for changing secrets: any [`ErrorKind`].
    pub async fn rekey(&self) -> Result<()> {
        let (store, until) = (self.opening.open()?, self.until());
        let _lock = store.lock(until).await?;
        let (mut vault, doubts) = store.doubted(until).await?;
        doubts.refuse()?;
        store.save(&mut vault)
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
        let (store, until) = (self.opening.open()?, self.until());
        let next = Opening {
            key: new.clone(),
            ..self.opening.clone()
        };
        let next = next.open()?;
        let _lock = store.lock(until).await?;
        let (mut vault, doubts) = store.doubted(until).await?;
        doubts.refuse()?;
        let own = store.keys().recipients();
        vault.recipients.retain(|one| !own.contains(one));
        if matches!(next.keys(), Keys::Passphrase { .. }) && !vault.recipients.is_empty() {
            return Err(self.no_recipients());
        }
        let new = next.keys().recipients();
        for one in &new {
            if !vault.recipients.contains(one) {
                vault.recipients.push(one.clone());
            }
        }
        // An earlier call may have come this far.
        let personal = match store.personal(until).await {
            Err(error) => next.personal(until).await.map_err(|_| error)?,
            Ok(personal) => personal,
        };
        if let Some(mut personal) = personal {
            next.save_personal(&mut personal)?;
        }
        next.save(&mut vault)?;
        let gone: Vec<_> = own.into_iter().filter(|one| !new.contains(one)).collect();
        next.acceptance().forget(&gone)
    }

    /// The personal overrides to the vault, if nothing shows that it was this key's
    /// owner who wrote them: age lets anybody do so who knows the recipient. Until they
    /// are [sealed](Self::seal), the vault is not read with them.
    ///
    /// Those that do not open with the key are none of these.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] but [`ErrorKind::Decryption`].
    pub async fn unsealed(&self) -> Result<Option<UnsealedOverrides>> {
        let store = self.opening.open()?;
        match store.any_personal(self.until()).await {
            Ok(found) => Ok(found
                .filter(|personal| !personal.is_ours(store.keys()))
                .map(UnsealedOverrides)),
            Err(error) if error.kind() == ErrorKind::Decryption => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Seals `overrides`, as they were when they were looked at, as one's own.
    ///
    /// # Errors
    ///
    /// As for changing secrets: any [`ErrorKind`].
    pub async fn seal(&self, mut overrides: UnsealedOverrides) -> Result<()> {
        let store = self.opening.open()?;
        let _lock = store.lock(self.until()).await?;
        store.save_personal(&mut overrides.0)
    }

    pub(super) fn opening(&self) -> &Opening {
        &self.opening
    }

    /// That `vault` has recipients.
    fn shared(&self, vault: &Vault) -> Result<()> {
        if vault.recipients.is_empty() {
            return Err(self.no_recipients());
        }
        Ok(())
    }

    fn no_recipients(&self) -> Error {
        let message = format!(
            "{} opens with a passphrase, or with identities, not with both",
            self.opening.file.display()
        );
        Error::new(ErrorKind::Configuration, message)
            .help("`phase-run vault rekey` changes a passphrase for an identity; a passphrase is for a vault without other recipients")
    }

    pub(super) fn until(&self) -> Instant {
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
        Ok(Keys::new(self, seal::MOST_WORK)?.recipients())
    }
}
