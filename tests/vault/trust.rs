//! Who was accepted as a recipient is remembered: age says of no file who wrote it.

use std::io::Write;

use phase_run::{Notice, TrustStore, VaultRecipient};

use super::*;

/// A desk whose owner remembers.
struct Wary {
    desk: Desk,
    store: TrustStore,
}

impl Wary {
    fn new() -> Self {
        let desk = Desk::bare();
        let store = TrustStore::new(desk.path("state"));
        let wary = Self { desk, store };
        wait(wary.vault().create(&[])).unwrap();
        wary.write("NAME").unwrap();
        wary
    }

    fn vault(&self) -> VaultFile {
        self.desk.vault().trust(self.store.clone())
    }

    fn client(&self) -> Client {
        self.desk.client().trust(self.store.clone())
    }

    fn write(&self, name: &str) -> Result<(), Error> {
        wait(self.client().create(&place(), &secret(name, "x")))
    }

    /// Those whom reading warns of.
    #[track_caller]
    fn strangers(&self) -> Vec<String> {
        let client = self.client();
        list(&client).unwrap();
        let notices = client.notices();
        assert!(client.notices().is_empty(), "told once");
        match &notices[..] {
            [] => Vec::new(),
            [Notice::NotAccepted { recipients, .. }] => recipients.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.desk.file()).unwrap()
    }

    fn put_back(&self, bytes: &[u8]) {
        fs::write(self.desk.file(), bytes).unwrap();
    }
}

fn recipient() -> VaultRecipient {
    VaultIdentity::generate().recipient().clone()
}

#[test]
fn a_recipient_whom_somebody_added_is_told_of_and_nothing_is_written_to_them() {
    let (wary, other, stranger) = (Wary::new(), recipient(), recipient());
    wait(wary.vault().add(&other)).unwrap();
    wait(wary.desk.vault().add(&stranger)).unwrap();
    let before = wary.bytes();
    assert_eq!(wary.strangers(), [stranger.to_string()]);
    let writes = [
        wary.write("TWO"),
        wait(wary.vault().rekey()),
        wait(wary.vault().add(&recipient())).map(|_| ()),
        wait(wary.vault().remove(&other)),
        wait(wary.vault().add_environment("web", "new")),
        wait(wary.vault().change_key(&VaultIdentity::generate().key())),
        wait(wary.client().delete(&place(), &Folder::root(), "NAME")).map(|_| ()),
    ];
    for error in writes.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(&stranger.to_string()), "{error}");
        assert!(
            error.advice().unwrap().contains("recipients accept"),
            "{error:?}"
        );
    }
    assert_eq!(wary.bytes(), before);

    assert_eq!(wait(wary.vault().accept()).unwrap(), [stranger]);
    assert!(wary.strangers().is_empty());
    wary.write("TWO").unwrap();
}

#[test]
fn those_of_the_first_use_are_accepted_and_so_are_those_whom_we_add() {
    let (mut wary, other) = (Wary::new(), recipient());
    wait(wary.desk.vault().add(&other)).unwrap();
    // Another machine, which has not seen the vault yet.
    wary.store = TrustStore::new(wary.desk.path("fresh"));
    assert!(wary.strangers().is_empty());
    wait(wary.vault().add(&recipient())).unwrap();
    assert!(wary.strangers().is_empty());
    wary.write("TWO").unwrap();
}

#[test]
fn who_says_so_accepts_along_the_way() {
    let (wary, stranger) = (Wary::new(), recipient());
    wait(wary.desk.vault().add(&stranger)).unwrap();
    let accepting = wary
        .client()
        .trust(wary.store.clone().accept_recipients(true));
    list(&accepting).unwrap();
    assert!(accepting.notices().is_empty());
    assert!(wary.strangers().is_empty(), "it is remembered");
}

#[test]
fn an_old_copy_does_not_bring_back_whom_we_removed() {
    let (wary, other) = (Wary::new(), recipient());
    wait(wary.vault().add(&other)).unwrap();
    let old = wary.bytes();
    wait(wary.vault().remove(&other)).unwrap();
    assert!(wary.strangers().is_empty());
    wary.put_back(&old);
    assert_eq!(wary.strangers(), [other.to_string()]);
    assert!(wary.write("TWO").is_err());
    // Not accepting them takes no acceptance.
    wait(wary.vault().remove(&other)).unwrap();
    assert!(wary.strangers().is_empty());
    wary.write("TWO").unwrap();
}

