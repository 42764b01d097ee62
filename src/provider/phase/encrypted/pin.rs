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
        let service = &self.api.service;
        // Ids, and the names of other things, are the server's word: it could
        // give new ones, and be at first use again.
        let [holder, ..] = service.token.keys().unwrap_or_default();
        let (kind, app) = match &place.place.app {
            App::Id(id) => ("id", id.clone()),
            App::Name(name) => ("name", name.to_lowercase()),
            App::Only => ("only", String::new()),
        };
        let server = service.http.name();
        let environment = place.place.environment.to_lowercase();
        let key = [&server, holder, kind, &app, &environment];
        let (public_key, salt) = keys.fingerprints();
        match trust.recall::<Pin>(KIND, &key)? {
            Some(pin) if pin.public_key == public_key && pin.salt == salt => return Ok(keys),
            Some(pin) if !trust.accepts_new_keys() => {
                return Err(changed(&place.about(), &pin.first_seen));
            }
            _ => {}
        }
        let pin = Pin {
            first_seen: format_rfc3339_seconds(SystemTime::now()).to_string(),
            public_key,
            salt,
        };
        trust.remember(KIND, &key, &pin);
        Ok(keys)
    }
}

fn changed(about: &str, first_seen: &str) -> Error {
    let text = format!("the keys of {about} are not those first seen at {first_seen}");
    Error::new(ErrorKind::Decryption, text).help(
        "nothing was decrypted or encrypted with them: a server that lies could have made them. If somebody made the environment anew, give --accept-new-key once",
    )
}
