//! A secret: its name, its value, and what the store says about it.

use std::{fmt, mem};

use zeroize::{Zeroizing, optimization_barrier};

use crate::error::{Error, ErrorKind, Result};
use crate::outside;
use crate::scope::Folder;

/// A name that an environment can carry: not empty, no `=`, no NUL.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SecretName(String);

impl SecretName {
    /// Checks `text` once; from then on the type vouches for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidName`] if `text` is empty or holds `=` or NUL.
    pub fn new(text: &str) -> Result<Self> {
        let problem = if text.is_empty() {
            "it is empty"
        } else if text.contains('=') {
            "it holds `=`"
        } else if text.contains('\0') {
            "it holds a NUL byte"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Error::new(
            ErrorKind::InvalidName,
            format!(
                "{:?} cannot name an environment variable: {problem}",
                outside::shown(text)
            ),
        ))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a shell can use it: `[A-Za-z_][A-Za-z0-9_]*`. `dash` drops others.
    #[must_use]
    pub fn is_identifier(&self) -> bool {
        let mut bytes = self.0.bytes();
        bytes
            .next()
            .is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
            && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A decrypted value.
///
/// The memory is overwritten when the value is dropped. Copies made by others
/// (the HTTP buffer it came in, the environment block it leaves in) are not.
///
/// There is deliberately no `Display`, `Serialize`, `Deref` or `PartialEq`:
/// a value leaves this type through [`expose`](Self::expose) alone, so that a
/// search for `expose(` lists every place where it does.
///
/// ```compile_fail
/// let value = phase_run::SecretValue::new("hunter2".to_owned());
/// println!("{value}");
/// ```
#[derive(Clone)]
pub struct SecretValue(String);

impl SecretValue {
    /// Takes `text` over; the caller should keep no copy.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The value itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        wipe(mem::take(&mut self.0).into_bytes());
    }
}

/// Overwrites all that `bytes` has room for. `Zeroizing` would do so byte by
/// byte, which takes as long as it took to parse them.
pub(crate) fn wipe(mut bytes: Vec<u8>) {
    bytes.clear();
    bytes.resize(bytes.capacity(), 0);
    optimization_barrier(bytes.as_slice());
}

/// Adds `more` to `text`. What it leaves behind when it grows is overwritten.
pub(crate) fn append(text: &mut Zeroizing<String>, more: &str) {
    if text.capacity() - text.len() < more.len() {
        let room = (text.len() + more.len()).max(2 * text.capacity());
        let mut grown = Zeroizing::new(String::with_capacity(room));
        grown.push_str(text);
        *text = grown;
    }
    text.push_str(more);
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

/// How a store treats a secret.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum SecretType {
    /// Not sensitive.
    Config,
    /// Write-only for people: never shown again by the console.
    Sealed,
    /// The usual kind.
    #[default]
    Secret,
}

impl SecretType {
    /// The word on the wire and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Sealed => "sealed",
            Self::Secret => "secret",
        }
    }

    /// The type that `word` means; unknown words, as newer servers may send, are none.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Config, Self::Sealed, Self::Secret]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One's own value for a secret, instead of the shared one.
#[derive(Clone, Debug)]
pub struct Personal {
    /// Whether it is in force.
    pub active: bool,
    /// The value; `None` if it is hidden from these credentials. (Infisical)
    pub value: Option<SecretValue>,
}

/// Something that a store keeps with a secret, for people and programs.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// Whether the store treats the value as a secret too.
    pub encrypted: bool,
    /// What it is called.
    pub key: String,
    /// What it says.
    pub value: SecretValue,
}

/// A secret as it is stored: references not followed, override not applied.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Free text for people; empty if there is none.
    pub comment: String,
    /// The folder it lies in.
    pub folder: Folder,
    /// What tells it from others: the server's id, or folder and name.
    pub id: String,
    /// How the store treats it.
    pub kind: SecretType,
    /// What else the store keeps with it, in the store's order. (Infisical)
    pub metadata: Vec<Metadata>,
    /// The name as stored. Stores take names that no environment can carry:
    /// see [`SecretName`].
    pub name: String,
    /// The personal override, where there is one.
    pub personal: Option<Personal>,
    /// Tags, in the store's order.
    pub tags: Vec<String>,
    /// When it was last changed: RFC 3339, UTC, or empty if the store does not say.
    pub updated: String,
    /// The shared value; `None` if it is hidden from these credentials, which may
    /// know of the secret and not read it. (Infisical)
    pub value: Option<SecretValue>,
    /// Counts changes, from 1.
    pub version: u64,
}

/// What is told of a secret without its values.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outline {
    /// Free text for people, empty if there is none; `None` if it does not decrypt.
    pub comment: Option<String>,
    /// The folder it lies in.
    pub folder: Folder,
    /// Whether its value is hidden from these credentials. (Infisical)
    pub hidden: bool,
    /// How the store treats it.
    pub kind: SecretType,
    /// What else the store keeps with it, in the store's order. (Infisical)
    pub metadata: Vec<Metadata>,
    /// The name as stored.
    pub name: String,
    /// Whether the personal override is in force, where there is one.
    pub personal: Option<bool>,
    /// Tags, in the store's order.
    pub tags: Vec<String>,
    /// When it was last changed: RFC 3339, UTC, or empty if the store does not say.
    pub updated: String,
    /// Counts changes, from 1.
    pub version: u64,
}

impl From<&Secret> for Outline {
    fn from(secret: &Secret) -> Self {
        Self {
            comment: Some(secret.comment.clone()),
            folder: secret.folder.clone(),
            hidden: secret.value.is_none(),
            kind: secret.kind,
            metadata: secret.metadata.clone(),
            name: secret.name.clone(),
            personal: secret.personal.as_ref().map(|personal| personal.active),
            tags: secret.tags.clone(),
            updated: secret.updated.clone(),
            version: secret.version,
        }
    }
}

/// What [`Client::create`](crate::Client::create) writes.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Free text for people.
    pub comment: String,
    /// The folder to put it in.
    pub folder: Folder,
    /// How the store is to treat it.
    pub kind: SecretType,
    /// Its name.
    pub name: SecretName,
    /// A personal override, active.
    pub personal: Option<SecretValue>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The shared value.
    pub value: SecretValue,
}

/// What [`Client::update`](crate::Client::update) changes; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// A new comment.
    pub comment: Option<String>,
    /// Another folder to move it to.
    pub folder: Option<Folder>,
    /// Another type.
    pub kind: Option<SecretType>,
    /// A new personal override. A new one is active.
    pub personal: Option<SecretValue>,
    /// The whole new set of tags.
    pub tags: Option<Vec<String>>,
    /// Switches the personal override on if it is off, and off if it is on.
    pub toggle_personal: bool,
    /// A new shared value.
    pub value: Option<SecretValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_environment_can_carry_is_refused_with_the_reason() {
        for (text, reason) in [("", "empty"), ("A=B", "`=`"), ("A\0", "NUL")] {
            let error = SecretName::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidName);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[test]
    fn only_a_shell_name_is_an_identifier() {
        for (text, is) in [
            ("A_1", true),
            ("_", true),
            ("1A", false),
            ("a-b", false),
            ("ä", false),
        ] {
            assert_eq!(SecretName::new(text).unwrap().is_identifier(), is, "{text}");
        }
    }

    #[test]
    fn a_value_does_not_show_in_debug_output() {
        let value = SecretValue::new("hunter2".to_owned());
        assert_eq!(format!("{value:?}"), "SecretValue(..)");
    }
}
