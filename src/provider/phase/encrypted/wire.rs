//! JSON of the encrypted API alone.

use serde::Serialize;

use super::sealed::Sealed;
use crate::error::Result;
use crate::provider::phase::keys::EnvironmentKeys;
use crate::secret::{Change, NewSecret, SecretType, SecretValue};

/// A secret to create, or what changes of one. What is `None` stays as it is,
/// but for tags: the server clears what is not sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangedRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_digest: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#override: Option<OwnRow>,
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnRow {
    is_active: bool,
    value: String,
}

impl<'a> ChangedRow<'a> {
    /// `secret` under the name `name`, encrypted.
    pub(super) fn creation(
        secret: &'a NewSecret,
        name: &str,
        keys: &EnvironmentKeys,
    ) -> Result<Self> {
        let own = secret.personal.as_ref().map(|value| own(value, true, keys));
        Ok(Self {
            comment: Some(comment(&secret.comment, keys)?),
            id: None,
            key: Some(keys.seal(name)?),
            key_digest: Some(keys.digest(name)?),
            kind: Some(secret.kind.as_str()),
            path: Some(secret.folder.as_str()),
            r#override: own.transpose()?,
            tags: &secret.tags,
            value: Some(keys.seal(secret.value.expose())?),
        })
    }

    /// `change` as it applies to the secret `stored`, encrypted. Whether the name is
    /// free is only looked at where it comes with its digest, and in the folder that
    /// comes with them: so all three are sent, whether they change or not.
    pub(super) fn change(
        stored: &'a Sealed,
        change: &'a Change,
        keys: &EnvironmentKeys,
    ) -> Result<Self> {
        let personal = match (&change.personal, &stored.own) {
            (Some(value), _) => Some(own(value, true, keys)?),
            // The ciphertext is as good as it was.
            (None, Some((active, value))) if change.toggle_personal => Some(OwnRow {
                is_active: !active,
                value: value.clone(),
            }),
            (None, _) => None,
        };
        let comment = change.comment.as_deref().map(|text| comment(text, keys));
        let value = change.value.as_ref().map(|value| keys.seal(value.expose()));
        Ok(Self {
            comment: comment.transpose()?,
            id: Some(&stored.id),
            key: Some(stored.key.clone()),
            key_digest: Some(stored.digest.clone()),
            kind: change.kind.map(SecretType::as_str),
            path: Some(change.folder.as_ref().unwrap_or(&stored.folder).as_str()),
            r#override: personal,
            tags: change.tags.as_deref().unwrap_or(&stored.tags),
            value: value.transpose()?,
        })
    }
}

fn own(value: &SecretValue, is_active: bool, keys: &EnvironmentKeys) -> Result<OwnRow> {
    let value = keys.seal(value.expose())?;
    Ok(OwnRow { is_active, value })
}

/// No comment is an empty text, not an encrypted one.
fn comment(text: &str, keys: &EnvironmentKeys) -> Result<String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    keys.seal(text)
}
