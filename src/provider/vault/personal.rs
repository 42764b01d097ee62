//! The personal overrides, and finding one among them.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::fields;
use super::format::{Document, VERSION, sorted};
use super::keys::VaultRecipient;
use super::mac::{is_mac, mac};
use super::seal::Keys;
use crate::error::Result;
use crate::scope::Folder;
use crate::secret::SecretValue;

/// One's own overrides, kept beside the vault.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Personal {
    format: String,
    version: u64,
    /// By own recipient: what shows that its identity wrote this.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    macs: BTreeMap<String, String>,
    overrides: Vec<Override>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Override {
    app: String,
    environment: String,
    #[serde(with = "fields::folder")]
    folder: Folder,
    name: String,
    #[serde(with = "fields::value")]
    pub(super) value: SecretValue,
    pub(super) active: bool,
}

/// Which secret an override is for: app, environment, folder and name.
pub(super) type Address<'a> = (&'a str, &'a str, &'a Folder, &'a str);

impl Default for Personal {
    fn default() -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            version: VERSION,
            macs: BTreeMap::new(),
            overrides: Vec::new(),
        }
    }
}

impl Document for Personal {
    const FORMAT: &'static str = "phase-run personal overrides";

    fn sort(&mut self) -> bool {
        sorted(&mut self.overrides, |a, b| a.address().cmp(&b.address()))
    }
}

impl Override {
    fn address(&self) -> Address<'_> {
        (&self.app, &self.environment, &self.folder, &self.name)
    }
}

impl Personal {
    /// Puts our seal on what is there. A passphrase needs none: only who has it can
    /// make a file that it opens.
    pub(super) fn seal(&mut self, keys: &Keys) -> io::Result<()> {
        self.macs.clear();
        if let Keys::Identities(identities) = keys {
            for identity in identities {
                let mac = mac(identity, &self.sealed())?;
                let own = VaultRecipient::from(identity).to_string();
                self.macs.insert(own, mac);
            }
        }
        Ok(())
    }

    /// Whether the seal is ours.
    pub(super) fn is_ours(&self, keys: &Keys) -> bool {
        let Keys::Identities(identities) = keys else {
            return true;
        };
        identities.iter().any(|identity| {
            let own = VaultRecipient::from(identity).to_string();
            let claimed = self.macs.get(&own);
            claimed.is_some_and(|claimed| is_mac(identity, &self.sealed(), claimed))
        })
    }

    /// What the seal is for: all but the seal.
    fn sealed(&self) -> impl Serialize {
        (&self.format, self.version, &self.overrides)
    }

    /// What is overridden, for people.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |one: &Override| {
            let Override {
                app,
                environment,
                folder,
                name,
                ..
            } = one;
            format!("{name} ({environment} of {app}, {folder})")
        };
        self.overrides.iter().map(name).collect()
    }

    /// Removes all of an environment, and says whether there were any.
    pub(super) fn remove_environment(&mut self, app: &str, environment: &str) -> bool {
        let before = self.overrides.len();
        self.overrides
            .retain(|one| (&*one.app, &*one.environment) != (app, environment));
        self.overrides.len() < before
    }

    fn find(&self, at: Address<'_>) -> Result<usize, usize> {
        self.overrides
            .binary_search_by(|one| one.address().cmp(&at))
    }

    /// The override of the secret at `at`.
    pub(super) fn get(&self, at: Address<'_>) -> Option<&Override> {
        self.find(at).ok().map(|index| &self.overrides[index])
    }

    /// Switches the override on or off, and says whether there is one.
    pub(super) fn toggle(&mut self, at: Address<'_>) -> bool {
        let Ok(index) = self.find(at) else {
            return false;
        };
        self.overrides[index].active ^= true;
        true
    }

    /// Makes `to` as `from` is, and says whether that changes anything.
    pub(super) fn copy(&mut self, from: Address<'_>, to: Address<'_>) -> bool {
        match self.get(from).cloned() {
            Some(one) => self.set(to, one.value, one.active),
            None => return self.remove(to),
        }
        true
    }

    /// Removes the override, and says whether there was one.
    pub(super) fn remove(&mut self, at: Address<'_>) -> bool {
        self.find(at)
            .map(|index| self.overrides.remove(index))
            .is_ok()
    }

    /// Adds an override, or puts it in the place of the one there is.
    pub(super) fn set(&mut self, at: Address<'_>, value: SecretValue, active: bool) {
        let (app, environment, folder, name) = at;
        let new = Override {
            app: app.to_owned(),
            environment: environment.to_owned(),
            folder: folder.clone(),
            name: name.to_owned(),
            value,
            active,
        };
        match self.find(at) {
            Ok(index) => self.overrides[index] = new,
            Err(index) => self.overrides.insert(index, new),
        }
    }
}
