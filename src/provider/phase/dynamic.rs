//! Dynamic secrets: rows that give credentials when a lease is asked for.

use std::collections::HashMap;

use super::wire::{KeyName, Row, Text, digest};
use crate::error::Result;
use crate::lease::Lease;
use crate::notice::Notice;
use crate::scope::Folder;
use crate::secret::SecretValue;

/// The digest of no name: asked for together with dynamic secrets, it keeps
/// all others out of the answer.
pub(super) const NO_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Whether dynamic secrets are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dynamics {
    /// They do not come.
    Hidden,
    /// They come as they are, and give nothing.
    Shown,
}

/// A dynamic secret. Names are as they came: ciphertexts in the encrypted API.
#[derive(Debug)]
pub(super) struct Dynamic {
    /// Name, digest of the name, and the value if there is a lease that gave one.
    pub(super) credentials: Vec<(String, String, Option<SecretValue>)>,
    pub(super) folder: Folder,
    pub(super) id: String,
    lease: Option<(String, String)>,
    name: String,
    pub(super) updated: String,
}

impl Dynamic {
    /// Takes `row` apart. A lease names its values by the same text as the row does.
    pub(super) fn new(mut row: Row<'_>, asked: Option<&Folder>) -> Result<Self> {
        let folder = row.folder(asked)?;
        let lease = row.lease.take();
        let (lease, mut given) = match lease {
            Some(lease) => {
                let given = lease.credentials.into_iter();
                let given = given.map(|one| (one.key.into_string(), one.value.into_value()));
                let id = (lease.id.into_string(), lease.expires_at.into_string());
                (Some(id), given.collect())
            }
            None => (None, HashMap::new()),
        };
        let credential = |KeyName {
                              key_digest,
                              key_name,
                          }| {
            let name = Text::into_string(key_name);
            let value = given.remove(&name);
            (name, digest(key_digest), value)
        };
        Ok(Self {
            credentials: row.key_map.into_iter().map(credential).collect(),
            folder,
            id: row.id.into_string(),
            lease,
            name: row.name.into_string(),
            updated: row.updated_at.into_string(),
        })
    }

    /// The lease, if one was given; `target` says where.
    pub(super) fn lease(&self, target: (&str, &str)) -> Option<Lease> {
        let (id, expires) = self.lease.as_ref()?;
        Some(Lease {
            expires: expires.clone(),
            folder: self.folder.clone(),
            id: id.clone(),
            name: self.name.clone(),
            target: (target.0.to_owned(), target.1.to_owned()),
        })
    }

    /// That these names get no values.
    pub(super) fn notice(&self, keys: Vec<String>) -> Notice {
        Notice::Dynamic {
            name: self.name.clone(),
            keys,
        }
    }
}

/// The same, those of one folder together.
pub(super) fn by_folder(mut all: Vec<Dynamic>) -> Vec<Vec<Dynamic>> {
    all.sort_by(|a, b| a.folder.cmp(&b.folder));
    let mut groups: Vec<Vec<Dynamic>> = Vec::new();
    for one in all {
        match groups.last_mut() {
            Some(group) if group[0].folder == one.folder => group.push(one),
            _ => groups.push(vec![one]),
        }
    }
    groups
}
