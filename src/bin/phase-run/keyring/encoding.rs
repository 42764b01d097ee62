//! How Go's keyring library writes a secret into the keychain of macOS, whose
//! own tool shows what is not plain ASCII in other ways than it takes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use phase_run::SecretValue;
use zeroize::Zeroizing;

const BASE64: &str = "go-keyring-base64:";

/// As older versions wrote it.
const HEX: &str = "go-keyring-encoded:";

/// `secret` as it is put into the keychain.
pub(super) fn encoded(secret: &SecretValue) -> Zeroizing<String> {
    Zeroizing::new(format!("{BASE64}{}", STANDARD.encode(secret.expose())))
}

/// What the keychain's `text` means; `None` if it is no text. Others, such as
/// Python's library, put it there as it is.
pub(super) fn decoded(text: &str) -> Option<SecretValue> {
    let bytes = if let Some(text) = text.strip_prefix(BASE64) {
        STANDARD.decode(text).ok()?
    } else if let Some(text) = text.strip_prefix(HEX) {
        if !text.len().is_multiple_of(2) {
            return None;
        }
        let pairs = text.as_bytes().chunks_exact(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.map(byte).collect::<Option<_>>()?
    } else {
        text.as_bytes().to_vec()
    };
    String::from_utf8(bytes).ok().map(SecretValue::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_in_which_a_token_was_written_is_read() {
        for text in [
            "pss_x",
            "go-keyring-base64:cHNzX3g=",
            "go-keyring-encoded:7073735f78",
        ] {
            assert_eq!(decoded(text).unwrap().expose(), "pss_x", "{text}");
        }
        for text in [
            "go-keyring-base64:=",
            "go-keyring-encoded:7",
            "go-keyring-encoded:fff",
        ] {
            assert!(decoded(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let secret = SecretValue::new("it's \u{e9}\n".to_owned());
        let text = encoded(&secret);
        assert_eq!(decoded(&text).unwrap().expose(), secret.expose());
    }
}
