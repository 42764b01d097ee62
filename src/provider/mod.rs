//! The back-ends: where secrets are kept.

pub(crate) mod infisical;
mod join;
pub(crate) mod phase;
mod text;
#[cfg(feature = "vault")]
pub(crate) mod vault;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use crate::emptiness::{Held, require_some};
use crate::error::{Error, ErrorKind, Result};
use crate::lease::Lease;
use crate::notice::Notice;
use crate::owner::{AppSummary, Owner};
use crate::plan::Plan;
use crate::scope::{Folder, Place, Scope, Site, Target};
use crate::secret::{Change, NewSecret, Outline, Secret};
use crate::secret_set::SecretSet;

/// What [`Backend::fetch`] is asked for.
#[derive(Clone, Copy)]
pub(crate) struct FetchRequest<'a> {
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) scope: &'a Scope,
}

impl FetchRequest<'_> {
    /// Checks, before any lease is made, that each folder and each tag selects
    /// something of what is `held` in `place`, unless the plan lets it be.
    fn require_some(&self, held: &Held<'_>, place: &Place) -> Result<()> {
        if self.plan.allow_empty {
            return Ok(());
        }
        require_some(held, self.scope, place)
    }
}

/// What is stored in a part of an environment, and where that is.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listing<T = Secret> {
    /// What the caller should be told.
    pub notices: Vec<Notice>,
    /// App and environment as the store spells them, as far as it says so.
    pub place: Place,
    /// The secrets as stored.
    pub secrets: Vec<T>,
}

impl<T> Listing<T> {
    /// That app and environment were named in whole: a change wants that.
    ///
    /// # Errors
    ///
    /// [`Missing`](crate::ErrorKind::Missing): a part of a name stood for the whole.
    pub fn require_whole(&self) -> Result<()> {
        require_whole(&self.notices)
    }
}

/// What a back-end answers to [`Backend::fetch`].
#[derive(Debug)]
pub(crate) struct FetchResponse {
    /// For [`Plan::hint`], where it would save time.
    pub(crate) hint: Option<String>,
    pub(crate) notices: Vec<Notice>,
    /// App and environment as the store knows them, whatever was typed.
    pub(crate) place: Place,
    /// The one name of this environment: the same for all spellings of it.
    pub(crate) canonical: Place,
    pub(crate) set: Arc<dyn SecretSet>,
}

/// What [`Backend::fetch_referenced`] is asked for.
#[derive(Clone, Copy)]
pub(crate) struct ReferencedRequest<'a> {
    /// Whether what a target means is known, by the [canonical](FetchResponse::canonical)
    /// name of its environment.
    pub(crate) known: &'a (dyn Fn(&Target) -> bool + Sync),
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) targets: &'a BTreeSet<Target>,
    /// Whether what was fetched for references holds references itself: then all of an
    /// environment is worth one request.
    pub(crate) thorough: bool,
}

/// What a back-end answers to [`Backend::fetch_referenced`].
#[derive(Debug, Default)]
pub(crate) struct Referenced {
    /// The folders that were fetched, where they are fetched one by one.
    pub(crate) folders: Vec<(Site, Result<Arc<dyn SecretSet>>)>,
    pub(crate) notices: Vec<Notice>,
    /// What was asked for, and its canonical name.
    pub(crate) names: Vec<(Place, Result<Place>)>,
    /// Environments or parts of them that were fetched, by canonical names.
    pub(crate) sets: Vec<(Place, Result<Arc<dyn SecretSet>>)>,
}

impl Referenced {
    /// Nothing of `asked` could be reached, because of `error`.
    pub(crate) fn none(asked: BTreeSet<Place>, error: Error) -> Self {
        Self {
            names: asked.into_iter().take(1).zip([Err(error)]).collect(),
            ..Self::default()
        }
    }
}

