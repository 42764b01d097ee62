//! What a recorded server held, put in place with the ids it had there.

use super::Infisical;
use super::machine::{ClientSecret, Lifetime, Machine};
use super::rights::Rights;
use super::store::{Environment, Folder, Place, Project, Secret, World};
use super::tag::Tag;
use super::token::Actor;

/// A secret of the recorded server.
pub(crate) struct Seed<'a> {
    pub(crate) comment: &'a str,
    pub(crate) created: &'a str,
    pub(crate) id: &'a str,
    pub(crate) key: &'a str,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) multiline: bool,
    pub(crate) personal: bool,
    /// Ids.
    pub(crate) tags: Vec<String>,
    pub(crate) updated: &'a str,
    pub(crate) value: &'a str,
    pub(crate) version: u64,
}

/// A machine identity of the recorded server.
pub(crate) struct MachineSeed {
    pub(crate) client_id: String,
    pub(crate) id: String,
    pub(crate) lifetime: Lifetime,
    pub(crate) name: String,
    pub(crate) rights: Rights,
    pub(crate) secrets: Vec<ClientSecret>,
}

/// All of these do nothing if it is there.
impl Infisical {
    /// A project with the three environments that projects start with.
    pub(crate) fn seed_project(&self, id: &str, slug: &str, name: &str, kind: &str) {
        let mut world = self.world();
        if world.project(id).is_ok() {
            return;
        }
        let project = world.projects.len();
        world.projects.push(Project {
            environments: Vec::new(),
            id: id.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            slug: slug.to_owned(),
            tags: Vec::new(),
        });
        for slug in ["dev", "staging", "prod"] {
            let (id, root, created) = (world.fresh_id(), world.fresh_id(), world.stamp());
            world.projects[project].environments.push(Environment {
                folders: vec![Folder {
                    updated: created.clone(),
                    created,
                    id: root,
                    path: "/".to_owned(),
                    version: 1,
                    ..Folder::default()
                }],
                id,
                slug: slug.to_owned(),
            });
        }
    }

    /// A folder, and the id that it had if it is known.
    pub(crate) fn seed_folder(&self, project: &str, slug: &str, path: &str, id: Option<&str>) {
        let mut world = self.world();
        let Some(place) = place(&world, project, slug, "/") else {
            return;
        };
        let place = world.make_folder(place, path);
        if let Some(id) = id {
            id.clone_into(&mut world.at_mut(place).id);
        }
    }

    /// A secret.
    pub(crate) fn seed_secret(&self, project: &str, slug: &str, path: &str, seed: &Seed) {
        let mut world = self.world();
        let place = place(&world, project, slug, path);
        let place = place.unwrap_or_else(|| panic!("{project} {slug} {path}"));
        let folder = world.at_mut(place);
        if folder.secrets.iter().any(|secret| secret.id == seed.id) {
            return;
        }
        folder.secrets.push(Secret {
            comment: seed.comment.to_owned(),
            created: seed.created.to_owned(),
            id: seed.id.to_owned(),
            key: seed.key.to_owned(),
            metadata: seed.metadata.clone(),
            multiline: seed.multiline,
            personal: seed.personal,
            tags: seed.tags.clone(),
            updated: seed.updated.to_owned(),
            value: seed.value.to_owned(),
            version: seed.version,
            ..Secret::default()
        });
    }

    /// An import of another folder.
    pub(crate) fn seed_import(&self, project: &str, slug: &str, path: &str, from: (&str, &str)) {
        let mut world = self.world();
        let place = place(&world, project, slug, path).unwrap();
        let mut known = world.at(place).imports.iter();
        if !known.any(|known| (known.environment.as_str(), known.path.as_str()) == from) {
            world.new_import(place, from.0, from.1);
        }
    }

    /// A tag.
    pub(crate) fn seed_tag(&self, project: &str, id: &str, slug: &str) {
        let mut world = self.world();
        let project = world.project(project).unwrap();
        let mut known = world.projects[project].tags.iter();
        if known.any(|tag| tag.slug == slug || tag.id == id) {
            return;
        }
        let created = world.stamp();
        world.projects[project].tags.push(Tag {
            color: "#00ff00".to_owned(),
            updated: created.clone(),
            created,
            creator: Actor::User,
            id: id.to_owned(),
            slug: slug.to_owned(),
        });
    }

    /// A machine identity.
    pub(crate) fn seed_machine(&self, seed: MachineSeed) {
        let mut world = self.world();
        if world.machine(&seed.client_id).is_none() {
            world.machines.push(Machine {
                client_id: seed.client_id,
                id: seed.id,
                lifetime: seed.lifetime,
                name: seed.name,
                rights: seed.rights,
                secrets: seed.secrets,
            });
        }
    }

    /// A token of the machine identity with that client id, which has logged in by `method`.
    pub(crate) fn machine_token(&self, client_id: &str, method: &str) -> String {
        let mut world = self.world();
        let number = world.machine(client_id).unwrap();
        world.mint(Actor::Machine(number), method)
    }

    /// A token of the user who has not chosen an organisation.
    pub(crate) fn session(&self) -> String {
        self.world().mint(Actor::Session, "email")
    }
}

fn place(world: &World, project: &str, slug: &str, path: &str) -> Option<Place> {
    let project = world.project(project).ok()?;
    world.folder(project, slug, path)
}
