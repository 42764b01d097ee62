//! The back-ends: where secrets are kept.

pub(crate) mod phase;
#[cfg(feature = "vault")]
pub(crate) mod vault;

use std::time::Instant;

use crate::error::Result;
use crate::notice::Notice;
use crate::scope::{Folder, Place, Scope};
use crate::secret::{Change, NewSecret, Secret};

/// An app, and the environments of it that these credentials reach.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppSummary {
    /// The environments' names, in the store's order.
    pub environments: Vec<String>,
    /// The id, where the store has one.
    pub id: String,
    /// The name.
    pub name: String,
}

/// What a back-end answers to [`Backend::list`].
#[derive(Debug)]
pub(crate) struct Listing {
    /// App and environment as the store knows them, whatever was typed.
    pub(crate) place: Place,
    /// At least the secrets of the scope, each once, in no order.
    pub(crate) secrets: Vec<Secret>,
    /// Whether `secrets` is the whole environment, every folder and tag.
    pub(crate) whole: bool,
    pub(crate) notices: Vec<Notice>,
}

/// Who replaces `${…}` in values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum References {
    /// We do, before use.
    #[cfg_attr(
        not(feature = "vault"),
        expect(dead_code, reason = "so far only a vault leaves references to us")
    )]
    Ours,
    /// The server did; what is left over leads nowhere.
    Theirs,
}

/// What every back-end does. The `contract` module of the tests is the
/// executable half of this text.
///
/// Every call gives up at the instant `until`, with
/// [`Timeout`](crate::ErrorKind::Timeout).
pub(crate) trait Backend {
    /// At least every secret of `scope`, decrypted. A folder that is empty or
    /// absent gives none; an absent app or environment is
    /// [`Missing`](crate::ErrorKind::Missing). Names are matched as
    /// [`pick`](crate::pick::pick) does it.
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing>;

    /// Adds `secret`. One of that name in that folder is a
    /// [`Conflict`](crate::ErrorKind::Conflict).
    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()>;

    /// Changes the secret `name` in `folder`. If there is none:
    /// [`Missing`](crate::ErrorKind::Missing).
    async fn update(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        change: &Change,
        until: Instant,
    ) -> Result<()>;

    /// Removes the secret `name` from `folder`, and says whether it was there.
    async fn delete(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<bool>;

    /// The apps these credentials reach, by name.
    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>>;

    /// Who follows references.
    fn references(&self) -> References;
}

/// The back-end in use. A closed set: `match` finds the ones we forgot.
#[derive(Debug)]
pub(crate) enum Provider {
    Phase(phase::Phase),
    #[cfg(feature = "vault")]
    Vault(vault::Vault),
}

/// One arm per back-end, the same call in each.
macro_rules! dispatch {
    ($provider:expr, $backend:ident => $call:expr) => {
        match $provider {
            Provider::Phase($backend) => $call,
            #[cfg(feature = "vault")]
            Provider::Vault($backend) => $call,
        }
    };
}

impl Backend for Provider {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing> {
        dispatch!(self, backend => backend.list(scope, until).await)
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        dispatch!(self, backend => backend.create(place, secret, until).await)
    }

    async fn update(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        change: &Change,
        until: Instant,
    ) -> Result<()> {
        dispatch!(self, backend => backend.update(place, folder, name, change, until).await)
    }

    async fn delete(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<bool> {
        dispatch!(self, backend => backend.delete(place, folder, name, until).await)
    }

    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>> {
        dispatch!(self, backend => backend.apps(until).await)
    }

    fn references(&self) -> References {
        dispatch!(self, backend => backend.references())
    }
}
