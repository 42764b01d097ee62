//! Personal overrides: one's own, beside the vault, and never without their secret.

use super::*;
use crate::shown;

fn overridden(desk: &Desk) -> Option<(String, bool)> {
    let personal = desk.only().personal?;
    Some((shown(personal.value.as_ref()).to_owned(), personal.active))
}

fn change() -> Change {
    Change {
        personal: Some(value("mine")),
        ..Change::default()
    }
}

fn toggle() -> Change {
    Change {
        toggle_personal: true,
        ..Change::default()
    }
}

#[test]
fn an_override_lies_beside_the_vault_which_stays_as_it_is() {
    let desk = Desk::with(&["NAME"]);
    let before = fs::read(desk.file()).unwrap();
    desk.update("NAME", &change()).unwrap();
    assert_eq!(overridden(&desk), Some(("mine".to_owned(), true)));
    let stored = desk.only();
    assert_eq!(
        (shown(stored.value.as_ref()), stored.version),
        ("value of NAME", 1)
    );
    assert_eq!(fs::read(desk.file()).unwrap(), before);
    assert_eq!(mode(&desk.path("vault.personal")), 0o600);
}

#[test]
fn an_override_is_switched_off_and_on() {
    let desk = Desk::with(&["NAME"]);
    let error = desk.update("NAME", &toggle()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.to_string().contains("NAME"), "{error}");

    desk.update("NAME", &change()).unwrap();
    desk.update("NAME", &toggle()).unwrap();
    assert_eq!(overridden(&desk), Some(("mine".to_owned(), false)));
    desk.update("NAME", &toggle()).unwrap();
    assert_eq!(overridden(&desk), Some(("mine".to_owned(), true)));
    desk.update("NAME", &toggle()).unwrap();
    desk.update("NAME", &change()).unwrap();
    assert_eq!(
        overridden(&desk),
        Some(("mine".to_owned(), true)),
        "a new one is active"
    );
}

#[test]
fn a_secret_that_is_not_there_cannot_be_overridden() {
    let desk = Desk::with(&["NAME"]);
    let error = desk.update("OTHER", &change()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(!desk.path("vault.personal").exists());
}

#[test]
fn an_override_goes_where_its_secret_goes() {
    let desk = Desk::new();
    let personal = Some(value("mine"));
    desk.create(&NewSecret {
        personal,
        ..secret("NAME", "x")
    })
    .unwrap();
    let folder = Some(Folder::new("/deep").unwrap());
    desk.update(
        "NAME",
        &Change {
            folder,
            ..Change::default()
        },
    )
    .unwrap();
    assert_eq!(desk.only().folder.as_str(), "/deep");
    assert_eq!(overridden(&desk), Some(("mine".to_owned(), true)));

    let before = fs::read(desk.file()).unwrap();
    let folder = Folder::new("/deep").unwrap();
    assert!(wait(desk.client().delete(&place(), &folder, "NAME")).unwrap());
    fs::write(desk.file(), before).unwrap();
    assert_eq!(overridden(&desk), None, "it went with its secret");
}

#[test]
fn a_reader_never_finds_a_moving_secret_without_its_override() {
    let desk = Desk::new();
    let personal = Some(value("mine"));
    desk.create(&NewSecret {
        personal,
        ..secret("NAME", "x")
    })
    .unwrap();
    let (here, there) = (Folder::root(), Folder::new("/deep").unwrap());
    let moved = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..100 {
                let (from, to) = if round % 2 == 0 {
                    (&here, &there)
                } else {
                    (&there, &here)
                };
                let change = Change {
                    folder: Some(to.clone()),
                    ..Change::default()
                };
                wait(desk.client().update(&place(), from, "NAME", &change)).unwrap();
            }
            moved.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !moved.load(std::sync::atomic::Ordering::Relaxed) {
            assert_eq!(overridden(&desk), Some(("mine".to_owned(), true)));
        }
    });
}

#[test]
fn what_another_left_behind_does_not_override_a_new_secret() {
    let desk = Desk::with(&["NAME"]);
    let without = fs::read(desk.file()).unwrap();
    desk.create(&NewSecret {
        personal: Some(value("mine")),
        ..secret("NEW", "x")
    })
    .unwrap();
    // As after a pull: the secret is gone from the vault, the override is still here.
    fs::write(desk.file(), without).unwrap();
    assert_eq!(desk.names(), ["NAME"]);
    desk.create(&secret("NEW", "x")).unwrap();
    assert!(
        desk.list()
            .unwrap()
            .iter()
            .all(|secret| secret.personal.is_none())
    );
}

#[test]
fn overrides_open_with_the_own_identity_alone() {
    let desk = Desk::with(&["NAME"]);
    let other = VaultIdentity::generate();
    wait(desk.vault().add(other.recipient())).unwrap();
    desk.update("NAME", &change()).unwrap();

    let error = list(&client(&desk.file(), other.key())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(error.to_string().contains("vault.personal"), "{error}");

    fs::remove_file(desk.path("vault.personal")).unwrap();
    let secrets = list(&client(&desk.file(), other.key())).unwrap();
    assert!(secrets[0].personal.is_none());
}

#[test]
fn overrides_to_a_vault_with_a_passphrase_have_the_same_one() {
    let desk = Desk::bare();
    let key = |text: &str| VaultKey::Passphrase(value(text));
    wait(VaultFile::new(desk.file(), key("one")).create(&[])).unwrap();
    let vault = client(&desk.file(), key("one"));
    let personal = Some(value("mine"));
    wait(vault.create(
        &place(),
        &NewSecret {
            personal,
            ..secret("NAME", "x")
        },
    ))
    .unwrap();
    let stored = list(&vault).unwrap().remove(0);
    assert_eq!(shown(stored.personal.unwrap().value.as_ref()), "mine");

    wait(VaultFile::new(desk.file(), key("one")).change_key(&key("two"))).unwrap();
    let stored = list(&client(&desk.file(), key("two"))).unwrap().remove(0);
    assert_eq!(shown(stored.personal.unwrap().value.as_ref()), "mine");
}
