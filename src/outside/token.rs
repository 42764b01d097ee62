//! Words that look like a token or a secret key, which no message repeats.

use std::borrow::Cow;

/// What stands in the place of such a word.
const MASK: &str = "(a token, not repeated)";

/// What a token begins with, and whether it is one by what stands before it and by
/// the rest of it.
type Beginning = (&'static str, fn(&str, &str) -> bool);

const BEGINNINGS: [Beginning; 4] = [
    ("pss_", |_, rest| is_phase_token(rest)),
    ("st.", is_service_token),
    ("eyJ", |_, rest| rest.matches('.').count() >= 2),
    // Messages name the first characters of every key.
    ("AGE-SECRET-KEY-", |_, rest| rest.len() > 1),
];

/// As many hexadecimal digits as a key has.
const KEY_DIGITS: usize = 64;

/// Whether `text` holds a word that looks like a token: Phase's `pss_…`, Infisical's
/// `st.…`, a JWT, an age identity, or the 64 hexadecimal digits of a key.
///
/// ```
/// use phase_run::outside::looks_like_token;
///
/// assert!(looks_like_token("--token=pss_service:v2:…"));
/// assert!(!looks_like_token("production"));
/// ```
#[must_use]
pub fn looks_like_token(text: &str) -> bool {
    // A name never begins so, whatever a sentence does.
    text.starts_with("pss_") || matches!(masked(text), Cow::Owned(_))
}

/// `text` without the words that [look like a token](looks_like_token).
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < text.len() {
        let length = token_length(text, at);
        if length > 0 {
            shown.push_str(&text[copied..at]);
            shown.push_str(MASK);
            at += length;
            copied = at;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[copied..]);
    Cow::Owned(shown)
}

/// The bytes of the token that begins at `at`; none if there is none.
fn token_length(text: &str, at: usize) -> usize {
    let (before, rest) = text.split_at(at);
    let digits = length_while(rest, |c| c.is_ascii_hexdigit());
    if digits >= KEY_DIGITS {
        return digits;
    }
    let begun = BEGINNINGS.iter().find(|(mark, _)| {
        let found = rest.get(..mark.len());
        found.is_some_and(|found| {
            found == *mark || mark.starts_with("AGE") && found.eq_ignore_ascii_case(mark)
        })
    });
    let Some((mark, is_token)) = begun else {
        return 0;
    };
    let word = length_while(rest, |c| c.is_ascii_alphanumeric() || "_-.:+/".contains(c));
    let word = rest[..word].trim_end_matches(['.', ':', '/']).len();
    let tail = rest.get(mark.len()..word).unwrap_or_default();
    if is_token(before, tail) { word } else { 0 }
}

fn length_while(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}

/// Infisical's `st.ID.SECRET`. Other words end in `st.` (`list.`, `my-st.`), and hosts
/// begin with it; a folder may be called like a host, a part of which has no digit.
fn is_service_token(before: &str, rest: &str) -> bool {
    let ends_word = |c: char| c.is_ascii_alphanumeric() || "@._".contains(c);
    let is_host = before.ends_with("//");
    if is_host || before.trim_end_matches('-').ends_with(ends_word) {
        return false;
    }
    let in_path = before.ends_with('/');
    let has_digit = |part: &str| part.contains(|c: char| c.is_ascii_digit());
    let is_part = |part: &str| !part.is_empty() && (!in_path || has_digit(part));
    let mut parts = rest.split('/').next().unwrap_or_default().split('.');
    parts.clone().count() > 1 && parts.all(is_part)
}

/// Messages name the kinds of tokens by their first word.
fn is_phase_token(rest: &str) -> bool {
    !["", "service", "user"].contains(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_is_hidden_wherever_it_stands_in_a_text() {
        let tokens = [
            format!("pss_service:v2:{HEX}:{HEX}:{HEX}:{HEX}"),
            "pss_hunter2".to_owned(),
            "st.63f0.a1.b2".to_owned(),
            "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2lnbmF0dXJl-_".to_owned(),
            "AGE-SECRET-KEY-1QQQQ".to_owned(),
            "age-secret-key-1qqqq".to_owned(),
            HEX.to_owned(),
        ];
        for token in &tokens {
            for (before, after) in [
                ("", ""),
                ("unexpected argument '", "' found"),
                ("--flag=", ""),
                ("--flag=-", ""),
                ("--", ""),
                ("cannot copy to /srv/", ": denied"),
                ("NAME=", ", and more"),
                ("there is no app \"", "\""),
                ("ServiceAccount ", "."),
                ("\u{e9}", "\u{e9}"),
            ] {
                let text = format!("{before}{token}{after}");
                assert_eq!(masked(&text), format!("{before}{MASK}{after}"), "{text}");
            }
        }
        let two = format!("{} {}", tokens[0], tokens[2]);
        assert_eq!(masked(&two), format!("{MASK} {MASK}"));
    }

    #[test]
    fn words_that_only_speak_of_tokens_stay() {
        for text in [
            "",
            "it begins with neither pss_service: nor pss_user:",
            "use a full pss_\u{2026} token, or a pss_user token",
            "a line that starts with `AGE-SECRET-KEY-1`",
            "a list.of names, st. and https://st.example.com",
            "my-st.example.com, www.st.example.com, me@st.example.com, my_st.a.b",
            "/srv/st.sh, /srv/st.d/a.b, /srv/st.example.com/a, /srv/st.backup.2026 and -st.x",
            "eyJ is how a JWT begins",
            "0123456789abcdef0123456789abcdef",
            "DATABASE_URL in web/production",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
