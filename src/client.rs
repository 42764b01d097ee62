//! The client: the only place where a back-end and the resolver meet.

use std::time::{Duration, Instant};

use crate::credentials::Credentials;
use crate::error::Result;
use crate::notice::Notice;
use crate::provider::phase::Phase;
#[cfg(feature = "vault")]
use crate::provider::vault::Vault;
use crate::provider::{AppSummary, Backend, Listing, Provider, References};
use crate::resolve::{Resolver, Step, chosen};
use crate::scope::{Folder, Place, Scope};
use crate::secret::{Change, NewSecret, Secret, SecretValue};

/// A store of secrets, reached with one set of credentials.
///
/// Making one opens no connection and no file. It may be shared between tasks.
/// Every call gives up after [the timeout](Self::timeout), retries included.
#[derive(Debug)]
pub struct Client {
    provider: Provider,
    timeout: Duration,
}

/// What [`Client::resolve`] is to do.
///
/// The default takes every secret, applies personal overrides, and fails on a
/// reference that leads nowhere.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Leave a reference that leads nowhere as it stands, and give a notice.
    pub allow_unresolved: bool,
    /// Whether active personal overrides count.
    pub personal: bool,
    /// Which names are wanted. What is not wanted cannot fail the call.
    pub wanted: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            allow_unresolved: false,
            personal: true,
            wanted: &|_| true,
        }
    }
}

/// The answer of [`Client::resolve`].
#[derive(Debug)]
pub struct Resolution {
    /// App and environment as the store spells them.
    pub place: Place,
    /// One secret per name, in name order.
    pub secrets: Vec<Resolved>,
    /// What the caller should be told.
    pub notices: Vec<Notice>,
}

/// A secret ready for use.
#[derive(Debug)]
pub struct Resolved {
    /// The folder it came from.
    pub folder: Folder,
    /// Its name as stored; see [`SecretName`](crate::SecretName).
    pub name: String,
    /// Whether a personal override took the place of the shared value.
    pub overridden: bool,
    /// The value, references followed.
    pub value: SecretValue,
}

impl Client {
    /// The time a call may take unless [said otherwise](Self::timeout).
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// A client that uses `credentials`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a URL
    /// or a certificate file that cannot be used.
    pub fn new(credentials: Credentials) -> Result<Self> {
        let provider = match credentials {
            Credentials::Phase { connection, token } => {
                Provider::Phase(Phase::new(token, &connection)?)
            }
            #[cfg(feature = "vault")]
            Credentials::Vault { file, key } => Provider::Vault(Vault::new(file, key)),
        };
        Ok(Self {
            provider,
            timeout: Self::TIMEOUT,
        })
    }

    /// The same client, whose calls take at most `timeout` each.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The secrets of `scope` as stored, in order of name and folder.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    ///
    /// # Cancellation
    ///
    /// Only reads; dropping the future leaves nothing behind.
    pub async fn list(&self, scope: &Scope) -> Result<Vec<Secret>> {
        let listing = self.provider.list(scope, self.until()).await?;
        let mut secrets = listing.secrets;
        secrets
            .retain(|secret| scope.folders.contains(&secret.folder) && scope.admits(&secret.tags));
        secrets.sort_by(|a, b| (&a.name, &a.folder).cmp(&(&b.name, &b.folder)));
        Ok(secrets)
    }

    /// The values of `scope`: overrides applied, references followed, one per name.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind);
    /// [`Unresolved`](crate::ErrorKind::Unresolved) names the secret and the reference.
    ///
    /// # Cancellation
    ///
    /// Only reads; dropping the future leaves nothing behind.
    pub async fn resolve(&self, scope: &Scope, plan: &Plan<'_>) -> Result<Resolution> {
        let until = self.until();
        let Listing {
            place,
            secrets,
            whole,
            mut notices,
        } = self.provider.list(scope, until).await?;
        let (roots, collisions) = chosen(&secrets, scope, plan.wanted);
        notices.extend(collisions);
        let mut resolver = match self.provider.references() {
            References::Ours => Resolver::following(place.clone(), plan),
            References::Theirs => Resolver::checking(place.clone(), plan),
        };
        if whole {
            resolver.supply(place.clone(), Ok((place.clone(), secrets.clone())));
        }
        loop {
            match resolver.step(&roots)? {
                Step::Done(secrets, left_over) => {
                    notices.extend(left_over);
                    return Ok(Resolution {
                        place,
                        secrets,
                        notices,
                    });
                }
                Step::Needs(places) => {
                    for wanted in places {
                        let scope = Scope {
                            place: wanted.clone(),
                            folders: crate::scope::Folders::All,
                            tags: Vec::new(),
                        };
                        let answer = self.provider.list(&scope, until).await;
                        let answer = answer.map(|listing| (listing.place, listing.secrets));
                        resolver.supply(wanted, answer);
                    }
                }
            }
        }
    }

    /// Adds a secret.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::ErrorKind::Conflict) if that folder has one of that
    /// name; otherwise any.
    pub async fn create(&self, place: &Place, secret: &NewSecret) -> Result<()> {
        self.provider.create(place, secret, self.until()).await
    }

    /// Changes the secret `name` in `folder`.
    ///
    /// # Errors
    ///
    /// [`Missing`](crate::ErrorKind::Missing) if there is none; otherwise any.
    pub async fn update(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        change: &Change,
    ) -> Result<()> {
        self.provider
            .update(place, folder, name, change, self.until())
            .await
    }

    /// Removes the secret `name` from `folder`, and says whether it was there.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub async fn delete(&self, place: &Place, folder: &Folder, name: &str) -> Result<bool> {
        self.provider
            .delete(place, folder, name, self.until())
            .await
    }

    /// The apps that these credentials reach, by name.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub async fn apps(&self) -> Result<Vec<AppSummary>> {
        self.provider.apps(self.until()).await
    }

    fn until(&self) -> Instant {
        Instant::now() + self.timeout
    }
}
