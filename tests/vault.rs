//! The embedded vault, as an embedder of the library uses it.

mod crash;
mod damage;
mod personal;
mod sharing;

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use phase_run::{
    App, Change, Client, Credentials, Error, ErrorKind, Folder, Folders, NewSecret, Place, Scope,
    Secret, SecretName, SecretType, SecretValue, VaultFile, VaultIdentity, VaultKey,
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

#[test]
fn what_was_written_is_read_back() {
    let desk = Desk::new();
    let text = "naïve \"quoted\" \\ \u{1F512}\r\n\t\0 ${OTHER}\n";
    desk.create(&NewSecret {
        comment: "for people".to_owned(),
        folder: Folder::new("/a/b").unwrap(),
        kind: SecretType::Config,
        tags: vec!["two".to_owned(), "one".to_owned()],
        ..secret("NAME", text)
    })
    .unwrap();
    let stored = desk.only();
    assert_eq!(stored.name, "NAME");
    assert_eq!(stored.value.expose(), text);
    assert_eq!(stored.comment, "for people");
    assert_eq!(stored.folder.as_str(), "/a/b");
    assert_eq!(stored.kind, SecretType::Config);
    assert_eq!(stored.tags, ["two", "one"]);
    assert_eq!(stored.version, 1);
    assert!(
        stored.updated.starts_with('2') && stored.updated.ends_with('Z'),
        "{}",
        stored.updated
    );
    assert!(stored.personal.is_none());
}

#[test]
fn a_second_secret_of_a_name_is_a_conflict_and_changes_nothing() {
    let desk = Desk::with(&["NAME"]);
    let before = fs::read(desk.file()).unwrap();
    let error = desk.create(&secret("NAME", "hunter2")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("NAME"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert_eq!(fs::read(desk.file()).unwrap(), before);

    let folder = Folder::new("/other").unwrap();
    desk.create(&NewSecret {
        folder,
        ..secret("NAME", "another")
    })
    .unwrap();
    assert_eq!(desk.names(), ["NAME", "NAME"]);
}

#[test]
fn an_update_changes_what_it_names_and_counts() {
    let desk = Desk::with(&["NAME"]);
    let change = Change {
        comment: Some("new".to_owned()),
        tags: Some(vec!["tag".to_owned()]),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let stored = desk.only();
    assert_eq!((stored.comment.as_str(), stored.version), ("new", 2));
    assert_eq!(stored.value.expose(), "value of NAME");

    let change = Change {
        value: Some(value("newer")),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let stored = desk.only();
    assert_eq!((stored.value.expose(), stored.version), ("newer", 3));
    assert_eq!(stored.tags, ["tag"]);
}

#[test]
fn a_secret_moves_to_another_folder_unless_its_name_is_taken_there() {
    let desk = Desk::with(&["NAME", "ZZZ"]);
    let folder = Folder::new("/deep").unwrap();
    let change = Change {
        folder: Some(folder.clone()),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let moved = desk.list().unwrap().remove(0);
    assert_eq!((moved.name.as_str(), &moved.folder), ("NAME", &folder));

    desk.create(&secret("NAME", "again")).unwrap();
    let error = desk.update("NAME", &change).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(desk.list().unwrap().len(), 3);
}

#[test]
fn a_missing_secret_cannot_be_updated_and_was_not_there_to_delete() {
    let desk = Desk::with(&["NAME"]);
    let change = Change {
        value: Some(value("hunter2")),
        ..Change::default()
    };
    let error = desk.update("OTHER", &change).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.to_string().contains("OTHER"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert!(!desk.delete("OTHER").unwrap());
    assert!(desk.delete("NAME").unwrap());
    assert!(!desk.delete("NAME").unwrap());
    assert!(desk.names().is_empty());
}

#[test]
fn the_first_secret_makes_the_app_and_the_environment_and_another_case_is_the_same() {
    let desk = Desk::with(&["ONE"]);
    let at = |app: &str, environment: &str| Place {
        app: App::Name(app.to_owned()),
        environment: environment.to_owned(),
    };
    let client = desk.client();
    wait(client.create(&at("WEB", "Dev"), &secret("TWO", "2"))).unwrap();
    wait(client.create(&at("web", "de"), &secret("THREE", "3"))).unwrap();
    assert_eq!(desk.names(), ["ONE", "TWO"]);

    let apps = wait(client.apps()).unwrap();
    assert_eq!(apps.len(), 1);
    assert_eq!(apps[0].name, "web");
    assert_eq!(apps[0].environments, ["de", "dev"]);
}

#[test]
fn a_change_is_never_made_where_only_a_part_of_the_name_fits() {
    let desk = Desk::with(&["NAME"]);
    let part = Place {
        environment: "de".to_owned(),
        ..place()
    };
    let error = wait(desk.client().delete(&part, &Folder::root(), "NAME")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.advice().unwrap().contains("dev"), "{error:?}");
    assert_eq!(desk.names(), ["NAME"]);
}

#[test]
fn an_app_or_environment_that_is_not_there_is_missing_and_the_others_are_listed() {
    let desk = Desk::with(&["NAME"]);
    let scope = Scope::new(App::Name("api".to_owned()), "dev");
    let error = wait(desk.client().list(&scope)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.advice().unwrap().contains("web"), "{error:?}");
    let scope = Scope::new(App::Name("web".to_owned()), "staging");
    let error = wait(desk.client().list(&scope)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.advice().unwrap().contains("dev"), "{error:?}");
}

#[test]
fn a_new_vault_is_private_and_a_write_keeps_the_mode_it_was_given() {
    let desk = Desk::with(&["ONE"]);
    assert_eq!(mode(&desk.file()), 0o600);
    fs::set_permissions(desk.file(), fs::Permissions::from_mode(0o644)).unwrap();
    desk.create(&secret("TWO", "2")).unwrap();
    assert_eq!(mode(&desk.file()), 0o644);
}

#[test]
fn a_link_to_a_vault_is_written_through() {
    let desk = Desk::with(&["ONE"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    symlink(desk.file(), &link).unwrap();
    let through = client(&link, desk.identity.key());
    let personal = Some(value("mine"));
    wait(through.create(
        &place(),
        &NewSecret {
            personal,
            ..secret("TWO", "2")
        },
    ))
    .unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(desk.names(), ["ONE", "TWO"]);
    assert_eq!(
        fs::read_dir(elsewhere.path()).unwrap().count(),
        1,
        "nothing beside the link"
    );
}

#[test]
fn a_file_name_need_not_be_text() {
    let desk = Desk::bare();
    let name = std::ffi::OsString::from_vec(b"v\xff\xfe".to_vec());
    let file = desk.directory.path().join(name);
    wait(VaultFile::new(&file, desk.identity.key()).create(&[])).unwrap();
    let vault = client(&file, desk.identity.key());
    let personal = Some(value("mine"));
    wait(vault.create(
        &place(),
        &NewSecret {
            personal,
            ..secret("NAME", "x")
        },
    ))
    .unwrap();
    assert!(list(&vault).unwrap()[0].personal.is_some());
}

#[test]
fn ten_thousand_secrets_fit() {
    let desk = Desk::with(&["FIRST"]);
    let record = |number: usize| {
        format!(
            r#"{{"folder":"/","name":"NAME_{number:05}","value":"value {number}","comment":"","tags":[],"type":"secret","version":1,"created":"2026-11-21T08:00:00Z","updated":"2026-11-21T08:00:00Z"}}"#
        )
    };
    let records: Vec<_> = (0..10_000).map(record).collect();
    damage::put(&desk, &damage::document(&desk, &records.join(",")));
    desk.create(&secret("LAST", "value")).unwrap();
    let secrets = desk.list().unwrap();
    assert_eq!(secrets.len(), 10_001);
    assert_eq!(secrets[0].name, "LAST");
    assert_eq!(secrets[10_000].value.expose(), "value 9999");
}

#[test]
fn a_vault_made_by_age_itself_opens() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vault");
    let identity = fs::read_to_string(fixtures.join("identity")).unwrap();
    let key = VaultKey::Identities(value(&identity));
    let secrets = list(&client(&fixtures.join("by-age.vault"), key)).unwrap();
    assert_eq!(secrets[0].value.expose(), "localhost");
    let sealed = &secrets[1];
    assert_eq!(sealed.value.expose(), "s3crét \"quoted\"\n");
    assert_eq!((sealed.kind, sealed.version), (SecretType::Sealed, 7));
    assert_eq!(
        (sealed.folder.as_str(), sealed.updated.as_str()),
        ("/db", "2026-11-21T09:00:00Z")
    );

    let key = VaultKey::Passphrase(value("throw-away passphrase"));
    let secrets = list(&client(&fixtures.join("by-age-passphrase.vault"), key)).unwrap();
    assert_eq!(secrets[0].name, "HOST");
}

#[test]
fn age_itself_opens_a_vault() {
    let desk = Desk::with(&["NAME"]);
    let line = desk.identity.text().expose().lines().last().unwrap();
    let identity: age::x25519::Identity = line.parse().unwrap();
    let text = age::decrypt(&identity, &fs::read(desk.file()).unwrap()).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(document["format"], "phase-run vault");
    assert_eq!(
        document["recipients"][0],
        desk.identity.recipient().to_string()
    );
    let stored = &document["apps"][0]["environments"][0]["secrets"][0];
    assert_eq!(stored["value"], "value of NAME");
}
