//! Phase, end to end encrypted: what the server keeps, only this process reads.

mod account;
mod api;
mod environment;
mod fetch;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod pin;
mod sealed;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;

use super::dynamic::Dynamics;
use super::service::Service;
use super::{
    absent, ended, newest, or_exists, require_one, require_owner, require_short, require_unsealed,
    without_override,
};
use crate::credentials::PhaseToken;
use crate::error::Result;
use crate::http::{Connection, Http, Product};
use crate::lease::Lease;
use crate::owner::{AppSummary, Owner};
use crate::provider::{
    Backend, FetchRequest, FetchResponse, Listing, Referenced, ReferencedRequest, References, join,
    no_log_out, places, require_whole,
};
use crate::scope::{App, Folder, Place, Scope};
use crate::secret::{Change, NewSecret, Outline};
use crate::secret_set::age;
use crate::trust::TrustStore;
use account::Account;
use api::{Api, Question};
use environment::EncryptedEnvironment;
use fetch::{ALL, Rows, alone, named, parted, unknown, unset};
use sealed::Sealed;
use wire::ChangedRow;

/// A second connection costs arithmetic that takes some milliseconds. Where an
/// answer takes longer than this to come, it is worth it.
const WORTH_A_CONNECTION: Duration = Duration::from_millis(10);

/// The back-end.
#[derive(Debug)]
pub(crate) struct Encrypted {
    account: Mutex<Option<(Instant, Arc<Account>)>>,
    api: Api,
    trust: Option<TrustStore>,
}

impl Backend for Encrypted {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing> {
        let (listing, environment) = self.with_names(scope, until).await?;
        let secrets = environment.secrets()?;
        Ok(Listing { secrets, ..listing })
    }

    async fn outlines(&self, scope: &Scope, until: Instant) -> Result<Listing<Outline>> {
        let (listing, environment) = self.with_names(scope, until).await?;
        Ok(Listing {
            notices: listing.notices,
            place: listing.place,
            secrets: environment.outlines()?,
        })
    }

