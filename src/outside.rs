//! Text from outside, and what of it may be repeated: how this crate, and the
//! program made of it, read the settings that variables and files hold.

mod token;

use std::borrow::Cow;

pub use token::{looks_like_token, masked};

/// `bytes` without the byte order mark and the white space at both ends, which
/// editors, shells and copying leave there. What is empty then, is not set.
///
/// ```
/// assert_eq!(phase_run::outside::trimmed("\u{feff}web\r\n".as_bytes()), b"web");
/// ```
#[must_use]
pub fn trimmed(bytes: &[u8]) -> &[u8] {
    match str::from_utf8(bytes) {
        Ok(text) => trimmed_text(text).as_bytes(),
        Err(_) => bytes.strip_prefix(MARK).unwrap_or(bytes).trim_ascii(),
    }
}

/// A byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The same of what is text already.
#[must_use]
pub fn trimmed_text(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// A password as it stands in a file: all of `text`, but one newline at its end.
#[must_use]
pub fn without_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// The value of a variable: [`trimmed`], and without a pair of quotes round the
/// whole, which files of variables leave there. The other value is whether there
/// was one, of which the user should be told.
///
/// ```
/// use phase_run::outside::variable;
///
/// assert_eq!(variable(b" 'web' "), (&b"web"[..], true));
/// assert_eq!(variable(b"'a' 'b'"), (&b"'a' 'b'"[..], false));
/// ```
#[must_use]
pub fn variable(value: &[u8]) -> (&[u8], bool) {
    let value = trimmed(value);
    match value {
        [first @ (b'"' | b'\''), inside @ .., last] if first == last && !inside.contains(first) => {
            (trimmed(inside), true)
        }
        _ => (value, false),
    }
}

/// What stands in messages for what looks like a token.
const NOT_SHOWN: &str = "(not shown: it looks like a token)";

/// `text` as a message may repeat it: not if it [looks like a token](looks_like_token),
/// and without a user and a password in a URL.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if looks_like_token(text) {
        Cow::Borrowed(NOT_SHOWN)
    } else if text.contains("://") {
        shown_host(text)
    } else {
        Cow::Borrowed(text)
    }
}

/// A server's URL as a message may repeat it: without a user and a password, and
/// without what follows a `?` or a `#`, which may be a token.
///
/// ```
/// use phase_run::outside::shown_host;
///
/// assert_eq!(shown_host("https://me:hunter2@a.example?k=v"), "https://…@a.example?…");
/// ```
#[must_use]
pub fn shown_host(host: &str) -> Cow<'_, str> {
    if looks_like_token(host) {
        return Cow::Borrowed(NOT_SHOWN);
    }
    let (scheme, rest) = match host.find("://") {
        Some(at) => host.split_at(at + 3),
        None => ("", host),
    };
    let (user, site) = match rest.rfind('@') {
        // A password may hold any character, a slash and an `@` too.
        Some(at) => ("…", &rest[at..]),
        None => ("", rest),
    };
    let (site, more) = match site.find(['?', '#']) {
        Some(at) => (&site[..at], &*format!("{}…", &site[at..=at])),
        None => (site, ""),
    };
    Cow::Owned(format!("{scheme}{user}{site}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_white_space_fall_off_at_both_ends_and_nowhere_else() {
        for (text, expected) in [
            ("\u{feff} a b\r\n", "a b"),
            (" \u{feff}\ta\u{feff} \u{a0}", "a"),
            ("a\u{feff}b", "a\u{feff}b"),
            (" \u{feff}\r\n", ""),
        ] {
            assert_eq!(trimmed_text(text), expected, "{text:?}");
            assert_eq!(trimmed(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
        assert_eq!(trimmed(b"\xef\xbb\xbf \xff/a\r\n"), b"\xff/a");
    }

    #[test]
    fn a_password_in_a_file_loses_one_newline_and_no_more() {
        for (text, expected) in [
            (" a \n", " a "),
            ("a\n\n", "a\n"),
            ("a\r\n", "a"),
            ("\u{feff}'a'", "\u{feff}'a'"),
            ("\n", ""),
        ] {
            assert_eq!(without_newline(text), expected);
        }
    }

    #[test]
    fn one_pair_of_quotes_round_the_whole_falls_off() {
        for (text, expected, quoted) in [
            ("\"a b\"\r\n", "a b", true),
            ("' a '", "a", true),
            ("\"\"", "", true),
            ("\"'a'\"", "'a'", true),
            ("\"a\" \"b\"", "\"a\" \"b\"", false),
            ("\"a", "\"a", false),
            ("\"", "\"", false),
            ("it's", "it's", false),
            ("A='x y'", "A='x y'", false),
        ] {
            assert_eq!(
                variable(text.as_bytes()),
                (expected.as_bytes(), quoted),
                "{text}"
            );
        }
    }

    #[test]
    fn what_may_be_a_token_is_told_from_names_hosts_and_files() {
        let key = "0123456789abcdefABCDEF0123456789".repeat(2);
        for text in [
            "pss_x",
            "pss_service:v2:a:b:c:d",
            "--token=pss_user:v1",
            "https://pss_user:v1@a.example",
            "\"pss_x\"",
            "st.id.hunter2",
            "TOKEN=st.id.hunter2",
            "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
            "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
            "age-secret-key-1qqq",
            &key,
            &format!("ServiceAccount {key}"),
        ] {
            assert!(looks_like_token(text), "{text}");
            assert!(!shown(text).contains(text), "{text}");
            assert!(!shown_host(text).contains(text), "{text}");
        }
        for text in [
            "production",
            "https://st.example.com/a.b",
            "st.sh",
            "/srv/press_kit",
            "8f7c1e2d-0000-4000-8000-000000000000",
            &key[1..],
            "",
        ] {
            assert!(!looks_like_token(text), "{text}");
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_host_is_shown_without_user_password_and_query() {
        for (host, expected) in [
            ("https://a.example:8080/api", "https://a.example:8080/api"),
            ("https://hunter2@a.example", "https://…@a.example"),
            ("https://me:hun/t@r2@a.example/x", "https://…@a.example/x"),
            ("me:hunter2@a.example", "…@a.example"),
            ("https://a.example/?k=hunter2", "https://a.example/?…"),
            ("a.example", "a.example"),
        ] {
            assert_eq!(shown_host(host), expected);
        }
    }
}
