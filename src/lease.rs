//! Dynamic secrets: credentials that a store makes when they are asked for.

use std::time::Duration;

use crate::scope::Folder;

/// What to do about dynamic secrets: credentials that the store makes when they
/// are asked for, and takes back when their lease ends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Leases {
    /// Have credentials made for those in the folders of the scope.
    Generate {
        /// How long they are to be good for, in whole seconds; as long as the
        /// store says if `None`.
        ttl: Option<Duration>,
    },
    /// Make none, and give a notice for each dynamic secret: what it would give
    /// values to, as far as the store says.
    Preview,
    /// Leave dynamic secrets out, and give a notice for each that comes with the
    /// others: Phase's do.
    #[default]
    Skip,
}

/// Credentials that the store made for us, until they end or are
/// [revoked](crate::Client::revoke).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lease {
    /// When it ends: RFC 3339, UTC, or empty if the store does not say.
    pub expires: String,
    /// The folder of the dynamic secret.
    pub(crate) folder: Folder,
    /// The store's id for it.
    pub id: String,
    /// The dynamic secret it is of.
    pub name: String,
    /// App and environment, by the ids or names the store knows them by.
    pub(crate) target: (String, String),
}
