//! What the server says of a token, to either API.

use serde::Deserialize;

use crate::credentials::Holder;
use crate::owner::{AppSummary, Organisation, Owner, OwnerKind};

/// Where it says so.
pub(super) const TOKENS: &str = "/service/secrets/tokens/";

/// Whose the token is, what it reaches, and the keys to that, encrypted.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    #[serde(default)]
    account_id: Option<String>,
    #[serde(default)]
    pub(super) apps: Vec<App>,
    #[serde(default)]
    organisation: Option<OrganisationRow>,
    #[serde(default)]
    user_id: Option<String>,
    pub(super) wrapped_key_share: String,
}

#[derive(Deserialize)]
struct OrganisationRow {
    id: String,
    name: String,
}

#[derive(Deserialize)]
pub(super) struct App {
    #[serde(default)]
    pub(super) environment_keys: Vec<EnvironmentKey>,
    pub(super) id: String,
    pub(super) name: String,
}

/// An environment, and its keys as encrypted for the token's holder.
#[derive(Deserialize)]
pub(super) struct EnvironmentKey {
    #[serde(default)]
    deleted_at: Option<String>,
    pub(super) environment: Environment,
    pub(super) identity_key: String,
    pub(super) wrapped_salt: String,
    pub(super) wrapped_seed: String,
}

#[derive(Deserialize)]
pub(super) struct Environment {
    pub(super) id: String,
    #[serde(default)]
    index: i64,
    pub(super) name: String,
}

impl TokenAnswer {
    /// The same in order: apps by name, environments as the console shows them.
    pub(super) fn in_order(mut self) -> Self {
        for app in &mut self.apps {
            order(&mut app.environment_keys);
        }
        self.apps
            .sort_unstable_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        self
    }

    /// What of it is no key.
    pub(super) fn owner(&self, holder: Holder) -> Owner {
        let (kind, id) = match holder {
            Holder::Service => (OwnerKind::Service, None),
            Holder::ServiceAccount => (OwnerKind::ServiceAccount, self.account_id.clone()),
            Holder::User => (OwnerKind::User, self.user_id.clone()),
        };
        let organisation = self.organisation.as_ref().map(|row| Organisation {
            id: row.id.clone(),
            name: row.name.clone(),
        });
        Owner {
            expires: String::new(),
            apps: self.apps.iter().map(App::summary).collect(),
            id,
            kind,
            organisation,
        }
    }
}

impl App {
    pub(super) fn summary(&self) -> AppSummary {
        let keys = self.environment_keys.iter();
        AppSummary {
            environments: keys.map(|key| key.environment.name.clone()).collect(),
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }
}

/// Keeps those that are there, each once: several ways may lead to the same one.
fn order(keys: &mut Vec<EnvironmentKey>) {
    keys.retain(|key| key.deleted_at.is_none());
    keys.sort_unstable_by(|a, b| a.environment.id.cmp(&b.environment.id));
    keys.dedup_by(|a, b| a.environment.id == b.environment.id);
    keys.sort_unstable_by(|a, b| {
        let (a, b) = (&a.environment, &b.environment);
        (a.index, &a.name, &a.id).cmp(&(b.index, &b.name, &b.id))
    });
}
