//! What the official clients and servers made: see `tests/fixtures/phase/README.md`.

use serde_json::Value;

pub(super) fn all() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/phase/vectors.json")).unwrap()
}

pub(super) fn list(name: &str) -> Vec<Value> {
    all()[name].as_array().unwrap().clone()
}

/// The 32 bytes that hexadecimal digits spell.
pub(super) fn bytes(digits: &Value) -> [u8; 32] {
    *super::crypto::unhex(digits.as_str().unwrap()).unwrap()
}
