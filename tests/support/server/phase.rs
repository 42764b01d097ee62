//! A Phase in memory: one store, served over REST and end-to-end encrypted, as console
//! v2.73.2 was seen to do it.
//!
//! It is told what there is from the outside in; each thing goes into the one before:
//!
//! ```ignore
//! let phase = Phase::default()
//!     .app("web", Sse::On)
//!     .environment("Development")
//!     .secret("HOST", "h").tags(&["db"]).own("mine")
//!     .folder("/db").secret("PORT", "80")
//!     .environment("Staging");
//! let server = phase.serve();
//! let token = phase.token(Kind::User).full;
//! ```

mod access;
mod account;
mod change;
pub(crate) mod crypto;
mod draw;
mod dynamic;
mod e2ee;
mod front;
mod identity;
mod lease;
mod places;
mod reference;
mod refusal;
mod render;
mod rest;
mod route;
mod select;
mod store;
mod tell;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use super::{Reply, Request, Server};
use change::Item;
use draw::Draw;
use store::{App, Environment, Place, World};

pub(crate) use account::{Kind, Limit, Token};
pub(crate) use dynamic::Lease;
pub(crate) use identity::Identity;

/// The id of a token that a service account of every [`Phase`] has.
pub(crate) const ACCOUNT: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// That of a user's.
pub(crate) const USER: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// That of an older service token.
pub(crate) const SERVICE: &str = "3333333333333333333333333333333333333333333333333333333333333333";

/// Whether the server may decrypt an app's secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sse {
    Off,
    On,
}

/// The server's store, and where the next thing goes. Clones share the store.
#[derive(Clone)]
pub(crate) struct Phase {
    folder: String,
    place: Place,
    tokens: [Token; 3],
    world: Arc<Mutex<World>>,
}

/// A secret as it lies in the store, opened.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    pub(crate) comment: String,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) path: String,
    pub(crate) tags: Vec<String>,
    pub(crate) value: String,
}

impl Default for Phase {
    /// With an account of each kind that reaches every environment, and nothing else.
    fn default() -> Self {
        let mut draw = Draw::default();
        let mut world = World {
            accounts: Vec::new(),
            apps: Vec::new(),
            clock: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_223_323),
            direct: false,
            doubled_tags: Vec::new(),
            organisation: (draw.id(), "acme".to_owned()),
            draw,
            throttled: None,
            tokens: Vec::new(),
            wall: None,
        };
        let tokens = [
            (Kind::Service, SERVICE),
            (Kind::ServiceAccount, ACCOUNT),
            (Kind::User, USER),
        ];
        let tokens = tokens.map(|(kind, id)| {
            let account = world.admit(kind, true);
            world.mint(account, id.to_owned())
        });
        let place = Place {
            app: 0,
            environment: 0,
        };
        Self {
            folder: "/".to_owned(),
            place,
            tokens,
            world: Arc::new(Mutex::new(world)),
        }
    }
}

impl Phase {
    /// Another app, whose id is its name and `-id`.
    pub(crate) fn app(mut self, name: &str, sse: Sse) -> Self {
        let mut world = self.world();
        let alike = world.apps.iter().filter(|app| app.name == name).count();
        let id = match alike {
            0 => format!("{name}-id"),
            more => format!("{name}-id-{}", more + 1),
        };
        let created = world.now();
        world.apps.push(App {
            created,
            environments: Vec::new(),
            id,
            name: name.to_owned(),
            sse: sse == Sse::On,
        });
        let app = world.apps.len() - 1;
        drop(world);
        self.place.app = app;
        self
    }

    /// Another environment in that app.
    pub(crate) fn environment(self, name: &str) -> Self {
        let (seed, salt) = {
            let draw = &mut self.world().draw;
            (draw.hex(), draw.hex())
        };
        self.environment_of(name, &seed, &salt)
    }

    /// The same with this seed and this salt, 64 digits each.
    pub(crate) fn environment_of(mut self, name: &str, seed: &str, salt: &str) -> Self {
        let app = self.place.app;
        let mut world = self.world();
        let bytes = crypto::unhex(seed).and_then(|bytes| bytes.try_into().ok());
        let created = world.now();
        let environment = Environment {
            created,
            dynamics: Vec::new(),
            folders: Vec::new(),
            id: world.draw.id(),
            keys: crypto::KeyPair::of(&bytes.unwrap()),
            name: name.to_owned(),
            salt: salt.to_owned(),
            secrets: Vec::new(),
            seed: seed.to_owned(),
            updated: created,
        };
        world.apps[app].environments.push(environment);
        let environment = world.apps[app].environments.len() - 1;
        let place = Place { app, environment };
        for account in 0..world.accounts.len() {
            if world.accounts[account].everywhere {
                world.grant(account, place);
            }
        }
        drop(world);
        self.place = place;
        self.folder("/")
    }

    /// Several; the last one is filled next.
    pub(crate) fn environments(self, names: &[&str]) -> Self {
        names
            .iter()
            .fold(self, |phase, name| phase.environment(name))
    }

    /// Goes back to the root folder of `web/Development`.
    pub(crate) fn within(mut self, name: &str) -> Self {
        let place = self.world().the(name);
        self.place = place;
        self.folder("/")
    }

    /// What follows goes into this folder of the environment.
    pub(crate) fn folder(mut self, path: &str) -> Self {
        path.clone_into(&mut self.folder);
        self
    }

    /// A secret.
    pub(crate) fn secret(self, key: &str, value: &str) -> Self {
        let mut world = self.world();
        let salt = world.at(self.place).salt.clone();
        let item = Item {
            digest: Some(crypto::digest(key, &salt)),
            key: Some(world.encrypt(self.place, key)),
            path: Some(self.folder.clone()),
            value: Some(world.encrypt(self.place, value)),
            ..Item::default()
        };
        world.create(None, self.place, item);
        drop(world);
        self
    }

    /// A dynamic secret, whose values are called this.
    pub(crate) fn dynamic(self, name: &str, keys: &[&str]) -> Self {
        self.world()
            .add_dynamic(self.place, &self.folder, name, keys);
        self
    }

    /// Answers as the server does.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        self.world().answer(request)
    }

    /// Serves it over HTTP.
    pub(crate) fn serve(&self) -> Server {
        let phase = self.clone();
        Server::start(move |request| phase.answer(request))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}
