//! The seal on personal overrides: age lets anybody write a file for us, and these
//! values go in before all others.

use phase_run::Plan;

use super::*;
use crate::shown;

/// What somebody writes who knows whom it is for: an override of `NAME`.
fn forged(extra: &str) -> String {
    format!(
        r#"{{"format":"phase-run personal overrides","version":1,{extra}"overrides":[{{"app":"web","environment":"dev","folder":"/","name":"NAME","value":"forged","active":true}}]}}"#
    )
}

fn put(desk: &Desk, text: &str) {
    let recipient: age::x25519::Recipient = desk.identity.recipient().to_string().parse().unwrap();
    let sealed = age::encrypt(&recipient, text.as_bytes()).unwrap();
    fs::write(desk.path("vault.personal"), sealed).unwrap();
}

/// The text of the overrides, by age itself.
fn opened(desk: &Desk) -> String {
    let line = desk.identity.text().expose().lines().last().unwrap();
    let identity: age::x25519::Identity = line.parse().unwrap();
    let bytes = fs::read(desk.path("vault.personal")).unwrap();
    String::from_utf8(age::decrypt(&identity, &bytes).unwrap()).unwrap()
}

fn override_it(desk: &Desk, with: &str) {
    let change = Change {
        personal: Some(value(with)),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
}

#[track_caller]
fn refused(desk: &Desk) {
    let before = fs::read(desk.path("vault.personal")).unwrap();
    let writing = desk.create(&secret("NEW", "x"));
    for error in [desk.list().map(|_| ()), writing].map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Decryption);
        assert!(error.to_string().contains("vault.personal"), "{error}");
        assert!(error.advice().unwrap().contains("vault rekey"), "{error:?}");
        assert!(!format!("{error:?}").contains("forged"), "{error:?}");
    }
    assert_eq!(fs::read(desk.path("vault.personal")).unwrap(), before);
}

#[test]
fn overrides_that_others_wrote_for_us_are_refused() {
    let desk = Desk::with(&["NAME"]);
    put(&desk, &forged(""));
    refused(&desk);
    let own = desk.identity.recipient();
    put(&desk, &forged(&format!(r#""macs":{{"{own}":"AAAA"}},"#)));
    refused(&desk);
    // A seal of one's own, on other overrides.
    fs::remove_file(desk.path("vault.personal")).unwrap();
    override_it(&desk, "mine");
    put(&desk, &opened(&desk).replace("\"mine\"", "\"forged\""));
    refused(&desk);
    put(&desk, &opened(&desk).replace("\"forged\"", "\"mine\""));
    assert_eq!(shown(desk.only().personal.unwrap().value.as_ref()), "mine");
}

#[test]
fn overrides_that_another_recipient_sealed_are_refused() {
    let (desk, other) = (Desk::with(&["NAME"]), VaultIdentity::generate());
    wait(desk.vault().add(other.recipient())).unwrap();
    let others = client(&desk.file(), other.key());
    let change = Change {
        personal: Some(value("theirs")),
        ..Change::default()
    };
    wait(others.update(&place(), &Folder::root(), "NAME", &change)).unwrap();
    let line = other.text().expose().lines().last().unwrap();
    let identity: age::x25519::Identity = line.parse().unwrap();
    let bytes = fs::read(desk.path("vault.personal")).unwrap();
    let text = String::from_utf8(age::decrypt(&identity, &bytes).unwrap()).unwrap();
    put(&desk, &text);
    refused(&desk);
    let (own, theirs) = (desk.identity.recipient(), other.recipient());
    put(&desk, &text.replace(&theirs.to_string(), &own.to_string()));
    refused(&desk);
}

#[test]
fn overrides_without_a_seal_are_shown_by_name_and_sealed_as_they_were_shown() {
    let desk = Desk::with(&["NAME"]);
    put(&desk, &forged(""));
    let unsealed = wait(desk.vault().unsealed()).unwrap().unwrap();
    assert_eq!(unsealed.names(), ["NAME (dev of web, /)"]);
    // What comes between the look and the seal is not sealed.
    put(&desk, &forged("").replace("forged", "later"));
    wait(desk.vault().seal(unsealed)).unwrap();
    assert_eq!(
        shown(desk.only().personal.unwrap().value.as_ref()),
        "forged"
    );
    assert!(wait(desk.vault().unsealed()).unwrap().is_none());
    assert!(opened(&desk).contains("\"macs\""), "age opens it still");
}

#[test]
fn a_change_of_key_puts_no_seal_on_what_others_wrote() {
    let desk = Desk::with(&["NAME"]);
    put(&desk, &forged(""));
    let files = || [desk.file(), desk.path("vault.personal")].map(|file| fs::read(file).unwrap());
    let before = files();
    let new = VaultIdentity::generate().key();
    let error = wait(desk.vault().change_key(&new)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(error.to_string().contains("vault.personal"), "{error}");
    assert_eq!(files(), before);
}

#[test]
fn who_wants_no_overrides_does_not_care_who_wrote_them() {
    let desk = Desk::with(&["NAME"]);
    put(&desk, &forged(""));
    let place = place();
    let scope = Scope::new(place.app, place.environment);
    let plan = Plan {
        personal: false,
        ..Plan::default()
    };
    let resolution = wait(desk.client().resolve(&scope, &plan)).unwrap();
    assert_eq!(resolution.secrets[0].value.expose(), "value of NAME");
    let with = Plan::default();
    assert!(wait(desk.client().resolve(&scope, &with)).is_err());
}

#[test]
fn any_identity_of_the_own_file_reads_what_was_sealed() {
    let desk = Desk::with(&["NAME"]);
    let second = VaultIdentity::generate();
    wait(desk.vault().add(second.recipient())).unwrap();
    let text = |one: &VaultIdentity| one.text().expose().to_owned();
    let both = VaultKey::Identities(value(&(text(&desk.identity) + &text(&second))));
    let change = Change {
        personal: Some(value("mine")),
        ..Change::default()
    };
    let with_both = client(&desk.file(), both.clone());
    wait(with_both.update(&place(), &Folder::root(), "NAME", &change)).unwrap();
    for key in [desk.identity.key(), second.key(), both] {
        let secret = list(&client(&desk.file(), key)).unwrap().remove(0);
        assert_eq!(shown(secret.personal.unwrap().value.as_ref()), "mine");
    }
}