    async fn fetch(
        &self,
        order: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<FetchResponse> {
        let FetchRequest { plan, scope } = order;
        let start = Instant::now();
        let hint = plan.hint.filter(|_| alone(order).is_none());
        let (account, early) = self.both(hint, scope, until).await?;
        let slow = start.elapsed() > WORTH_A_CONNECTION;
        let mut place = account.locate(&scope.place)?;
        let id = place.ids().1.to_owned();
        let right = early.is_some();
        let keys = self.keys(&account, &place)?;
        let Rows {
            dynamic,
            mut secrets,
            whole,
        } = self.rows(&place, &keys, order, early, until).await?;
        let mut notices = std::mem::take(&mut place.notices);
        let named = named(dynamic, order, &keys, &place, &mut notices)?;
        for (dynamic, names) in self.leased(&place, named, order, made, until).await? {
            secrets.extend(Sealed::leased(&dynamic, &scope.tags));
            notices.extend(unset(&dynamic, &names));
        }
        let environment = EncryptedEnvironment::new(place.about(), keys, secrets).of(whole);
        let mut environment = environment.personal(plan.personal);
        notices.extend(environment.enter(scope, plan.allow_partial)?);
        Ok(FetchResponse {
            hint: (slow || right).then_some(id),
            notices,
            canonical: place.canonical(),
            place: place.place,
            set: Arc::new(environment),
        })
    }

    async fn fetch_referenced(&self, request: ReferencedRequest<'_>, until: Instant) -> Referenced {
        let places = places(request.targets);
        let account = match self.account(until).await {
            Ok(account) => account,
            Err(error) => return Referenced::none(places, error),
        };
        let mut referenced = Referenced::default();
        let mut wanted = BTreeMap::new();
        for place in places {
            let located = account.locate(&place).map(|mut located| {
                referenced.notices.append(&mut located.notices);
                (located.canonical(), located)
            });
            let name = located.map(|(canonical, located)| {
                let keys = unknown(request, &place, &canonical);
                if !keys.is_empty() {
                    let (_, all) = wanted
                        .entry(canonical.clone())
                        .or_insert_with(|| (located, BTreeSet::new()));
                    all.extend(keys);
                }
                canonical
            });
            referenced.names.push((place, name));
        }
        let sets = wanted.into_iter().map(|(canonical, (located, names))| {
            let account = &account;
            async move {
                let set = self.called(account, &located, names, request, until).await;
                (canonical, set)
            }
        });
        referenced.sets = join::each(sets).await;
        referenced
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        require_owner(&self.api.service.token, secret.personal.is_some())?;
        require_short(&secret.tags)?;
        let account = self.account(until).await?;
        let place = account.locate(place)?;
        require_whole(&place.notices)?;
        let keys = self.keys(&account, &place)?;
        // As the console writes them: it finds no others.
        let name = secret.name.as_str().to_uppercase();
        let row = ChangedRow::creation(secret, &name, &keys)?;
        let answer = self
            .api
            .change(
                Method::POST,
                &place,
                vec![row],
                (&name, !secret.tags.is_empty()),
                until,
            )
            .await;
        answer.map_err(|trouble| or_exists(trouble.into(), &name, &secret.folder))
    }

    async fn update(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        change: &Change,
        until: Instant,
    ) -> Result<()> {
        require_owner(
            &self.api.service.token,
            change.personal.is_some() || change.toggle_personal,
        )?;
        require_short(change.tags.as_deref().unwrap_or_default())?;
        let account = self.account(until).await?;
        let place = account.locate(place)?;
        require_whole(&place.notices)?;
        let keys = self.keys(&account, &place)?;
        let rows = self.named(&place, &keys, folder, name, until).await?;
        let stored = newest(&rows, |row| age(&row.updated, &row.id));
        let stored = stored.ok_or_else(|| absent(name, folder, &place.place.environment))?;
        let to = change.folder.as_ref().unwrap_or(folder);
        if to == folder {
            require_one(rows.len(), name, folder)?;
        }
        require_unsealed(name, stored.kind, change)?;
        if change.toggle_personal && change.personal.is_none() && stored.own.is_none() {
            return Err(without_override(name));
        }
        let row = ChangedRow::change(stored, change, &keys)?;
        let tagged = !change.tags.as_ref().unwrap_or(&stored.tags).is_empty();
        let told = (name, tagged);
        let answer = self
            .api
            .change(Method::PUT, &place, vec![row], told, until)
            .await;
        answer.map_err(|trouble| or_exists(trouble.into(), name, to))
    }

    async fn delete(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<bool> {
        let account = self.account(until).await?;
        let place = account.locate(place)?;
        require_whole(&place.notices)?;
        let keys = self.keys(&account, &place)?;
        let rows = self.named(&place, &keys, folder, name, until).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        require_one(rows.len(), name, folder)?;
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let told = (name, false);
        self.api
            .change(Method::DELETE, &place, ids, told, until)
            .await?;
        Ok(true)
    }

    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>> {
        Ok(self.account(until).await?.owner.apps.clone())
    }

    async fn owner(&self, until: Instant) -> Result<Owner> {
        Ok(self.ask(until).await?.owner.clone())
    }

    async fn log_out(&self, _: Instant) -> Result<()> {
        Err(no_log_out("delete the token in the Phase console"))
    }

    async fn revoke(&self, lease: &Lease, until: Instant) -> Result<()> {
        ended(self.api.revoke(lease, until).await)
    }

    fn references(&self) -> References {
        References::Ours
    }
}

impl Encrypted {
    /// # Errors
    ///
    /// As for [`Http::new`].
    pub(crate) fn new(token: PhaseToken, connection: &Connection) -> Result<Self> {
        Ok(Self {
            account: Mutex::new(None),
            api: Api::new(Service {
                http: Http::new(connection)?.asking(Product::Phase),
                token,
            }),
            trust: None,
        })
    }

    /// The environment of `scope`, with the names of the secrets in it open, and a
    /// listing of none of them.
    async fn with_names(
        &self,
        scope: &Scope,
        until: Instant,
    ) -> Result<(Listing, EncryptedEnvironment)> {
        let account = self.account(until).await?;
        let mut place = account.locate(&scope.place)?;
        let at = (place.ids().1, &*place.about());
        let question = Question {
            dynamics: Dynamics::Hidden,
            ..ALL
        };
        let answers = self.answers(at, &scope.folders, question, until).await?;
        let (rows, _) = parted(answers, &scope.folders)?;
        let keys = self.keys(&account, &place)?;
        let mut environment = EncryptedEnvironment::new(place.about(), keys, rows);
        environment.enter(scope, false)?;
        let listing = Listing {
            notices: std::mem::take(&mut place.notices),
            place: Place {
                app: App::Name(place.app_name().to_owned()),
                environment: place.place.environment,
            },
            secrets: Vec::new(),
        };
        Ok((listing, environment))
    }

    /// Remembers in `store` which public keys environments have.
    pub(crate) fn trust(&mut self, store: TrustStore) {
        self.trust = Some(store);
    }
}
