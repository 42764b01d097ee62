//! What more can be said of the last thing, and done to a server that runs.

use std::time::{Duration, SystemTime};

use super::account::{Kind, Limit, Token};
use super::crypto::{decrypt, digest};
use super::dynamic::{Dynamic, Lease};
use super::identity::Identity;
use super::store::{Personal, Secret};
use super::{Phase, Stored};

/// Of the last secret.
impl Phase {
    /// Its comment.
    pub(crate) fn comment(self, text: &str) -> Self {
        let text = self.world().encrypt(self.place, text);
        self.last(|secret| secret.comment = text)
    }

    /// Its type.
    pub(crate) fn kind(self, kind: &str) -> Self {
        self.last(|secret| kind.clone_into(&mut secret.kind))
    }

    /// How often it was written.
    pub(crate) fn version(self, version: u64) -> Self {
        self.last(|secret| secret.version = version)
    }

    /// Its tags.
    pub(crate) fn tags(self, names: &[&str]) -> Self {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        self.last(|secret| secret.tags = names)
    }

    /// The known user's own value.
    pub(crate) fn own(self, value: &str) -> Self {
        let user = self.token(Kind::User).account;
        let mut world = self.world();
        let created = world.now();
        let own = Personal {
            active: true,
            created,
            id: world.draw.id(),
            updated: created,
            user,
            value: world.encrypt(self.place, value),
        };
        drop(world);
        self.last(|secret| secret.personal.push(own))
    }

    /// Its digest is that of the name `other`, as some clients make it.
    pub(crate) fn known_as(self, other: &str) -> Self {
        let salt = self.world().at_mut(self.place).salt.clone();
        self.last(|secret| secret.digest = digest(other, &salt))
    }

    /// It is managed by the server alone.
    pub(crate) fn rotating(self) -> Self {
        self.last(|secret| secret.rotating = true)
    }

    /// Its value is encrypted to somebody else.
    pub(crate) fn misplaced(self) -> Self {
        let mut world = self.world();
        let stranger = world.draw.keys().public;
        let value = world.draw.encrypt("for somebody else", &stranger);
        drop(world);
        self.last(|secret| secret.value = value)
    }

    fn last(self, change: impl FnOnce(&mut Secret)) -> Self {
        change(self.world().at_mut(self.place).secrets.last_mut().unwrap());
        self
    }
}

/// Of the last dynamic secret.
impl Phase {
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

/// Of accounts.
impl Phase {
    /// The token of the account of that kind which reaches everything.
    pub(crate) fn token(&self, kind: Kind) -> Token {
        self.tokens[kind as usize].clone()
    }

    /// A new account with the keys of `web/Development`, or `web`, and no more.
    pub(crate) fn admit(&self, kind: Kind, places: &[&str]) -> Token {
        let mut world = self.world();
        let account = world.admit(kind, false);
        for place in world.named(places) {
            world.grant(account, place);
        }
        let id = world.draw.hex();
        world.mint(account, id)
    }

    /// Keeps a token, or its account, from something.
    pub(crate) fn limit(&self, token: &Token, limit: Limit) {
        let mut world = self.world();
        if limit == Limit::Dead {
            let mut tokens = world.tokens.iter_mut();
            let found = tokens.find(|known| token.rest.ends_with(&known.id));
            found.unwrap().dead = true;
            return;
        }
        let mut accounts = world.accounts.iter_mut();
        let found = accounts.find(|account| account.id == token.account);
        found.unwrap().limits.push(limit);
    }

    /// Lets an account log in by what it is in a cloud.
    pub(crate) fn know(&self, token: &Token, identity: Identity) {
        let mut world = self.world();
        let mut accounts = world.accounts.iter_mut();
        let found = accounts.find(|account| account.id == token.account);
        found.unwrap().identities.push(identity);
    }
}

/// Of the whole.
impl Phase {
    /// Serves nobody for so many seconds, as it says; `None` ends that.
    pub(crate) fn throttle(&self, seconds: Option<u64>) {
        self.world().throttled = seconds;
    }

    /// It is called this.
    pub(crate) fn organisation(self, name: &str) -> Self {
        name.clone_into(&mut self.world().organisation.1);
        self
    }

    /// Two requests have made this tag at one time.
    pub(crate) fn doubled_tag(self, name: &str) -> Self {
        self.world().doubled_tags.push(name.to_owned());
        self
    }

    /// Whether it is reached without the proxy that stands before it.
    pub(crate) fn direct(&self, direct: bool) {
        self.world().direct = direct;
    }

    /// The ids of the app and the environment that things go into next.
    pub(crate) fn here(&self) -> (String, String) {
        let world = self.world();
        let app = world.apps[self.place.app].id.clone();
        (app, world.at(self.place).id.clone())
    }

    /// What time it is for those who sign: the real one, until this is said.
    pub(crate) fn wall_clock(&self, time: SystemTime) {
        self.world().wall = Some(time);
    }

    /// Lets time go by.
    pub(crate) fn pass(&self, time: Duration) {
        self.world().clock += time;
    }

    /// The id of `web/Development`.
    pub(crate) fn environment_id(&self, name: &str) -> String {
        let world = self.world();
        world.at(world.the(name)).id.clone()
    }

    /// All secrets of `web/Development`.
    ///
    /// # Panics
    ///
    /// If one does not open, or would not be found by its key.
    #[track_caller]
    pub(crate) fn stored(&self, name: &str) -> Vec<Stored> {
        let world = self.world();
        let environment = world.at(world.the(name));
        let open = |text: &str| decrypt(text, &environment.keys).expect("it opens");
        let secrets = environment.living().map(|secret| {
            let key = open(&secret.key);
            assert_eq!(secret.digest, digest(&key, &environment.salt), "{key}");
            Stored {
                comment: Some(&secret.comment)
                    .filter(|text| !text.is_empty())
                    .map(|text| open(text))
                    .unwrap_or_default(),
                id: secret.id.clone(),
                key,
                kind: secret.kind.clone(),
                path: secret.path.clone(),
                tags: secret.tags.clone(),
                value: open(&secret.value),
            }
        });
        secrets.collect()
    }

    /// All leases that were ever made, in the order of their dynamic secrets.
    pub(crate) fn leases(&self) -> Vec<Lease> {
        let world = self.world();
        let apps = world.apps.iter();
        let environments = apps.flat_map(|app| &app.environments);
        let dynamics = environments.flat_map(|environment| &environment.dynamics);
        dynamics
            .flat_map(|dynamic| dynamic.leases.clone())
            .collect()
    }
}
