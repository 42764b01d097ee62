//! Dynamic secrets: rows that give credentials when a lease is asked for.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::wire::{KeyName, KnownLease, MadeRow, Row, Text, digest};
use crate::error::Result;
use crate::http::Answer;
use crate::lease::Lease;
use crate::notice::Notice;
use crate::scope::Folder;
use crate::secret::SecretValue;

/// How far a server's clock may be off within one request.
const MARGIN: Duration = Duration::from_secs(5);

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
    name: String,
    pub(super) updated: String,
}

impl Dynamic {
    /// Takes `row` apart. A lease names its values by the same text as the row does.
    /// [`leases`] reads what else there is of it.
    pub(super) fn new(mut row: Row<'_>, asked: Option<&Folder>) -> Result<Self> {
        let folder = row.folder(asked)?;
        let given = row.lease.take().into_iter();
        let given = given.flat_map(|lease| lease.credentials);
        let given = given.map(|one| (one.key.into_string(), one.value.into_value()));
        let mut given: HashMap<_, _> = given.collect();
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
            name: row.name.into_string(),
            updated: row.updated_at.into_string(),
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

/// The leases that were made for `answer`, of dynamic secrets in `folder`; `target` says
/// where. They are there, whatever else the answer holds: nothing else of it is read.
pub(super) fn leases(answer: &Answer, folder: &Folder, target: (&str, &str)) -> Vec<Lease> {
    let rows: Result<Vec<MadeRow<'_>>> = answer.json("a list of leases");
    let lease = |row: MadeRow<'_>| {
        let lease = row.lease?;
        Some(Lease {
            expires: lease.expires_at.into_string(),
            folder: folder.clone(),
            id: lease.id.into_string(),
            name: row.name.into_string(),
            target: (target.0.to_owned(), target.1.to_owned()),
        })
    };
    let rows = rows.into_iter().flatten();
    rows.filter_map(lease).collect()
}

/// Among all leases of a dynamic secret in `folder`, the one that was made for us, within
/// the time `since` we asked for it. There is one; but others may ask at the same time.
///
/// One that is not ours and newer was made after ours, and so was made within that time
/// of it: where the newest is that far from the next, it is ours.
pub(super) fn ours(
    answer: &Answer,
    folder: &Folder,
    target: (&str, &str),
    since: Duration,
) -> Option<Lease> {
    let rows: Vec<KnownLease<'_>> = answer.json("a list of leases").ok()?;
    let mut dated: Vec<(SystemTime, KnownLease<'_>)> = Vec::with_capacity(rows.len());
    for row in rows {
        let created = humantime::parse_rfc3339(row.created_at.as_str()).ok()?;
        dated.push((created, row));
    }
    dated.sort_unstable_by_key(|(created, _)| *created);
    let (created, newest) = dated.pop()?;
    let alone = dated
        .last()
        .is_none_or(|(before, _)| *before + since + MARGIN < created);
    (alone && newest.status.as_str() == "active").then(|| Lease {
        expires: newest.expires_at.into_string(),
        folder: folder.clone(),
        id: newest.id.into_string(),
        name: newest.name.into_string(),
        target: (target.0.to_owned(), target.1.to_owned()),
    })
}

/// Dynamic secrets, those of one folder together.
pub(super) fn by_folder(mut all: Vec<Dynamic>) -> Vec<Vec<Dynamic>> {
    all.sort_unstable_by(|a, b| (&a.folder, &a.id).cmp(&(&b.folder, &b.id)));
    let mut groups: Vec<Vec<Dynamic>> = Vec::new();
    for one in all {
        match groups.last_mut() {
            Some(group) if group[0].folder == one.folder => group.push(one),
            _ => groups.push(vec![one]),
        }
    }
    groups
}
