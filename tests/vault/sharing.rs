//! Who can open a vault.

use phase_run::VaultRecipient;

use super::*;
use crate::shown;

#[test]
fn a_vault_is_never_overwritten() {
    let desk = Desk::with(&["NAME"]);
    let error = wait(desk.vault().create(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("vault"), "{error}");
    assert_eq!(desk.names(), ["NAME"]);
}

#[test]
fn a_link_that_leads_nowhere_is_not_overwritten_either() {
    let desk = Desk::bare();
    symlink("nowhere", desk.file()).unwrap();
    let error = wait(desk.vault().create(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(!desk.path("nowhere").exists());
}

#[test]
fn a_new_vault_does_not_take_up_the_overrides_of_an_old_one() {
    let desk = Desk::bare();
    fs::write(desk.path("vault.personal"), "old").unwrap();
    let error = wait(desk.vault().create(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("vault.personal"), "{error}");
    assert!(!desk.file().exists());
}

#[test]
fn an_identity_is_never_overwritten_and_private() {
    let desk = Desk::bare();
    let file = desk.path("identity");
    desk.identity.save(&file).unwrap();
    assert_eq!(mode(&file), 0o600);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        desk.identity.text().expose()
    );
    let error = VaultIdentity::generate().save(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        desk.identity.text().expose()
    );
    assert_eq!(fs::read_dir(desk.directory.path()).unwrap().count(), 1);
}

#[test]
fn a_second_recipient_reads_and_writes_and_a_removed_one_no_longer() {
    let desk = Desk::with(&["ONE"]);
    let other = VaultIdentity::generate();
    assert!(wait(desk.vault().add(other.recipient())).unwrap());
    assert!(
        !wait(desk.vault().add(other.recipient())).unwrap(),
        "adding twice is nothing new"
    );
    let others = client(&desk.file(), other.key());
    wait(others.create(&place(), &secret("TWO", "2"))).unwrap();
    assert_eq!(desk.names(), ["ONE", "TWO"], "a write keeps all recipients");
    let both = [desk.identity.recipient().clone(), other.recipient().clone()];
    assert_eq!(wait(desk.vault().recipients()).unwrap(), both);

    wait(desk.vault().remove(other.recipient())).unwrap();
    let error = list(&others).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(
        error.to_string().contains("this identity does not open"),
        "{error}"
    );
    assert!(
        error.advice().unwrap().contains("recipients add"),
        "{error:?}"
    );
    assert_eq!(desk.names(), ["ONE", "TWO"]);
    let error = wait(desk.vault().remove(other.recipient())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
}

#[test]
fn a_vault_is_made_for_several_at_once() {
    let desk = Desk::bare();
    let other = VaultIdentity::generate();
    let others = [other.recipient().clone(), desk.identity.recipient().clone()];
    wait(desk.vault().create(&others)).unwrap();
    desk.create(&secret("NAME", "x")).unwrap();
    assert_eq!(list(&client(&desk.file(), other.key())).unwrap().len(), 1);
    assert_eq!(
        wait(desk.vault().recipients()).unwrap().len(),
        2,
        "each once"
    );
}

#[test]
fn nobody_locks_themselves_out() {
    let desk = Desk::with(&["NAME"]);
    let own = desk.identity.recipient();
    let error = wait(desk.vault().remove(own)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("last recipient"), "{error}");

    wait(desk.vault().add(VaultIdentity::generate().recipient())).unwrap();
    let error = wait(desk.vault().remove(own)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(desk.names(), ["NAME"]);
}

#[test]
fn only_who_can_open_the_vault_opens_it_to_others() {
    let desk = Desk::with(&["NAME"]);
    let stranger = VaultIdentity::generate();
    let vault = VaultFile::new(desk.file(), stranger.key());
    let before = fs::read(desk.file()).unwrap();
    let error = wait(vault.add(stranger.recipient())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    let error = wait(vault.remove(desk.identity.recipient())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert_eq!(
        wait(vault.rekey()).unwrap_err().kind(),
        ErrorKind::Decryption
    );
    assert_eq!(fs::read(desk.file()).unwrap(), before);
}

#[test]
fn a_passphrase_shares_with_nobody() {
    let desk = Desk::bare();
    let vault = VaultFile::new(desk.file(), VaultKey::Passphrase(value("words")));
    let recipient: &VaultRecipient = desk.identity.recipient();
    let error = wait(vault.create(std::slice::from_ref(recipient))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    wait(vault.create(&[])).unwrap();
    assert!(VaultFile::takes_passphrase(&desk.file(), &FileOwners::everybody()).unwrap());
    assert!(wait(vault.recipients()).unwrap().is_empty());
    assert_eq!(
        wait(vault.add(recipient)).unwrap_err().kind(),
        ErrorKind::Configuration
    );
    assert_eq!(
        wait(vault.remove(recipient)).unwrap_err().kind(),
        ErrorKind::Configuration
    );

    let error = desk.list().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(
        error
            .advice()
            .unwrap()
            .contains("PHASE_RUN_VAULT_PASSPHRASE"),
        "{error:?}"
    );
    let wrong = VaultKey::Passphrase(value("wrong words"));
    let error = list(&client(&desk.file(), wrong)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(!format!("{error:?}").contains("wrong words"), "{error:?}");
}

#[test]
fn an_identity_is_asked_for_where_a_passphrase_is_of_no_use() {
    let desk = Desk::with(&["NAME"]);
    assert!(!VaultFile::takes_passphrase(&desk.file(), &FileOwners::everybody()).unwrap());
    let key = VaultKey::Passphrase(value("words"));
    let error = list(&client(&desk.file(), key)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(error.advice().unwrap().contains("--identity"), "{error:?}");
}

#[test]
fn a_rekeyed_vault_is_another_file_of_the_same_secrets() {
    let desk = Desk::with(&["NAME"]);
    let before = fs::read(desk.file()).unwrap();
    wait(desk.vault().rekey()).unwrap();
    assert_ne!(fs::read(desk.file()).unwrap(), before);
    assert_eq!(desk.names(), ["NAME"]);
}

#[test]
fn a_new_identity_takes_the_place_of_the_old_one() {
    let desk = Desk::with(&["NAME"]);
    let (other, new) = (VaultIdentity::generate(), VaultIdentity::generate());
    wait(desk.vault().add(other.recipient())).unwrap();
    let change = Change {
        personal: Some(value("mine")),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();

    wait(desk.vault().change_key(&new.key())).unwrap();
    assert_eq!(desk.list().unwrap_err().kind(), ErrorKind::Decryption);
    let stored = list(&client(&desk.file(), new.key())).unwrap().remove(0);
    assert_eq!(shown(stored.personal.unwrap().value.as_ref()), "mine");
    let theirs = VaultFile::new(desk.file(), other.key());
    let left = wait(theirs.recipients()).unwrap();
    assert_eq!(left, [other.recipient().clone(), new.recipient().clone()]);
}

#[test]
fn a_change_of_keys_that_was_interrupted_is_brought_to_its_end() {
    let desk = Desk::with(&["NAME"]);
    let change = Change {
        personal: Some(value("mine")),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let (vault, new) = (fs::read(desk.file()).unwrap(), VaultIdentity::generate());
    wait(desk.vault().change_key(&new.key())).unwrap();
    // As it was when only the overrides had been written.
    fs::write(desk.file(), vault).unwrap();
    let error = desk.list().unwrap_err();
    assert!(error.advice().unwrap().contains("rekey"), "{error:?}");

    wait(desk.vault().change_key(&new.key())).unwrap();
    let stored = list(&client(&desk.file(), new.key())).unwrap().remove(0);
    assert_eq!(shown(stored.personal.unwrap().value.as_ref()), "mine");
}

#[test]
fn a_passphrase_becomes_an_identity_and_back_unless_others_would_be_locked_out() {
    let desk = Desk::bare();
    let words = VaultKey::Passphrase(value("words"));
    let vault = VaultFile::new(desk.file(), words.clone());
    wait(vault.create(&[])).unwrap();
    wait(vault.change_key(&desk.identity.key())).unwrap();
    assert_eq!(
        wait(desk.vault().recipients()).unwrap(),
        [desk.identity.recipient().clone()]
    );

    let other = VaultIdentity::generate();
    wait(desk.vault().add(other.recipient())).unwrap();
    let error = wait(desk.vault().change_key(&words)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    wait(desk.vault().remove(other.recipient())).unwrap();
    wait(desk.vault().change_key(&words)).unwrap();
    assert!(VaultFile::takes_passphrase(&desk.file(), &FileOwners::everybody()).unwrap());
}

#[test]
fn an_identity_file_may_hold_several_and_says_which_line_is_not_one() {
    let desk = Desk::with(&["NAME"]);
    let other = VaultIdentity::generate();
    let text = format!(
        "{}\r\n\n{}",
        other.text().expose(),
        desk.identity.text().expose()
    );
    let key = VaultKey::Identities(value(&text));
    assert_eq!(key.recipients().unwrap().len(), 2);
    assert_eq!(list(&client(&desk.file(), key)).unwrap().len(), 1);

    for (text, word) in [
        ("# nothing\n", "no key"),
        ("\n\nhunter2\n", "line 3"),
        ("AGE-SECRET-KEY-1QQQ", "line 1"),
        ("AGE-PLUGIN-YUBIKEY-1QQ", "line 1"),
    ] {
        let error = list(&client(&desk.file(), VaultKey::Identities(value(text)))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.to_string().contains(word), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let error = list(&client(&desk.file(), VaultKey::Passphrase(value("")))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
}

#[test]
fn every_call_can_move_between_threads() {
    fn movable(_: impl Send) {}
    let (desk, secret) = (Desk::bare(), secret("NAME", "x"));
    let (vault, client, key) = (desk.vault(), desk.client(), desk.identity.key());
    movable(vault.create(&[]));
    movable(vault.add(desk.identity.recipient()));
    movable(vault.change_key(&key));
    movable(vault.recipients());
    movable(vault.unsealed());
    movable(client.create(&place(), &secret));
    movable(client.apps());
}
