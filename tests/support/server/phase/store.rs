//! What the server holds in memory. Texts of secrets lie in it encrypted, as in the
//! real one's database.

use std::time::{Duration, SystemTime};

use super::account::{Account, Minted};
use super::crypto::KeyPair;
use super::draw::Draw;
use super::dynamic::Dynamic;

/// Everything. There is one organisation.
pub(super) struct World {
    pub(super) accounts: Vec<Account>,
    pub(super) apps: Vec<App>,
    pub(super) clock: SystemTime,
    /// Reached without the proxy that stands before it.
    pub(super) direct: bool,
    /// Tags that two requests made at one time: none can be used any more.
    pub(super) doubled_tags: Vec<String>,
    pub(super) draw: Draw,
    /// The id of the organisation, and its name.
    pub(super) organisation: (String, String),
    /// For how many seconds nobody is served.
    pub(super) throttled: Option<u64>,
    pub(super) tokens: Vec<Minted>,
    /// What time it is for those who sign, if it is not what time it is.
    pub(super) wall: Option<SystemTime>,
}

pub(super) struct App {
    pub(super) created: SystemTime,
    pub(super) environments: Vec<Environment>,
    pub(super) id: String,
    pub(super) name: String,
    /// Whether the server may decrypt.
    pub(super) sse: bool,
}

pub(super) struct Environment {
    pub(super) created: SystemTime,
    pub(super) dynamics: Vec<Dynamic>,
    /// Path and id.
    pub(super) folders: Vec<(String, String)>,
    pub(super) id: String,
    pub(super) keys: KeyPair,
    pub(super) name: String,
    pub(super) salt: String,
    pub(super) secrets: Vec<Secret>,
    pub(super) seed: String,
    pub(super) updated: SystemTime,
}

#[derive(Clone)]
pub(super) struct Secret {
    pub(super) comment: String,
    pub(super) created: SystemTime,
    /// Only hidden: the row stays.
    pub(super) deleted: bool,
    pub(super) digest: String,
    pub(super) id: String,
    pub(super) key: String,
    pub(super) kind: String,
    pub(super) path: String,
    pub(super) personal: Vec<Personal>,
    /// Managed by the server alone.
    pub(super) rotating: bool,
    pub(super) tags: Vec<String>,
    pub(super) updated: SystemTime,
    pub(super) value: String,
    pub(super) version: u64,
}

/// One user's own value.
#[derive(Clone)]
pub(super) struct Personal {
    pub(super) active: bool,
    pub(super) created: SystemTime,
    pub(super) id: String,
    pub(super) updated: SystemTime,
    /// The id of an account.
    pub(super) user: String,
    pub(super) value: String,
}

/// Where an environment stands: its app, and itself within it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) app: usize,
    pub(super) environment: usize,
}

impl World {
    /// The next moment. No two are alike.
    pub(super) fn now(&mut self) -> SystemTime {
        self.clock += Duration::from_micros(1234);
        self.clock
    }

    pub(super) fn at(&self, place: Place) -> &Environment {
        &self.apps[place.app].environments[place.environment]
    }

    pub(super) fn at_mut(&mut self, place: Place) -> &mut Environment {
        &mut self.apps[place.app].environments[place.environment]
    }

    pub(super) fn places(&self) -> Vec<Place> {
        let apps = self.apps.iter().enumerate();
        apps.flat_map(|(app, found)| {
            let environments = 0..found.environments.len();
            environments.map(move |environment| Place { app, environment })
        })
        .collect()
    }

    /// The environments that `names` mean: `web/Development`, or `web` for all of an app.
    pub(super) fn named(&self, names: &[&str]) -> Vec<Place> {
        let fits = |place: &Place, name: &str| {
            let app = &self.apps[place.app].name;
            name == app || name == format!("{app}/{}", self.at(*place).name)
        };
        let places = self.places().into_iter();
        places
            .filter(|place| names.iter().any(|name| fits(place, name)))
            .collect()
    }

    /// The environment `web/Development`.
    #[track_caller]
    pub(super) fn the(&self, name: &str) -> Place {
        match self.named(&[name])[..] {
            [place] => place,
            _ => panic!("{name} is not one environment"),
        }
    }

    /// Where the secret with that id lies, or lay.
    pub(super) fn whereabouts(&self, id: &str) -> Option<Place> {
        let holds = |place: &Place| self.at(*place).secrets.iter().any(|secret| secret.id == id);
        self.places().into_iter().find(holds)
    }

    /// Makes a folder if it is missing. The root is none.
    pub(super) fn make_folder(&mut self, place: Place, path: &str) {
        if path != "/" && self.at(place).folder(path).is_none() {
            let folder = (path.to_owned(), self.draw.id());
            self.at_mut(place).folders.push(folder);
        }
    }

    /// `text` for the owners of the environment's keys.
    pub(super) fn encrypt(&mut self, place: Place, text: &str) -> String {
        let recipient = self.at(place).keys.public;
        self.draw.encrypt(text, &recipient)
    }
}

impl Environment {
    /// The secrets that were not removed.
    pub(super) fn living(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().filter(|secret| !secret.deleted)
    }

    /// The id of a folder.
    pub(super) fn folder(&self, path: &str) -> Option<&str> {
        let found = self.folders.iter().find(|(known, _)| known == path);
        found.map(|(_, id)| id.as_str())
    }

    /// The `env_type` that follows from the name.
    pub(super) fn kind(&self) -> &'static str {
        match self.name.as_str() {
            "Development" => "dev",
            "Staging" => "staging",
            "Production" => "prod",
            _ => "custom",
        }
    }
}

/// A path as the server keeps it.
pub(super) fn normalized(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}
