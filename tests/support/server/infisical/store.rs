//! What the server holds in memory.

use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest as _, Sha256};

use super::super::Reply;
use super::Version;
use super::dynamic::{Dynamic, Lease};
use super::identity::Identity;
use super::login::{Lock, Login};
use super::machine::Machine;
use super::rate::{Count, Pace};
use super::refusal::{Answer, Refusal};
use super::service::Service;
use super::tag::Tag;
use super::token::Minted;

/// Everything. There is one organisation.
pub(super) struct World {
    /// How many things there have been, and changes of them.
    pub(super) count: u32,
    /// The requests of the last minute, where they are counted.
    pub(super) counts: Vec<Count>,
    /// What is answered first, and how often yet.
    pub(super) failures: Option<(usize, Reply)>,
    /// By what else than its secret the first machine identity may log in.
    pub(super) identities: Vec<Identity>,
    pub(super) leases: Vec<Lease>,
    pub(super) locks: Vec<Lock>,
    pub(super) logins: Vec<Login>,
    /// There is always one.
    pub(super) machines: Vec<Machine>,
    /// What the request at hand makes of its count.
    pub(super) pace: Option<Pace>,
    pub(super) projects: Vec<Project>,
    pub(super) services: Vec<Service>,
    pub(super) settings: Settings,
    pub(super) tokens: Vec<Minted>,
    /// What time it is, and since when.
    pub(super) wall: (SystemTime, Instant),
}

/// What kind of server it is.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(super) struct Settings {
    pub(super) etags: bool,
    /// Whether it has what costs money: dynamic secrets.
    pub(super) licensed: bool,
    /// Whether it counts requests.
    pub(super) limits: bool,
    /// The slugs of all organisations, if that matters.
    pub(super) organisations: Option<Vec<String>>,
    /// Whether there is `/api/v1/projects`.
    pub(super) projects: bool,
    pub(super) version: Version,
}

pub(super) struct Project {
    pub(super) environments: Vec<Environment>,
    pub(super) id: String,
    /// What it is for: `secret-manager`.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) tags: Vec<Tag>,
}

pub(super) struct Environment {
    pub(super) folders: Vec<Folder>,
    pub(super) id: String,
    pub(super) slug: String,
}

#[derive(Default)]
pub(super) struct Folder {
    pub(super) created: String,
    pub(super) description: Option<String>,
    pub(super) dynamics: Vec<Dynamic>,
    /// Whether nobody may look into it.
    pub(super) forbidden: bool,
    pub(super) id: String,
    pub(super) imports: Vec<Import>,
    /// When one of its secrets was changed last.
    pub(super) modified: Option<String>,
    pub(super) path: String,
    /// Whether changes wait for somebody's approval.
    pub(super) reviewed: bool,
    pub(super) secrets: Vec<Secret>,
    pub(super) updated: String,
    pub(super) version: u64,
}

/// Another folder, whose secrets are in the folder too.
#[derive(Clone, Default)]
pub(super) struct Import {
    pub(super) created: String,
    /// A slug.
    pub(super) environment: String,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) position: u64,
}

/// What a secret was.
#[derive(Clone)]
pub(super) struct Former {
    pub(super) comment: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) version: u64,
}

#[derive(Clone, Default)]
pub(super) struct Secret {
    pub(super) comment: String,
    pub(super) created: String,
    pub(super) formers: Vec<Former>,
    /// Whether nobody may read its value.
    pub(super) hidden: bool,
    pub(super) id: String,
    pub(super) key: String,
    pub(super) metadata: Vec<(String, String)>,
    /// `skipMultilineEncoding`.
    pub(super) multiline: bool,
    /// Whether it is the user's own.
    pub(super) personal: bool,
    /// Slugs.
    pub(super) tags: Vec<String>,
    pub(super) updated: String,
    pub(super) value: String,
    pub(super) version: u64,
}

/// Where a folder stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) project: usize,
    pub(super) environment: usize,
    pub(super) folder: usize,
}

impl World {
    pub(super) fn now(&self) -> SystemTime {
        self.wall.0 + self.wall.1.elapsed()
    }

    /// The next moment, as it is written. No two are alike.
    pub(super) fn stamp(&mut self) -> String {
        self.count += 1;
        let first = Duration::from_millis(1_735_787_045_678);
        let time = SystemTime::UNIX_EPOCH + first + Duration::from_millis(self.count.into());
        stamp(time)
    }

    /// An id that nothing else has.
    pub(super) fn fresh_id(&mut self) -> String {
        self.count += 1;
        uuid(&self.count.to_string())
    }

    pub(super) fn at(&self, place: Place) -> &Folder {
        &self.environment(place).folders[place.folder]
    }

    pub(super) fn at_mut(&mut self, place: Place) -> &mut Folder {
        let environments = &mut self.projects[place.project].environments;
        &mut environments[place.environment].folders[place.folder]
    }

    pub(super) fn environment(&self, place: Place) -> &Environment {
        &self.projects[place.project].environments[place.environment]
    }

