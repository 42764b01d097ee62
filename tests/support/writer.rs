//! A program that writes to a vault, for tests that kill it or stand in its way.
//!
//! `writer add VAULT IDENTITY PREFIX COUNT` makes COUNT secrets, and prints the
//! name of each one when it is written. `writer full DIRECTORY` and
//! `writer readonly DIRECTORY` try a small and a read-only file system there;
//! they need a mount namespace of their own, which only Linux has.

#[cfg(target_os = "linux")]
#[path = "writer/disks.rs"]
mod disks;

use std::io::{Error, Result, Write, stdout};
use std::path::Path;

use phase_run::{
    App, Client, Credentials, Folder, NewSecret, Place, SecretName, SecretType, SecretValue,
    VaultKey,
};

fn main() -> Result<()> {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let word = |index: usize| {
        words
            .get(index)
            .and_then(|word| word.to_str())
            .unwrap_or("")
    };
    let file = Path::new(words.get(1).ok_or_else(|| Error::other("usage"))?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match word(0) {
        "add" => {
            let identity = SecretValue::new(std::fs::read_to_string(word(2))?);
            let vault = client(file, VaultKey::Identities(identity))?;
            let count = word(4).parse().map_err(Error::other)?;
            runtime.block_on(add(&vault, word(3), count))
        }
        #[cfg(target_os = "linux")]
        "full" => runtime.block_on(disks::full(file)),
        #[cfg(target_os = "linux")]
        "readonly" => runtime.block_on(disks::readonly(file)),
        _ => Err(Error::other("usage")),
    }
}

fn client(file: &Path, key: VaultKey) -> Result<Client> {
    let file = file.to_owned();
    Client::new(Credentials::Vault { file, key }).map_err(Error::other)
}

fn place() -> Place {
    Place {
        app: App::Name("web".to_owned()),
        environment: "dev".to_owned(),
    }
}

fn secret(name: &str, value: &str) -> Result<NewSecret> {
    Ok(NewSecret {
        comment: String::new(),
        folder: Folder::root(),
        kind: SecretType::Secret,
        name: SecretName::new(name).map_err(Error::other)?,
        personal: None,
        tags: Vec::new(),
        value: SecretValue::new(value.to_owned()),
    })
}

async fn add(vault: &Client, prefix: &str, count: usize) -> Result<()> {
    for number in 0..count {
        let name = format!("{prefix}_{number}");
        let secret = secret(&name, &name)?;
        vault
            .create(&place(), &secret)
            .await
            .map_err(Error::other)?;
        writeln!(stdout(), "{name}")?;
    }
    Ok(())
}
