//! What is sent, as it is written.

use std::fmt::Write as _;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

/// `body` as the bytes of a request.
pub(crate) fn json(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(body)
        .map(Zeroizing::new)
        .map_err(|error| {
            Error::new(ErrorKind::System, "the request cannot be written as JSON").because(error)
        })
}

/// `text` with all but the letters, digits and marks that RFC 3986 reserves for
/// nothing written as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
