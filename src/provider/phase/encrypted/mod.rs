//! Phase, end to end encrypted: what the server keeps, only this process reads.

mod account;
mod api;
mod fetch;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod pin;
mod sealed;
mod stock;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;

use super::dynamic::Dynamics;
use super::service::Service;
use super::{
    absent, ended, newest, or_exists, require_one, require_owner, require_unsealed,
    without_override,
};
use crate::credentials::PhaseToken;
use crate::emptiness::Held;
use crate::error::Result;
use crate::http::{Connection, Http, Product};
use crate::lease::Lease;
use crate::owner::{AppSummary, Owner};
use crate::plan::Plan;
use crate::provider::{
    Backend, Listing, Order, Reached, References, Supply, join, no_log_out, places, require_whole,
};
use crate::scope::{App, Folder, Place, Scope, Site};
use crate::secret::{Change, NewSecret};
use crate::stock::age;
use crate::trust::TrustStore;
use account::Account;
use api::Api;
use fetch::{named, parted, unset};
use sealed::Sealed;
use stock::Vault;
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
        let account = self.account(until).await?;
        let mut place = account.locate(&scope.place)?;
        let (id, about) = (place.ids().1, place.about());
        let answer = self
            .api
            .secrets(id, &about, None, Dynamics::Hidden, until)
            .await?;
        let (rows, _) = parted(answer, scope)?;
        let mut vault = Vault::new(place.about(), self.keys(&account, &place)?, rows);
        vault.enter(scope, false)?;
        Ok(Listing {
            notices: std::mem::take(&mut place.notices),
            place: Place {
                app: App::Name(place.app_name().to_owned()),
                environment: place.place.environment,
            },
            secrets: vault.secrets()?,
        })
    }

    async fn stock(
        &self,
        order: Order<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Supply> {
        let Order { plan, scope } = order;
        let start = Instant::now();
        let (account, early) = self.both(plan.hint, until).await?;
        let slow = start.elapsed() > WORTH_A_CONNECTION;
        let mut place = account.locate(&scope.place)?;
        let id = place.ids().1.to_owned();
        let right = early.is_some() && plan.hint == Some(&id);
        // What is only referred to gives no leases.
        let dynamics = if scope.is_nothing() {
            Dynamics::Hidden
        } else {
            Dynamics::Shown
        };
        let answer = match early.filter(|_| right) {
            Some(answer) => answer,
            None => {
                self.api
                    .secrets(&id, &place.about(), None, dynamics, until)
                    .await?
            }
        };
        let (mut rows, dynamic) = parted(answer, scope)?;
        order.require_some(
            &Held {
                dynamic: dynamic.iter().map(|one| &one.folder).collect(),
                filtered: false,
                secrets: rows.iter().map(|row| (&row.folder, &*row.tags)).collect(),
            },
            &place.place,
        )?;
        let keys = self.keys(&account, &place)?;
        let mut notices = std::mem::take(&mut place.notices);
        let named = named(dynamic, order, &keys, &place, &mut notices)?;
        for (dynamic, names) in self.leased(&place, named, order, made, until).await? {
            rows.extend(Sealed::leased(&dynamic, &scope.tags));
            notices.extend(unset(&dynamic, &names));
        }
        let vault = Vault::new(place.about(), keys, rows);
        let mut vault = vault.personal(plan.personal);
        notices.extend(vault.enter(scope, plan.allow_partial)?);
        Ok(Supply {
            hint: (slow || right).then_some(id),
            notices,
            settled: place.settled(),
            place: place.place,
            stock: Arc::new(vault),
        })
    }

    async fn reach(
        &self,
        asked: BTreeSet<Site>,
        known: &(dyn Fn(&Place) -> bool + Sync),
        plan: &Plan<'_>,
        until: Instant,
    ) -> Reached {
        let asked = places(asked);
        let account = match self.account(until).await {
            Ok(account) => account,
            Err(error) => return Reached::none(asked, error),
        };
        let mut names = Vec::with_capacity(asked.len());
        let mut notices = Vec::new();
        let mut places = BTreeMap::new();
        for asked in asked {
            let settled = account.locate(&asked).map(|mut place| {
                notices.append(&mut place.notices);
                place.settled()
            });
            if let Ok(place) = &settled
                && !known(place)
            {
                places.insert(place.clone(), Scope::nothing_of(place.clone()));
            }
            names.push((asked, settled));
        }
        let orders = places.values().map(|scope| Order { plan, scope });
        let stock = async |order| self.stock(order, &mut Vec::new(), until).await;
        let supplies = join::each(orders.map(stock)).await;
        let stocks = supplies.into_iter().map(|supply| Ok(supply?.stock));
        Reached {
            folders: Vec::new(),
            names,
            notices,
            stocks: places.into_keys().zip(stocks).collect(),
        }
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        require_owner(&self.api.service.token, secret.personal.is_some())?;
        let account = self.account(until).await?;
        let place = account.locate(place)?;
        require_whole(&place.notices)?;
        let keys = self.keys(&account, &place)?;
        // As the console writes them: it finds no others.
        let name = secret.name.as_str().to_uppercase();
        let row = ChangedRow::creation(secret, &name, &keys)?;
        let answer = self
            .api
            .change(Method::POST, &place, vec![row], until)
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
        let answer = self.api.change(Method::PUT, &place, vec![row], until).await;
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
        self.api.change(Method::DELETE, &place, ids, until).await?;
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
            api: Api {
                service: Service {
                    http: Http::new(connection)?.asking(Product::Phase),
                    token,
                },
            },
            trust: None,
        })
    }

    /// Remembers in `store` which public keys environments have.
    pub(crate) fn trust(&mut self, store: TrustStore) {
        self.trust = Some(store);
    }
}
