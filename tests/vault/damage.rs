//! Files that are not what they should be: each is an error that says so, and never a panic.

use std::io::Write;

use super::*;
use crate::shown;

/// Encrypts `text` in the place of the vault.
pub(super) fn put(desk: &Desk, text: &str) {
    let recipient: age::x25519::Recipient = desk.identity.recipient().to_string().parse().unwrap();
    fs::write(
        desk.file(),
        age::encrypt(&recipient, text.as_bytes()).unwrap(),
    )
    .unwrap();
}

/// The text of a vault with these records in `web`, `dev`.
pub(super) fn document(desk: &Desk, records: &str) -> String {
    let recipient = desk.identity.recipient();
    format!(
        r#"{{"format":"phase-run vault","version":1,"recipients":["{recipient}"],"apps":[{{"name":"web","environments":[{{"name":"dev","secrets":[{records}]}}]}}]}}"#
    )
}

const RECORD: &str = r#"{"folder":"/","name":"NAME","value":"hunter2","comment":"","tags":[],"type":"secret","version":1,"created":"2026-11-21T08:00:00Z","updated":"2026-11-21T08:00:00Z"}"#;

/// The error of reading the vault and of writing to it, which leaves the file as it is.
#[track_caller]
fn refused(desk: &Desk) -> Error {
    let before = fs::read(desk.file()).ok();
    let error = desk.list().unwrap_err();
    let writing = desk.create(&secret("NEW", "x")).unwrap_err();
    assert_eq!(writing.kind(), error.kind());
    assert_eq!(fs::read(desk.file()).ok(), before);
    assert!(error.to_string().contains("vault"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    error
}

#[test]
fn every_length_but_the_whole_is_refused() {
    let desk = Desk::with(&["NAME"]);
    let whole = fs::read(desk.file()).unwrap();
    for length in 0..whole.len() {
        fs::write(desk.file(), &whole[..length]).unwrap();
        let kind = desk.list().unwrap_err().kind();
        let foreign = length < "age-encryption.org/".len();
        let wanted = if foreign {
            ErrorKind::Protocol
        } else {
            ErrorKind::Decryption
        };
        assert_eq!(kind, wanted, "{length} of {} bytes", whole.len());
    }
    fs::write(desk.file(), [whole.as_slice(), b"x"].concat()).unwrap();
    assert_eq!(desk.list().unwrap_err().kind(), ErrorKind::Decryption);
}

#[test]
fn every_flipped_byte_is_refused() {
    let desk = Desk::with(&["NAME"]);
    let whole = fs::read(desk.file()).unwrap();
    for index in 0..whole.len() {
        for bits in [0x01, 0x20, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[index] ^= bits;
            fs::write(desk.file(), &bytes).unwrap();
            let kind = desk.list().unwrap_err().kind();
            let refused = [ErrorKind::Decryption, ErrorKind::Protocol].contains(&kind);
            assert!(refused, "byte {index} xor {bits:#x}: {kind:?}");
        }
    }
}

#[test]
fn a_vault_with_a_passphrase_is_refused_when_it_is_cut_short() {
    let desk = Desk::bare();
    let key = VaultKey::Passphrase(value("words"));
    wait(VaultFile::new(desk.file(), key.clone()).create(&[])).unwrap();
    let whole = fs::read(desk.file()).unwrap();
    fs::write(desk.file(), &whole[..whole.len() - 1]).unwrap();
    let error = list(&client(&desk.file(), key)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_before_the_work() {
    let desk = Desk::bare();
    let salt = "RRozutgARvYqBisr3Go/Ew";
    let body = "Dh/wninydJGSIeUakoSVJNBPxKbM9+y2gbGGuX0nSlM";
    let mac = "A".repeat(43);
    let text = format!("age-encryption.org/v1\n-> scrypt {salt} 40\n{body}\n--- {mac}\n{salt}");
    fs::write(desk.file(), text).unwrap();
    let key = VaultKey::Passphrase(value("words"));
    let error = list(&client(&desk.file(), key)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(error.to_string().contains("2^40"), "{error}");
}

#[test]
fn what_is_no_vault_at_all_is_said_to_be_none() {
    let desk = Desk::bare();
    let error = refused(&desk);
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.advice().unwrap().contains("vault init"), "{error:?}");
    let missing = VaultFile::takes_passphrase(&desk.file(), &FileOwners::everybody()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Missing);

    for (text, word) in [
        ("", "empty"),
        ("hello", "not an age file"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\n", "armored"),
        ("age-encryption.org/v2\n--- x\n\n--- \n", "version"),
    ] {
        fs::write(desk.file(), text).unwrap();
        let error = refused(&desk);
        assert_eq!(error.kind(), ErrorKind::Protocol, "{text:?}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.advice().is_some(), "{error:?}");
    }

    for path in [desk.directory.path(), Path::new("/dev/tty")] {
        let error = list(&client(path, desk.identity.key())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
    let error = list(&client(&desk.file().join("x"), desk.identity.key())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::System);
}

#[test]
fn a_vault_of_a_later_version_is_refused_with_the_version_that_is_read() {
    let desk = Desk::new();
    put(
        &desk,
        r#"{"format":"phase-run vault","version":2,"what":["hunter2"]}"#,
    );
    let error = refused(&desk);
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("version 2"), "{error}");
    assert!(error.to_string().contains("reads version 1"), "{error}");
}

#[test]
fn what_a_write_would_lose_is_refused_on_reading() {
    let desk = Desk::new();
    put(&desk, &document(&desk, RECORD));
    assert_eq!(shown(desk.only().value.as_ref()), "hunter2");

    let good = document(&desk, RECORD);
    let own = format!(r#""{}""#, desk.identity.recipient());
    for text in [
        document(
            &desk,
            &RECORD.replace(r#""comment""#, r#""colour":"red","comment""#),
        ),
        document(&desk, &RECORD.replace(r#""secret""#, r#""dynamic""#)),
        document(&desk, &RECORD.replace(r#""/""#, r#""a//b""#)),
        document(
            &desk,
            &RECORD.replace(r#""version":1"#, r#""version":"hunter2""#),
        ),
        document(
            &desk,
            &RECORD.replace(r#""tags":[]"#, r#""tags":"hunter2""#),
        ),
        document(&desk, &RECORD.replace(r#""value":"hunter2","#, "")),
        document(&desk, &format!("{RECORD},{RECORD}")),
        good.replace(r#""apps""#, r#""more":{},"apps""#),
        good.replace("age1", "age2"),
        good.replace(&own, ""),
        // Two that are one would hide a third in the header.
        good.replace(&own, &format!("{own},{own}")),
        good.replace(&own, &format!("{own},{}", own.to_uppercase())),
        good.replace(r#""phase-run vault""#, r#""another""#),
        good.replace(r#""format":"phase-run vault","#, ""),
        format!("{good}{good}"),
        "hunter2".to_owned(),
        String::new(),
    ] {
        put(&desk, &text);
        assert_eq!(refused(&desk).kind(), ErrorKind::Protocol, "{text}");
    }
}

#[test]
fn a_file_of_endless_size_is_not_read_to_its_end() {
    let desk = Desk::bare();
    let file = fs::File::create(desk.file()).unwrap();
    (&file).write_all(b"age-encryption.org/v1\n").unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(desk.list().unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn a_header_of_endless_size_is_not_parsed() {
    let desk = Desk::bare();
    let text = format!(
        "age-encryption.org/v1\n{}--- \n",
        "-> a\n\n".repeat(1 << 20)
    );
    fs::write(desk.file(), text).unwrap();
    assert_eq!(refused(&desk).kind(), ErrorKind::Decryption);
}
