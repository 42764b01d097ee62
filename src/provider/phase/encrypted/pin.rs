//! The keys of environments, remembered at first use.
//!
//! What a token opens says nothing of who made it: a server can wrap keys of its own
//! for the token's holder. Nobody can tell at first use; from then on a change is noticed.

use std::sync::Arc;
use std::time::SystemTime;

use humantime::format_rfc3339_seconds;
use serde::{Deserialize, Serialize};

use super::Encrypted;
use super::account::{Account, Located};
use crate::error::{Error, ErrorKind, Result};
use crate::provider::phase::keys::EnvironmentKeys;
use crate::scope::App;

/// What the store calls a [`Pin`].
const KIND: &str = "phase-environments";

/// What is remembered of an environment.
#[derive(Deserialize, Serialize)]
struct Pin {
    first_seen: String,
    public_key: String,
    /// A digest of the salt: who knows that can make digests of names.
    salt: String,
}

impl Encrypted {
    /// The keys of an environment, if they are those that were seen first.
    ///
    /// # Errors
    ///
    /// As for [`Account::keys`]; [`ErrorKind::Decryption`] for other keys.
    pub(super) fn keys(
        &self,
        account: &Account,
        place: &Located<'_>,
    ) -> Result<Arc<EnvironmentKeys>> {
        let keys = Arc::new(account.keys(place)?);
        let Some(trust) = &self.trust else {
            return Ok(keys);
        };
        let (public_key, salt) = keys.fingerprints();
        let entries = self.entries(account, place);
        let mut known = Vec::with_capacity(entries.len());
        for entry in &entries {
            known.push(trust.recall::<Pin>(KIND, &entry.each_ref().map(|part| &**part))?);
        }
        let is_same = |pin: &Pin| pin.public_key == public_key && pin.salt == salt;
        let other = known.iter().flatten().find(|pin| !is_same(pin));
        if let Some(pin) = other
            && !trust.accepts_new_keys()
        {
            return Err(changed(&place.about(), &pin.first_seen));
        }
        let same = known.iter().flatten().find(|pin| is_same(pin));
        let first_seen = same.map(|pin| pin.first_seen.clone());
        let now = || format_rfc3339_seconds(SystemTime::now()).to_string();
        let pin = Pin {
            first_seen: first_seen.unwrap_or_else(now),
            public_key: public_key.clone(),
            salt: salt.clone(),
        };
        for (entry, known) in entries.iter().zip(&known) {
            if !known.as_ref().is_some_and(is_same) {
                trust.remember(KIND, &entry.each_ref().map(|part| &**part), &pin);
            }
        }
        Ok(keys)
    }

    /// All that an environment is known by. Any of it may be what a user names next,
    /// and the rest is the server's word, which it could change to be at first use again.
    fn entries(&self, account: &Account, place: &Located<'_>) -> Vec<[String; 5]> {
        let service = &self.api.service;
        let [holder, ..] = service.token.keys().unwrap_or_default();
        let server = service.http.name();
        let (app, id) = place.ids();
        let environment = place.place.environment.to_lowercase();
        let entry = |kind: &str, thing: &str, environment: &str| {
            [&*server, holder, kind, thing, environment].map(str::to_owned)
        };
        let mut entries = vec![entry("id", app, &environment), entry("environment", id, "")];
        // Two apps of one name are told apart by their ids. Who asks by name means the
        // one that was called so before, whatever other app there is now.
        if matches!(place.place.app, App::Name(_)) || account.has_one(place.app_name()) {
            entries.push(entry(
                "name",
                &place.app_name().to_lowercase(),
                &environment,
            ));
        }
        entries
    }
}

fn changed(about: &str, first_seen: &str) -> Error {
    let text = format!("the keys of {about} are not those first seen at {first_seen}");
    Error::new(ErrorKind::Decryption, text).help(
        "nothing was decrypted or encrypted with them: a server that lies could have made them. If somebody made the environment anew, or gave its name to another one, give --accept-new-key once",
    )
}
