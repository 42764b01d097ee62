//! A secret as it came.

use std::sync::OnceLock;

use crate::error::Result;
use crate::provider::phase::crypto::Unopened;
use crate::provider::phase::dynamic::Dynamic;
use crate::provider::phase::keys::Unnamed;
use crate::provider::phase::wire::{Row, Text, digest};
use crate::scope::Folder;
use crate::secret::{SecretType, SecretValue};
use crate::secret_set::age;

/// A secret, encrypted.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) comment: String,
    pub(super) digest: String,
    pub(super) folder: Folder,
    pub(super) id: String,
    pub(super) key: String,
    pub(super) kind: SecretType,
    pub(super) name: OnceLock<Result<String, Unnamed>>,
    /// The personal override, and whether it is active.
    pub(super) own: Option<(bool, String)>,
    /// The shared value; every secret has one.
    pub(super) shared: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) updated: String,
    pub(super) value: OnceLock<Result<SecretValue, Unopened>>,
    pub(super) version: u64,
}

impl Sealed {
    pub(super) fn new(mut row: Row<'_>) -> Result<Self> {
        Ok(Self {
            folder: row.folder(None)?,
            kind: SecretType::from_word(row.kind.as_str()).unwrap_or_default(),
            shared: row.take_value().map(Text::into_string),
            tags: row.take_tags(),
            comment: row.comment.into_string(),
            digest: digest(row.key_digest),
            id: row.id.into_string(),
            key: row.key.into_string(),
            name: OnceLock::new(),
            own: row
                .r#override
                .map(|own| (own.is_active, own.value.into_string())),
            updated: row.updated_at.into_string(),
            value: OnceLock::new(),
            version: row.version.unwrap_or(1),
        })
    }

    /// Where it stands among others: the last of one name in one folder counts.
    pub(super) fn order(&self) -> (&str, &Folder, &str, &str) {
        let (updated, id) = age(&self.updated, &self.id);
        (&self.digest, &self.folder, updated, id)
    }

    /// What `dynamic` gives, encrypted; `tags` are those it counts as having.
    pub(super) fn leased(dynamic: &Dynamic, tags: &[String]) -> Vec<Self> {
        let given = dynamic
            .credentials
            .iter()
            .filter_map(|(key, digest, value)| {
                Some(Self {
                    comment: String::new(),
                    digest: digest.clone(),
                    folder: dynamic.folder.clone(),
                    id: format!("{}/{digest}", dynamic.id),
                    key: key.clone(),
                    kind: SecretType::Secret,
                    name: OnceLock::new(),
                    own: None,
                    shared: Some(value.as_ref()?.expose().to_owned()),
                    tags: tags.to_vec(),
                    updated: dynamic.updated.clone(),
                    value: OnceLock::new(),
                    version: 1,
                })
            });
        given.collect()
    }
}
