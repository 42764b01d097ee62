//! Machine identities.

use std::time::{Duration, SystemTime};

use super::rights::Rights;
use super::store::World;

/// A machine identity.
pub(super) struct Machine {
    pub(super) client_id: String,
    pub(super) id: String,
    pub(super) lifetime: Lifetime,
    pub(super) name: String,
    pub(super) rights: Rights,
    pub(super) secrets: Vec<ClientSecret>,
}

/// How long its tokens are good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    /// How long after a log-in a token can be renewed; zero is for ever.
    pub(crate) max_ttl: Duration,
    /// How long a token is good that can be renewed again and again; zero if it cannot.
    pub(crate) period: Duration,
    /// How long a token is good; zero is as long as can be.
    pub(crate) ttl: Duration,
    /// For how many requests a token is good.
    pub(crate) uses: Option<u32>,
}

/// A secret by which a machine identity logs in.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSecret {
    pub(crate) expires: Option<SystemTime>,
    pub(crate) revoked: bool,
    pub(crate) text: String,
    /// How often more it is good.
    pub(crate) uses: Option<u32>,
}

impl Default for Lifetime {
    fn default() -> Self {
        Self {
            max_ttl: Duration::from_hours(720),
            period: Duration::ZERO,
            ttl: Duration::from_hours(2),
            uses: None,
        }
    }
}

impl World {
    /// The number of the machine identity with that client id.
    pub(super) fn machine(&self, client_id: &str) -> Option<usize> {
        let mut machines = self.machines.iter();
        machines.position(|machine| machine.client_id == client_id)
    }
}
