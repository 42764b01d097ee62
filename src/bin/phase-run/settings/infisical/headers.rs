//! `INFISICAL_CUSTOM_HEADERS`: `Name=Value`, separated by white space. A value
//! with spaces stands in quotes; a backslash takes the meaning from a quote.

use phase_run::SecretValue;

/// What decides where a request goes, where it ends, and who asks.
const OF_HTTP: [&str; 12] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers, none of which replaces one that the client itself decides.
pub(super) fn headers(text: &str) -> Result<Vec<(String, SecretValue)>, String> {
    let mut headers = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace());
        let (name, after) = match end.map(|end| rest.split_at(end)) {
            Some((name, after)) if after.starts_with('=') && !name.is_empty() => {
                (name, &after[1..])
            }
            _ => {
                let number = headers.len() + 1;
                return Err(format!("entry {number} is not of the form Name=Value"));
            }
        };
        let (value, after) =
            value(after).ok_or_else(|| format!("the quote of {name} has no end"))?;
        let lower = name.to_ascii_lowercase();
        if OF_HTTP.contains(&&*lower) {
            return Err(format!(
                "the header {lower} is for the client to set, and for nobody else"
            ));
        }
        let ours = ["accept", "user-agent"];
        if !ours.contains(&&*lower) {
            headers.push((name.to_owned(), SecretValue::new(value)));
        }
        rest = after.trim_start();
    }
    Ok(headers)
}

/// The value at the beginning of `text`, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if c == '\\' && next == Some(quote) {
            value.push(quote);
            chars.next();
        } else if c == quote {
            return Some((value, &text[at + 1..]));
        } else {
            value.push(c);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<(String, String)>, String> {
        let headers = headers(text)?.into_iter();
        Ok(headers
            .map(|(name, value)| (name, value.expose().to_owned()))
            .collect())
    }

    #[test]
    fn values_may_be_quoted_and_quotes_escaped() {
        for (text, expected) in [
            ("", &[][..]),
            ("A=1 B=2", &[("A", "1"), ("B", "2")]),
            ("  A='x y'\n B=\"it's\" ", &[("A", "x y"), ("B", "it's")]),
            (
                r#"A="say \"no\"" B=\x"#,
                &[("A", r#"say "no""#), ("B", r"\x")],
            ),
            ("A=b=c", &[("A", "b=c")]),
            ("A= B=", &[("A", ""), ("B", "")]),
            ("User-Agent=x accept=y A=1", &[("A", "1")]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(parsed(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_header_that_decides_where_a_request_goes_or_ends_or_who_asks_is_refused_by_name() {
        for name in OF_HTTP {
            let text = format!("A=1 {}='hunter2' B=2", name.to_ascii_uppercase());
            let why = parsed(&text).unwrap_err();
            assert!(why.contains(name) && !why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn what_is_no_header_is_an_error_that_shows_no_value() {
        for text in ["A", "A=1 hunter2", "=hunter2", "A='hunter2", "A =hunter2"] {
            let why = parsed(text).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
