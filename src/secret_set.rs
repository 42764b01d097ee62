//! The secrets of one environment, opened as far as they are needed.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::scope::Folder;
use crate::secret::{Secret, SecretValue};

/// What is known of a secret before its value is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// Its place in the set.
    pub(crate) number: usize,
    pub(crate) tags: &'a [String],
    /// When it was last changed: RFC 3339, UTC; see [`age`].
    pub(crate) updated: &'a str,
}

impl Entry<'_> {
    /// What tells which of two of one name in one folder counts: the greater
    /// one does. Ids break a tie, so that the store's order never matters.
    pub(crate) fn age(&self) -> (&str, &str) {
        age(self.updated, self.id)
    }
}

/// What tells which of two was changed last. A time may come without its
/// fraction, and would stand behind others of the same second if it kept its `Z`.
pub(crate) fn age<'a>(updated: &'a str, id: &'a str) -> (&'a str, &'a str) {
    (updated.trim_end_matches('Z'), id)
}

/// What `${…}` means in a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Syntax {
    /// A reference as Infisical has them: `${KEY}`, `${env.folder.KEY}`.
    Infisical,
    /// The same, which the server has tried to replace, and could not.
    InfisicalLeft,
    /// A reference as Phase has them: `${KEY}`, `${env.KEY}`, `${/folder/KEY}`.
    Phase,
    /// Nothing.
    Text,
}

/// An environment, or a part of one, as a back-end hands it to the resolver.
pub(crate) trait SecretSet: fmt::Debug + Send + Sync {
    /// At least the secrets of the scope that was asked for, in any order.
    fn entries(&self) -> Vec<Entry<'_>>;

    /// Any secret of the environment, by the number that `entries` or `find` gave.
    fn entry(&self, number: usize) -> Entry<'_>;

    /// The number of the secret `name` in `folder`; of several the one that counts.
    fn find(&self, folder: &Folder, name: &str) -> Result<Option<usize>>;

    /// Whether `find` has the last word on that secret: not so where `folder` is
    /// only here in part.
    fn decides(&self, _folder: &Folder, _name: &str) -> bool {
        true
    }

    /// What `${…}` means in the value of that secret.
    fn syntax(&self, _number: usize) -> Syntax {
        Syntax::Phase
    }

    /// Opens these values at once, on all the cores there are.
    fn open(&self, numbers: &[usize]);

    /// The value that counts, and whether it is a personal one.
    fn value(&self, number: usize) -> Result<(&SecretValue, bool)>;
}

/// Secrets that came open.
#[derive(Debug)]
pub(crate) struct Plain {
    personal: bool,
    /// In order of folder, name and age.
    secrets: Vec<Secret>,
}

impl Plain {
    /// The whole environment `secrets`. `personal` says whether overrides count.
    pub(crate) fn new(mut secrets: Vec<Secret>, personal: bool) -> Self {
        secrets.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        Self { personal, secrets }
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.secrets.len()
    }
}

/// Where a secret stands among others: the last of one name in one folder counts.
fn order(secret: &Secret) -> (&Folder, &str, &str, &str) {
    let Secret {
        folder,
        id,
        name,
        updated,
        ..
    } = secret;
    let (updated, id) = age(updated, id);
    (folder, name, updated, id)
}

fn hidden(name: &str) -> Error {
    let message = format!("the value of {name} is hidden: these credentials may not read it");
    Error::new(ErrorKind::Denied, message).help(
        "give the identity a role that may read values, or leave the secret out with --exclude",
    )
}

impl SecretSet for Plain {
    fn entries(&self) -> Vec<Entry<'_>> {
        (0..self.secrets.len())
            .map(|number| self.entry(number))
            .collect()
    }

    fn entry(&self, number: usize) -> Entry<'_> {
        let Secret {
            folder,
            id,
            name,
            tags,
            updated,
            ..
        } = &self.secrets[number];
        Entry {
            folder,
            id,
            name,
            number,
            tags,
            updated,
        }
    }

    fn find(&self, folder: &Folder, name: &str) -> Result<Option<usize>> {
        let not_after = |secret: &Secret| (&secret.folder, secret.name.as_str()) <= (folder, name);
        let end = self.secrets.partition_point(not_after);
        let last = end.checked_sub(1).filter(|&last| {
            let secret = &self.secrets[last];
            secret.folder == *folder && secret.name == name
        });
        Ok(last)
    }

    fn open(&self, _: &[usize]) {}

    fn value(&self, number: usize) -> Result<(&SecretValue, bool)> {
        let secret = &self.secrets[number];
        let (value, overridden) = match &secret.personal {
            Some(own) if self.personal && own.active => (&own.value, true),
            _ => (&secret.value, false),
        };
        match value {
            Some(value) => Ok((value, overridden)),
            None => Err(hidden(&secret.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::secret;
    use crate::secret::Personal;

    #[test]
    fn an_override_counts_only_while_active_and_wanted() {
        let value = |active: Option<bool>, personal| {
            let mut own = secret("/", "A", "shared", "1");
            own.personal = active.map(|active| Personal {
                active,
                value: Some(SecretValue::new("own".into())),
            });
            let set = Plain::new(vec![own], personal);
            let (value, overridden) = set.value(0).unwrap();
            assert_eq!(overridden, value.expose() == "own");
            value.expose().to_owned()
        };
        assert_eq!(value(None, true), "shared");
        assert_eq!(value(Some(false), true), "shared");
        assert_eq!(value(Some(true), true), "own");
        assert_eq!(value(Some(true), false), "shared");
    }

    #[test]
    fn a_name_is_found_in_its_folder_alone_and_the_one_changed_last() {
        let row = |folder, name, stamp| secret(folder, name, stamp, stamp);
        let rows = [
            row("/b", "A", "3"),
            row("/a", "A", "2"),
            row("/a", "A", "1"),
            row("/a", "B", "9"),
        ];
        let set = Plain::new(rows.to_vec(), true);
        let found = |folder, name| {
            let number = set.find(&Folder::new(folder).unwrap(), name).unwrap()?;
            Some(set.value(number).unwrap().0.expose().to_owned())
        };
        assert_eq!(found("/a", "A").as_deref(), Some("2"));
        assert_eq!(found("/b", "A").as_deref(), Some("3"));
        assert_eq!(found("/b", "B"), None);
        assert_eq!(found("/", "A"), None);
        assert_eq!(found("/z", "Z"), None);
    }
}
