use phase_run::fuzz::phase::{account, opened, rows, sealed};
use phase_run::{ErrorKind, PhaseToken};

use crate::assert_silent;

/// Keys of the conversations that the saved inputs are from; they are public.
const SEED: [u8; 32] = *b"\
\x29\x63\xa4\x15\xfa\x48\xad\x36\x7b\x6a\x93\xae\xef\x54\xdc\x54\x6a\x93\x61\x47\x10\xe0\xae\x89\x03\xde\x1f\xdb\x0b\x79\x66\x1c";
const SALT: &str = "ac4fb41a377fcb8df0eefd36180af438830a4b9288c3b24c7a2e1d8dd1690bfe";
const TOKEN: &str = "pss_user:v1:\
    3b943f7032f9791c28d61d454acc85767e7273599dec83d6cf348db1682b974a:\
    4d657c796dfacbeba787df40bf499efe9f577ef0fffa55c1b8c8f69014570925:\
    25864607a7132cafd28d8a06b9791e3e8e1ad25a85bd539d0aff3c3cc20eae8c:\
    dbdcab6dbde8d09cb8051b2886f91c4e9625566e6e4e59be05e0605dcee61b69";

/// What opens is what was sealed, and what was not sealed does not open.
///
/// # Panics
///
/// If that is not so.
pub fn ciphertext(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if opened(text, &SEED).is_some() {
        let rest = text.strip_prefix("ph:v1:").expect("nothing else is read");
        let (public, sealed) = rest.split_once(':').expect("it has two parts");
        assert!(public.len() == 64 && public.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(sealed.len() >= 56, "tag and nonce are there");
        assert_eq!(opened(&text[..text.len() - 1], &SEED), None);
        assert_eq!(opened(text, &[0; 32]), None, "for these keys alone");
    }
    let ours = sealed(text, &SEED).expect("there are random bytes");
    assert_eq!(opened(&ours, &SEED).as_deref(), Some(text));
}

/// Both answers of the encrypted API are taken whole or refused.
///
/// # Panics
///
/// If that is not so.
pub fn sealed_json(data: &[u8]) {
    let token = PhaseToken::parse(TOKEN).expect("it is one");
    let answers = [
        account(data, &token).map(drop),
        rows(data, &SEED, SALT).map(drop),
    ];
    for error in answers.into_iter().filter_map(Result::err) {
        assert!(matches!(
            error.kind(),
            ErrorKind::Decryption | ErrorKind::Protocol
        ));
        assert_silent(&error);
    }
}
