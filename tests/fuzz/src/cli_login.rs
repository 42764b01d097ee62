use std::path::Path;

use phase_run::ErrorKind;
use phase_run::fuzz::cli_login::{host, opened, token};

use crate::assert_silent;

/// Of the saved entries; it is public.
const PASSPHRASE: &str = "abcDEF1234";

/// What Infisical's CLI leaves behind is read as it was written, or refused.
///
/// # Panics
///
/// If that is not so.
pub fn cli_login(data: &[u8]) {
    match opened(data, PASSPHRASE) {
        Ok(text) => {
            let data = data.trim_ascii();
            assert!(opened(&data[..data.len() - 1], PASSPHRASE).is_err());
            assert!(opened(data, "").is_err(), "for this passphrase alone");
            bearer(&text);
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Decryption);
            assert_silent(&error);
        }
    }
    if let Ok(text) = str::from_utf8(data) {
        bearer(text);
    }
    if let Some(host) = host(data, Path::new("/srv/code/acme/src")) {
        assert!(!host.ends_with('/'), "{host}");
    }
}

/// A token that is found can be sent, and is one by itself.
fn bearer(entry: &str) {
    if let Some(found) = token(entry) {
        assert!(found.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(token(&found), Some(found));
    }
}
