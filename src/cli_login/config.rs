//! The CLI's file `infisical-config.json`, as it is written: the first
//! generation knows one user at a time, the second has profiles besides.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::secret::SecretValue;

/// What of the file is used. A `null` is the same as nothing.
#[derive(Default)]
pub(super) struct Content {
    /// The profile for want of another.
    pub(super) active_profile: Option<String>,
    /// Absolute paths, each with a profile.
    pub(super) directory_profiles: BTreeMap<String, String>,
    pub(super) logged_in_user_domain: Option<String>,
    pub(super) logged_in_user_email: Option<String>,
    pub(super) logged_in_users: Vec<User>,
    pub(super) profiles: Vec<Profile>,
    /// Base64.
    pub(super) vault_backend_passphrase: Option<SecretValue>,
    pub(super) vault_backend_type: Option<String>,
}

#[derive(Default)]
pub(super) struct User {
    pub(super) domain: Option<String>,
    pub(super) email: Option<String>,
}

#[derive(Default)]
pub(super) struct Profile {
    pub(super) domain: Option<String>,
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) org_sessions: Vec<Session>,
    pub(super) organization_id: Option<String>,
    pub(super) organization_name: Option<String>,
    pub(super) organization_slug: Option<String>,
    /// The part of the organization that the session is for; name and slug are
    /// its own.
    pub(super) sub_organization_id: Option<String>,
}

/// A session in another organization than the profile's.
#[derive(Default)]
pub(super) struct Session {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) slug: Option<String>,
}

impl Content {
    /// # Errors
    ///
    /// Why it is none, without a word of what it says.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        // The whole error would quote what it did not expect.
        let content: Value = serde_json::from_slice(bytes)
            .map_err(|error| format!("line {}: it is not JSON of the right shape", error.line()))?;
        let mut content = Object::of(content, "the file")?;
        Ok(Self {
            active_profile: content.word("activeProfile")?,
            directory_profiles: content.words("directoryProfiles")?,
            logged_in_user_domain: content.word("LoggedInUserDomain")?,
            logged_in_user_email: content.word("loggedInUserEmail")?,
            logged_in_users: content.list("loggedInUsers", &User::of)?,
            profiles: content.list("profiles", &Profile::of)?,
            vault_backend_passphrase: content
                .word("vaultBackendPassphrase")?
                .map(SecretValue::new),
            vault_backend_type: content.word("vaultBackendType")?,
        })
    }
}

impl User {
    fn of(mut user: Object) -> Result<Self, String> {
        Ok(Self {
            domain: user.word("domain")?,
            email: user.word("email")?,
        })
    }
}

impl Profile {
    fn of(mut profile: Object) -> Result<Self, String> {
        Ok(Self {
            domain: profile.word("domain")?,
            email: profile.word("email")?,
            name: profile.word("name")?,
            org_sessions: profile.list("orgSessions", &Session::of)?,
            organization_id: profile.word("organizationId")?,
            organization_name: profile.word("organizationName")?,
            organization_slug: profile.word("organizationSlug")?,
            sub_organization_id: profile.word("subOrganizationId")?,
        })
    }
}

impl Session {
    fn of(mut session: Object) -> Result<Self, String> {
        Ok(Self {
            id: session.word("orgId")?,
            name: session.word("orgName")?,
            slug: session.word("orgSlug")?,
        })
    }
}

/// An object, taken apart by hand: types that derive it would be three times as
/// much code, for a file that is seldom read.
struct Object(serde_json::Map<String, Value>);

impl Object {
    fn of(value: Value, what: &str) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self(serde_json::Map::new())),
            Value::Object(map) => Ok(Self(map)),
            _ => Err(format!("{what} is no object")),
        }
    }

    fn take(&mut self, key: &str) -> Value {
        self.0.remove(key).unwrap_or_default()
    }

    /// A text; an empty one is none.
    fn word(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key) {
            Value::Null => Ok(None),
            Value::String(text) => Ok((!text.is_empty()).then_some(text)),
            _ => Err(format!("{key} is no text")),
        }
    }

    /// An object of texts; `null` is none.
    fn words(&mut self, key: &str) -> Result<BTreeMap<String, String>, String> {
        let Self(map) = Self::of(self.take(key), key)?;
        let mut words = BTreeMap::new();
        for (name, value) in map {
            match value {
                Value::Null => {}
                Value::String(text) => {
                    words.insert(name, text);
                }
                _ => return Err(format!("{key} holds something else than texts")),
            }
        }
        Ok(words)
    }

    /// A list of objects; `null` is none.
    fn list<T>(
        &mut self,
        key: &str,
        of: &dyn Fn(Object) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let items = match self.take(key) {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            _ => return Err(format!("{key} is no list")),
        };
        let items = items.into_iter().filter(|item| !item.is_null());
        items.map(|item| of(Object::of(item, key)?)).collect()
    }
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
    fn what_makes_no_sense_is_told_by_its_line_or_its_key_alone() {
        for (text, expected) in [
            ("\n{", "line 2: it is not JSON of the right shape"),
            ("\n\"hunter2\"", "the file is no object"),
            (
                r#"{"vaultBackendPassphrase": {"hunter2": 1}}"#,
                "vaultBackendPassphrase is no text",
            ),
            (
                r#"{"vaultBackendType": ["hunter2"]}"#,
                "vaultBackendType is no text",
            ),
            (r#"{"activeProfile": 1}"#, "activeProfile is no text"),
            (r#"{"profiles": "hunter2"}"#, "profiles is no list"),
            (r#"{"profiles": ["hunter2"]}"#, "profiles is no object"),
            (
                r#"{"directoryProfiles": {"/a": ["hunter2"]}}"#,
                "directoryProfiles holds something else than texts",
            ),
        ] {
            let why = Content::parse(text.as_bytes()).err().unwrap();
            assert_eq!(why, expected, "{text}");
        }
        assert!(Content::parse(b"\xff").is_err());
    }
}
