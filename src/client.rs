//! The client: the only place where a back-end and the resolver meet.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::credentials::{Credentials, PhaseApi};
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "vault")]
use crate::file_owners::FileOwners;
use crate::lease::Lease;
use crate::notice::Notice;
use crate::owner::{AppSummary, Owner};
use crate::plan::Plan;
use crate::provider::infisical::Infisical;
use crate::provider::phase::{Encrypted, Rest};
#[cfg(feature = "vault")]
use crate::provider::vault::Vault;
use crate::provider::{
    Backend, FetchRequest, FetchResponse, Listing, Provider, ReferencedRequest, References,
};
use crate::resolve::{Chosen, Resolved, Resolver, Step, chosen};
use crate::scope::{Folder, Place, Scope, Target};
use crate::secret::{Change, NewSecret, Outline, Secret};
use crate::trust::TrustStore;

/// A store of secrets, reached with one set of credentials.
///
/// Making one opens no connection and no file. It may be shared between tasks.
/// Every call gives up after [the timeout](Self::timeout), retries included. Where a
/// call logs in, its token serves the next calls too; it is not given back, and
/// ends by itself.
#[derive(Debug)]
pub struct Client {
    provider: Provider,
    timeout: Duration,
}

/// The answer of [`Client::resolve`].
#[derive(Debug)]
pub struct Resolution {
    /// What to give as the next [`Plan::hint`] for this scope, where that would
    /// save time. It is no secret.
    pub hint: Option<String>,
    /// Credentials that the store made for this answer.
    pub leases: Vec<Lease>,
    /// Names in the scope that were not wanted.
    pub left_out: Vec<String>,
    /// App and environment as the store spells them.
    pub place: Place,
    /// One secret per name, in name order.
    pub secrets: Vec<Resolved>,
    /// What the caller should be told.
    pub notices: Vec<Notice>,
}

impl Client {
    /// The time a call may take unless [said otherwise](Self::timeout).
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// The time that giving leases back may take when a call fails.
    const TO_GIVE_BACK: Duration = Duration::from_secs(5);

    /// A client that uses `credentials`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a URL
    /// or a certificate file that cannot be used.
    pub fn new(credentials: Credentials) -> Result<Self> {
        let provider = match credentials {
            Credentials::Infisical {
                connection,
                login,
                organisation,
            } => {
                let infisical = Infisical::new(connection, login, organisation)?;
                Provider::Infisical(Box::new(infisical))
            }
            Credentials::Phase {
                api,
                connection,
                token,
            } => {
                let rest = match api {
                    PhaseApi::Auto => !token.holds_keys(),
                    PhaseApi::Encrypted => false,
                    PhaseApi::Rest => true,
                };
                if rest {
                    Provider::PhaseRest(Rest::new(token, &connection)?)
                } else {
                    Provider::Phase(Encrypted::new(token, &connection)?)
                }
            }
            #[cfg(feature = "vault")]
            Credentials::Vault { file, key } => Provider::Vault(Vault::new(file, key)),
        };
        Ok(Self {
            provider,
            timeout: Self::TIMEOUT,
        })
    }

    /// The same client, whose calls take at most `timeout` each, and a day at most.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same client, which remembers in `store` what it trusts at first use, and
    /// refuses what differs later. (Phase, end-to-end encrypted; vault)
    #[must_use]
    pub fn trust(mut self, store: TrustStore) -> Self {
        match &mut self.provider {
            Provider::Phase(phase) => phase.trust(store),
            #[cfg(feature = "vault")]
            Provider::Vault(vault) => vault.trust(store),
            Provider::Infisical(_) | Provider::PhaseRest(_) => {}
        }
        self
    }

    /// The same client, which makes an app and an environment where a new secret is to
    /// lie and there are none of that name. (vault; an empty one needs no leave)
    #[cfg(feature = "vault")]
    #[must_use]
    pub fn make_environments(mut self, make: bool) -> Self {
        if let Provider::Vault(vault) = &mut self.provider {
            vault.make_environments(make);
        }
        self
    }

    /// The same client, which takes on more work for a passphrase. See
    /// [`VaultFile::most_work`](crate::VaultFile::most_work). (vault)
    #[cfg(feature = "vault")]
    #[must_use]
    pub fn most_work(mut self, most: u8) -> Self {
        if let Provider::Vault(vault) = &mut self.provider {
            vault.most_work(most);
        }
        self
    }

    /// The same client, which reads only files of these `owners`. See
    /// [`VaultFile::owned_by`](crate::VaultFile::owned_by). (vault)
    #[cfg(feature = "vault")]
    #[must_use]
    pub fn owned_by(mut self, owners: FileOwners) -> Self {
        if let Provider::Vault(vault) = &mut self.provider {
            vault.owned_by(owners);
        }
        self
    }

