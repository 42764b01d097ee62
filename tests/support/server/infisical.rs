//! An Infisical in memory: one store, served over its API for secrets in both versions, with
//! every log-in of its machine identity.
//!
//! It is told what there is from the outside in; each thing goes into the one before:
//!
//! ```ignore
//! let infisical = Infisical::default()
//!     .project("demo")
//!     .environments(&["staging", "dev"])
//!     .secret("HOST", "h").tags(&["db"]).own("mine")
//!     .import("staging", "/")
//!     .folder("/db").secret("PORT", "80");
//! let server = infisical.serve();
//! let token = infisical.token();
//! ```

mod access;
mod batch;
mod certificate;
mod change;
mod dynamic;
mod fields;
mod folder;
mod identity;
mod import;
mod login;
mod machine;
mod project;
mod rate;
mod read;
mod reference;
mod refusal;
mod render;
mod rights;
mod route;
mod seed;
mod service;
mod store;
mod tag;
mod tell;
mod token;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use super::{Reply, Request, Server};
use machine::Machine;
use store::{Environment, Folder, Place, Project, Settings, World, uuid};

pub(crate) use identity::Identity;
pub(crate) use login::Login;
pub(crate) use machine::{ClientSecret, Lifetime};
pub(crate) use rights::{Rights, Rule};
pub(crate) use seed::{MachineSeed, Seed};

/// The id of the only organisation.
pub(crate) const ORGANISATION: &str = "99999999-aaaa-4bbb-8ccc-dddddddddddd";

/// That of the only user.
pub(crate) const USER: &str = "77777777-0000-4000-8000-000000000001";

/// That of the first machine identity.
pub(crate) const IDENTITY: &str = "aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb";

/// By which it logs in.
pub(crate) const CLIENT_ID: &str = "cccccccc-1111-4222-8333-dddddddddddd";

/// With which it logs in.
pub(crate) const CLIENT_SECRET: &str =
    "5ecce7005ecce7005ecce7005ecce7005ecce7005ecce7005ecce7005ecce700";

/// How far the server knows `/api/v4`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    /// A server of July 2026.
    Current,
    /// As at first.
    Early,
    /// A server of October 2024.
    WithoutV4,
}

impl Version {
    fn is_old(self) -> bool {
        self == Self::WithoutV4
    }
}

/// The server's store, and where the next thing goes. Clones share the store.
#[derive(Clone)]
pub(crate) struct Infisical {
    place: Place,
    world: Arc<Mutex<World>>,
}

/// A secret as it lies in the store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Stored {
    pub(crate) comment: String,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) multiline: bool,
    /// Whether it is the user's own.
    pub(crate) personal: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) value: String,
}

impl Default for Infisical {
    /// With a user and a machine identity that reach everything, and nothing else.
    fn default() -> Self {
        let world = World {
            count: 0,
            counts: Vec::new(),
            failures: None,
            identities: Vec::new(),
            leases: Vec::new(),
            locks: Vec::new(),
            logins: Vec::new(),
            machines: vec![Machine {
                client_id: CLIENT_ID.to_owned(),
                id: IDENTITY.to_owned(),
                lifetime: Lifetime::default(),
                name: "machine".to_owned(),
                rights: Rights::all(),
                secrets: vec![ClientSecret {
                    text: CLIENT_SECRET.to_owned(),
                    ..ClientSecret::default()
                }],
            }],
            pace: None,
            projects: Vec::new(),
            services: Vec::new(),
            settings: Settings {
                etags: true,
                licensed: true,
                limits: false,
                organisations: None,
                projects: true,
                version: Version::Current,
            },
            tokens: Vec::new(),
            wall: (SystemTime::now(), Instant::now()),
        };
        let place = Place {
            project: 0,
            environment: 0,
            folder: 0,
        };
        Self {
            place,
            world: Arc::new(Mutex::new(world)),
        }
    }
}

impl Infisical {
    /// Another project, which is called by its slug.
    pub(crate) fn project(mut self, slug: &str) -> Self {
        let mut world = self.world();
        world.projects.push(Project {
            environments: Vec::new(),
            id: uuid(slug),
            kind: "secret-manager".to_owned(),
            name: slug.to_owned(),
            slug: slug.to_owned(),
            tags: Vec::new(),
        });
        let project = world.projects.len() - 1;
        drop(world);
        self.place.project = project;
        self
    }

    /// Another environment in that project.
    pub(crate) fn environment(self, slug: &str) -> Self {
        let Place { project, .. } = self.place;
        let mut world = self.world();
        let id = uuid(&format!("{} {slug}", world.projects[project].id));
        let (root, created) = (world.fresh_id(), world.stamp());
        let root = Folder {
            updated: created.clone(),
            created,
            id: root,
            path: "/".to_owned(),
            version: 1,
            ..Folder::default()
        };
        world.projects[project].environments.push(Environment {
            folders: vec![root],
            id,
            slug: slug.to_owned(),
        });
        drop(world);
        self.within(slug)
    }

    /// Several; the last one is filled next.
    pub(crate) fn environments(self, slugs: &[&str]) -> Self {
        slugs
            .iter()
            .fold(self, |infisical, slug| infisical.environment(slug))
    }

    /// Goes back to the root folder of `dev`, or of `demo/dev` in another project.
    pub(crate) fn within(mut self, name: &str) -> Self {
        let place = self.root(name);
        self.place = place;
        self
    }

    /// What follows goes into this folder of the environment.
    pub(crate) fn folder(mut self, path: &str) -> Self {
        let place = self.world().make_folder(self.place, path);
        self.place = place;
        self
    }

    /// A secret. Of one that is there, it is the new value.
    pub(crate) fn secret(self, key: &str, value: &str) -> Self {
        let mut world = self.world();
        let known = world.at(self.place).find(key, false).is_some();
        if !known {
            world.add(self.place, key, false);
        }
        let updated = world.stamp();
        let secrets = &mut world.at_mut(self.place).secrets;
        // It is the last one now, of which more may be said.
        secrets.sort_by_key(|secret| secret.key == key && !secret.personal);
        let secret = secrets.last_mut().unwrap();
        value.clone_into(&mut secret.value);
        secret.updated = updated;
        secret.version += u64::from(known);
        drop(world);
        self
    }

    /// Another folder's secrets, in the folder.
    pub(crate) fn import(self, environment: &str, path: &str) -> Self {
        self.world().new_import(self.place, environment, path);
        self
    }

    /// A dynamic secret, whose values are called this.
    pub(crate) fn dynamic(self, name: &str, keys: &[&str]) -> Self {
        let mut world = self.world();
        let (id, created) = (world.fresh_id(), world.stamp());
        let dynamic = dynamic::Dynamic {
            created,
            default_ttl: Duration::from_hours(1),
            failing: None,
            folder: world.at(self.place).id.clone(),
            id,
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
            max_ttl: Duration::from_hours(24),
            name: name.to_owned(),
        };
        world.at_mut(self.place).dynamics.push(dynamic);
        drop(world);
        self
    }

    /// Answers as the server does.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        self.world().answer(request)
    }

    /// Serves it over HTTP.
    pub(crate) fn serve(&self) -> Server {
        let infisical = self.clone();
        Server::start(move |request| infisical.answer(request))
    }

    /// The root folder of `dev`, or of `demo/dev`.
    #[track_caller]
    fn root(&self, name: &str) -> Place {
        let world = self.world();
        let (project, slug) = match name.split_once('/') {
            Some((project, slug)) => (world.project_called(project).unwrap(), slug),
            None => (self.place.project, name),
        };
        world.root(project, slug).unwrap()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}
