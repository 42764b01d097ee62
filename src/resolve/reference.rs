//! The grammar of `${…}` in values, as Phase has it; that of Infisical is in
//! [`dotted`].
//!
//! | form | app | environment | folder |
//! |---|---|---|---|
//! | `${KEY}` | same | same | the root |
//! | `${/a/b/KEY}`, `${a/b/KEY}` | same | same | `/a/b` |
//! | `${env.KEY}`, `${env./a/KEY}` | same | `env` | the root, `/a` |
//! | `${app::env.KEY}`, `${app::env./a/KEY}` | `app` | `env` | the root, `/a` |
//!
//! There are no defaults and no escapes. Two deviations from the official
//! clients, both for text they leave alone anyway: `${/v1.2/KEY}` is a folder,
//! and braces inside braces end the attempt, as on the Phase server.

mod dotted;

use crate::scope::{App, Folder, Place, Site};
use crate::secret_set::Syntax;

/// A stretch of a value.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Piece<'a> {
    /// To be replaced, if it leads somewhere.
    Reference(Reference<'a>),
    /// To be left as it is.
    Text(&'a str),
}

/// A reference, taken apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reference<'a> {
    /// The app, where another is named.
    pub(crate) app: Option<&'a str>,
    /// The environment, where another is named.
    pub(crate) environment: Option<&'a str>,
    /// The folder, where it is not the one that the reference stands in.
    pub(crate) folder: Option<Folder>,
    /// The secret's name.
    pub(crate) key: &'a str,
    /// As it stands in the value, braces and all.
    pub(crate) text: &'a str,
}

/// The pieces of `value`, in order, nothing left out.
pub(crate) fn pieces(value: &str, syntax: Syntax) -> Pieces<'_> {
    Pieces {
        first: match syntax {
            Syntax::Infisical | Syntax::InfisicalLeft => dotted::first,
            Syntax::Phase => first,
            Syntax::Text => |_| None,
        },
        rest: value,
        queued: None,
    }
}

/// Iterator over the pieces of a value.
pub(crate) struct Pieces<'a> {
    /// The reference with which a text begins, that itself begins with `${`.
    first: fn(&str) -> Option<Reference<'_>>,
    rest: &'a str,
    queued: Option<Reference<'a>>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(reference) = self.queued.take() {
            return Some(Piece::Reference(reference));
        }
        if self.rest.is_empty() {
            return None;
        }
        let mut from = 0;
        while let Some(at) = self.rest[from..].find("${").map(|at| from + at) {
            let Some(reference) = (self.first)(&self.rest[at..]) else {
                from = at + 2;
                continue;
            };
            let text = &self.rest[..at];
            self.rest = &self.rest[at + reference.text.len()..];
            if text.is_empty() {
                return Some(Piece::Reference(reference));
            }
            self.queued = Some(reference);
            return Some(Piece::Text(text));
        }
        Some(Piece::Text(std::mem::take(&mut self.rest)))
    }
}

/// The reference with which `text` begins.
fn first(text: &str) -> Option<Reference<'_>> {
    let end = 2 + text[2..].find(['{', '}'])?;
    if text.as_bytes()[end] == b'}' {
        parse(&text[..=end])
    } else {
        None
    }
}

/// Takes `${…}` apart; `None` if it can be no reference.
fn parse(text: &str) -> Option<Reference<'_>> {
    let body = &text[2..text.len() - 1];
    if body.trim() != body {
        return None;
    }
    let (app, environment, tail) = match body.split_once("::") {
        Some((app, rest)) => {
            let (environment, tail) = rest.split_once('.')?;
            if app.is_empty() || !is_environment(environment) {
                return None;
            }
            (Some(app), Some(environment), tail)
        }
        None => match body.split_once('.') {
            Some((environment, tail)) if is_environment(environment) => {
                (None, Some(environment), tail)
            }
            _ => (None, None, body),
        },
    };
    let (folder, key) = tail.rsplit_once('/').unwrap_or(("", tail));
    if key.is_empty() {
        return None;
    }
    Some(Reference {
        app,
        environment,
        folder: Some(Folder::new(folder).ok()?),
        key,
        text,
    })
}

