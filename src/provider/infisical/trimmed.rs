//! Values that the server would not store as they are: it takes the white space
//! at their ends off, but for one line break at the very end.

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretValue;

/// That `value` of the secret `name` would be stored as it is.
///
/// # Errors
///
/// [`ErrorKind::InvalidValue`]: it has white space at its ends.
pub(super) fn stays(name: &str, value: &SecretValue) -> Result<()> {
    let text = value.expose();
    let bare = text.trim_matches(is_space);
    if matches!(text.strip_prefix(bare), Some("" | "\n")) {
        return Ok(());
    }
    let message = format!(
        "the value of {name} begins or ends with white space, which Infisical would take off"
    );
    Err(Error::new(ErrorKind::InvalidValue, message)
        .help("nothing was sent: take the white space off; one line break at the end may stay"))
}

/// That the server has changed what was sent for the secret `name`.
pub(super) fn changed(name: &str) -> Error {
    let message = format!("{name} was stored, but with another value than was sent");
    Error::new(ErrorKind::InvalidValue, message)
        .help("the server changes some values: look at it with `secrets get`")
}

/// What JavaScript takes for white space.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(text: &str) -> bool {
        stays("A", &SecretValue::new(text.to_owned())).is_ok()
    }

    #[test]
    fn what_the_server_kept_as_it_was_is_sent_and_what_it_changed_is_not() {
        for kept in ["", "x", "\n", "a\n", "line1\nline2\n", "a b", "a\u{85}"] {
            assert!(fits(kept), "{kept:?}");
        }
        for changed in [
            "  x  ",
            "   ",
            " \n",
            "a\n\n",
            "\n\na",
            "\ta\t",
            "a \n",
            "a\r\n",
            "a\u{a0}",
            "\u{feff}a",
        ] {
            assert!(!fits(changed), "{changed:?}");
        }
    }
}
