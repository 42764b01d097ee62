//! What a passphrase may cost: whoever made the file says how much work it takes.

use std::time::Duration;

use super::*;

fn by_passphrase(desk: &Desk) -> VaultKey {
    let key = VaultKey::Passphrase(value("words"));
    wait(VaultFile::new(desk.file(), key.clone()).create(&[])).unwrap();
    let client = client(&desk.file(), key.clone());
    wait(client.create(&place(), &secret("NAME", "x"))).unwrap();
    key
}

/// The error of a vault that takes work of two to the power of `work`, for a user who
/// `asked` for it or not.
fn refusal(work: u8, asked: Option<u8>) -> Error {
    let desk = Desk::bare();
    let salt = "RRozutgARvYqBisr3Go/Ew";
    let body = "Dh/wninydJGSIeUakoSVJNBPxKbM9+y2gbGGuX0nSlM";
    let mac = "A".repeat(43);
    let text = format!("age-encryption.org/v1\n-> scrypt {salt} {work}\n{body}\n--- {mac}\n{salt}");
    fs::write(desk.file(), text).unwrap();
    let key = VaultKey::Passphrase(value("words"));
    let mut client = client(&desk.file(), key);
    if let Some(most) = asked {
        client = client.most_work(most);
    }
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decryption);
    assert!(error.to_string().contains(&format!("2^{work}")), "{error}");
    error
}

#[test]
fn more_work_than_is_usual_is_refused_with_the_way_to_ask_for_it() {
    let error = refusal(20, None);
    assert!(error.to_string().contains("2^18"), "{error}");
    let advice = error.advice().unwrap();
    assert!(
        advice.contains("PHASE_RUN_VAULT_WORK_FACTOR=20"),
        "{advice}"
    );
    assert!(advice.contains("1024 MiB"), "{advice}");
}

#[test]
fn more_work_than_can_be_asked_for_is_refused_whatever_was_asked_for() {
    let error = refusal(40, Some(u8::MAX));
    assert!(error.to_string().contains("2^22"), "{error}");
    let advice = error.advice().unwrap();
    assert!(!advice.contains("WORK_FACTOR"), "{advice}");
}

#[test]
fn work_is_done_up_to_what_was_asked_for() {
    let desk = Desk::bare();
    let key = by_passphrase(&desk);
    let asking = |most: u8| client(&desk.file(), key.clone()).most_work(most);
    assert_eq!(list(&asking(16)).unwrap_err().kind(), ErrorKind::Decryption);
    assert_eq!(list(&asking(17)).unwrap().len(), 1);
    let vault = VaultFile::new(desk.file(), key).most_work(16);
    assert_eq!(
        wait(vault.rekey()).unwrap_err().kind(),
        ErrorKind::Decryption
    );
}

#[test]
fn a_passphrase_takes_no_longer_than_the_timeout() {
    let desk = Desk::bare();
    let key = by_passphrase(&desk);
    let hasty = client(&desk.file(), key.clone()).timeout(Duration::from_millis(5));
    let error = list(&hasty).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("vault"), "{error}");
    let vault = VaultFile::new(desk.file(), key).timeout(Duration::from_millis(5));
    let error = wait(vault.recipients()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}
