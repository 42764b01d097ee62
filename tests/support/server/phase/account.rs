//! Who may ask: accounts, their keys, and the tokens that stand for them.

use std::time::SystemTime;

use super::crypto::{self, Bytes, KeyPair};
use super::identity::Identity;
use super::store::{Place, World};

/// The kinds of account, by the words that stand before a token's id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// An older service token, which is its own account: `pss_service:v1`.
    Service,
    /// `pss_service:v2`.
    ServiceAccount,
    /// A person: `pss_user:v1`.
    User,
}

/// A token, for a test to use.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// The id of the account.
    pub(crate) account: String,
    /// With the keys: `pss_…`.
    pub(crate) full: String,
    /// Without: `User …`.
    pub(crate) rest: String,
}

/// What keeps an account from its secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Limit {
    /// A network policy that our address does not fit.
    Address,
    /// The token was deleted, or has expired.
    Dead,
    /// The keys are not the server's to mint tokens with.
    KeysElsewhere,
    /// The user has left the organisation.
    Left,
    /// The role lacks this right to secrets: `create`, `delete`, `read` or `update`.
    Without(&'static str),
    /// The role may not read apps.
    WithoutApps,
}

pub(super) struct Account {
    pub(super) environment_keys: Vec<EnvironmentKey>,
    /// Gets the keys of environments to come, too.
    pub(super) everywhere: bool,
    pub(super) id: String,
    pub(super) identities: Vec<Identity>,
    pub(super) keys: KeyPair,
    pub(super) kind: Kind,
    pub(super) limits: Vec<Limit>,
}

/// An environment's seed and salt, encrypted to one account.
pub(super) struct EnvironmentKey {
    pub(super) created: SystemTime,
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) wrapped_salt: String,
    pub(super) wrapped_seed: String,
}

/// A token as the server knows it: without its secrets.
pub(super) struct Minted {
    pub(super) account: usize,
    pub(super) dead: bool,
    /// What is sent.
    pub(super) id: String,
    pub(super) wrapped_key_share: String,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Service, Self::ServiceAccount, Self::User];

    /// As in a header.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::ServiceAccount => "ServiceAccount",
            Self::User => "User",
        }
    }

    /// As a token begins.
    fn prefix(self) -> &'static str {
        match self {
            Self::Service => "pss_service:v1",
            Self::ServiceAccount => "pss_service:v2",
            Self::User => "pss_user:v1",
        }
    }
}

impl Account {
    pub(super) fn may_reach(&self, place: Place) -> bool {
        self.environment_keys.iter().any(|key| key.place == place)
    }

    pub(super) fn is(&self, limit: Limit) -> bool {
        self.limits.contains(&limit)
    }
}

impl World {
    /// A new account, which can do nothing yet. Gives back its number.
    pub(super) fn admit(&mut self, kind: Kind, everywhere: bool) -> usize {
        self.accounts.push(Account {
            environment_keys: Vec::new(),
            everywhere,
            id: self.draw.id(),
            identities: Vec::new(),
            keys: self.draw.keys(),
            kind,
            limits: Vec::new(),
        });
        self.accounts.len() - 1
    }

    /// Gives an account the keys of an environment.
    pub(super) fn grant(&mut self, account: usize, place: Place) {
        let recipient = self.accounts[account].keys.public;
        let (seed, salt) = (self.at(place).seed.clone(), self.at(place).salt.clone());
        let key = EnvironmentKey {
            created: self.now(),
            id: self.draw.id(),
            place,
            wrapped_salt: self.draw.encrypt(&salt, &recipient),
            wrapped_seed: self.draw.encrypt(&seed, &recipient),
        };
        self.accounts[account].environment_keys.push(key);
    }

    /// A new token for an account, with this id.
    pub(super) fn mint(&mut self, account: usize, id: String) -> Token {
        let Account { keys, kind, .. } = self.accounts[account];
        let (ours, unwrap_key): (Bytes, Bytes) = (self.draw.bytes(), self.draw.bytes());
        // It is the text of the share that is wrapped, not its bytes.
        let theirs = crypto::hex(&crypto::xor(&ours, &keys.private));
        let wrapped = crypto::seal(theirs.as_bytes(), &unwrap_key, &self.draw.bytes());
        let [public, ours, unwrap_key] =
            [keys.public, ours, unwrap_key].map(|key| crypto::hex(&key));
        let full = format!("{}:{id}:{public}:{ours}:{unwrap_key}", kind.prefix());
        let rest = format!("{} {id}", kind.word());
        self.tokens.push(Minted {
            account,
            dead: false,
            id,
            wrapped_key_share: crypto::hex(&wrapped),
        });
        Token {
            account: self.accounts[account].id.clone(),
            full,
            rest,
        }
    }

    /// The living token that `kind` and `id` mean.
    pub(super) fn token(&self, kind: &str, id: &str) -> Option<&Minted> {
        let fits = |token: &&Minted| {
            token.id == id && !token.dead && self.accounts[token.account].kind.word() == kind
        };
        self.tokens.iter().find(fits)
    }
}
