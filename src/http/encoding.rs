//! What is sent, as it is written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

/// `body` as the bytes of a request.
pub(crate) fn json(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(body)
        .map(Zeroizing::new)
        .map_err(|error| {
            Error::new(ErrorKind::System, "the request cannot be written as JSON")
                .with_source(error)
        })
}

/// What RFC 3986 reserves for something, or has no place for.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `text` with all but the letters, digits and marks that RFC 3986 reserves for
/// nothing written as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