#[test]
fn an_old_copy_does_not_bring_back_whom_others_removed_once_that_was_seen() {
    let (wary, other) = (Wary::new(), recipient());
    wait(wary.vault().add(&other)).unwrap();
    let old = wary.bytes();
    wait(wary.desk.vault().remove(&other)).unwrap();
    assert!(wary.strangers().is_empty(), "this is how it is seen");
    wary.put_back(&old);
    assert_eq!(wary.strangers(), [other.to_string()]);
}

#[test]
fn a_later_copy_does_not_bring_back_whom_we_removed_from_an_old_one() {
    let (wary, other) = (Wary::new(), recipient());
    wait(wary.vault().add(&other)).unwrap();
    let old = wary.bytes();
    wary.write("TWO").unwrap();
    let later = wary.bytes();
    wary.put_back(&old);
    // Which makes no later revision than was seen already.
    wait(wary.vault().remove(&other)).unwrap();
    wary.put_back(&later);
    assert_eq!(wary.strangers(), [other.to_string()]);
}

#[test]
fn nor_does_it_bring_back_the_key_that_we_changed() {
    let (mut wary, new) = (Wary::new(), VaultIdentity::generate());
    wait(wary.vault().add(new.recipient())).unwrap();
    let old = wary.bytes();
    wary.write("TWO").unwrap();
    let later = wary.bytes();
    wary.put_back(&old);
    wait(wary.vault().change_key(&new.key())).unwrap();
    wary.put_back(&later);
    let gone = std::mem::replace(&mut wary.desk.identity, new);
    assert_eq!(wary.strangers(), [gone.recipient().to_string()]);
}

#[test]
fn an_earlier_copy_changes_nothing_that_is_remembered() {
    let (wary, other) = (Wary::new(), recipient());
    let old = wary.bytes();
    wait(wary.vault().add(&other)).unwrap();
    let new = wary.bytes();
    // As by `git switch`, to and fro.
    for copy in [&old, &new, &old, &new] {
        wary.put_back(copy);
        assert!(wary.strangers().is_empty());
    }
}

#[test]
fn a_new_vault_in_the_place_of_another_one_has_no_past() {
    let wary = Wary::new();
    fs::remove_file(wary.desk.file()).unwrap();
    wait(wary.vault().create(&[recipient()])).unwrap();
    wary.write("NAME").unwrap();
    assert!(wary.strangers().is_empty());
}

/// Writes the vault as one who knows its recipients can, at this revision.
fn forge(wary: &Wary, revision: u64) {
    let text = damage::document(&wary.desk, "");
    let version = r#""version":1"#;
    let text = text.replace(version, &format!(r#"{version},"revision":{revision}"#));
    damage::put(&wary.desk, &text);
}

#[test]
fn a_revision_that_nobody_can_have_come_to_is_refused_and_not_remembered() {
    let (wary, other) = (Wary::new(), recipient());
    wait(wary.vault().add(&other)).unwrap();
    let old = wary.bytes();
    for revision in [(1 << 32) + 1, u64::MAX] {
        forge(&wary, revision);
        let errors = [
            list(&wary.client()).map(|_| ()).unwrap_err(),
            wary.write("TWO").unwrap_err(),
            wait(wary.vault().accept()).map(|_| ()).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
            assert!(error.to_string().contains(&revision.to_string()), "{error}");
            assert!(error.advice().is_some(), "{error:?}");
        }
    }
    wary.put_back(&old);
    wait(wary.desk.vault().remove(&other)).unwrap();
    assert!(wary.strangers().is_empty(), "this is how it is seen");
    wary.put_back(&old);
    assert_eq!(wary.strangers(), [other.to_string()]);
}

#[test]
fn a_leap_of_revisions_is_told_of_and_counts_once_it_is_accepted() {
    let (wary, other) = (Wary::new(), recipient());
    wait(wary.vault().add(&other)).unwrap();
    let old = wary.bytes();
    forge(&wary, 2_000_000);
    let before = wary.bytes();
    let client = wary.client();
    list(&client).unwrap();
    let told = Notice::Leapt {
        vault: wary.desk.file(),
        revision: 2_000_000,
        seen: 3,
    };
    assert_eq!(client.notices(), [told]);
    let writes = [
        wary.write("TWO"),
        wait(wary.vault().rekey()),
        wait(wary.vault().add(&recipient())).map(|_| ()),
    ];
    for error in writes.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("revision 2000000"), "{error}");
        let advice = error.advice().unwrap();
        assert!(advice.contains("recipients accept"), "{advice}");
    }
    assert_eq!(wary.bytes(), before);

    // It says nothing of who is a recipient either.
    wary.put_back(&old);
    assert!(wary.strangers().is_empty());

    wary.put_back(&before);
    assert!(wait(wary.vault().accept()).unwrap().is_empty());
    wary.write("TWO").unwrap();
    assert!(wary.strangers().is_empty());
    wary.put_back(&old);
    assert_eq!(wary.strangers(), [other.to_string()]);
}

