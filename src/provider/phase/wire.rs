//! JSON that both APIs speak. These types go no further than their callers here.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
pub(super) use crate::provider::text::Text;
use crate::scope::Folder;

/// The body of every change: `{"secrets": [one]}`.
#[derive(Serialize)]
pub(super) struct Batch<T> {
    pub(super) secrets: Vec<T>,
}

/// `{"error": "…"}`.
#[derive(Deserialize)]
pub(super) struct ErrorBody<'a> {
    #[serde(borrow, default, alias = "detail")]
    error: Text<'a>,
    #[serde(borrow, default, alias = "failedLeases")]
    failed_leases: Vec<FailedLease<'a>>,
    /// What the frameworks of others write.
    #[serde(default, rename = "statusCode")]
    status_code: Option<u16>,
    /// How many leases were made before that, and stay.
    #[serde(default, alias = "successfulLeases")]
    pub(super) successful_leases: u64,
}

/// A dynamic secret of which no lease could be made.
#[derive(Deserialize)]
struct FailedLease<'a> {
    #[serde(borrow, default)]
    error: Text<'a>,
    #[serde(borrow, default, alias = "secretId")]
    secret_id: Text<'a>,
    #[serde(borrow, default, alias = "secretName")]
    secret_name: Text<'a>,
}

impl ErrorBody<'_> {
    /// Whether Phase may have written it.
    pub(super) fn is_of_phase(&self) -> bool {
        !self.error.as_str().is_empty() && self.status_code.is_none()
    }

    /// The ids of the dynamic secrets of which no lease could be made.
    pub(super) fn unleased(&self) -> Vec<String> {
        let failed = self.failed_leases.iter();
        failed
            .map(|one| one.secret_id.as_str().to_owned())
            .collect()
    }

    /// What the server says, and of which secrets.
    pub(super) fn text(&self) -> String {
        let mut text = self.error.as_str().to_owned();
        for FailedLease {
            error, secret_name, ..
        } in &self.failed_leases
        {
            for part in ["; ", secret_name.as_str(), ": ", error.as_str()] {
                text.push_str(part);
            }
        }
        text
    }
}

/// A lease in the list of those of a dynamic secret.
#[derive(Deserialize)]
pub(super) struct KnownLease<'a> {
    #[serde(borrow, default, alias = "createdAt")]
    pub(super) created_at: Text<'a>,
    #[serde(borrow, default, alias = "expiresAt")]
    pub(super) expires_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
}

/// A secret or, with a map of names instead of a key, a dynamic secret.
///
/// Fields that older servers do not send are optional. The encrypted API writes
/// names with underscores, the other one in camel case.
#[derive(Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow, default)]
    pub(super) comment: Text<'a>,
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) key: Text<'a>,
    #[serde(borrow, default, alias = "keyDigest")]
    pub(super) key_digest: Text<'a>,
    #[serde(borrow, default, alias = "keyMap")]
    pub(super) key_map: Vec<KeyName<'a>>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) lease: Option<LeaseRow<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) r#override: Option<Override<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) tags: Vec<Text<'a>>,
    #[serde(borrow, default, alias = "updatedAt")]
    pub(super) updated_at: Text<'a>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(default)]
    pub(super) version: Option<u64>,
}

/// The digest of a name as it is compared: other clients may write its digits in
/// upper case.
pub(super) fn digest(text: Text<'_>) -> String {
    let mut digest = text.into_string();
    digest.make_ascii_lowercase();
    digest
}

/// A name that a dynamic secret gives a value to.
#[derive(Deserialize)]
pub(super) struct KeyName<'a> {
    #[serde(borrow, default, alias = "keyDigest")]
    pub(super) key_digest: Text<'a>,
    #[serde(borrow, default, alias = "keyName")]
    pub(super) key_name: Text<'a>,
}

/// What a dynamic secret gave us.
#[derive(Deserialize)]
pub(super) struct LeaseRow<'a> {
    #[serde(borrow, default)]
    pub(super) credentials: Vec<Credential<'a>>,
}

/// The same row, as far as it says which lease was made.
#[derive(Deserialize)]
pub(super) struct MadeRow<'a> {
    #[serde(borrow, default)]
    pub(super) lease: Option<MadeLease<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
}

/// A lease, and nothing of what it gave.
#[derive(Deserialize)]
pub(super) struct MadeLease<'a> {
    #[serde(borrow, default, alias = "expiresAt")]
    pub(super) expires_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
}

/// A value that a lease gives.
#[derive(Deserialize)]
pub(super) struct Credential<'a> {
    #[serde(borrow, default)]
    pub(super) key: Text<'a>,
    #[serde(borrow, default)]
    pub(super) value: Text<'a>,
}

/// A personal override.
#[derive(Deserialize)]
pub(super) struct Override<'a> {
    #[serde(default, alias = "isActive")]
    pub(super) is_active: bool,
    #[serde(borrow, default)]
    pub(super) value: Text<'a>,
}

impl<'a> Row<'a> {
    pub(super) fn is_dynamic(&self) -> bool {
        self.kind.as_str() == "dynamic"
    }

    /// The folder; `asked` is the one that was asked for, if one was.
    pub(super) fn folder(&self, asked: Option<&Folder>) -> Result<Folder> {
        match (&self.path, asked) {
            (Some(path), _) => {
                Folder::new(path.as_str()).map_err(|_| self.odd("with an unusable path"))
            }
            (None, Some(asked)) => Ok(asked.clone()),
            (None, None) => Ok(Folder::root()),
        }
    }

    /// Takes the shared value out of the row, if it came with one.
    pub(super) fn take_value(&mut self) -> Option<Text<'a>> {
        self.value.take()
    }

    /// The tags, which are for the eye and for choosing.
    pub(super) fn take_tags(&mut self) -> Vec<String> {
        let tags = std::mem::take(&mut self.tags);
        tags.into_iter().map(Text::into_string).collect()
    }

    /// The id, since the name may be a ciphertext.
    pub(super) fn odd(&self, what: &str) -> Error {
        let id = self.id.as_str();
        Error::new(ErrorKind::Protocol, format!("secret {id:?} came {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_path_lies_where_it_was_asked_for() {
        let row: Row<'_> = serde_json::from_str(r#"{"key": "A", "value": ""}"#).unwrap();
        for (asked, found) in [(Some("/db"), "/db"), (None, "/")] {
            let asked = asked.map(|path| Folder::new(path).unwrap());
            assert_eq!(row.folder(asked.as_ref()).unwrap().as_str(), found);
        }
    }
}
