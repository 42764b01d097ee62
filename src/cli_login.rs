//! The login of Infisical's own command line tool, to be used as it stands.
//!
//! Its file says who is logged in, and where; the token lies in the keyring of
//! the system, or in a vault of encrypted files. Nothing is written, and no
//! error quotes anything but names of profiles and organisations.

mod config;
mod entry;
mod file;
#[cfg(fuzzing)]
pub mod fuzz;
mod jwe;
mod organisation;
mod profile;
mod vault;
#[cfg(test)]
mod vectors;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretValue;
use config::Content;
use organisation::Organisations;

/// Where the file is, below the home folder.
const FILE: &str = ".infisical/infisical-config.json";

/// A login of `infisical login`, found and not yet opened.
///
/// Its token is good for [`host`](Self::host) alone. It lies in an entry that
/// is called [`SERVICE`](Self::SERVICE) and [`username`](Self::username) in the
/// system's keyring, or else in the CLI's own vault:
///
/// ```no_run
/// use std::path::Path;
/// use phase_run::{InfisicalCliLogin, SecretValue};
///
/// # fn keyring(service: &str, username: &str) -> Option<SecretValue> { None }
/// # fn example(home: &Path, directory: &Path) -> phase_run::Result<()> {
/// if let Some(login) = InfisicalCliLogin::find(home, None, directory)? {
///     let mut entry = None;
///     if !login.is_in_vault() {
///         entry = keyring(InfisicalCliLogin::SERVICE, login.username());
///     }
///     if entry.is_none() && !login.needs_passphrase() {
///         entry = login.vault_entry(None)?;
///     }
///     let token = entry.map(|entry| login.token(&entry)).transpose()?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct InfisicalCliLogin {
    file: PathBuf,
    host: String,
    in_vault: bool,
    organisations: Organisations,
    /// Base64.
    passphrase: Option<SecretValue>,
    profile: String,
    username: String,
    /// Its folder.
    vault: PathBuf,
    warning: Option<String>,
}

impl InfisicalCliLogin {
    /// What its entries of the keyring are called, besides [`username`](Self::username).
    pub const SERVICE: &'static str = "infisical-cli";

    /// The login in force in the home folder `home`; `None` if nobody is logged in.
    ///
    /// Of several profiles that is the one that `profile` names, as the variable
    /// `INFISICAL_PROFILE` does for the CLI; or else the one that `directory` or
    /// the nearest folder above it is bound to; or else the one that the CLI
    /// was last told to use. `directory` is the working directory as the shell
    /// calls it (`PWD`), since that is what the CLI compares.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the file cannot be used, or if a profile
    /// that was named, or bound to the directory, is not there.
    pub fn find(home: &Path, profile: Option<&str>, directory: &Path) -> Result<Option<Self>> {
        let path = home.join(FILE);
        let contents = file::read(&path)?;
        let mut content = match &contents {
            Some(contents) => {
                Content::parse(&contents.bytes).map_err(|why| file::unusable(&path, &why))?
            }
            None => Content::default(),
        };
        // The CLI takes all other words for `auto`.
        let in_vault = content.vault_backend_type.as_deref() == Some("file");
        let passphrase = content.vault_backend_passphrase.take();
        let chosen = profile::choose(content, profile, directory, &path)?;
        Ok(chosen.map(|chosen| Self {
            host: chosen.host,
            in_vault,
            organisations: chosen.organisations,
            username: chosen.name.clone(),
            profile: chosen.name,
            vault: vault::folder(home),
            warning: contents.and_then(|it| it.exposed(&path, passphrase.is_some())),
            passphrase,
            file: path,
        }))
    }

    /// The only server that may get the token: the URL of the site, without
    /// `/api` and without a slash at its end.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The file that says so, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The name of the profile: the user's e-mail address, where the CLI knew
    /// no profiles when it logged in.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The name of its entry, in the keyring or in the vault.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// That others can write to the file, or read it where it holds the vault's
    /// passphrase, and what to do about it.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The id of the organisation that `wanted` means by its id, its slug or its
    /// name, in this order and in any case; `None` if it is the one that the
    /// token is for anyway. A UUID may be the id of any organisation; of slugs
    /// and names those are known that the CLI has used with this profile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] and [`ErrorKind::Ambiguous`].
    pub fn organisation_id(&self, wanted: &str) -> Result<Option<String>> {
        self.organisations.find(wanted, &self.profile)
    }

    /// The same login for another organisation, by its id. Its entry is another
    /// one, and is there only if the CLI has used this organisation before; if
    /// it is not, the server gives a token for it to whom has that of the profile.
    #[must_use]
    pub fn within(&self, organisation: &str) -> Self {
        Self {
            username: format!("org-session:{}:{organisation}", self.profile),
            ..self.clone()
        }
    }

    /// Whether its entry lies in the vault alone, so that no keyring is to be
    /// asked. Else the CLI wrote it to the vault only where there was no keyring.
    #[must_use]
    pub fn is_in_vault(&self) -> bool {
        self.in_vault
    }

    /// Whether its entry lies in the vault, and the passphrase has to be given
    /// to [`vault_entry`](Self::vault_entry): mostly it stands in the CLI's file.
    #[must_use]
    pub fn needs_passphrase(&self) -> bool {
        self.passphrase.is_none() && self.vault_file().is_file()
    }

    /// The text of its entry in the vault; `None` if there is no such entry.
    /// `passphrase` is used where the CLI's file has none, as the CLI uses the
    /// variable `INFISICAL_VAULT_FILE_PASSPHRASE`.
    ///
    /// It takes milliseconds of computing, by what the entry asks for up to
    /// half a second.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the entry or the CLI's passphrase cannot be
    /// used, [`ErrorKind::Credentials`] if there is no passphrase, and
    /// [`ErrorKind::Decryption`] if the passphrase is another one or the entry is
    /// damaged.
    pub fn vault_entry(&self, passphrase: Option<&SecretValue>) -> Result<Option<SecretValue>> {
        let file = self.vault_file();
        let Some(contents) = file::read(&file)? else {
            return Ok(None);
        };
        let stored = self.stored_passphrase()?;
        let (passphrase, source) = if let Some(stored) = &stored {
            let source = format!("the passphrase in {}", self.file.display());
            (stored.as_slice(), source)
        } else if let Some(given) = passphrase {
            (
                given.expose().as_bytes(),
                "the passphrase that was given".to_owned(),
            )
        } else {
            let message = format!("there is no passphrase for {}", file.display());
            return Err(Error::new(ErrorKind::Credentials, message)
                .help("set INFISICAL_VAULT_FILE_PASSPHRASE, as for Infisical's own CLI"));
        };
        vault::open(&contents.bytes, passphrase, &source, &file).map(Some)
    }

    /// The token in the text `entry`, which is that of its entry in the keyring
    /// or in the vault. What Go's keyring library puts around it on macOS may
    /// still be there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] if there is none in it, or if it has expired or
    /// does so within half a minute. It cannot be renewed: only the CLI can log in.
    pub fn token(&self, entry: &SecretValue) -> Result<SecretValue> {
        entry::token(entry, SystemTime::now()).map_err(|why| {
            let message = format!("the Infisical login {:?} {why}", self.username);
            Error::new(ErrorKind::Credentials, message).help("log in again with `infisical login`")
        })
    }

    fn vault_file(&self) -> PathBuf {
        vault::file(&self.vault, &self.username)
    }

    fn stored_passphrase(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(text) = &self.passphrase else {
            return Ok(None);
        };
        match STANDARD.decode(text.expose()) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(_) => Err(file::unusable(
                &self.file,
                "its vaultBackendPassphrase is not base64",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
