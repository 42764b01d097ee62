//! A secret as it stands in the vault.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::fields;
use crate::scope::Folder;
use crate::secret::{Change, NewSecret, Personal, Secret, SecretType, SecretValue};

/// A secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    #[serde(with = "fields::folder")]
    pub(super) folder: Folder,
    pub(super) name: String,
    #[serde(with = "fields::value")]
    pub(super) value: SecretValue,
    pub(super) comment: String,
    pub(super) tags: Vec<String>,
    #[serde(rename = "type", with = "fields::kind")]
    pub(super) kind: SecretType,
    pub(super) version: u64,
    pub(super) created: String,
    pub(super) updated: String,
}

impl Record {
    pub(super) fn new(secret: &NewSecret) -> Self {
        let now = rfc3339(SystemTime::now());
        Self {
            folder: secret.folder.clone(),
            name: secret.name.as_str().to_owned(),
            value: secret.value.clone(),
            comment: secret.comment.clone(),
            tags: secret.tags.clone(),
            kind: secret.kind,
            version: 1,
            created: now.clone(),
            updated: now,
        }
    }

    /// Makes the shared part of `change`, and says whether there is one.
    pub(super) fn apply(&mut self, change: &Change) -> bool {
        fn put<T: Clone>(field: &mut T, new: Option<&T>) -> bool {
            if let Some(new) = new {
                field.clone_from(new);
            }
            new.is_some()
        }
        let changed = put(&mut self.comment, change.comment.as_ref())
            | put(&mut self.folder, change.folder.as_ref())
            | put(&mut self.kind, change.kind.as_ref())
            | put(&mut self.tags, change.tags.as_ref())
            | put(&mut self.value, change.value.as_ref());
        if changed {
            self.version = self.version.saturating_add(1);
            self.updated = rfc3339(SystemTime::now());
        }
        changed
    }

    pub(super) fn into_secret(self, personal: Option<Personal>) -> Secret {
        Secret {
            // A folder holds no line break, so that the two cannot run together.
            id: format!("{}\n{}", self.folder, self.name),
            comment: self.comment,
            folder: self.folder,
            kind: self.kind,
            metadata: Vec::new(),
            name: self.name,
            personal,
            tags: self.tags,
            updated: self.updated,
            value: Some(self.value),
            version: self.version,
        }
    }

    /// What it is found and sorted by.
    pub(super) fn key(&self) -> (&Folder, &str) {
        (&self.folder, &self.name)
    }
}

/// `time` in UTC, to the second. A clock outside 1970 to 9999 is taken to stand at its end.
pub(super) fn rfc3339(time: SystemTime) -> String {
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_seconds(time.clamp(UNIX_EPOCH, last)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_anywhere_gives_a_time() {
        let day = Duration::from_hours(24);
        assert_eq!(rfc3339(UNIX_EPOCH + day), "1970-01-02T00:00:00Z");
        assert_eq!(rfc3339(UNIX_EPOCH - day), "1970-01-01T00:00:00Z");
        assert_eq!(
            rfc3339(UNIX_EPOCH + day * 4_000_000),
            "9999-12-31T23:59:59Z"
        );
    }
}
