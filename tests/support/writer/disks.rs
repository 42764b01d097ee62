//! File systems that have no room, or that take no writes.

use std::io::{Error, Result};
use std::path::Path;

use nix::mount::{MsFlags, mount};
use phase_run::{Client, ErrorKind, Scope, VaultFile, VaultIdentity};

use super::{add, client, place, secret};

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
pub(super) async fn full(directory: &Path) -> Result<()> {
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
pub(super) async fn readonly(directory: &Path) -> Result<()> {
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

async fn names(vault: &Client) -> Result<Vec<String>> {
    let place = place();
    let secrets = vault.list(&Scope::new(place.app, place.environment)).await;
    Ok(secrets
        .map_err(Error::other)?
        .into_iter()
        .map(|secret| secret.name)
        .collect())
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
