//! JSON as it is on the wire. These types go no further than `api`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::scope::Folder;
use crate::secret::{Change, NewSecret, Personal, Secret, SecretType, SecretValue};

/// Text that stays in the buffer it came in until it is needed; `null` is
/// empty. (An `Option<Cow<str>>` would be copied at once.)
#[derive(Debug, Default)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    fn into_value(self) -> SecretValue {
        SecretValue::new(self.0.into_owned())
    }

    pub(super) fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

/// `{"error": "…"}`.
#[derive(Deserialize)]
pub(super) struct Complaint<'a> {
    #[serde(borrow, default, alias = "detail")]
    error: Text<'a>,
}

impl Complaint<'_> {
    pub(super) fn into_string(self) -> String {
        self.error.into_string()
    }
}

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

/// A secret or, with names instead of a key, a dynamic secret. Fields that
/// older servers do not send are optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row<'a> {
    #[serde(borrow, default)]
    comment: Text<'a>,
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    key: Text<'a>,
    #[serde(borrow, default)]
    key_map: Vec<KeyName<'a>>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    r#override: Option<Override<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    #[serde(borrow, default)]
    tags: Vec<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    updated_at: Text<'a>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(default)]
    version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyName<'a> {
    #[serde(borrow, default)]
    key_name: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Override<'a> {
    #[serde(default)]
    is_active: bool,
    #[serde(borrow, default)]
    value: Text<'a>,
}

/// What a row turns out to be.
pub(super) enum Item {
    /// A dynamic secret: we ask for no lease, so it has no values.
    Dynamic(Notice),
    Secret(Secret),
}

impl Row<'_> {
    /// The row in our terms. `asked` is the folder that was asked for, if one was.
    pub(super) fn into_item(self, asked: Option<&Folder>) -> Result<Item> {
        if self.kind.0 == "dynamic" {
            return Ok(Item::Dynamic(Notice::Dynamic {
                name: self.name.into_string(),
                keys: self
                    .key_map
                    .into_iter()
                    .map(|key| key.key_name.into_string())
                    .collect(),
            }));
        }
        let name = self.key.into_string();
        let odd = |what| Error::new(ErrorKind::Protocol, format!("secret {name:?} came {what}"));
        let folder = match (&self.path, asked) {
            (Some(path), _) => Folder::new(&path.0).map_err(|_| odd("with an unusable path"))?,
            (None, Some(asked)) => asked.clone(),
            (None, None) => Folder::root(),
        };
        let value = self
            .value
            .ok_or_else(|| odd("without its value"))?
            .into_value();
        Ok(Item::Secret(Secret {
            comment: self.comment.into_string(),
            folder,
            id: self.id.into_string(),
            kind: SecretType::from_word(&self.kind.0).unwrap_or_default(),
            personal: self.r#override.map(|own| Personal {
                active: own.is_active,
                value: own.value.into_value(),
            }),
            tags: self.tags.into_iter().map(Text::into_string).collect(),
            updated: self.updated_at.into_string(),
            value,
            version: self.version.unwrap_or(1),
            name,
        }))
    }
}

/// The body of every change: `{"secrets": [one]}`.
#[derive(Serialize)]
pub(super) struct Batch<T> {
    secrets: Vec<T>,
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
    pub(super) fn change(stored: &'a Secret, change: &'a Change) -> Self {
        let own = stored.personal.as_ref();
        let personal = match (&change.personal, own) {
            (Some(value), _) => Some((value, true)),
            (None, Some(own)) if change.toggle_personal => Some((&own.value, !own.active)),
            (None, _) => None,
        };
        let row = ChangedRow {
            comment: change.comment.as_deref(),
            id: &stored.id,
            kind: change.kind.map(SecretType::as_str),
            path: change.folder.as_ref().map(Folder::as_str),
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
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_in_its_buffer_unless_it_has_escapes() {
        let json = r#"[{"key": "A", "value": "plain", "comment": "a\nb", "path": null}]"#;
        let rows: Vec<Row<'_>> = serde_json::from_str(json).unwrap();
        assert!(matches!(rows[0].value, Some(Text(Cow::Borrowed("plain")))));
        assert!(matches!(rows[0].comment, Text(Cow::Owned(_))));
    }

    #[test]
    fn a_dynamic_row_becomes_a_notice_with_the_names_it_would_have_set() {
        let rows = include_str!("../../../tests/fixtures/phase/answers.json");
        let rows: serde_json::Value = serde_json::from_str(rows).unwrap();
        let mut rows = rows.as_array().unwrap().iter();
        let row = rows
            .find(|row| row["label"] == "with a dynamic secret")
            .unwrap();
        let text = row["body"][1].to_string();
        let row: Row<'_> = serde_json::from_str(&text).unwrap();
        let Item::Dynamic(notice) = row.into_item(None).unwrap() else {
            panic!("it is dynamic");
        };
        let keys = [
            "AWS_IAM_USERNAME",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ];
        let keys = keys.map(str::to_owned).to_vec();
        let name = "AWS creds".to_owned();
        assert_eq!(notice, Notice::Dynamic { name, keys });
    }

    #[test]
    fn a_row_without_a_path_lies_where_it_was_asked_for() {
        let row = r#"{"key": "A", "value": ""}"#;
        for (asked, found) in [(Some("/db"), "/db"), (None, "/")] {
            let asked = asked.map(|path| Folder::new(path).unwrap());
            let row: Row<'_> = serde_json::from_str(row).unwrap();
            let Item::Secret(secret) = row.into_item(asked.as_ref()).unwrap() else {
                panic!("it is a secret");
            };
            assert_eq!(secret.folder.as_str(), found);
        }
    }
}
