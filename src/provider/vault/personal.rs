//! The personal overrides, and finding one among them.

use serde::{Deserialize, Serialize};

use super::fields;
use super::format::{Document, VERSION, sorted};
use crate::error::Result;
use crate::scope::Folder;
use crate::secret::SecretValue;

/// One's own overrides, kept beside the vault.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Personal {
    format: String,
    version: u64,
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
