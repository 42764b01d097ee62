//! Whose files a vault may be made of.

use std::os::unix::fs::{MetadataExt, chown, lchown};

use super::*;

/// Nobody here.
const SOMEBODY: u32 = 4242;

fn only(uid: u32) -> FileOwners {
    FileOwners::only(vec![uid], &[], "ask them")
}

fn us(desk: &Desk) -> u32 {
    desk.path(".").metadata().unwrap().uid()
}

/// Nothing is read or written, and why.
#[track_caller]
fn refused(desk: &Desk, owners: &FileOwners, file: &str) {
    let reading = list(&desk.client().owned_by(owners.clone())).map(drop);
    let client = desk.client().owned_by(owners.clone());
    let writing = wait(client.create(&place(), &secret("NEW", "x")));
    for result in [reading, writing] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(
            error.to_string().contains(&format!("{file} belongs")),
            "{error}"
        );
        assert_eq!(error.advice(), Some("ask them"));
    }
}

#[test]
fn a_vault_is_judged_when_it_is_opened_by_the_owner_of_what_was_opened() {
    let desk = Desk::with(&["ONE"]);
    let ours = only(us(&desk));
    let client = desk.client().owned_by(ours.clone());
    assert_eq!(list(&client).unwrap().len(), 1);
    assert!(!VaultFile::takes_passphrase(&desk.file(), &ours).unwrap());
    let others = only(SOMEBODY);
    refused(&desk, &others, "vault");
    assert!(VaultFile::takes_passphrase(&desk.file(), &others).is_err());
    if chown(desk.file(), Some(SOMEBODY), None).is_ok() {
        assert!(list(&client).is_err(), "exchanged since it was read");
    }
}

#[test]
fn overrides_and_links_are_judged_too() {
    let desk = Desk::with(&["ONE"]);
    desk.create(&NewSecret {
        personal: Some(value("mine")),
        ..secret("TWO", "x")
    })
    .unwrap();
    let ours = only(us(&desk));
    if chown(desk.path("vault.personal"), Some(SOMEBODY), None).is_err() {
        return;
    }
    refused(&desk, &ours, "vault.personal");
    fs::remove_file(desk.path("vault.personal")).unwrap();
    assert!(list(&desk.client().owned_by(ours.clone())).is_ok());
    fs::rename(desk.file(), desk.path("kept")).unwrap();
    symlink("kept", desk.file()).unwrap();
    lchown(desk.file(), Some(SOMEBODY), None).unwrap();
    refused(&desk, &ours, "vault");
}