    /// All folders.
    pub(super) fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (project, found) in self.projects.iter().enumerate() {
            for (environment, found) in found.environments.iter().enumerate() {
                places.extend((0..found.folders.len()).map(|folder| Place {
                    project,
                    environment,
                    folder,
                }));
            }
        }
        places
    }

    /// The project with that id.
    pub(super) fn project(&self, id: &str) -> Answer<usize> {
        let found = self.projects.iter().position(|project| project.id == id);
        found.ok_or_else(|| Refusal::new(404, format!("Project with ID '{id}' not found")))
    }

    /// The same, where it is to hold secrets.
    pub(super) fn project_of_secrets(&self, id: &str) -> Answer<usize> {
        let missing = |_| {
            let text = format!(
                "Project with ID '{id}' not found during bot lookup. Are you sure you are using \
                 the correct project ID?"
            );
            Refusal::new(404, text)
        };
        let found = self.project(id).map_err(missing)?;
        self.is_for(found, "secret-manager")?;
        Ok(found)
    }

    /// Fails for a project of another kind.
    pub(super) fn is_for(&self, project: usize, wanted: &str) -> Answer<()> {
        let kind = &self.projects[project].kind;
        if kind == wanted {
            return Ok(());
        }
        let text =
            format!("The project is of type {kind}. Operations of type {wanted} are not allowed.");
        Err(Refusal::new(400, text))
    }

    /// The project with that slug.
    pub(super) fn project_called(&self, slug: &str) -> Answer<usize> {
        let mut projects = self.projects.iter();
        let found = projects.position(|project| project.slug == slug);
        found.ok_or_else(|| {
            if self.settings.version.is_old() {
                Refusal::unforeseen("Failed to find project by slug")
            } else {
                Refusal::new(404, format!("Project with slug '{slug}' not found"))
            }
        })
    }

    /// The root folder of an environment.
    pub(super) fn root(&self, project: usize, slug: &str) -> Option<Place> {
        let mut environments = self.projects[project].environments.iter();
        let environment = environments.position(|environment| environment.slug == slug)?;
        Some(Place {
            project,
            environment,
            folder: 0,
        })
    }

    /// A folder of an environment. How many slashes there are is all the same.
    pub(super) fn folder(&self, project: usize, slug: &str, path: &str) -> Option<Place> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        self.beside(self.root(project, slug)?, &format!("/{}", names.join("/")))
    }

    /// Another folder of the same environment.
    pub(super) fn beside(&self, place: Place, path: &str) -> Option<Place> {
        let mut folders = self.environment(place).folders.iter();
        let folder = folders.position(|folder| folder.path == path)?;
        Some(Place { folder, ..place })
    }

    /// The same, which is made with those above it if it is missing.
    pub(super) fn make_folder(&mut self, place: Place, path: &str) -> Place {
        if let Some(found) = self.beside(place, path) {
            return found;
        }
        if path != "/" {
            self.make_folder(place, parent(path));
        }
        let (id, created) = (self.fresh_id(), self.stamp());
        let folder = Folder {
            updated: created.clone(),
            created,
            id,
            path: path.to_owned(),
            version: 1,
            ..Folder::default()
        };
        let environments = &mut self.projects[place.project].environments;
        let folders = &mut environments[place.environment].folders;
        folders.push(folder);
        Place {
            folder: folders.len() - 1,
            ..place
        }
    }
}

impl Folder {
    /// What it is called in the folder above.
    pub(super) fn name(&self) -> &str {
        match self.path.rsplit('/').next().unwrap_or_default() {
            "" => "root",
            name => name,
        }
    }

    /// Whether it is below `path`.
    pub(super) fn is_below(&self, path: &str) -> bool {
        below(path, &self.path).is_some()
    }

    /// A secret that everybody sees, or the user's own.
    pub(super) fn find(&self, key: &str, personal: bool) -> Option<&Secret> {
        let mut secrets = self.secrets.iter();
        secrets.find(|secret| secret.key == key && secret.personal == personal)
    }

    /// The last of the user's own secrets of that name: there may be more.
    pub(super) fn last_own(&self, key: &str) -> Option<&Secret> {
        let mut secrets = self.secrets.iter();
        secrets.rfind(|secret| secret.key == key && secret.personal)
    }
}

/// The way from a folder to one below it.
pub(super) fn below<'a>(path: &str, deeper: &'a str) -> Option<&'a str> {
    let rest = deeper.strip_prefix(path.trim_end_matches('/'))?;
    let rest = rest.strip_prefix('/')?;
    Some(rest).filter(|rest| !rest.is_empty())
}

/// The folder that a folder is in.
pub(super) fn parent(path: &str) -> &str {
    let (parent, _) = path.rsplit_once('/').unwrap_or_default();
    if parent.is_empty() { "/" } else { parent }
}

/// A path as the server reads it: it is trimmed, and loses one slash at its end.
pub(super) fn trimmed(path: &str) -> String {
    let path = path.trim();
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() { "/" } else { path }.to_owned()
}

/// A moment as it is written.
pub(super) fn stamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// An id that follows from a name.
pub(super) fn uuid(name: &str) -> String {
    let text = format!("{:x}", Sha256::digest(name));
    let parts = [0..8, 8..12, 13..16, 17..20, 20..32].map(|range| &text[range]);
    let [time, middle, version, variant, node] = parts;
    format!("{time}-{middle}-5{version}-8{variant}-{node}")
}
