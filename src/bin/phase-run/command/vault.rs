//! `vault`: making an encrypted file, and saying who can open it.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use phase_run::{
    Client, Credentials, SecretValue, VaultFile, VaultIdentity, VaultKey, VaultRecipient,
};

use super::confirm::confirm;
use super::environments::environments;
use super::value::from_stdin;
use crate::args::{Context, Key as KeyArgs, Recipients, Vault};
use crate::exit::{Failure, Reason};
use crate::fetch::fetch;
use crate::print::print;
use crate::report::Report;
use crate::settings::{self, Key, ProcessContext, prompt};

pub(crate) fn vault(
    args: &Vault,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    match args {
        Vault::Init {
            key,
            passphrase,
            recipient,
        } => init(key, *passphrase, &parsed(recipient)?, process, report),
        Vault::Environments(args) => environments(args, process, report),
        Vault::Recipients(args) => recipients(args, process, report),
        Vault::Rekey {
            key,
            passphrase,
            to_identity,
            yes,
        } => {
            let file = open(key, process, report)?;
            seal(&file, *yes, report)?;
            let name = file.file().display();
            match (passphrase, to_identity) {
                (true, _) => {
                    let new = VaultKey::Passphrase(new_passphrase()?);
                    work(&file, report, file.change_key(&new))?;
                    report.tell(&format!("{name} opens with the new passphrase now"));
                }
                (false, Some(path)) => {
                    let patience = key.timeout.unwrap_or(Client::TIMEOUT);
                    let new = identity(path, patience, report)?;
                    work(&file, report, file.change_key(&new))?;
                    let path = path.display();
                    report.tell(&format!("{name} opens with the identity in {path} now"));
                }
                (false, None) => {
                    work(&file, report, file.rekey())?;
                    report.tell(&format!("encrypted {name} anew"));
                }
            }
            Ok(())
        }
    }
}

fn recipients(
    args: &Recipients,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    let (Recipients::Accept { key }
    | Recipients::Add { key, .. }
    | Recipients::List { key }
    | Recipients::Remove { key, .. }) = args;
    let file = open(key, process, report)?;
    let name = file.file().display();
    match args {
        Recipients::Accept { .. } => {
            let accepted = work(&file, report, file.accept())?;
            report.tell(&match accepted.len() {
                0 => format!("all recipients of {name} had been accepted"),
                1 => format!("accepted 1 recipient of {name}"),
                count => format!("accepted {count} recipients of {name}"),
            });
            print_lines(&accepted)
        }
        Recipients::Add { recipient, .. } => {
            for one in parsed(recipient)? {
                if work(&file, report, file.add(&one))? {
                    report.tell(&format!("{one} can open {name} now"));
                } else {
                    report.warn(&format!("{one} could open it already"));
                }
            }
            Ok(())
        }
        Recipients::List { .. } => print_lines(&work(&file, report, file.recipients())?),
        Recipients::Remove { recipient, .. } => {
            for one in parsed(recipient)? {
                work(&file, report, file.remove(&one))?;
                report.tell(&format!(
                    "{one} cannot open {name} any more, but for older copies of it"
                ));
            }
            Ok(())
        }
    }
}

/// Seals personal overrides that nothing shows to be one's own, if that is wanted.
fn seal(file: &VaultFile, yes: bool, report: Report) -> Result<(), Failure> {
    let Some(unsealed) = work(file, report, file.unsealed())? else {
        return Ok(());
    };
    report.say("nothing shows that these personal overrides were written by you:");
    for name in unsealed.names() {
        report.say(&format!("  {name}"));
    }
    confirm("Seal them as yours?", yes)?;
    work(file, report, file.seal(unsealed))
}

/// The result of `work` on `file`. What was noticed is told, also where it fails.
pub(super) fn work<T>(
    file: &VaultFile,
    report: Report,
    work: impl Future<Output = phase_run::Result<T>>,
) -> Result<T, Failure> {
    let result = fetch(work);
    for notice in file.notices() {
        report.warn(&notice.to_string());
    }
    result
}

/// Makes the vault, and before it the identity if there is none.
fn init(
    args: &KeyArgs,
    passphrase: bool,
    others: &[VaultRecipient],
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    let fresh = args.identity.as_deref().filter(|path| !path.exists());
    let (settings, terms) = settings::vault(&context(args, fresh), Some(passphrase), process)?;
    let Key {
        file,
        opener: key,
        usual,
        warnings,
        ..
    } = settings;
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
    let mut made = String::new();
    let key = match key {
        Some(key @ VaultKey::Passphrase(_)) if passphrase => key,
        _ if passphrase => VaultKey::Passphrase(new_passphrase()?),
        Some(key @ VaultKey::Identities(_)) if fresh.is_none() => key,
        _ => {
            let (path, key) = make_identity(fresh.or(usual.as_deref()))?;
            made = format!("the identity {} and ", path.display());
            key
        }
    };
    let own = key.recipients()?;
    let made = format!("made {made}the vault {}", file.display());
    fetch(terms.apply(VaultFile::new(file, key)).create(others))?;
    report.tell(&made);
    print_lines(&own)
}

fn make_identity(path: Option<&Path>) -> Result<(&Path, VaultKey), Failure> {
    let Some(path) = path else {
        let text = "there is no place for an identity: neither HOME nor XDG_CONFIG_HOME is set";
        return Err(Failure::new(Reason::Configuration, text).help("give --identity"));
    };
    let identity = VaultIdentity::generate();
    if let Some(folder) = path.parent() {
        let mut maker = fs::DirBuilder::new();
        let made = maker.recursive(true).mode(0o700).create(folder);
        made.map_err(|error| cannot("make", folder, &error))?;
    }
    identity.save(path)?;
    Ok((path, identity.key()))
}

/// The vault that `args` name, with what opens it.
pub(super) fn open(
    args: &KeyArgs,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<VaultFile, Failure> {
    let (key, terms) = settings::vault(&context(args, None), None, process)?;
    for warning in &key.warnings {
        report.warn(warning);
    }
    match key.into_credentials()? {
        Credentials::Vault { file, key } => Ok(terms.apply(VaultFile::new(file, key))),
        _ => Err(Failure::new(
            Reason::Internal,
            "a vault's key is no vault's key",
        )),
    }
}

/// The same words as context options; `without` is an identity that is yet to be made.
pub(super) fn context(args: &KeyArgs, without: Option<&Path>) -> Context {
    Context {
        accept_recipients: args.accept_recipients,
        project: args.project.clone(),
        timeout: args.timeout,
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

fn identity(path: &Path, patience: Duration, report: Report) -> Result<VaultKey, Failure> {
    let mut warnings = Vec::new();
    let key = settings::new_identity(path, patience, &mut warnings);
    for warning in &warnings {
        report.warn(warning);
    }
    key
}

/// A passphrase that will be needed again: typed twice, or read from stdin.
fn new_passphrase() -> Result<SecretValue, Failure> {
    let new = if let Some(new) = from_stdin("the new passphrase", true)? {
        new
    } else {
        let new = prompt("New passphrase: ", "give it on stdin")?;
        if prompt("The same again: ", "give it on stdin")?.expose() != new.expose() {
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
