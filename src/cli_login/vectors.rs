//! What the CLI's own library wrote, with its passphrase.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What opens the recorded entries.
pub(super) const PASSPHRASE: &str = "abcDEF1234";

#[derive(Deserialize)]
pub(super) struct Vectors {
    pub(super) config_legacy: Value,
    pub(super) config_profiles: Value,
    pub(super) entries: Vec<Vector>,
    pub(super) file_names: BTreeMap<String, String>,
    passphrase: String,
}

#[derive(Deserialize)]
pub(super) struct Vector {
    pub(super) file_name: String,
    pub(super) jwe: String,
    pub(super) jwe_payload: String,
    pub(super) keyring_key: String,
    pub(super) value: String,
}

pub(super) fn vectors() -> Vectors {
    let text = include_str!("../../tests/fixtures/infisical/cli_login.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.entries.len(), 4);
    assert_eq!(vectors.passphrase, PASSPHRASE);
    vectors
}
