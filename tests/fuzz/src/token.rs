use phase_run::fuzz::phase::authorization;
use phase_run::{ErrorKind, PhaseToken};

use crate::{CANARY, assert_silent};

/// A token reaches the header as it was typed, and nothing else shows it.
///
/// # Panics
///
/// If that is not so.
pub fn token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match PhaseToken::parse(text) {
        Ok(token) => accepted(text, &token),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Credentials),
    }
    for spoilt in spoilt(text) {
        if let Err(error) = PhaseToken::parse(&spoilt) {
            assert_silent(&error);
        }
    }
}

fn accepted(text: &str, token: &PhaseToken) {
    let header = authorization(token);
    let words: Vec<&str> = header.split(' ').collect();
    let ["Bearer", word @ ("Service" | "ServiceAccount" | "User"), id] = words[..] else {
        panic!("{header:?} is no header");
    };
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(text.contains(id), "upper and lower case are kept");
    assert_eq!(format!("{token:?}"), format!("PhaseToken({word}, ..)"));

    let bare = PhaseToken::parse(&header).expect("a header is a token for REST");
    assert_eq!(authorization(&bare), header);
    assert!(!bare.holds_keys());
    let padded = PhaseToken::parse(&format!("\n {text}\t")).expect("space around it is dropped");
    assert_eq!(authorization(&padded), header);
    assert_eq!(padded.holds_keys(), token.holds_keys());
}

/// `text` with the canary in the place of each of its fields.
fn spoilt(text: &str) -> impl Iterator<Item = String> {
    let separator = if text.contains(':') { ":" } else { " " };
    let fields: Vec<&str> = text.split(separator).take(8).collect();
    (0..fields.len()).map(move |at| {
        let mut fields = fields.clone();
        fields[at] = CANARY;
        fields.join(separator)
    })
}
