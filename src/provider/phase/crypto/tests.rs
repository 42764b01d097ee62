use super::super::vectors::{self, bytes};
use super::*;

#[test]
fn key_pairs_from_seeds_are_those_of_libsodium() {
    let rows = vectors::list("kx_seed_keypair");
    assert_eq!(rows.len(), 5);
    for row in rows {
        let pair = KeyPair::from_seed(&bytes(&row["seed"]));
        assert_eq!(hex::encode(pair.public), row["public_key"]);
        assert_eq!(hex::encode(*pair.secret), row["private_key"]);
    }
}

#[test]
fn session_keys_are_those_of_libsodium() {
    let rows = vectors::list("session_keys");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let secret = Zeroizing::new(bytes(&row["client_private"]));
        let server = bytes(&row["server_public"]);
        let shared = x25519::shared(&secret, &server).unwrap();
        assert_eq!(hex::encode(*shared), row["shared_point_x25519"]);
        let client = KeyPair::new(bytes(&row["client_public"]), secret);
        let key = client.session(&server, &client.public, &server).unwrap();
        assert_eq!(hex::encode(*key), row["client_tx"]);
        let secret = Zeroizing::new(bytes(&row["server_private"]));
        let server = KeyPair::new(server, secret);
        let key = server.session(&client.public, &client.public, &server.public);
        assert_eq!(hex::encode(*key.unwrap()), row["server_rx"]);
    }
}

#[test]
fn boxes_open_at_every_length() {
    let rows = vectors::list("aead_raw");
    assert_eq!(rows.len(), 7);
    for row in rows {
        let sealed = row["ciphertext_tag_nonce"].as_str().unwrap();
        let digits = sealed.as_bytes().chunks(2);
        let sealed =
            digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap());
        let mut sealed = Zeroizing::new(sealed.collect::<Vec<u8>>());
        open(&bytes(&row["key"]), &mut sealed).unwrap();
        assert_eq!(
            *into_text(sealed).unwrap(),
            row["plaintext"].as_str().unwrap()
        );
    }
}

#[test]
fn encryption_reproduces_every_recorded_ciphertext_byte_for_byte_and_opens_it() {
    let vectors = vectors::all();
    let vectors = &vectors["encrypt_asymmetric"];
    let recipient = KeyPair::from_seed(&bytes(&vectors["recipient_seed"]));
    let rows = vectors["cases"].as_array().unwrap();
    assert_eq!(rows.len(), 13);
    for row in rows {
        let text = row["plaintext"].as_str().map_or_else(
            || row["plaintext_repeat"].as_str().unwrap().repeat(4096),
            str::to_owned,
        );
        let sealed = row["ciphertext"].as_str().unwrap();
        let pair = KeyPair::from_seed(&bytes(&row["ephemeral_seed"]));
        let nonce = *unhex(row["nonce"].as_str().unwrap()).unwrap();
        let ours = seal_with(&text, &recipient.public, &pair, nonce).unwrap();
        assert_eq!(ours, sealed, "{}", row["name"]);
        assert_eq!(*recipient.open(sealed).unwrap(), text, "{}", row["name"]);
    }
}

#[test]
fn name_digests_are_keyed_with_the_text_of_the_salt() {
    let rows = vectors::list("key_digest");
    assert_eq!(rows.len(), 7);
    for row in rows {
        let (name, salt) = (
            row["input"].as_str().unwrap(),
            row["salt_ascii"].as_str().unwrap(),
        );
        assert_eq!(digest(name, salt).unwrap(), row["digest"], "{name:?}");
    }
    assert_eq!(digest("A", &"x".repeat(65)), None, "no salt is that long");
}

#[test]
fn of_the_malformed_ciphertexts_only_the_one_with_upper_case_digits_opens() {
    let vectors = vectors::all();
    let recipient = &vectors["encrypt_asymmetric"]["recipient_seed"];
    let recipient = KeyPair::from_seed(&bytes(recipient));
    let rows = vectors["negative"].as_array().unwrap();
    assert_eq!(rows.len(), 16);
    for row in rows {
        let opened = recipient.open(row["ciphertext"].as_str().unwrap());
        if row["name"] == "uppercase_pubkey" {
            assert_eq!(*opened.unwrap(), row["plaintext"].as_str().unwrap());
        } else {
            assert!(opened.is_err(), "{}", row["name"]);
        }
    }
}

#[test]
fn what_is_sealed_opens_for_the_recipient_alone_and_never_looks_the_same_twice() {
    let (recipient, other) = (KeyPair::from_seed(&[1; 32]), KeyPair::from_seed(&[2; 32]));
    let (one, two) = (
        seal("hunter2", &recipient.public),
        seal("hunter2", &recipient.public),
    );
    assert_ne!(one, two);
    let one = one.unwrap();
    assert_eq!(*recipient.open(&one).unwrap(), "hunter2");
    assert_eq!(other.open(&one), Err(Unopened::Forged));
    assert_eq!(seal("x", &[0; 32]), None, "nobody holds the key of that");
}

#[test]
fn what_is_no_text_once_opened_is_told_apart() {
    let pair = KeyPair::from_seed(&[1; 32]);
    let mut sealed = vec![0xff];
    let sender = KeyPair::from_seed(&[2; 32]);
    let key = sender.session(&pair.public, &sender.public, &pair.public);
    let cipher = XChaCha20Poly1305::new(Key::from_slice(&*key.unwrap()));
    let nonce = [0; NONCE];
    let tag = cipher.encrypt_in_place_detached(XNonce::from_slice(&nonce), b"", &mut sealed);
    sealed.extend_from_slice(&tag.unwrap());
    sealed.extend_from_slice(&nonce);
    let public = hex::encode(sender.public);
    let text = format!("ph:v1:{public}:{}", STANDARD.encode(sealed));
    assert_eq!(pair.open(&text), Err(Unopened::NotText));
}