/// Who replaces `${…}` in values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum References {
    /// We do, before use.
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
    /// At least every secret of `scope`, decrypted, each once and in no order, and where
    /// that is. A
    /// folder that is empty or absent gives none; an absent app or environment is
    /// [`Missing`](crate::ErrorKind::Missing). Names are matched as
    /// [`pick`](crate::pick::pick) does it.
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing>;

    /// The same, but that no value is opened, nor fails the call.
    async fn outlines(&self, scope: &Scope, until: Instant) -> Result<Listing<Outline>> {
        let Listing {
            notices,
            place,
            secrets,
        } = self.list(scope, until).await?;
        Ok(Listing {
            notices,
            place,
            secrets: secrets.iter().map(Outline::from).collect(),
        })
    }

    /// The environment in which the scope lies, for use: nothing is opened but what
    /// is needed. Where references are the server's, or [folders](Referenced::folders) are
    /// reached one by one, the secrets of the scope are enough, and of these the
    /// [one](Plan::only) that is meant. A folder or a tag that selects nothing is
    /// [`Missing`](crate::ErrorKind::Missing) unless the plan allows it, and then
    /// no lease is made.
    ///
    /// Leases go to `made` as soon as they are made, whatever happens then.
    async fn fetch(
        &self,
        order: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<FetchResponse>;

    /// What references mean: the secrets, their folders or their environments, but for
    /// what is known already.
    ///
    /// Not called where references are the server's.
    async fn fetch_referenced(&self, _: ReferencedRequest<'_>, _: Instant) -> Referenced {
        Referenced::default()
    }

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

    /// Whose credentials these are. Where nobody keeps accounts:
    /// [`Configuration`](crate::ErrorKind::Configuration).
    async fn owner(&self, until: Instant) -> Result<Owner>;

    /// Ends the token in use, for everybody who holds it. Where the store has no
    /// way to do so, or the token is made anew each time:
    /// [`Configuration`](crate::ErrorKind::Configuration).
    async fn log_out(&self, until: Instant) -> Result<()>;

    /// Ends a lease that this back-end gave. One that has ended is no error.
    async fn revoke(&self, lease: &Lease, until: Instant) -> Result<()>;

    /// Who follows references.
    fn references(&self) -> References;
}

/// The back-end in use. A closed set: `match` finds the ones we forgot.
#[derive(Debug)]
pub(crate) enum Provider {
    Infisical(Box<infisical::Infisical>),
    /// Phase, end to end encrypted.
    Phase(phase::Encrypted),
    /// Phase, whose server decrypts.
    PhaseRest(phase::Rest),
    #[cfg(feature = "vault")]
    Vault(vault::Vault),
}

/// One arm per back-end, the same call in each.
macro_rules! dispatch {
    ($provider:expr, $backend:ident => $call:expr) => {
        match $provider {
            Provider::Infisical($backend) => $call,
            Provider::Phase($backend) => $call,
            Provider::PhaseRest($backend) => $call,
            #[cfg(feature = "vault")]
            Provider::Vault($backend) => $call,
        }
    };
}

impl Backend for Provider {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing> {
        dispatch!(self, backend => backend.list(scope, until).await)
    }

    async fn outlines(&self, scope: &Scope, until: Instant) -> Result<Listing<Outline>> {
        dispatch!(self, backend => backend.outlines(scope, until).await)
    }

    async fn fetch(
        &self,
        order: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<FetchResponse> {
        dispatch!(self, backend => backend.fetch(order, made, until).await)
    }

    async fn fetch_referenced(&self, request: ReferencedRequest<'_>, until: Instant) -> Referenced {
        dispatch!(self, backend => backend.fetch_referenced(request, until).await)
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

    async fn owner(&self, until: Instant) -> Result<Owner> {
        dispatch!(self, backend => backend.owner(until).await)
    }

    async fn log_out(&self, until: Instant) -> Result<()> {
        dispatch!(self, backend => backend.log_out(until).await)
    }

    async fn revoke(&self, lease: &Lease, until: Instant) -> Result<()> {
        dispatch!(self, backend => backend.revoke(lease, until).await)
    }

    fn references(&self) -> References {
        dispatch!(self, backend => backend.references())
    }
}

/// The environments of `targets`, each once.
fn places(targets: &BTreeSet<Target>) -> BTreeSet<Place> {
    let places = targets.iter().map(|target| target.site.place.clone());
    places.collect()
}

/// Tells of the choice of `chosen`, if it is only a part of its name that is `wanted`.
fn note(notices: &mut Vec<Notice>, partial: bool, what: &'static str, wanted: &str, chosen: &str) {
    if partial {
        notices.push(Notice::Chosen {
            what,
            wanted: wanted.to_owned(),
            chosen: chosen.to_owned(),
        });
    }
}

/// Checks that no part of a name stood for the whole in what was found for a change.
fn require_whole(notices: &[Notice]) -> Result<()> {
    let chosen = notices.iter().find_map(|notice| match notice {
        Notice::Chosen {
            what,
            wanted,
            chosen,
        } => Some((what, wanted, chosen)),
        _ => None,
    });
    let Some((what, wanted, chosen)) = chosen else {
        return Ok(());
    };
    let message = format!("there is no {what} {wanted:?}");
    let help = format!("did you mean {chosen:?}? a change needs the whole name");
    Err(Error::new(ErrorKind::Missing, message).help(help))
}

/// That the store has no way to end a token.
fn no_log_out(advice: &str) -> Error {
    let text = "there is no way to end this token from here";
    Error::new(ErrorKind::Configuration, text).help(advice)
}
