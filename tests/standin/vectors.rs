//! The server's cryptography, against vectors made by the official Python SDK.

use serde_json::Value;

use super::{by, json, web};
use crate::support::server::crypto::{self, Bytes, KeyPair, Session, hex, unhex};
use crate::support::server::{Kind, Token};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../fixtures/phase/vectors.json")).unwrap()
}

fn rows(value: &Value) -> &[Value] {
    let rows = value.as_array().unwrap();
    assert!(!rows.is_empty());
    rows
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

fn bytes<const N: usize>(value: &Value, name: &str) -> [u8; N] {
    unhex(text(value, name)).unwrap().try_into().unwrap()
}

fn pair(value: &Value, public: &str, private: &str) -> KeyPair {
    KeyPair {
        private: bytes(value, private),
        public: bytes(value, public),
    }
}

#[test]
fn a_seed_gives_the_pair_of_keys() {
    for row in rows(&vectors()["kx_seed_keypair"]) {
        let wanted = pair(row, "public_key", "private_key");
        assert_eq!(KeyPair::of(&bytes(row, "seed")), wanted);
    }
}

#[test]
fn both_sides_of_a_session_have_the_same_keys() {
    for row in rows(&vectors()["session_keys"]) {
        let client = pair(row, "client_public", "client_private");
        let server = pair(row, "server_public", "server_private");
        let wanted = |side: &str| Session {
            receive: bytes(row, &format!("{side}_rx")),
            send: bytes(row, &format!("{side}_tx")),
        };
        assert_eq!(client.client(&server.public), wanted("client"));
        assert_eq!(server.server(&client.public), wanted("server"));
    }
}

#[test]
fn what_is_sealed_is_the_same_byte_for_byte_and_opens_again() {
    for row in rows(&vectors()["aead_raw"]) {
        let (key, plaintext) = (bytes(row, "key"), text(row, "plaintext").as_bytes());
        let sealed = crypto::seal(plaintext, &key, &bytes(row, "nonce"));
        assert_eq!(hex(&sealed), text(row, "ciphertext_tag_nonce"));
        assert_eq!(crypto::open(&sealed, &key).unwrap(), plaintext);
    }
}

#[test]
fn what_is_encrypted_is_the_same_byte_for_byte_and_opens_again() {
    let vectors = vectors();
    let vectors = &vectors["encrypt_asymmetric"];
    let recipient = pair(vectors, "recipient_public", "recipient_private");
    for row in rows(&vectors["cases"]) {
        let name = text(row, "name");
        let plaintext = match row["plaintext_times"].as_u64() {
            None => text(row, "plaintext").to_owned(),
            Some(times) => text(row, "plaintext_repeat").repeat(usize::try_from(times).unwrap()),
        };
        let ephemeral = KeyPair::of(&bytes(row, "ephemeral_seed"));
        let nonce = bytes(row, "nonce");
        let made = crypto::encrypt(&plaintext, &recipient.public, &ephemeral, &nonce);
        assert_eq!(made, text(row, "ciphertext"), "{name}");
        assert_eq!(
            crypto::decrypt(&made, &recipient).unwrap(),
            plaintext,
            "{name}"
        );
    }
}

#[test]
fn a_key_has_the_digest_by_which_it_is_found() {
    for row in rows(&vectors()["key_digest"]) {
        let made = crypto::digest(text(row, "input"), text(row, "salt_ascii"));
        assert_eq!(made, text(row, "digest"));
    }
}

#[test]
fn what_others_encrypted_opens() {
    let vectors = vectors();
    let live = &vectors["interop_live"];
    let keys = KeyPair::of(&bytes(live, "env_seed"));
    for row in rows(&live["rows"]) {
        for name in ["key", "value"] {
            let encrypted = text(row, &format!("{name}_ct"));
            assert_eq!(crypto::decrypt(encrypted, &keys).unwrap(), text(row, name));
        }
    }
}

/// What a client makes of a token: its own private key.
fn private_key(full: &str, wrapped_key_share: &str) -> KeyPair {
    let fields: Vec<&str> = full.split(':').collect();
    let field = |at: usize| -> Bytes { unhex(fields[at]).unwrap().try_into().unwrap() };
    let wrapped = unhex(wrapped_key_share).unwrap();
    let share = crypto::open(&wrapped, &field(5)).unwrap();
    let share = unhex(str::from_utf8(&share).unwrap()).unwrap();
    KeyPair {
        private: crypto::xor(&field(4), &share.try_into().unwrap()),
        public: field(3),
    }
}

#[test]
fn a_token_and_its_wrapped_share_give_the_private_key() {
    for row in vectors()["tokens"].as_object().unwrap().values() {
        let found = private_key(text(row, "token"), text(row, "wrapped_key_share"));
        assert_eq!(found, pair(row, "public_key", "private_key"));
    }
}

#[test]
fn a_token_of_ours_opens_what_it_may_reach_as_the_vectors_do() {
    let phase = web()
        .secret("HOST", "h\u{e9}")
        .folder("/db")
        .secret("PORT", "80");
    for kind in [Kind::Service, Kind::ServiceAccount, Kind::User] {
        let Token { full, .. } = phase.token(kind);
        let request = by(&phase.token(kind), "GET", "/service/secrets/tokens/");
        let world = json(200, &phase.answer(&request));
        let account = private_key(&full, text(&world, "wrapped_key_share"));
        let key = &world["apps"][0]["environment_keys"][0];
        let open = |name: &str| crypto::decrypt(text(key, name), &account).unwrap();
        let keys = KeyPair::of(&unhex(&open("wrapped_seed")).unwrap().try_into().unwrap());
        assert_eq!(hex(&keys.public), text(key, "identity_key"));
        let id = text(&key["environment"], "id");
        assert_eq!(id, phase.environment_id("web/Development"));
        let request = by(&phase.token(kind), "GET", "/service/secrets/").with("Environment", id);
        let secrets = json(200, &phase.answer(&request));
        let row = &secrets[1];
        assert_eq!(crypto::decrypt(text(row, "key"), &keys).unwrap(), "PORT");
        assert_eq!(crypto::decrypt(text(row, "value"), &keys).unwrap(), "80");
        assert_eq!(
            crypto::digest("PORT", &open("wrapped_salt")),
            text(row, "key_digest")
        );
        assert_eq!(text(row, "path"), "/db");
    }
}
