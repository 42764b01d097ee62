//! What more can be said of the last thing, and done to a server that runs.

use std::time::{Duration, Instant, SystemTime};

use super::super::Reply;
use super::dynamic::{Dynamic, Lease};
use super::identity::Identity;
use super::login::Login;
use super::machine::Lifetime;
use super::store::{Folder, Secret, Settings};
use super::token::Actor;
use super::{Infisical, Stored, Version};

/// Of the last secret.
impl Infisical {
    /// Its comment.
    pub(crate) fn comment(self, text: &str) -> Self {
        self.last(|secret| text.clone_into(&mut secret.comment))
    }

    /// Nobody may read its value.
    pub(crate) fn hidden(self) -> Self {
        self.last(|secret| secret.hidden = true)
    }

    /// A name and a value that it carries.
    pub(crate) fn metadata(self, name: &str, value: &str) -> Self {
        self.last(|secret| secret.metadata.push((name.to_owned(), value.to_owned())))
    }

    /// `skipMultilineEncoding` is true for it.
    pub(crate) fn multiline(self) -> Self {
        self.last(|secret| secret.multiline = true)
    }

    /// The user's own value.
    pub(crate) fn own(self, value: &str) -> Self {
        let mut world = self.world();
        let shared = world.at(self.place).secrets.last().unwrap().clone();
        let own = world.add(self.place, &shared.key, true);
        value.clone_into(&mut own.value);
        // What follows is said of the secret of all.
        world.at_mut(self.place).secrets.rotate_right(1);
        drop(world);
        self
    }

    /// Its tags.
    pub(crate) fn tags(self, slugs: &[&str]) -> Self {
        let mut world = self.world();
        let project = self.place.project;
        let mut ids = Vec::new();
        for slug in slugs {
            let known = world.projects[project].tags.iter();
            let known = known.clone().find(|tag| tag.slug == *slug).cloned();
            let tag = known.unwrap_or_else(|| world.new_tag(project, slug, "#ff0000", Actor::User));
            ids.push(tag.id);
        }
        drop(world);
        self.last(|secret| secret.tags = ids)
    }

    fn last(self, change: impl FnOnce(&mut Secret)) -> Self {
        change(self.world().at_mut(self.place).secrets.last_mut().unwrap());
        self
    }
}

/// Of the folder.
impl Infisical {
    /// Nobody may look into it.
    pub(crate) fn forbidden(self) -> Self {
        self.this(|folder| folder.forbidden = true)
    }

    /// Changes in it wait for somebody's approval.
    pub(crate) fn reviewed(self) -> Self {
        self.this(|folder| folder.reviewed = true)
    }

    fn this(self, change: impl FnOnce(&mut Folder)) -> Self {
        change(self.world().at_mut(self.place));
        self
    }
}

/// Of the project.
impl Infisical {
    /// What it is for, other than for secrets: `cert-manager`.
    pub(crate) fn product(self, kind: &str) -> Self {
        let place = self.place;
        kind.clone_into(&mut self.world().projects[place.project].kind);
        self
    }

    /// What it is called, other than by its slug.
    pub(crate) fn titled(self, name: &str) -> Self {
        let place = self.place;
        name.clone_into(&mut self.world().projects[place.project].name);
        self
    }
}

/// Of the last dynamic secret.
impl Infisical {
    /// How long its leases last, if nothing is asked for and at most.
    pub(crate) fn lasting(self, default: Duration, max: Duration) -> Self {
        self.last_dynamic(|dynamic| (dynamic.default_ttl, dynamic.max_ttl) = (default, max))
    }

    /// No lease can be made of it, which is said in these words.
    pub(crate) fn failing(self, text: &str) -> Self {
        self.last_dynamic(|dynamic| dynamic.failing = Some(text.to_owned()))
    }

    fn last_dynamic(self, change: impl FnOnce(&mut Dynamic)) -> Self {
        change(self.world().at_mut(self.place).dynamics.last_mut().unwrap());
        self
    }
}

/// Of the server.
impl Infisical {
    /// How far it knows `/api/v4`.
    pub(crate) fn version(self, version: Version) -> Self {
        self.set(|settings| {
            settings.version = version;
            settings.limits |= version.is_old();
            settings.projects &= !version.is_old();
        })
    }

    /// It knows no `ETag`.
    pub(crate) fn without_etags(self) -> Self {
        self.set(|settings| settings.etags = false)
    }

    /// It knows projects by the name of `/api/v1/workspace` alone, as older servers do.
    pub(crate) fn without_projects(self) -> Self {
        self.set(|settings| settings.projects = false)
    }

    /// How long a token is good for; zero is as long as can be.
    pub(crate) fn token_ttl(self, time: Duration) -> Self {
        self.live(|lifetime| lifetime.ttl = time)
    }

