//! A program that writes to a vault, for tests that kill it or stand in its way.
//!
//! `writer add VAULT IDENTITY PREFIX COUNT` makes COUNT secrets, and prints the
//! name of each one when it is written. `writer full DIRECTORY` and
//! `writer readonly DIRECTORY` try a small and a read-only file system there;
//! they need a mount namespace of their own.

use std::io::{Error, Result, Write, stdout};
use std::path::Path;

use nix::mount::{MsFlags, mount};
use phase_run::{
    App, Client, Credentials, ErrorKind, Folder, NewSecret, Place, Scope, SecretName, SecretType,
    SecretValue, VaultFile, VaultIdentity, VaultKey,
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
        "full" => runtime.block_on(full(file)),
        "readonly" => runtime.block_on(readonly(file)),
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

async fn names(vault: &Client) -> Result<Vec<String>> {
    let place = place();
    let secrets = vault.list(&Scope::new(place.app, place.environment)).await;
    Ok(secrets
        .map_err(Error::other)?
        .into_iter()
        .map(|secret| secret.name)
        .collect())
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

/// A file system of 64 KiB in `directory`, and a vault with one secret in it.
async fn small(directory: &Path) -> Result<Client> {
    let options = Some("size=64k,mode=0700");
    mount(
        Some("tmpfs"),
        directory,
        Some("tmpfs"),
        MsFlags::empty(),
        options,
    )?;
    let file = directory.join("vault");
    let identity = VaultIdentity::generate();
    let made = VaultFile::new(&file, identity.key()).create(&[]).await;
    made.map_err(Error::other)?;
    let vault = client(&file, identity.key())?;
    add(&vault, "FIRST", 1).await?;
    Ok(vault)
}

/// Writes until the disk is full: the write fails, and what was written stays.
async fn full(directory: &Path) -> Result<()> {
    let vault = small(directory).await?;
    let mut written = names(&vault).await?;
    let error = loop {
        let name = format!("NEXT_{}", written.len());
        let new = secret(&name, &"x".repeat(2000))?;
        match vault.create(&place(), &new).await {
            Ok(()) => written.push(name),
            Err(error) => break error,
        }
    };
    expect(error.kind() == ErrorKind::System, &format!("{error:?}"))?;
    expect(
        error.to_string().contains("vault"),
        "the message names the file",
    )?;
    expect(
        names(&vault).await? == sorted(written),
        "every acknowledged write is there",
    )?;
    let files = std::fs::read_dir(directory)?.count();
    expect(files == 2, "beside the vault there is only its lock")
}

/// Reads where nothing can be written.
async fn readonly(directory: &Path) -> Result<()> {
    let vault = small(directory).await?;
    std::fs::remove_file(directory.join("vault.lock"))?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount(None::<&str>, directory, None::<&str>, flags, None::<&str>)?;
    expect(names(&vault).await? == ["FIRST_0"], "reading needs no lock")?;
    let error = vault.create(&place(), &secret("B", "b")?).await.err();
    let kind = error.as_ref().map(phase_run::Error::kind);
    expect(kind == Some(ErrorKind::System), &format!("{error:?}"))?;
    expect(names(&vault).await? == ["FIRST_0"], "nothing was lost")
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn expect(holds: bool, what: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::other(what.to_owned()))
    }
}
