//! How much an answer may hold. Its bytes are limited, but three of them can stand for
//! an object that takes hundreds in memory.

use crate::error::{Error, ErrorKind, Result};

/// The most objects: secrets, apps, environments, …
const OBJECTS: usize = 50_000;

/// The most values in them, such as tags.
const VALUES: usize = 1_000_000;

/// Fails if the answer `json` about `about` holds more than is allowed.
///
/// # Errors
///
/// [`ErrorKind::TooLarge`].
pub(super) fn bound(json: &[u8], about: &str) -> Result<()> {
    // Nothing takes less than two bytes: most answers need not be looked at.
    if json.len() / 2 <= OBJECTS {
        return Ok(());
    }
    let (objects, values) = count(json);
    let (most, of_what) = match (objects > OBJECTS, values > VALUES) {
        (true, _) => (OBJECTS, "secrets or other objects"),
        (_, true) => (VALUES, "values"),
        (false, false) => return Ok(()),
    };
    let text = format!("the answer about {about} holds more than {most} {of_what}");
    Err(Error::new(ErrorKind::TooLarge, text)
        .help("give a narrower --path with --api rest, or spread the secrets over several apps"))
}

/// The objects and, at least, the values in `json`.
fn count(json: &[u8]) -> (usize, usize) {
    let (mut objects, mut values) = (0, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' if !quoted => objects += 1,
            b',' if !quoted => values += 1,
            _ => {}
        }
    }
    (objects, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_is_not_counted() {
        assert_eq!(count(br#"[{"a": "{,\\", "b": [1, 2]}, {}]"#), (2, 3));
        assert_eq!(count(br#"["\"{,", "\\\\", {}]"#), (1, 2));
    }
}