    /// How long after a log-in its token can be renewed; zero is for ever.
    pub(crate) fn max_ttl(self, time: Duration) -> Self {
        self.live(|lifetime| lifetime.max_ttl = time)
    }

    /// How many requests a token is good for.
    pub(crate) fn token_uses(self, count: u32) -> Self {
        self.live(|lifetime| lifetime.uses = Some(count))
    }

    fn live(self, change: impl FnOnce(&mut Lifetime)) -> Self {
        change(&mut self.world().machines[0].lifetime);
        self
    }

    /// It counts requests, as older servers always do.
    pub(crate) fn limited(self) -> Self {
        self.set(|settings| settings.limits = true)
    }

    /// It has nothing that costs money.
    pub(crate) fn without_licence(self) -> Self {
        self.set(|settings| settings.licensed = false)
    }

    /// The slugs of all organisations. Unless this is said, every one is known.
    pub(crate) fn organisations(self, slugs: &[&str]) -> Self {
        let slugs = slugs.iter().map(|&slug| slug.to_owned()).collect();
        self.set(|settings| settings.organisations = Some(slugs))
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.world().settings);
        self
    }

    /// The machine identity learns which secrets there are, and reads none.
    pub(crate) fn describing(self) -> Self {
        self.world().machines[0].rights.reads.clear();
        self
    }

    /// By what else the machine identity may log in.
    pub(crate) fn identity(self, identity: Identity) -> Self {
        self.world().identities.push(identity);
        self
    }
}

/// While it runs.
impl Infisical {
    /// Answers the next requests with this.
    pub(crate) fn fails(&self, times: usize, reply: Reply) {
        self.world().failures = Some((times, reply));
    }

    /// Lets time go by.
    pub(crate) fn pass(&self, time: Duration) {
        self.world().wall.0 += time;
    }

    /// What time it is: the real one, until this is said.
    pub(crate) fn wall_clock(&self, time: SystemTime) {
        self.world().wall = (time, Instant::now());
    }

    /// Makes an end of all tokens.
    pub(crate) fn revoke_all(&self) {
        self.world().revoke_all();
    }

    /// All tokens are of the past.
    pub(crate) fn expire_all(&self) {
        self.world().expire_all();
    }

    /// A new token of the machine identity.
    pub(crate) fn token(&self) -> String {
        self.world().mint(Actor::Machine(0), "universal")
    }

    /// A new token of the user.
    pub(crate) fn user_token(&self) -> String {
        self.world().mint(Actor::User, "email")
    }

    /// Takes this text for a token of the user.
    pub(crate) fn know(&self, token: &str) {
        self.world().mint_as(Actor::User, token);
    }

    /// A new service token for environments and folders of the project, which may be
    /// patterns; in four parts.
    pub(crate) fn service_token(&self, scopes: &[(&str, &str)]) -> String {
        let mut world = self.world();
        let scopes = scopes
            .iter()
            .map(|&(environment, path)| (environment.to_owned(), path.to_owned()));
        let project = world.projects[self.place.project].id.clone();
        let read = vec!["read".to_owned()];
        let token = world.new_service("a service token", &project, scopes.collect(), read, None);
        format!("{token}.0123456789abcdef0123456789abcdef")
    }

    /// The id of a project.
    pub(crate) fn project_id(&self, slug: &str) -> String {
        let world = self.world();
        let project = world.project_called(slug).unwrap();
        world.projects[project].id.clone()
    }

    /// All log-ins that succeeded.
    pub(crate) fn logins(&self) -> Vec<Login> {
        self.world().logins.clone()
    }

    /// All leases that were ever made.
    pub(crate) fn leases(&self) -> Vec<Lease> {
        self.world().leases.clone()
    }

    /// The secrets in a folder of `dev`, or of `demo/dev`.
    #[track_caller]
    pub(crate) fn stored(&self, environment: &str, path: &str) -> Vec<Stored> {
        let root = self.root(environment);
        let world = self.world();
        let place = world.beside(root, path).unwrap();
        let tags = &world.projects[place.project].tags;
        let slug = |id: &String| {
            let found = tags.iter().find(|tag| tag.id == *id);
            found.map(|tag| tag.slug.clone())
        };
        let secrets = world.at(place).secrets.iter().cloned();
        let stored = secrets.map(|secret| Stored {
            comment: secret.comment,
            id: secret.id,
            key: secret.key,
            metadata: secret.metadata,
            multiline: secret.multiline,
            personal: secret.personal,
            tags: secret.tags.iter().filter_map(slug).collect(),
            value: secret.value,
        });
        stored.collect()
    }
}