#[test]
fn a_vault_that_others_wrote_500_times_is_as_good_as_any() {
    let wary = Wary::new();
    forge(&wary, 502);
    assert!(wary.strangers().is_empty());
    wary.write("TWO").unwrap();
}

#[test]
fn a_vault_at_its_last_revision_is_read_and_not_written() {
    let mut wary = Wary::new();
    wary.store = TrustStore::new(wary.desk.path("fresh"));
    forge(&wary, 1 << 32);
    assert!(wary.strangers().is_empty());
    let before = wary.bytes();
    let error = wary.write("TWO").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.advice().unwrap().contains("git"), "{error:?}");
    assert_eq!(wary.bytes(), before);
}

#[test]
fn a_key_in_the_header_that_the_list_does_not_name_is_told_of_and_goes_with_acceptance() {
    let (wary, hidden) = (Wary::new(), VaultIdentity::generate());
    let text = damage::document(&wary.desk, "");
    let own = wary.desk.identity.recipient();
    let keys: Vec<age::x25519::Recipient> = [own, hidden.recipient()]
        .map(|one| one.to_string().parse().unwrap())
        .into();
    let keys = keys.iter().map(|key| key as &dyn age::Recipient);
    let mut sealed = Vec::new();
    let encryptor = age::Encryptor::with_recipients(keys).unwrap();
    let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap();
    wary.put_back(&sealed);
    assert!(list(&client(&wary.desk.file(), hidden.key())).is_ok());

    let client = wary.client();
    list(&client).unwrap();
    let told = Notice::NotListed {
        vault: wary.desk.file(),
        keys: 2,
        listed: 1,
    };
    assert_eq!(client.notices(), [told]);
    let error = wary.write("TWO").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("2 keys"), "{error}");

    assert!(wait(wary.vault().accept()).unwrap().is_empty());
    assert!(list(&super::client(&wary.desk.file(), hidden.key())).is_err());
    wary.write("TWO").unwrap();
}

#[test]
fn what_others_can_write_to_is_told_of() {
    let desk = Desk::with(&["NAME"]);
    let change = Change {
        personal: Some(value("mine")),
        ..Change::default()
    };
    desk.update("NAME", &change).unwrap();
    let client = desk.client();
    list(&client).unwrap();
    assert!(client.notices().is_empty());
    let files = [desk.file(), desk.path("vault.personal")];
    for file in &files {
        fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
    }
    list(&client).unwrap();
    let told = client.notices();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let of_it = told.iter().filter(|notice| {
            matches!(notice, Notice::Exposed { file } if file.file_name().unwrap() == name)
        });
        assert_eq!(of_it.count(), 1, "{name}: {told:?}");
    }
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn every_write_makes_a_later_revision() {
    let wary = Wary::new();
    let line = wary.desk.identity.text().expose().lines().last().unwrap();
    let identity: age::x25519::Identity = line.parse().unwrap();
    let revision = || {
        let text = age::decrypt(&identity, &wary.bytes()).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
        document["revision"].as_u64().unwrap()
    };
    assert_eq!(revision(), 2);
    wait(wary.vault().rekey()).unwrap();
    assert_eq!(revision(), 3);
    // One of an earlier phase-run has none.
    damage::put(&wary.desk, &damage::document(&wary.desk, ""));
    wary.write("NEXT").unwrap();
    assert_eq!(revision(), 1);
}
