//! JSON as it is on the wire. These types go no further than `api`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::provider::phase::wire::{Batch, Row};
use crate::scope::Folder;
use crate::secret::{Change, NewSecret, Personal, Secret, SecretType, SecretValue};

/// `{"data": […]}`.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// An app. Older servers leave out what is not read here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct App {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default = "yes")]
    pub(super) sse_enabled: bool,
}

fn yes() -> bool {
    true
}

/// An environment.
#[derive(Deserialize)]
pub(super) struct Environment {
    pub(super) name: String,
}

/// Whether `name` has letters in lower case. The server puts each name that it is
/// sent in upper case, to store and to look for; other clients write such names.
pub(super) fn keeps_case(name: &str) -> bool {
    name != name.to_uppercase()
}

/// `row` in our terms. `asked` is the folder that was asked for, if one was.
pub(super) fn secret(mut row: Row<'_>, asked: Option<&Folder>) -> Result<Secret> {
    let value = row.take_value();
    let value = value.ok_or_else(|| row.odd("without its value"))?;
    Ok(Secret {
        folder: row.folder(asked)?,
        kind: SecretType::from_word(row.kind.as_str()).unwrap_or_default(),
        metadata: Vec::new(),
        tags: row.take_tags(),
        value: Some(value.into_value()),
        comment: row.comment.into_string(),
        id: row.id.into_string(),
        name: row.key.into_string(),
        personal: row.r#override.map(|own| Personal {
            active: own.is_active,
            value: Some(own.value.into_value()),
        }),
        updated: row.updated_at.into_string(),
        version: row.version.unwrap_or(1),
    })
}

impl<'a> Batch<NewRow<'a>> {
    pub(super) fn creation(secret: &'a NewSecret) -> Self {
        let row = NewRow {
            comment: &secret.comment,
            key: secret.name.as_str(),
            kind: secret.kind.as_str(),
            path: secret.folder.as_str(),
            r#override: secret.personal.as_ref().map(|value| OwnRow {
                is_active: true,
                value: value.expose(),
            }),
            tags: &secret.tags,
            value: secret.value.expose(),
        };
        Self { secrets: vec![row] }
    }
}

impl<'a> Batch<ChangedRow<'a>> {
    /// `change` as it applies to `stored`. What is left out stays as it is.
    ///
    /// Whether the name is free is only looked at where it is sent, and in the folder
    /// that comes with it: so both are sent, whether they change or not. But a name
    /// with [lower-case letters](keeps_case) would be stored in upper case.
    ///
    /// To switch an override the server wants its value again, and it only
    /// shows it with references replaced: switched over REST, it is stored so.
    pub(super) fn change(stored: &'a Secret, change: &'a Change) -> Self {
        let own = stored.personal.as_ref();
        let personal = match (&change.personal, own) {
            (Some(value), _) => Some((value, true)),
            (None, Some(own)) if change.toggle_personal => {
                own.value.as_ref().map(|value| (value, !own.active))
            }
            (None, _) => None,
        };
        let row = ChangedRow {
            comment: change.comment.as_deref(),
            id: &stored.id,
            key: (!keeps_case(&stored.name)).then_some(&stored.name),
            kind: change.kind.map(SecretType::as_str),
            path: change.folder.as_ref().unwrap_or(&stored.folder).as_str(),
            r#override: personal.map(|(value, is_active)| OwnRow {
                is_active,
                value: value.expose(),
            }),
            tags: change.tags.as_deref(),
            value: change.value.as_ref().map(SecretValue::expose),
        };
        Self { secrets: vec![row] }
    }
}

impl<'a> Batch<&'a str> {
    pub(super) fn removal(ids: Vec<&'a str>) -> Self {
        Self { secrets: ids }
    }
}

#[derive(Serialize)]
pub(super) struct NewRow<'a> {
    comment: &'a str,
    key: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#override: Option<OwnRow<'a>>,
    tags: &'a [String],
    value: &'a str,
}

#[derive(Serialize)]
pub(super) struct ChangedRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#override: Option<OwnRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnRow<'a> {
    is_active: bool,
    value: &'a str,
}