/// What Phase takes for an environment's name.
fn is_environment(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

impl Reference<'_> {
    /// Where it looks, if it stands in that folder of `home`.
    pub(crate) fn site(&self, home: &Place, folder: &Folder) -> Site {
        let app = self.app.map(|app| App::Name(app.to_owned()));
        Site {
            folder: self.folder.as_ref().unwrap_or(folder).clone(),
            place: Place {
                app: app.unwrap_or_else(|| home.app.clone()),
                environment: self.environment.unwrap_or(&home.environment).to_owned(),
            },
        }
    }

    /// Whether somebody surely meant a secret.
    ///
    /// Stores take any text for a key, so that `${HOME:-/x}` could be one. Where
    /// no such key exists it is shell, or another program's template, and must
    /// not fail a run.
    pub(crate) fn is_plain(&self) -> bool {
        let word = |text: &str, more: &[char]| {
            text.chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-' || more.contains(&c))
        };
        word(self.key, &['.'])
            && self
                .folder
                .as_ref()
                .is_none_or(|folder| word(folder.as_str(), &['.', '/', ' ']))
            && self.app.is_none_or(|app| word(app, &['.', ' ']))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The only reference in `text`, as app, environment, folder, key.
    fn only(text: &str) -> Option<(Option<&str>, Option<&str>, String, &str)> {
        let mut pieces = pieces(text, Syntax::Phase);
        let first = pieces.next().unwrap();
        assert_eq!(pieces.next(), None, "{text} is more than one piece");
        match first {
            Piece::Reference(r) => Some((r.app, r.environment, r.folder?.to_string(), r.key)),
            Piece::Text(left) => {
                assert_eq!(left, text);
                None
            }
        }
    }

    #[test]
    fn each_form_of_the_protocol_is_taken_apart() {
        let root = || "/".to_owned();
        let a = || "/a/b".to_owned();
        for (text, expected) in [
            ("${KEY}", (None, None, root(), "KEY")),
            ("${/a/b/KEY}", (None, None, a(), "KEY")),
            ("${a/b/KEY}", (None, None, a(), "KEY")),
            ("${a//b/KEY}", (None, None, a(), "KEY")),
            ("${env.KEY}", (None, Some("env"), root(), "KEY")),
            ("${env./a/b/KEY}", (None, Some("env"), a(), "KEY")),
            ("${env.a/b/KEY}", (None, Some("env"), a(), "KEY")),
            ("${app::env.KEY}", (Some("app"), Some("env"), root(), "KEY")),
            (
                "${my app::env./a/b/KEY}",
                (Some("my app"), Some("env"), a(), "KEY"),
            ),
            ("${/v1.2/KEY}", (None, None, "/v1.2".to_owned(), "KEY")),
            ("${env.A.B}", (None, Some("env"), root(), "A.B")),
        ] {
            assert_eq!(only(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_a_reference_is_text() {
        for text in [
            "$KEY",
            "$$",
            "${",
            "${KEY",
            "${}",
            "${ KEY }",
            "${{KEY}}",
            "${app::KEY}",
            "${VAR::4}",
            "${::env.KEY}",
            "${a/}",
            "${/}",
            "${env.}",
            "}",
            "${a\nb/c}",
        ] {
            assert_eq!(only(text), None, "{text}");
        }
    }

    #[test]
    fn shell_and_templates_are_never_surely_meant() {
        for text in [
            "${HOST:-default}",
            "${VAR%.*}",
            "${!VAR}",
            "${#VAR}",
            "${arr[0]}",
            "${A B}",
        ] {
            let Some(Piece::Reference(reference)) = pieces(text, Syntax::Phase).next() else {
                panic!("{text} could be a key");
            };
            assert!(!reference.is_plain(), "{text}");
        }
    }

    #[test]
    fn references_next_to_each_other_and_a_backslash_before_one() {
        let texts: Vec<_> = pieces("\\${A}${B}-${x.C}$", Syntax::Phase)
            .map(|piece| match piece {
                Piece::Reference(reference) => reference.text,
                Piece::Text(text) => text,
            })
            .collect();
        assert_eq!(texts, ["\\", "${A}", "${B}", "-", "${x.C}", "$"]);
    }

    #[test]
    fn inside_an_unfinished_reference_another_may_stand() {
        let found: Vec<_> = pieces("${a${B}", Syntax::Phase)
            .filter_map(|piece| match piece {
                Piece::Reference(reference) => Some(reference.key),
                Piece::Text(_) => None,
            })
            .collect();
        assert_eq!(found, ["B"]);
    }

    proptest! {
        #[test]
        fn the_pieces_put_together_are_the_value(value in "([a-zA-Z.:/ é{}$]|\\$\\{){0,40}") {
            let whole: String = pieces(&value, Syntax::Phase)
                .map(|piece| match piece {
                    Piece::Reference(reference) => reference.text,
                    Piece::Text(text) => text,
                })
                .collect();
            prop_assert_eq!(whole, value);
        }
    }
}
