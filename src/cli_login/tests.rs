use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::vectors::{PASSPHRASE, Vectors, vectors};
use super::*;

/// A home folder with the recorded vault in it, and with this file.
struct Home(TempDir);

impl Home {
    fn new(content: &Value) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for entry in vectors().entries {
            home.write(
                &format!("infisical-keyring/{}", entry.file_name),
                &entry.jwe,
            );
        }
        home.write(FILE, &content.to_string());
        home
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn find(&self) -> Result<Option<InfisicalCliLogin>> {
        InfisicalCliLogin::find(self.0.path(), None, Path::new("/srv"))
    }

    fn login(&self) -> InfisicalCliLogin {
        self.find().unwrap().unwrap()
    }
}

/// The recorded file of the first generation, with one key changed.
fn legacy(key: &str, value: Value) -> Value {
    let mut content = vectors().config_legacy;
    content[key] = value;
    content
}

fn passphrase(text: &str) -> SecretValue {
    SecretValue::new(text.to_owned())
}

#[test]
fn the_login_of_either_generation_is_opened() {
    let Vectors {
        config_legacy,
        config_profiles,
        entries,
        ..
    } = vectors();
    for (content, entry) in [(config_legacy, &entries[0]), (config_profiles, &entries[1])] {
        let home = Home::new(&content);
        let login = home.login();
        assert_eq!(login.host(), "https://app.infisical.com");
        assert_eq!(login.path(), home.0.path().join(FILE));
        assert_eq!(login.profile(), entry.keyring_key);
        assert_eq!(login.username(), entry.keyring_key);
        assert!(login.is_in_vault() && !login.needs_passphrase());
        assert_eq!(login.warning(), None);
        let text = login.vault_entry(None).unwrap().unwrap();
        assert_eq!(text.expose(), entry.value);
        let token = login.token(&text).unwrap();
        assert!(entry.value.contains(token.expose()));
    }
}

#[test]
fn another_organisation_has_an_entry_of_its_own() {
    let Vectors {
        config_profiles,
        entries,
        ..
    } = vectors();
    let home = Home::new(&config_profiles);
    let login = home.login();
    assert_eq!(login.organisation_id("acme").unwrap(), None);
    let id = login.organisation_id("Globex").unwrap().unwrap();
    let other = login.within(&id);
    assert_eq!(other.username(), entries[2].keyring_key);
    assert_eq!(other.profile(), login.profile());
    let text = other.vault_entry(None).unwrap().unwrap();
    assert_eq!(other.token(&text).unwrap().expose(), entries[2].value);
    assert!(login.within("org-9").vault_entry(None).unwrap().is_none());
    fs::remove_dir_all(home.0.path().join("infisical-keyring")).unwrap();
    assert!(other.vault_entry(None).unwrap().is_none());
}

#[test]
fn a_passphrase_is_asked_for_where_the_file_has_none() {
    let home = Home::new(&legacy("vaultBackendPassphrase", Value::Null));
    let login = home.login();
    assert!(login.needs_passphrase());
    let error = login.vault_entry(None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        error
            .advice()
            .unwrap()
            .contains("INFISICAL_VAULT_FILE_PASSPHRASE")
    );
    assert!(
        login
            .vault_entry(Some(&passphrase(PASSPHRASE)))
            .unwrap()
            .is_some()
    );
    fs::remove_file(login.vault_file()).unwrap();
    assert!(!login.needs_passphrase());
    assert!(login.vault_entry(None).unwrap().is_none());
}

#[test]
fn the_passphrase_in_the_file_counts_before_the_one_that_is_given() {
    let home = Home::new(&vectors().config_legacy);
    let entry = home.login().vault_entry(Some(&passphrase("hunter2")));
    assert!(entry.unwrap().is_some());
}

