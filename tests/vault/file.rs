//! The file: its mode, its name, its size, and that `age` knows it.

use super::*;
use crate::shown;

#[test]
fn a_new_vault_is_private_and_a_write_keeps_the_mode_it_was_given() {
    let desk = Desk::with(&["ONE"]);
    assert_eq!(mode(&desk.file()), 0o600);
    fs::set_permissions(desk.file(), fs::Permissions::from_mode(0o644)).unwrap();
    desk.create(&secret("TWO", "2")).unwrap();
    assert_eq!(mode(&desk.file()), 0o644);
}

/// On macOS it does: its file systems take no other names.
#[cfg(target_os = "linux")]
#[test]
fn a_file_name_need_not_be_text() {
    use std::os::unix::ffi::OsStringExt;

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
    assert_eq!(shown(secrets[10_000].value.as_ref()), "value 9999");
}

#[test]
fn a_vault_made_by_age_itself_opens() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vault");
    let identity = fs::read_to_string(fixtures.join("identity")).unwrap();
    let key = VaultKey::Identities(value(&identity));
    let secrets = list(&client(&fixtures.join("by-age.vault"), key)).unwrap();
    assert_eq!(shown(secrets[0].value.as_ref()), "localhost");
    let sealed = &secrets[1];
    assert_eq!(shown(sealed.value.as_ref()), "s3crét \"quoted\"\n");
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

#[test]
fn a_vault_has_no_owner() {
    let desk = Desk::new();
    let error = wait(desk.client().owner()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}
