//! The CLI's file `infisical-config.json`, as it is written: the first
//! generation knows one user at a time, the second has profiles besides.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::secret::SecretValue;

/// What of the file is used. A `null` is the same as nothing.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Content {
    /// The profile for want of another.
    #[serde(deserialize_with = "word")]
    pub(super) active_profile: Option<String>,
    /// Absolute paths, each with a profile.
    pub(super) directory_profiles: Option<BTreeMap<String, Option<String>>>,
    #[serde(deserialize_with = "word", rename = "LoggedInUserDomain")]
    pub(super) logged_in_user_domain: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(super) logged_in_user_email: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) logged_in_users: Vec<User>,
    #[serde(deserialize_with = "list")]
    pub(super) profiles: Vec<Profile>,
    /// Base64.
    #[serde(deserialize_with = "secret")]
    pub(super) vault_backend_passphrase: Option<SecretValue>,
    #[serde(deserialize_with = "word")]
    pub(super) vault_backend_type: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    #[serde(deserialize_with = "word")]
    pub(super) domain: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(super) email: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Profile {
    #[serde(deserialize_with = "word")]
    pub(super) domain: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(super) email: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) org_sessions: Vec<Session>,
    #[serde(deserialize_with = "word")]
    pub(super) organization_id: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(super) organization_name: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(super) organization_slug: Option<String>,
    /// The part of the organization that the session is for; name and slug are
    /// its own.
    #[serde(deserialize_with = "word")]
    pub(super) sub_organization_id: Option<String>,
}

/// A session in another organization than the profile's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Session {
    #[serde(deserialize_with = "word", rename = "orgId")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "word", rename = "orgName")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "word", rename = "orgSlug")]
    pub(super) slug: Option<String>,
}

impl Content {
    /// # Errors
    ///
    /// Why it is none, without a word of what it says.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        // The whole error would quote what it did not expect.
        serde_json::from_slice(bytes)
            .map_err(|error| format!("line {}: no such JSON", error.line()))
    }
}

/// A text; an empty one is none.
fn word<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    Ok(text.filter(|text| !text.is_empty()))
}

pub(super) fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SecretValue>, D::Error> {
    word(input).map(|text| text.map(SecretValue::new))
}

fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(input: D) -> Result<Vec<T>, D::Error> {
    let list = Option::<Vec<Option<T>>>::deserialize(input)?;
    Ok(list.into_iter().flatten().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_the_same_as_nothing_and_what_is_not_known_is_left_out() {
        let content = Content::parse(
            br#"{
                "activeProfile": null, "directoryProfiles": null, "LoggedInUserDomain": null,
                "loggedInUserEmail": "", "loggedInUsers": null, "lastIdentifiedEmail": {"a": [1]},
                "profiles": [null, {"name": "a", "orgSessions": null, "more": 1}, {"orgSessions": [null]}],
                "vaultBackendPassphrase": "", "vaultBackendType": null, "domains": ["https://a"]
            }"#,
        )
        .unwrap();
        assert!(content.active_profile.is_none() && content.logged_in_user_email.is_none());
        assert!(content.vault_backend_passphrase.is_none() && content.logged_in_users.is_empty());
        let names: Vec<_> = content.profiles.iter().map(|p| p.name.as_deref()).collect();
        assert_eq!(names, [Some("a"), None]);
        assert!(Content::parse(b"{}").unwrap().profiles.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_told_by_its_line_alone() {
        for text in [
            "\n{",
            "\n\"hunter2\"",
            "{\n\"vaultBackendPassphrase\": {\"hunter2\": 1}}",
            "{\n\"vaultBackendType\": [\"hunter2\"]}",
            "{\n\"activeProfile\": 1}",
            "{\"profiles\":\n\"hunter2\"}",
        ] {
            let why = Content::parse(text.as_bytes()).err().unwrap();
            assert_eq!(why, "line 2: no such JSON", "{text}");
        }
        assert!(Content::parse(b"\xff").is_err());
    }
}
