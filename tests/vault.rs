//! The embedded vault, as an embedder of the library uses it.

#![expect(clippy::unwrap_used, reason = "it is how a test fails")]

mod crash;
mod damage;
mod environments;
mod file;
mod links;
mod owners;
mod personal;
mod seal;
mod secrets;
mod sharing;
mod trust;
mod work;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use phase_run::{
    App, Change, Client, Credentials, Error, ErrorKind, FileOwners, Folder, Folders, NewSecret,
    Place, Scope, Secret, SecretName, SecretType, SecretValue, VaultFile, VaultIdentity, VaultKey,
};
use tempfile::TempDir;

/// Runs `future` to its end on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future)
}

/// A vault in a directory of its own, and the identity that made it.
struct Desk {
    directory: TempDir,
    identity: VaultIdentity,
}

impl Desk {
    /// With an empty vault.
    fn new() -> Self {
        let desk = Self::bare();
        wait(desk.vault().create(&[])).unwrap();
        desk
    }

    /// With a vault of these secrets, each of the value `value of NAME`.
    fn with(names: &[&str]) -> Self {
        let desk = Self::new();
        for name in names {
            desk.create(&secret(name, &format!("value of {name}")))
                .unwrap();
        }
        desk
    }

    /// Without a vault.
    fn bare() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            identity: VaultIdentity::generate(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("vault")
    }

    fn vault(&self) -> VaultFile {
        VaultFile::new(self.file(), self.identity.key())
    }

    fn client(&self) -> Client {
        client(&self.file(), self.identity.key())
    }

    fn create(&self, secret: &NewSecret) -> Result<(), Error> {
        wait(self.client().create(&place(), secret))
    }

    fn update(&self, name: &str, change: &Change) -> Result<(), Error> {
        wait(
            self.client()
                .update(&place(), &Folder::root(), name, change),
        )
    }

    fn delete(&self, name: &str) -> Result<bool, Error> {
        wait(self.client().delete(&place(), &Folder::root(), name))
    }

    fn list(&self) -> Result<Vec<Secret>, Error> {
        list(&self.client())
    }

    #[track_caller]
    fn names(&self) -> Vec<String> {
        self.list()
            .unwrap()
            .into_iter()
            .map(|secret| secret.name)
            .collect()
    }

    #[track_caller]
    fn only(&self) -> Secret {
        let mut secrets = self.list().unwrap();
        assert_eq!(secrets.len(), 1);
        secrets.remove(0)
    }
}

fn client(file: &Path, key: VaultKey) -> Client {
    let file = file.to_owned();
    Client::new(Credentials::Vault { file, key }).unwrap()
}

fn list(client: &Client) -> Result<Vec<Secret>, Error> {
    let place = place();
    wait(client.list(&Scope::new(place.app, place.environment).in_folders(Folders::All)))
}

fn place() -> Place {
    Place {
        app: App::Name("web".to_owned()),
        environment: "dev".to_owned(),
    }
}

fn secret(name: &str, value: &str) -> NewSecret {
    NewSecret {
        comment: String::new(),
        folder: Folder::root(),
        kind: SecretType::Secret,
        name: SecretName::new(name).unwrap(),
        personal: None,
        tags: Vec::new(),
        value: self::value(value),
    }
}

fn value(text: &str) -> SecretValue {
    SecretValue::new(text.to_owned())
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o7777
}