    /// What calls noticed whose answer has no room for it, each thing once. (vault)
    #[cfg(feature = "vault")]
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        match &self.provider {
            Provider::Vault(vault) => vault.notices(),
            _ => Vec::new(),
        }
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
        Ok(self.listing(scope).await?.secrets)
    }

    /// The same, and where that is. A vault without any app has no secret, wherever.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let mut listing = self.provider.list(scope, self.until()).await?;
        let secrets = &mut listing.secrets;
        secrets
            .retain(|secret| scope.folders.contains(&secret.folder) && scope.admits(&secret.tags));
        secrets.sort_unstable_by(|a, b| {
            let [a, b] = [a, b].map(|one| (&one.name, &one.folder, &one.updated, &one.id));
            a.cmp(&b)
        });
        Ok(listing)
    }

    /// The same secrets without their values, none of which is opened: one that does
    /// not decrypt fails nothing.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    ///
    /// # Cancellation
    ///
    /// As for [`list`](Self::list).
    pub async fn outlines(&self, scope: &Scope) -> Result<Listing<Outline>> {
        let mut listing = self.provider.outlines(scope, self.until()).await?;
        let all = &mut listing.secrets;
        all.retain(|one| scope.folders.contains(&one.folder) && scope.admits(&one.tags));
        all.sort_unstable_by(|a, b| {
            let [a, b] = [a, b].map(|one| (&one.name, &one.folder, &one.updated));
            a.cmp(&b)
        });
        Ok(listing)
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
    /// Only reads, unless [leases](Plan::leases) are to be made: then dropping the
    /// future may leave some behind, until they end by themselves. A call that
    /// fails gives back those it made.
    pub async fn resolve(&self, scope: &Scope, plan: &Plan<'_>) -> Result<Resolution> {
        let until = self.until();
        let mut leases = Vec::new();
        match self.resolved(scope, plan, &mut leases, until).await {
            Ok(resolution) => Ok(Resolution {
                leases,
                ..resolution
            }),
            Err(error) => {
                let until = Instant::now() + Self::TO_GIVE_BACK;
                for lease in &leases {
                    // It ends by itself, later, if this fails.
                    let _ = self.provider.revoke(lease, until).await;
                }
                Err(error)
            }
        }
    }

    /// The same, but leases go to `made`.
    async fn resolved(
        &self,
        scope: &Scope,
        plan: &Plan<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Resolution> {
        let order = FetchRequest { plan, scope };
        let FetchResponse {
            hint,
            mut notices,
            place,
            canonical,
            set,
        } = self.provider.fetch(order, made, until).await?;
        let Chosen {
            roots,
            left_out,
            collisions,
        } = chosen(set.entries(), scope, plan.wanted);
        notices.extend(collisions);
        let numbers: Vec<usize> = roots.iter().map(|root| root.number).collect();
        set.open(&numbers);
        let mut resolver = match self.provider.references() {
            References::Ours => Resolver::following(canonical, Arc::clone(&set), plan),
            References::Theirs => Resolver::checking(canonical, Arc::clone(&set), plan),
        };
        let mut before = BTreeSet::new();
        let secrets = loop {
            match resolver.step(&roots)? {
                Step::Needs(targets) if targets == before => return Err(unanswered(&targets)),
                Step::Needs(targets) => {
                    let request = ReferencedRequest {
                        known: &|target| resolver.knows(target),
                        plan,
                        targets: &targets,
                        thorough: !before.is_empty(),
                    };
                    let referenced = self.provider.fetch_referenced(request, until).await;
                    notices.extend(referenced.notices);
                    resolver.supply(referenced.sets, referenced.names)?;
                    resolver.supply_folders(referenced.folders)?;
                    before = targets;
                }
                Step::Done(secrets, left_over) => {
                    notices.extend(left_over);
                    break secrets;
                }
            }
        };
        Ok(Resolution {
            hint,
            leases: Vec::new(),
            left_out,
            place,
            secrets,
            notices,
        })
    }

    /// Ends a lease of [`Resolution::leases`]; one that has ended is no error.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub async fn revoke(&self, lease: &Lease) -> Result<()> {
        self.provider.revoke(lease, self.until()).await
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

    /// Whose credentials these are, as the store says, which also shows that the
    /// token is good.
    ///
    /// # Errors
    ///
    /// [`Credentials`](crate::ErrorKind::Credentials) for a token that is no
    /// longer good, [`Configuration`](crate::ErrorKind::Configuration) for a
    /// vault; otherwise any.
    pub async fn owner(&self) -> Result<Owner> {
        self.provider.owner(self.until()).await
    }

    /// Ends the access token that the client was made with, for everybody who
    /// holds it. (Infisical, for a token at hand)
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where there is no such
    /// token or no way to end it; otherwise any.
    pub async fn log_out(&self) -> Result<()> {
        self.provider.log_out(self.until()).await
    }

    fn until(&self) -> Instant {
        let longest = Duration::from_hours(24);
        Instant::now() + self.timeout.min(longest)
    }
}

/// That the store does not say what `targets` are, however often it is asked.
fn unanswered(targets: &BTreeSet<Target>) -> Error {
    let folders: BTreeSet<&str> = targets.iter().map(|one| one.site.folder.as_str()).collect();
    let folders: Vec<&str> = folders.into_iter().collect();
    let text = format!(
        "the store does not answer what references into {} mean",
        folders.join(", ")
    );
    Error::new(ErrorKind::Protocol, text)
}
