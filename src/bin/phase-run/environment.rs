//! The environment of the child, merged. Pure, and in bytes.

mod powerful;

use std::borrow::Cow;

use phase_run::{Resolved, SecretName};

use self::powerful::peculiar;
use crate::exit::{Failure, Reason};

/// What is inherited, what is removed, and who wins.
#[derive(Debug)]
pub(crate) struct Policy<'a> {
    /// Leave out what an environment cannot carry, with a warning.
    pub(crate) allow_partial: bool,
    /// Inherit only a few variables, and these.
    pub(crate) clean: Option<Vec<Vec<u8>>>,
    /// Whether a name holds a credential of ours.
    pub(crate) credential: Option<fn(&[u8]) -> bool>,
    /// The most bytes of a name, `=` and value, as `execve` takes them.
    pub(crate) longest: usize,
    /// Fetched names that must not reach the child, not even inherited.
    pub(crate) excluded: &'a [String],
    /// Before each name.
    pub(crate) prefix: &'a str,
    /// Inherited variables that win over secrets; empty: all of them.
    pub(crate) preserve: Option<Vec<Vec<u8>>>,
    /// Names in the store, and in the child.
    pub(crate) rename: &'a [(String, String)],
    /// Names in the child that the user wrote out, so that they are no surprise.
    pub(crate) spelled_out: Vec<&'a str>,
}

impl Default for Policy<'_> {
    fn default() -> Self {
        Self {
            allow_partial: false,
            clean: None,
            credential: None,
            excluded: &[],
            longest: usize::MAX,
            prefix: "",
            preserve: None,
            rename: &[],
            spelled_out: Vec::new(),
        }
    }
}

impl Policy<'_> {
    /// Whether the user wrote out the name that a secret has in the child.
    fn spells_out(&self, name: &SecretName) -> bool {
        let renamed = self.rename.iter().any(|(_, new)| new == name.as_str());
        renamed || self.spelled_out.contains(&name.as_str())
    }

    /// Whether the inherited variable `name` wins over a secret.
    fn preserves(&self, name: &[u8]) -> bool {
        self.preserve
            .as_ref()
            .is_some_and(|names| names.is_empty() || names.iter().any(|one| one == name))
    }
}

/// What the child gets.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The block, in order.
    pub(crate) entries: Vec<Vec<u8>>,
    /// What became of each secret, in order of its name in the child.
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
    pub(crate) name: SecretName,
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
/// goes to the end, in order of name.
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
    let mut warnings = Vec::new();
    let mut injected = named(secrets, policy, &mut warnings)?;
    entries.retain(|entry| {
        let Some(name) = name(entry) else { return true };
        let found = injected.binary_search_by(|one| one.name.as_str().as_bytes().cmp(name));
        let Ok(at) = found else { return true };
        let preserved = policy.preserves(name);
        injected[at].preserved = preserved;
        injected[at].replaces = !preserved;
        preserved
    });
    for one in injected.iter().filter(|one| !one.preserved) {
        warnings.extend(peculiar(&one.name, policy.spells_out(&one.name)));
        let value = secrets[one.index].value.expose();
        entries.push([one.name.as_str(), "=", value].concat().into_bytes());
    }
    Ok(Environment {
        entries,
        injected,
        warnings,
    })
}

/// The secrets that go in, in order of the names that they have in the child.
fn named(
    secrets: &[Resolved],
    policy: &Policy<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Injected>, Failure> {
    let mut named = Vec::with_capacity(secrets.len());
    for (index, secret) in secrets.iter().enumerate() {
        match check(&renamed(&secret.name, policy), secret, policy) {
            Ok(name) => named.push(Injected {
                index,
                name,
                preserved: false,
                replaces: false,
            }),
            Err(failure) if policy.allow_partial => {
                warnings.push(format!("{:?} is left out: {failure}", secret.name));
            }
            Err(failure) => {
                let help = match failure.reason() {
                    Reason::InvalidValue => {
                        "change it, or leave it out with --exclude or --allow-partial"
                    }
                    _ => "rename it with --rename, leave it out with --exclude or --allow-partial",
                };
                return Err(failure.help(help));
            }
        }
    }
    named.sort_unstable_by(|a, b| (&a.name, a.index).cmp(&(&b.name, b.index)));
    if let Some(pair) = named.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let text = format!(
            "{:?} and {:?} would both be called {} in the child",
            secrets[pair[0].index].name, secrets[pair[1].index].name, pair[0].name
        );
        return Err(Failure::new(Reason::Conflict, text).help("change --prefix or --rename"));
    }
    Ok(named)
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

fn renamed<'a>(stored: &'a str, policy: &Policy<'a>) -> Cow<'a, str> {
    match policy.rename.iter().find(|(old, _)| old == stored) {
        Some((_, new)) => Cow::Borrowed(new),
        None if policy.prefix.is_empty() => Cow::Borrowed(stored),
        None => Cow::Owned([policy.prefix, stored].concat()),
    }
}

/// The name, if an environment can carry it and the value. What is only too long is
/// told when all strings are counted, unless it is to be left out.
fn check(in_child: &str, secret: &Resolved, policy: &Policy<'_>) -> Result<SecretName, Failure> {
    let name = SecretName::new(in_child)?;
    let value = secret.value.expose();
    if value.contains('\0') {
        let text =
            format!("the value of {in_child} holds a NUL byte, which no environment can carry");
        return Err(Failure::new(Reason::InvalidValue, text));
    }
    let (size, longest) = (in_child.len() + 1 + value.len(), policy.longest);
    if policy.allow_partial && size > longest {
        let text = format!("it has {size} bytes with its name, and one may have {longest}");
        return Err(Failure::new(Reason::TooLarge, text));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
