//! The login of Infisical's own command line tool, as the last place to look.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use phase_run::{
    FoundLogin, InfisicalChain, InfisicalCliLogin, InfisicalLogin, LoginLookup, Result, SecretValue,
};

use super::Search;
use crate::exit::Failure;
use crate::keyring::{Entry, Keyring};
use crate::settings::prompt::prompt;

/// What the place is called in messages.
const NAME: &str = "~/.infisical";

const PASSPHRASE: &str = "INFISICAL_VAULT_FILE_PASSPHRASE";

/// Where its login lies, and what of it is meant.
struct Cli {
    /// The working directory, as the shell calls it.
    directory: PathBuf,
    home: PathBuf,
    keyring: Keyring,
    /// The organisation that is wanted, by id, slug or name.
    organisation: Option<String>,
    passphrase: Option<SecretValue>,
    profile: Option<String>,
}

/// Adds the place at the end of `chain`.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(super) fn push(chain: &mut InfisicalChain, search: &Search<'_>) -> Result<(), Failure> {
    match Cli::new(search)? {
        Some(cli) => chain.push(NAME, move || cli.look()),
        None => chain.push(NAME, || Ok(LoginLookup::Absent)),
    }
    Ok(())
}

/// The login, without its token.
///
/// # Errors
///
/// A file that cannot be used.
pub(super) fn find(search: &Search<'_>) -> Result<Option<InfisicalCliLogin>, Failure> {
    match Cli::new(search)? {
        Some(cli) => Ok(cli.find()?),
        None => Ok(None),
    }
}

impl Cli {
    fn new(search: &Search<'_>) -> Result<Option<Self>, Failure> {
        let Some(home) = search.places.home.clone() else {
            return Ok(None);
        };
        let layers = search.layers;
        let wanted = search.args.machine.organization.clone();
        let wanted = match wanted {
            Some(wanted) => Some(wanted),
            None => layers
                .variable("INFISICAL_ORG")?
                .or(layers.variable("INFISICAL_ORGANIZATION_ID")?),
        };
        let passphrase = layers.variable(PASSPHRASE)?;
        Ok(Some(Self {
            directory: logical(search.process.directory, layers.variable_os("PWD")),
            home,
            keyring: search.places.keyring.clone(),
            organisation: wanted,
            passphrase: passphrase.map(SecretValue::new),
            profile: layers.variable("INFISICAL_PROFILE")?,
        }))
    }

    fn find(&self) -> Result<Option<InfisicalCliLogin>> {
        InfisicalCliLogin::find(&self.home, self.profile.as_deref(), &self.directory)
    }

    fn look(&self) -> Result<LoginLookup> {
        let Some(login) = self.find()? else {
            return Ok(LoginLookup::Absent);
        };
        let organisation = match &self.organisation {
            Some(wanted) => login.organisation_id(wanted)?,
            None => None,
        };
        if let Some(id) = &organisation
            && let Ok(token) = self.token(&login.within(id))
        {
            return Ok(found(&login, token, None));
        }
        Ok(match self.token(&login) {
            Ok(token) => found(&login, token, organisation),
            Err(why) => LoginLookup::Unusable(why),
        })
    }

    /// The token of `login`, or why there is none.
    fn token(&self, login: &InfisicalCliLogin) -> Result<SecretValue, String> {
        let said = |error: phase_run::Error| Failure::from(error).to_string();
        let mut lacks = "there is no such entry in the CLI's vault".to_owned();
        if !login.is_in_vault() {
            let entry = Entry {
                service: InfisicalCliLogin::SERVICE,
                username: login.username(),
            };
            match self.keyring.read(entry) {
                Ok(Some(entry)) => return login.token(&entry).map_err(said),
                Ok(None) => "the keyring has no such entry".clone_into(&mut lacks),
                Err(why) => lacks = format!("the keyring: {why}"),
            }
        }
        let asked;
        let mut passphrase = self.passphrase.as_ref();
        if passphrase.is_none() && login.needs_passphrase() {
            let question = format!(
                "Passphrase of the Infisical CLI's vault ({}): ",
                login.username()
            );
            asked = prompt(&question, &format!("set {PASSPHRASE}")).map_err(|failure| {
                format!("its vault has a passphrase: set {PASSPHRASE}; {failure}")
            })?;
            passphrase = Some(&asked);
        }
        match login.vault_entry(passphrase).map_err(said)? {
            Some(entry) => login.token(&entry).map_err(said),
            None => Err(lacks),
        }
    }
}

fn found(
    login: &InfisicalCliLogin,
    token: SecretValue,
    organisation: Option<String>,
) -> LoginLookup {
    LoginLookup::Found(Box::new(FoundLogin {
        host: Some(login.host().to_owned()),
        login: InfisicalLogin::Session {
            organisation,
            token,
        },
        notices: login.warning().map(str::to_owned).into_iter().collect(),
        organisation: None,
        origin: format!("`infisical login` as {}", login.profile()),
    }))
}

/// The working directory as the shell calls it, if `pwd` is that: links in it
/// are not followed.
fn logical(directory: &Path, pwd: Option<OsString>) -> PathBuf {
    let pwd = pwd.map(PathBuf::from).filter(|pwd| pwd.is_absolute());
    match pwd {
        Some(pwd) if fs::canonicalize(&pwd).ok() == fs::canonicalize(directory).ok() => pwd,
        _ => directory.to_owned(),
    }
}
