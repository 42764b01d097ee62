//! Which secrets go in, and over what.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use glob::Pattern;

use crate::args;
use crate::environment::Policy;
use crate::exit::{Failure, Reason};
use crate::settings::names;
use crate::sys;

/// What `selection` says of names and of who wins; `required` are names that files
/// require, `excluded` fetched names that must not be inherited either.
pub(super) fn policy<'a>(
    selection: &'a args::Selection,
    required: &'a [String],
    excluded: &'a [String],
) -> Policy<'a> {
    let bytes = |names: &Option<Vec<OsString>>| {
        let names = names.as_ref()?.iter().filter(|name| !name.is_empty());
        Some(names.map(|name| name.as_bytes().to_vec()).collect())
    };
    // Without names it means all variables, and with an empty list none.
    let all_or_some =
        |names: &Vec<OsString>| names.iter().any(|name| !name.is_empty()) || names.is_empty();
    let preserves = selection.preserve_env.as_ref().is_some_and(all_or_some);
    let given = selection.only.iter().chain(&selection.require);
    Policy {
        allow_partial: selection.allow_partial,
        clean: bytes(&selection.clean_env),
        credential: (!selection.pass_auth).then_some(names::is_credential),
        excluded,
        // The limit counts the NUL.
        longest: sys::argument_limits().string.saturating_sub(1),
        prefix: selection.prefix.as_deref().unwrap_or(""),
        preserve: bytes(&selection.preserve_env).filter(|_| preserves),
        rename: &selection.rename,
        spelled_out: given.chain(required).map(String::as_str).collect(),
    }
}

/// Checks that each `--only` and `--rename` means one of `names`, which are all that
/// was fetched, wanted or not; `allow_empty` lets an `--only` mean none.
///
/// # Errors
///
/// The first one that means none of them.
pub(super) fn require_matches(
    selection: &args::Selection,
    globs: &Globs,
    allow_empty: bool,
    names: &[&String],
) -> Result<(), Failure> {
    let renamed = selection
        .rename
        .iter()
        .find(|(old, _)| !names.contains(&old));
    if let Some((old, new)) = renamed {
        let text = format!("--rename {old}={new}: there is no secret {old}");
        return Err(Failure::new(Reason::Missing, text).help(instead(names)));
    }
    if allow_empty {
        return Ok(());
    }
    let nothing = |glob: &&Pattern| !names.iter().any(|name| glob.matches(name));
    let Some(glob) = globs.only.iter().find(nothing) else {
        return Ok(());
    };
    let text = format!("--only {:?} matches no secret", glob.as_str());
    let help = format!("{}; --allow-empty goes on without", instead(names));
    Err(Failure::new(Reason::Missing, text).help(help))
}

/// What there is, for who asked for something else.
fn instead(names: &[&String]) -> String {
    const MOST: usize = 20;
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    let mut listed: Vec<&str> = sorted.iter().map(|name| name.as_str()).take(MOST).collect();
    match sorted.len() {
        0 => return "no secret was found there".to_owned(),
        more if more > MOST => listed.push("…"),
        _ => {}
    }
    format!("there are: {}", listed.join(", "))
}

/// `--only` and `--exclude`.
#[derive(Debug)]
pub(super) struct Globs {
    only: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Globs {
    pub(super) fn new(selection: &args::Selection) -> Result<Self, Failure> {
        let patterns = |flag: &str, texts: &[String]| -> Result<Vec<Pattern>, Failure> {
            let pattern = |text: &String| {
                Pattern::new(text).map_err(|error| {
                    let text = format!("{flag} {text:?} is no glob: {}", error.msg);
                    Failure::new(Reason::Usage, text)
                })
            };
            texts.iter().map(pattern).collect()
        };
        Ok(Self {
            only: patterns("--only", &selection.only)?,
            exclude: patterns("--exclude", &selection.exclude)?,
        })
    }

    pub(super) fn exclude(&self, name: &str) -> bool {
        self.exclude.iter().any(|glob| glob.matches(name))
    }

    pub(super) fn admit(&self, name: &str) -> bool {
        let only = self.only.is_empty() || self.only.iter().any(|glob| glob.matches(name));
        only && !self.exclude(name)
    }
}