#[test]
fn a_wrong_passphrase_is_told_by_where_it_is_from() {
    let home = Home::new(&legacy("vaultBackendPassphrase", json!("aHVudGVyMg==")));
    let error = home
        .login()
        .vault_entry(Some(&passphrase(PASSPHRASE)))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    let message = format!("{error} {error:?}");
    let file = home.0.path().join(FILE);
    assert!(
        message.contains(&format!("the passphrase in {}", file.display())),
        "{message}"
    );
    assert!(
        message.contains("/infisical-keyring/dev@example.com"),
        "{message}"
    );
    assert!(
        !message.contains("hunter2") && !message.contains("aHVudGVyMg"),
        "{message}"
    );

    let home = Home::new(&legacy("vaultBackendPassphrase", json!("")));
    let error = home
        .login()
        .vault_entry(Some(&passphrase("hunter2")))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(
        error
            .to_string()
            .starts_with("the passphrase that was given does not open")
    );

    let home = Home::new(&legacy("vaultBackendPassphrase", json!("hunter2!")));
    let error = home.login().vault_entry(None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(!format!("{error:?}").contains("hunter2"), "{error}");
}

#[test]
fn a_damaged_entry_is_named_and_not_shown() {
    let home = Home::new(&vectors().config_legacy);
    let login = home.login();
    let name = "infisical-keyring/dev@example.com";
    let whole = &vectors().entries[0].jwe;
    for text in [
        "",
        "hunter2",
        &whole[..whole.len() - 1],
        &whole.replace("eyJ", "eyK"),
    ] {
        home.write(name, text);
        let error = login.vault_entry(None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decryption);
        assert!(error.to_string().contains(name), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn only_the_word_file_keeps_from_asking_the_keyring() {
    for (word, alone) in [
        ("file", true),
        ("auto", false),
        ("", false),
        ("keychain", false),
    ] {
        let home = Home::new(&legacy("vaultBackendType", json!(word)));
        assert_eq!(home.login().is_in_vault(), alone, "{word:?}");
    }
}

#[test]
fn nobody_is_logged_in_without_a_file_or_a_user() {
    let empty = tempfile::tempdir().unwrap();
    let find = |profile| InfisicalCliLogin::find(empty.path(), profile, Path::new("/srv"));
    assert!(find(None).unwrap().is_none());
    assert_eq!(
        find(Some("a")).unwrap_err().kind(),
        ErrorKind::Configuration
    );
    let home = Home::new(&legacy("loggedInUserEmail", json!("")));
    assert!(home.find().unwrap().is_none());
}

#[test]
fn a_file_that_makes_no_sense_is_named_and_not_shown() {
    let home = Home::new(&Value::Null);
    for text in [
        "",
        "{",
        "\"hunter2\"",
        r#"{"profiles": {"hunter2": 1}}"#,
        "{}x",
    ] {
        home.write(FILE, text);
        let error = home.find().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
        let message = format!("{error} {error:?}");
        assert!(
            message.contains(FILE) && !message.contains("hunter2"),
            "{message}"
        );
    }
}

#[test]
fn a_file_with_a_passphrase_that_others_can_read_is_reported() {
    let home = Home::new(&vectors().config_legacy);
    let path = home.0.path().join(FILE);
    let chmod = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    chmod(0o644);
    let expected = format!("{0} can be read by others: chmod o-r {0}", path.display());
    assert_eq!(home.login().warning(), Some(expected.as_str()));
    home.write(
        FILE,
        &legacy("vaultBackendPassphrase", json!("")).to_string(),
    );
    chmod(0o644);
    assert_eq!(home.login().warning(), None);
    chmod(0o646);
    assert!(home.login().warning().unwrap().contains("o-w"));
}

#[test]
fn an_expired_token_says_what_to_do() {
    let login = Home::new(&vectors().config_legacy).login();
    let claims = "eyJleHAiOjE3MDAwMDAwMDB9";
    let entry = passphrase(&format!(r#"{{"JTWToken": "e30.{claims}.c2ln"}}"#));
    let error = login.token(&entry).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let expected = r#"the Infisical login "dev@example.com" expired at 2023-11-14T22:13:20Z"#;
    assert_eq!(error.to_string(), expected);
    assert!(error.advice().unwrap().contains("infisical login"));
    assert!(!format!("{error:?}").contains(claims));
}

#[test]
fn debug_output_shows_no_passphrase() {
    let shown = format!("{:?}", Home::new(&vectors().config_legacy).login());
    assert!(shown.contains("dev@example.com"), "{shown}");
    assert!(!shown.contains("YWJjREVG"), "{shown}");
}

proptest! {
    #[test]
    fn no_file_is_too_odd(bytes: Vec<u8>) {
        if let Ok(content) = Content::parse(&bytes) {
            let _ = profile::choose(content, None, Path::new("/srv"), Path::new(FILE));
        }
    }
}
