//! `vault`: making an encrypted file, and saying who can open it.

use std::fs;
use std::io;
use std::path::Path;

use phase_run::{Credentials, SecretValue, VaultFile, VaultIdentity, VaultKey, VaultRecipient};

use super::value::from_stdin;
use crate::args::{Context, Key as KeyArgs, Recipients, Vault};
use crate::exit::{Failure, Reason};
use crate::fetch::fetch;
use crate::print::print;
use crate::report::Report;
use crate::settings::{self, Key, World, prompt};

pub(crate) fn vault(args: &Vault, world: &World<'_>, report: Report) -> Result<(), Failure> {
    match args {
        Vault::Init {
            key,
            passphrase,
            recipient,
        } => init(key, *passphrase, &parsed(recipient)?, world, report),
        Vault::Recipients(Recipients::List { key }) => {
            print_lines(&open(key, world, report)?.recipients()?)
        }
        Vault::Recipients(Recipients::Add { key, recipient }) => {
            let file = open(key, world, report)?;
            for one in parsed(recipient)? {
                if !fetch(file.add(&one))? {
                    report.warn(&format!("{one} could open it already"));
                }
            }
            Ok(())
        }
        Vault::Recipients(Recipients::Remove { key, recipient }) => {
            let file = open(key, world, report)?;
            parsed(recipient)?
                .iter()
                .try_for_each(|one| fetch(file.remove(one)))
        }
        Vault::Rekey {
            key,
            passphrase,
            to_identity,
        } => {
            let file = open(key, world, report)?;
            match (passphrase, to_identity) {
                (true, _) => fetch(file.change_key(&VaultKey::Passphrase(new_passphrase()?))),
                (false, Some(path)) => fetch(file.change_key(&identity(path)?)),
                (false, None) => fetch(file.rekey()),
            }
        }
    }
}

/// Makes the vault, and before it the identity if there is none.
fn init(
    args: &KeyArgs,
    passphrase: bool,
    others: &[VaultRecipient],
    world: &World<'_>,
    report: Report,
) -> Result<(), Failure> {
    let fresh = args.identity.as_deref().filter(|path| !path.exists());
    let Key {
        file,
        opener: key,
        usual,
        warnings,
    } = settings::vault(&context(args, fresh), Some(passphrase), world)?;
    for warning in &warnings {
        report.warn(warning);
    }
    if file.exists() {
        let text = format!(
            "{} is there already, and is never overwritten",
            file.display()
        );
        return Err(Failure::new(Reason::Conflict, text).help("name another file with --vault"));
    }
    let key = match key {
        Some(key @ VaultKey::Passphrase(_)) if passphrase => key,
        _ if passphrase => VaultKey::Passphrase(new_passphrase()?),
        Some(key @ VaultKey::Identities(_)) if fresh.is_none() => key,
        _ => make_identity(fresh.or(usual.as_deref()))?,
    };
    let own = key.recipients()?;
    fetch(VaultFile::new(file, key).create(others))?;
    print_lines(&own)
}

fn make_identity(path: Option<&Path>) -> Result<VaultKey, Failure> {
    let Some(path) = path else {
        let text = "there is no place for an identity: neither HOME nor XDG_CONFIG_HOME is set";
        return Err(Failure::new(Reason::Configuration, text).help("give --identity"));
    };
    let identity = VaultIdentity::generate();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    }
    identity.save(path)?;
    Ok(identity.key())
}

/// The vault that `args` name, with what opens it.
fn open(args: &KeyArgs, world: &World<'_>, report: Report) -> Result<VaultFile, Failure> {
    let key = settings::vault(&context(args, None), None, world)?;
    for warning in &key.warnings {
        report.warn(warning);
    }
    match key.into_credentials()? {
        Credentials::Vault { file, key } => Ok(VaultFile::new(file, key)),
        _ => Err(Failure::new(
            Reason::Internal,
            "a vault's key is no vault's key",
        )),
    }
}

/// The same words as context options; `without` is an identity that is yet to be made.
fn context(args: &KeyArgs, without: Option<&Path>) -> Context {
    Context {
        vault: args.vault.clone(),
        identity: args.identity.clone().filter(|_| without.is_none()),
        ..Context::default()
    }
}

fn parsed(recipients: &[String]) -> Result<Vec<VaultRecipient>, Failure> {
    let parsed: phase_run::Result<Vec<_>> = recipients
        .iter()
        .map(|text| VaultRecipient::new(text))
        .collect();
    Ok(parsed?)
}

fn identity(path: &Path) -> Result<VaultKey, Failure> {
    let text = fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
    Ok(VaultKey::Identities(SecretValue::new(text)))
}

/// A passphrase that will be needed again: typed twice, or read from stdin.
fn new_passphrase() -> Result<SecretValue, Failure> {
    let new = if let Some(new) = from_stdin("the new passphrase", true)? {
        new
    } else {
        let new = prompt("New passphrase: ")?;
        if prompt("The same again: ")?.expose() != new.expose() {
            return Err(Failure::new(
                Reason::InvalidValue,
                "the two passphrases differ",
            ));
        }
        new
    };
    if new.expose().is_empty() {
        return Err(Failure::new(
            Reason::InvalidValue,
            "an empty passphrase protects nothing",
        ));
    }
    Ok(new)
}

fn print_lines(recipients: &[VaultRecipient]) -> Result<(), Failure> {
    let lines: Vec<String> = recipients.iter().map(|one| format!("{one}\n")).collect();
    print(&lines.concat())
}

fn cannot(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Reason::System,
        format!("cannot {verb} {}: {error}", path.display()),
    )
}
