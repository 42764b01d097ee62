//! JSON as it is on the wire. These types go no further than their callers here.

use std::mem;

use serde::{Deserialize, Serialize};

use crate::provider::text::Text;
use crate::secret::SecretValue;
use crate::secret_set::age;

/// What a login, of whichever method, gives.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Granted<'a> {
    #[serde(borrow)]
    pub(super) access_token: Text<'a>,
    /// Seconds; absent or 0 where it does not end.
    #[serde(default)]
    pub(super) expires_in: Option<f64>,
}

/// What a change of organisation gives.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Selected<'a> {
    #[serde(default)]
    pub(super) is_mfa_enabled: Option<bool>,
    #[serde(borrow)]
    pub(super) token: Text<'a>,
}

/// What a service token may see.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceToken {
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    #[serde(default)]
    pub(super) scopes: Vec<TokenScope>,
    /// The project's id.
    pub(super) workspace: String,
}

/// One of the places that it may see.
#[derive(Deserialize)]
pub(super) struct TokenScope {
    pub(super) environment: String,
}

/// An answer that says no. What `message` is depends on who says it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorBody<'a> {
    #[serde(default)]
    pub(super) details: serde_json::Value,
    #[serde(borrow, default)]
    pub(super) error: Text<'a>,
    #[serde(default)]
    pub(super) message: serde_json::Value,
    #[serde(borrow, default)]
    pub(super) req_id: Text<'a>,
    #[serde(default)]
    status_code: Option<u16>,
}

impl ErrorBody<'_> {
    /// Whether Infisical may have written it.
    pub(super) fn is_of_infisical(&self) -> bool {
        self.status_code.is_some()
    }
}

/// A list of secrets.
#[derive(Deserialize)]
pub(super) struct List<'a> {
    #[serde(borrow, default)]
    pub(super) imports: Option<Vec<Import<'a>>>,
    #[serde(borrow)]
    pub(super) secrets: Vec<Row<'a>>,
}

/// The secrets of another folder, imported into one that was asked for.
#[derive(Deserialize)]
pub(super) struct Import<'a> {
    #[serde(borrow, default)]
    pub(super) secrets: Vec<Row<'a>>,
}

/// `{"secret": …}`, or what stands in its place where changes need approval.
#[derive(Deserialize)]
pub(super) struct Single<'a> {
    #[serde(borrow, default)]
    pub(super) approval: Option<Approval<'a>>,
    #[serde(borrow, default)]
    pub(super) secret: Option<Kept<'a>>,
}

/// A secret as it is after a change.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept<'a> {
    #[serde(borrow, default)]
    secret_value: Option<Text<'a>>,
    #[serde(default)]
    secret_value_hidden: Option<bool>,
}

impl<'a> Kept<'a> {
    /// Its value, where it is shown.
    pub(super) fn value(self) -> Option<Text<'a>> {
        let hidden = self.secret_value_hidden == Some(true);
        self.secret_value
            .filter(|value| !hidden && value.as_str() != HIDDEN)
    }
}

/// A change that waits for somebody's yes.
#[derive(Deserialize)]
pub(super) struct Approval<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) slug: Text<'a>,
}

/// A secret. Fields that older servers do not send are optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row<'a> {
    #[serde(borrow, default)]
    pub(super) environment: Text<'a>,
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) secret_comment: Text<'a>,
    #[serde(borrow)]
    pub(super) secret_key: Text<'a>,
    #[serde(borrow, default)]
    pub(super) secret_metadata: Option<Vec<MetadataRow<'a>>>,
    #[serde(borrow, default)]
    pub(super) secret_path: Text<'a>,
    #[serde(borrow, default)]
    pub(super) secret_value: Text<'a>,
    #[serde(default)]
    pub(super) secret_value_hidden: Option<bool>,
    #[serde(borrow, default)]
    pub(super) tags: Option<Vec<TagRow<'a>>>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) updated_at: Text<'a>,
    #[serde(default)]
    pub(super) version: Option<u64>,
    /// The project's id.
    #[serde(borrow, default)]
    pub(super) workspace: Text<'a>,
}

impl Row<'_> {
    /// Its value, once, unless that is hidden from these credentials.
    pub(super) fn take_value(&mut self) -> Option<SecretValue> {
        let hidden = self.secret_value_hidden == Some(true);
        let value = mem::take(&mut self.secret_value);
        (!hidden && value.as_str() != HIDDEN).then(|| value.into_value())
    }

    /// What tells which of two overrides counts: the greater one does.
    pub(super) fn age(&self) -> (&str, &str) {
        age(self.updated_at.as_str(), self.id.as_str())
    }

    /// Whether it is a user's own.
    pub(super) fn is_personal(&self) -> bool {
        self.kind.as_str() == "personal"
    }
}

/// What stands in the place of a hidden value.
const HIDDEN: &str = "<hidden-by-infisical>";

/// A line of a secret's metadata.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataRow<'a> {
    #[serde(default)]
    pub(super) is_encrypted: Option<bool>,
    #[serde(borrow)]
    pub(super) key: Text<'a>,
    #[serde(borrow, default)]
    pub(super) value: Text<'a>,
}

/// A tag of a secret, or of a project.
#[derive(Deserialize)]
pub(super) struct TagRow<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) slug: Text<'a>,
}

/// A project.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Project {
    #[serde(default)]
    pub(super) environments: Vec<Environment>,
    pub(super) id: String,
    /// What it is for. Older servers have projects of one kind alone, and do not say.
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) slug: String,
}

/// An environment of a project.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Environment {
    pub(super) slug: String,
}

/// Secrets that go to another folder of the same environment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Move<'a> {
    pub(super) destination_environment: &'a str,
    pub(super) destination_secret_path: &'a str,
    /// For version 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_id: Option<&'a str>,
    /// For version 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_slug: Option<&'a str>,
    pub(super) secret_ids: [&'a str; 1],
    pub(super) should_overwrite: bool,
    pub(super) source_environment: &'a str,
    pub(super) source_secret_path: &'a str,
}

/// What came of it. A side that is not updated waits for somebody's yes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moved {
    pub(super) is_destination_updated: bool,
    pub(super) is_source_updated: bool,
}

/// A secret to write. What is left out stays as it is.
#[derive(Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written<'a> {
    pub(super) environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret_comment: Option<&'a str>,
    pub(super) secret_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag_ids: Option<&'a [String]>,
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workspace_id: Option<&'a str>,
}
