//! What opens a vault.

use std::path::{Path, PathBuf};
use std::time::Duration;

use phase_run::{Credentials, FileOwners, TrustStore, VaultFile, VaultKey};

use super::layers::{Layers, Origin, Spelling, unfit};
use super::prompt::prompt;
use super::source;
use crate::args::Context;
use crate::exit::{Failure, Reason};

/// A vault, and where its key comes from.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) file: PathBuf,
    /// `None` where nothing was given and nothing lies in the usual places.
    pub(crate) opener: Option<VaultKey>,
    /// Whose the vault may be.
    pub(super) owners: FileOwners,
    /// Where an identity of one's own lies, or would, for who has a home.
    pub(crate) usual: Option<PathBuf>,
    pub(crate) warnings: Vec<String>,
}

/// What is said of how a vault is opened, besides its key.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(super) most_work: Option<u8>,
    pub(super) owners: FileOwners,
    pub(super) timeout: Duration,
    pub(super) trust: Option<TrustStore>,
}

impl Terms {
    /// `file`, opened so.
    pub(crate) fn apply(self, file: VaultFile) -> VaultFile {
        let mut file = file.timeout(self.timeout).owned_by(self.owners);
        if let Some(most) = self.most_work {
            file = file.most_work(most);
        }
        match self.trust {
            Some(trust) => file.trust(trust),
            None => file,
        }
    }
}

const WORK_FACTOR: &str = "PHASE_RUN_VAULT_WORK_FACTOR";

/// The most work that a passphrase may take, if somebody says so.
pub(super) fn most_work(layers: &Layers<'_>) -> Result<Option<u8>, Failure> {
    let Some(text) = layers.variable(WORK_FACTOR)? else {
        return Ok(None);
    };
    let most = VaultFile::LIMIT_OF_WORK;
    let work = text.trim().parse().ok();
    let work = work.filter(|work| (1..=most).contains(work));
    work.map(Some).ok_or_else(|| {
        unfit(WORK_FACTOR, &text, &format!("a number from 1 to {most}"))
            .help("2 to that power is the memory for scrypt, in KiB")
    })
}

/// The identity in the file that --to-identity names, which may keep us waiting for
/// `patience`.
pub(crate) fn new_identity(
    path: &Path,
    patience: Duration,
    warnings: &mut Vec<String>,
) -> Result<VaultKey, Failure> {
    let origin = Origin::Flag("--to-identity");
    let source = source::Source::in_file(path.to_owned(), origin, patience);
    source.secret(warnings).map(VaultKey::Identities)
}

const VAULT: Spelling<PathBuf> = Spelling {
    name: "vault",
    flag: "--vault",
    variables: &["PHASE_RUN_VAULT"],
    file: |content| content.vault.clone(),
};

/// The vault that was named, and what names it.
pub(super) fn vault(args: &Context, layers: &Layers<'_>) -> Option<(PathBuf, Origin)> {
    layers.path(args.vault.as_deref(), &VAULT)
}

/// The vault that was named, and its key. `passphrase` says whether it takes one,
/// where the file cannot.
pub(super) fn key(
    args: &Context,
    layers: &Layers<'_>,
    configuration: Option<&Path>,
    passphrase: Option<bool>,
) -> Result<Key, Failure> {
    let named = vault(args, layers);
    let (file, origin) = named.ok_or_else(|| {
        Failure::new(Reason::Configuration, "no vault was named")
            .help("give --vault, set PHASE_RUN_VAULT, or write `vault = \"…\"` into phase-run.toml")
    })?;
    let owners = layers.owners(&origin);
    let usual = configuration.map(|folder| folder.join("identity"));
    let mut warnings = Vec::new();
    let phrase = source::passphrase(layers);
    let identity = source::identity(args, layers, usual.as_deref());
    let takes_passphrase = || VaultFile::takes_passphrase(&file, &owners);
    let takes_phrase = match (&phrase, &identity) {
        // Both lie about, and are perhaps meant for two vaults.
        (Some(_), Some(_)) => match passphrase {
            Some(takes) => takes,
            None => takes_passphrase()?,
        },
        (phrase, _) => phrase.is_some(),
    };
    // An identity that merely lies in its usual place is of no use to a vault
    // with a passphrase, which is asked for.
    let identity = identity.filter(|identity| {
        let named = identity.named_by() != Origin::Default;
        named || passphrase.is_some() || !takes_passphrase().unwrap_or(false)
    });
    let opener = match (phrase.filter(|_| takes_phrase), identity) {
        (Some(source), _) => Some(VaultKey::Passphrase(source.secret(&mut warnings)?)),
        (None, Some(source)) => Some(VaultKey::Identities(source.secret(&mut warnings)?)),
        (None, None) => None,
    };
    Ok(Key {
        file,
        opener,
        owners,
        usual,
        warnings,
    })
}

impl Key {
    /// The key, asked for at the terminal if the vault has a passphrase.
    ///
    /// # Errors
    ///
    /// Nothing is there that could open the vault.
    pub(crate) fn into_credentials(self) -> Result<Credentials, Failure> {
        let Self {
            file,
            opener,
            owners,
            usual,
            ..
        } = self;
        let key = match opener {
            Some(key) => key,
            None if VaultFile::takes_passphrase(&file, &owners)? => {
                let question = format!("Passphrase of {}: ", file.display());
                VaultKey::Passphrase(prompt(
                    &question,
                    "set PHASE_RUN_VAULT_PASSPHRASE_FILE or PHASE_RUN_VAULT_PASSPHRASE",
                )?)
            }
            None => {
                let text = format!("there is no identity to open {} with", file.display());
                let usual = usual.unwrap_or_else(|| PathBuf::from("FILE"));
                return Err(Failure::new(Reason::Credentials, text).help(format!(
                    "give --identity or set PHASE_RUN_IDENTITY; who has none makes one with `age-keygen -o {}`, and has somebody who can open the vault add its public key",
                    usual.display()
                )));
            }
        };
        Ok(Credentials::Vault { file, key })
    }
}
