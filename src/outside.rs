//! Text from outside, and what of it may be repeated: how this crate, and the
//! program made of it, read the settings that variables and files hold.

mod token;

use std::borrow::Cow;
use std::net::Ipv6Addr;

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

/// Whether `text` is a UUID as servers write their ids, in any case.
pub(crate) fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    let fits = |length| {
        let part = parts.next().unwrap_or_default();
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    lengths.into_iter().all(fits) && parts.next().is_none()
}

/// What stands in messages for what looks like a token.
const NOT_SHOWN: &str = "(not shown: it looks like a token)";

/// `text` as a message may repeat it: not if it [looks like a token](looks_like_token),
/// and a URL only as [`shown_host`] has it.
#[must_use]
pub fn shown(text: &str) -> &str {
    if looks_like_token(text) {
        NOT_SHOWN
    } else if text.contains("://") {
        shown_host(text)
    } else {
        text
    }
}

/// A server's URL as a message may repeat it: whole, if it is nothing but a scheme, a
/// host, and perhaps a port and a path. What is anything else, or no URL, may hold a
/// password, a query or a token in any place: of that only the scheme is shown.
///
/// ```
/// use phase_run::outside::shown_host;
///
/// assert_eq!(shown_host("https://a.example:8080"), "https://a.example:8080");
/// assert_eq!(shown_host("https://me:hunter2@a.example"), "https://…");
/// ```
#[must_use]
pub fn shown_host(host: &str) -> &str {
    if looks_like_token(host) {
        return NOT_SHOWN;
    }
    if is_plain_url(host) {
        return host;
    }
    let begins = |scheme: &str| {
        let start = host.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    match () {
        () if begins("https://") => "https://…",
        () if begins("http://") => "http://…",
        () => "…",
    }
}

/// `text` without what stands before an `@` in the URLs in it: users and passwords,
/// which words of a command line may hold.
///
/// ```
/// use phase_run::outside::without_logins;
///
/// let text = "no 'postgres://me:hunter2@db/web' here";
/// assert_eq!(without_logins(text), "no 'postgres://…@db/web' here");
/// ```
#[must_use]
pub fn without_logins(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut copied = 0;
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let mut words = text[start..].split(|c: char| c.is_whitespace() || c == '"');
        let word = words.next().unwrap_or_default();
        if let Some(end) = word.rfind('@')
            && start >= copied
        {
            shown.push_str(&text[copied..start]);
            shown.push('…');
            copied = start + end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[copied..]);
    Cow::Owned(shown)
}

/// A server's URL in a command that somebody is advised to type: where it is not
/// [shown](shown_host) whole, the word that stands for one.
#[must_use]
pub fn typed_host(host: &str) -> &str {
    if shown_host(host) == host {
        host
    } else {
        "URL"
    }
}

/// Whether `url` is a scheme, a host, and perhaps a port and a path, without a
/// character that could stand in a login, be it percent-encoded.
fn is_plain_url(url: &str) -> bool {
    let is_word = |text: &str, more: &str| {
        let mut all = text.chars();
        all.all(|c| c.is_alphanumeric() || more.contains(c))
    };
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let (site, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (name, port) = match site.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (site, ""),
    };
    let address = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !name.is_empty() && is_word(name, "-._"),
    };
    let is_port = port.is_empty() || is_word(port, "") && port.parse::<u16>().is_ok();
    is_word(scheme, "") && is_host && is_port && is_word(path, "-._~/")
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
    fn logins_fall_out_of_urls_wherever_they_stand_in_a_text() {
        for (text, expected) in [
            ("a://b and c@d", "a://b and c@d"),
            ("'a://me:x'y@b'", "'a://…@b'"),
            (
                "(a://me@b) a://x c://me:x@y@d/@e",
                "(a://…@b) a://x c://…@e",
            ),
            ("a://b://me:x@c", "a://…@c"),
            (r#"{"a":"b://c","d":"e@f"}"#, r#"{"a":"b://c","d":"e@f"}"#),
            ("://@", "://…@"),
        ] {
            assert_eq!(without_logins(text), expected);
        }
    }

    #[test]
    fn a_url_is_shown_whole_or_as_a_scheme_so_that_no_login_is() {
        for host in [
            "https://a.example",
            "https://a.example:8080/api/v1/",
            "HTTP://Büro_1.example",
            "http://127.0.0.1:1",
            "https://[::1]:8443/",
        ] {
            assert_eq!(shown_host(host), host);
            assert_eq!(shown(host), host);
            assert_eq!(typed_host(host), host);
        }
        for (host, expected) in [
            ("https://me:hunter2@a.example", "https://…"),
            ("https://me:hun/t@r2@a.example/x", "https://…"),
            ("https://me:12/hunter2@a.example", "https://…"),
            ("https://me:hunter2%40a.example", "https://…"),
            ("https://me%3Ahunter2%40a.example", "https://…"),
            ("https://me:12/hunter2%40a.example", "https://…"),
            ("https://a.example\\me:hunter2", "https://…"),
            ("https://127.0.0.1:hunter2/", "https://…"),
            ("https://[::1]:hunter2", "https://…"),
            ("https://[hunter2]", "https://…"),
            ("https://a.example:123456", "https://…"),
            ("https://a.example:+80", "https://…"),
            ("https://a.example hunter2", "https://…"),
            ("https://a.example/?k=hunter2", "https://…"),
            ("Http://a.example#hunter2", "http://…"),
            ("https://", "https://…"),
            ("me:hunter2@a.example", "…"),
            ("hunter2://me@a.example", "…"),
            ("https:hunter2", "…"),
            ("hunter2", "…"),
        ] {
            assert_eq!(shown_host(host), expected, "{host}");
            assert_eq!(typed_host(host), "URL", "{host}");
        }
    }
}
