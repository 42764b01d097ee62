//! The grammar of Infisical: names with dots between them.
//!
//! | form | project | environment | folder |
//! |---|---|---|---|
//! | `${KEY}` | same | same | same |
//! | `${env.KEY}`, `${env.a.b.KEY}` | same | `env` | the root, `/a/b` |
//! | `${@project.env.a.KEY}` | `project` | `env` | `/a` |
//!
//! Names are made of letters, digits, `-`, `_` and `@`; all else is text. What has
//! a reference within its name is one reference, that leads nowhere: servers
//! replace the inner one alone.

use super::Reference;
use crate::scope::Folder;

/// References within the name of another, at most; deeper ones are no part of it.
const DEEPEST: usize = 10;

/// The reference with which `text`, that begins with `${`, begins.
pub(super) fn first(text: &str) -> Option<Reference<'_>> {
    let bytes = text.as_bytes();
    let mut depth = 1;
    let mut nested = false;
    let mut end = 2;
    while depth > 0 {
        match bytes.get(end)? {
            b'}' => depth -= 1,
            b'$' if bytes.get(end + 1) == Some(&b'{') && depth < DEEPEST => {
                nested = true;
                depth += 1;
                end += 1;
            }
            byte if byte.is_ascii_alphanumeric() || b"-_.@".contains(byte) => {}
            _ => return None,
        }
        end += 1;
    }
    let (text, body) = (&text[..end], &text[2..end - 1]);
    match body {
        "" => None,
        _ if nested => Some(local(text, body)),
        _ => Some(named(text, body)),
    }
}

fn named<'a>(text: &'a str, body: &'a str) -> Reference<'a> {
    let (app, rest) = match body.strip_prefix('@').and_then(|rest| rest.split_once('.')) {
        Some((project, rest)) => (Some(project), rest),
        None => (None, body),
    };
    let Some((environment, rest)) = rest.split_once('.') else {
        return local(text, body);
    };
    let (folders, key) = rest.rsplit_once('.').unwrap_or(("", rest));
    Reference {
        app,
        environment: Some(environment),
        folder: Folder::new(&folders.replace('.', "/")).ok(),
        key,
        text,
    }
}

/// One into the folder that it stands in.
fn local<'a>(text: &'a str, key: &'a str) -> Reference<'a> {
    Reference {
        app: None,
        environment: None,
        folder: None,
        key,
        text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Piece, pieces};
    use crate::secret_set::Syntax;

    /// Each reference in `text`: project, environment, folder and key, as far as
    /// they are named, with `|` between them.
    fn references(text: &str) -> Vec<String> {
        let told = |piece| match piece {
            Piece::Reference(it) => {
                let folder = it.folder.map(|folder| folder.to_string());
                let parts = [it.app, it.environment, folder.as_deref(), Some(it.key)];
                Some(parts.map(Option::unwrap_or_default).join("|"))
            }
            Piece::Text(_) => None,
        };
        pieces(text, Syntax::Infisical).filter_map(told).collect()
    }

    #[test]
    fn each_form_of_the_protocol_is_taken_apart() {
        for (text, expected) in [
            ("${KEY}", "|||KEY"),
            ("${a-b_C9}", "|||a-b_C9"),
            ("${dev.KEY}", "|dev|/|KEY"),
            ("${dev.a.b.KEY}", "|dev|/a/b|KEY"),
            ("${@shop.dev.KEY}", "shop|dev|/|KEY"),
            ("${@shop.dev.a.KEY}", "shop|dev|/a|KEY"),
            ("${@shop.KEY}", "|||@shop.KEY"),
            ("${a@b}", "|||a@b"),
            ("$${KEY}", "|||KEY"),
        ] {
            assert_eq!(references(text), [expected], "{text}");
        }
        assert_eq!(references("${A}-${x.B}${C}"), ["|||A", "|x|/|B", "|||C"]);
    }

    #[test]
    fn what_the_server_takes_for_text_is_text() {
        for text in [
            "$KEY",
            "${",
            "${KEY",
            "${}",
            "${ KEY }",
            "${KEY:-d}",
            "${{KEY}}",
            "${a/b}",
            "${ü}",
        ] {
            assert_eq!(references(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_reference_within_a_name_makes_one_reference_of_both() {
        assert_eq!(references("${AL${SUF}}"), ["|||AL${SUF}"]);
        assert_eq!(references("${a${b${c}}d} ${E}"), ["|||a${b${c}}d", "|||E"]);
        assert_eq!(references("${A ${B}}"), ["|||B"]);
        assert_eq!(references("${a${B}"), ["|||B"], "the outer one has no end");
    }

    proptest! {
        #[test]
        fn the_pieces_put_together_are_the_value(value in "([a-zA-C.@/ é{}$]|\\$\\{){0,40}") {
            let whole: String = pieces(&value, Syntax::Infisical)
                .map(|piece| match piece {
                    Piece::Reference(reference) => reference.text,
                    Piece::Text(text) => text,
                })
                .collect();
            prop_assert_eq!(whole, value);
        }
    }
}
