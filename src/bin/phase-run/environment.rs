//! The environment of the child, merged. Pure, and in bytes.

use std::collections::{BTreeMap, BTreeSet};

use phase_run::{Resolved, SecretName};

use crate::exit::{Failure, Reason};

/// What is inherited, what is removed, and who wins.
#[derive(Debug, Default)]
pub(crate) struct Policy<'a> {
    /// Leave out what an environment cannot carry, with a warning.
    pub(crate) allow_partial: bool,
    /// Inherit only a few variables, and these.
    pub(crate) clean: Option<Vec<Vec<u8>>>,
    /// Whether a name holds a credential of ours.
    pub(crate) credential: Option<fn(&[u8]) -> bool>,
    /// Fetched names that must not reach the child, not even inherited.
    pub(crate) excluded: &'a [String],
    /// Before each name.
    pub(crate) prefix: &'a str,
    /// Inherited variables that win over secrets; empty: all of them.
    pub(crate) preserve: Option<Vec<Vec<u8>>>,
    /// Names in the store, and in the child.
    pub(crate) rename: &'a [(String, String)],
}

/// What the child gets.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The block, in order.
    pub(crate) entries: Vec<Vec<u8>>,
    /// What became of each secret.
    pub(crate) injected: Vec<Injected>,
    pub(crate) warnings: Vec<String>,
}

impl Environment {
    /// Sets a variable, or removes it, whatever was there.
    pub(crate) fn set(&mut self, variable: &str, value: Option<&str>) {
        self.entries
            .retain(|entry| name(entry) != Some(variable.as_bytes()));
        let entry = value.map(|value| format!("{variable}={value}").into_bytes());
        self.entries.extend(entry);
    }
}

/// A secret on its way into the child.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Injected {
    /// Its place among the secrets.
    pub(crate) index: usize,
    /// Its name in the child.
    pub(crate) name: String,
    /// Whether the inherited variable of that name won.
    pub(crate) preserved: bool,
    /// Whether it takes the place of an inherited variable.
    pub(crate) replaces: bool,
}

/// What every clean environment has.
const BASIC: [&[u8]; 6] = [b"PATH", b"HOME", b"USER", b"LANG", b"TERM", b"TZ"];

/// What the child inherits: `environ` without what the policy removes. Order,
/// duplicates and malformed entries stay.
pub(crate) fn inherited(environ: Vec<Vec<u8>>, policy: &Policy<'_>) -> Vec<Vec<u8>> {
    let stays = |entry: &Vec<u8>| {
        let Some(name) = name(entry) else {
            return policy.clean.is_none();
        };
        let kept = policy
            .clean
            .as_ref()
            .is_none_or(|more| BASIC.contains(&name) || more.iter().any(|kept| kept == name));
        kept && !policy.credential.is_some_and(|is| is(name))
            && !policy.excluded.iter().any(|left| left.as_bytes() == name)
    };
    environ.into_iter().filter(stays).collect()
}

/// Merges `secrets` over `environ`: each replaces every entry of its name, and
/// goes to the end.
///
/// # Errors
///
/// A name or value that no environment can carry, and two secrets that end up
/// with one name.
pub(crate) fn merge(
    environ: Vec<Vec<u8>>,
    secrets: &[Resolved],
    policy: &Policy<'_>,
) -> Result<Environment, Failure> {
    let mut entries = inherited(environ, policy);
    let mut warnings = unused_renames(secrets, policy);
    let mut injected = Vec::with_capacity(secrets.len());
    let mut taken = BTreeMap::new();
    let mut added = Vec::with_capacity(secrets.len());
    let present: BTreeSet<Vec<u8>> = entries
        .iter()
        .filter_map(|entry| name(entry))
        .map(<[u8]>::to_vec)
        .collect();
    for (index, secret) in secrets.iter().enumerate() {
        let in_child = renamed(&secret.name, policy);
        if let Err(failure) = check(&in_child, secret) {
            if !policy.allow_partial {
                return Err(failure.help(
                    "rename it with --rename, leave it out with --exclude or --allow-partial",
                ));
            }
            warnings.push(format!("{:?} is left out: {failure}", secret.name));
            continue;
        }
        if let Some(other) = taken.insert(in_child.clone(), &secret.name) {
            let text = format!(
                "{other:?} and {:?} would both be called {in_child} in the child",
                secret.name
            );
            return Err(Failure::new(Reason::Conflict, text).help("change --prefix or --rename"));
        }
        let replaces = present.contains(in_child.as_bytes());
        let wins = |kept: &Vec<Vec<u8>>| {
            kept.is_empty() || kept.iter().any(|name| name == in_child.as_bytes())
        };
        let preserved = replaces && policy.preserve.as_ref().is_some_and(wins);
        if !preserved {
            warnings.extend(peculiar(&in_child));
            added.push([in_child.as_bytes(), b"=", secret.value.expose().as_bytes()].concat());
        }
        injected.push(Injected {
            index,
            name: in_child,
            preserved,
            replaces: replaces && !preserved,
        });
    }
    let replaced: BTreeSet<&[u8]> = injected
        .iter()
        .filter(|one| one.replaces)
        .map(|one| one.name.as_bytes())
        .collect();
    entries.retain(|entry| name(entry).is_none_or(|name| !replaced.contains(name)));
    entries.append(&mut added);
    Ok(Environment {
        entries,
        injected,
        warnings,
    })
}

/// The value of `name` in a block; of its last entry, as for the command's lookup.
pub(crate) fn value<'a>(entries: &'a [Vec<u8>], name: &str) -> Option<&'a [u8]> {
    let value = |entry: &'a Vec<u8>| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    entries.iter().rev().find_map(value)
}

/// The name of an entry; `None` if it has none.
fn name(entry: &[u8]) -> Option<&[u8]> {
    let end = entry.iter().position(|&byte| byte == b'=')?;
    (end > 0).then(|| &entry[..end])
}

fn renamed(stored: &str, policy: &Policy<'_>) -> String {
    match policy.rename.iter().find(|(old, _)| old == stored) {
        Some((_, new)) => new.clone(),
        None => format!("{}{stored}", policy.prefix),
    }
}

fn unused_renames(secrets: &[Resolved], policy: &Policy<'_>) -> Vec<String> {
    let unused = |(old, _): &&(String, String)| !secrets.iter().any(|secret| secret.name == *old);
    policy
        .rename
        .iter()
        .filter(unused)
        .map(|(old, new)| format!("--rename {old}={new}: there is no secret {old}"))
        .collect()
}

fn check(in_child: &str, secret: &Resolved) -> Result<(), Failure> {
    SecretName::new(in_child)?;
    if secret.value.expose().contains('\0') {
        let text =
            format!("the value of {in_child} holds a NUL byte, which no environment can carry");
        return Err(Failure::new(Reason::InvalidValue, text));
    }
    Ok(())
}

/// What to say about a name that works otherwise than one might think.
fn peculiar(name: &str) -> Option<String> {
    const LOADS: [&str; 8] = [
        "NODE_OPTIONS",
        "BASH_ENV",
        "PYTHONPATH",
        "PERL5OPT",
        "RUBYOPT",
        "GCONV_PATH",
        "PATH",
        "IFS",
    ];
    if LOADS.contains(&name) || name.starts_with("LD_") || name.starts_with("DYLD_") {
        return Some(format!("{name} changes how programs find and load code"));
    }
    let identifier = SecretName::new(name).is_ok_and(|name| name.is_identifier());
    (!identifier).then(|| format!("{name:?} is no shell name: some shells drop it"))
}

#[cfg(test)]
mod tests;
