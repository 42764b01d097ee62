//! Phase, end to end encrypted: what the server keeps, only this process reads.

mod account;
mod api;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod stock;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;

use super::dynamic::{self, Dynamic, Dynamics};
use super::wire::Row;
use super::{absent, exists, require_owner, spelt, without_override};
use crate::credentials::PhaseToken;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Connection, Http};
use crate::lease::{Lease, Leases};
use crate::notice::Notice;
use crate::plan::Plan;
use crate::provider::{AppSummary, Backend, Order, Reached, References, Supply, join};
use crate::scope::{Folder, Folders, Place, Scope};
use crate::secret::{Change, NewSecret, Secret};
use account::{Account, Located};
use api::Api;
use stock::{Sealed, Vault};
use wire::ChangedRow;

/// So long the list of what a token reaches is taken to be true.
const FRESH: Duration = Duration::from_mins(1);

/// The back-end.
#[derive(Debug)]
pub(crate) struct Encrypted {
    account: Mutex<Option<(Instant, Arc<Account>)>>,
    api: Api,
}

impl Backend for Encrypted {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Vec<Secret>> {
        let account = self.account(until).await?;
        let place = account.locate(&scope.place)?;
        let (rows, _) = self.rows(&place, Dynamics::Hidden, until).await?;
        let mut vault = Vault::new(place.about(), account.keys(&place)?, rows);
        vault.enter(scope, false)?;
        vault.secrets()
    }

    async fn stock(&self, order: Order<'_>, until: Instant) -> Result<Supply> {
        let Order { plan, scope } = order;
        let account = self.account(until).await?;
        let mut place = account.locate(&scope.place)?;
        // An environment that is only referred to gives no leases.
        let dynamics = if scope.folders == Folders::These(Vec::new()) {
            Dynamics::Hidden
        } else {
            Dynamics::Shown
        };
        let (mut rows, dynamic) = self.rows(&place, dynamics, until).await?;
        let keys = account.keys(&place)?;
        let mut leases = Vec::new();
        let mut notices = std::mem::take(&mut place.notices);
        for (dynamic, names) in self.leased(&place, dynamic, order, &keys, until).await? {
            leases.extend(dynamic.lease(place.ids()));
            rows.extend(Sealed::leased(&dynamic, &scope.tags));
            notices.extend(unset(&dynamic, names));
        }
        let vault = Vault::new(place.about(), keys, rows);
        let mut vault = vault.personal(plan.personal);
        notices.extend(vault.enter(scope, plan.allow_partial)?);
        Ok(Supply {
            leases,
            notices,
            settled: place.settled(),
            place: place.place,
            stock: Arc::new(vault),
        })
    }

    async fn reach(
        &self,
        asked: BTreeSet<Place>,
        known: &(dyn Fn(&Place) -> bool + Sync),
        plan: &Plan<'_>,
        until: Instant,
    ) -> Reached {
        let account = match self.account(until).await {
            Ok(account) => account,
            Err(error) => return Reached::none(asked, error),
        };
        let mut names = Vec::with_capacity(asked.len());
        let mut places = BTreeMap::new();
        for asked in asked {
            let settled = account.locate(&asked).map(|place| place.settled());
            if let Ok(place) = &settled
                && !known(place)
            {
                places.insert(place.clone(), Scope::nothing_of(place.clone()));
            }
            names.push((asked, settled));
        }
        let orders = places.values().map(|scope| Order { plan, scope });
        let supplies = join::each(orders.map(|order| self.stock(order, until))).await;
        let stocks = supplies.into_iter().map(|supply| Ok(supply?.stock));
        Reached {
            names,
            stocks: places.into_keys().zip(stocks).collect(),
        }
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        require_owner(&self.api.token, secret.personal.is_some())?;
        let account = self.account(until).await?;
        let place = account.locate(place)?;
        let keys = account.keys(&place)?;
        // As the console writes them: it finds no others.
        let name = secret.name.as_str().to_uppercase();
        let row = ChangedRow::creation(secret, &name, &keys)?;
        let answer = self.api.change(Method::POST, &place, row, until).await;
        answer.map_err(|trouble| match Error::from(trouble) {
            error if error.kind() == ErrorKind::Conflict => exists(&name, &secret.folder),
            error => error,
        })
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
            &self.api.token,
            change.personal.is_some() || change.toggle_personal,
        )?;
        let account = self.account(until).await?;
        let place = account.locate(place)?;
        let keys = account.keys(&place)?;
        let rows = self.named(&account, &place, folder, name, until).await?;
        // Of two rows of one name, the one changed last is the one in use.
        let newest = rows
            .iter()
            .max_by(|a, b| (&a.updated, a.version).cmp(&(&b.updated, b.version)));
        let stored = newest.ok_or_else(|| absent(name, folder, &place.place.environment))?;
        if change.toggle_personal && change.personal.is_none() && stored.own.is_none() {
            return Err(without_override(name));
        }
        let row = ChangedRow::change(stored, change, &keys)?;
        Ok(self.api.change(Method::PUT, &place, row, until).await?)
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
        let rows = self.named(&account, &place, folder, name, until).await?;
        for row in &rows {
            self.api
                .change(Method::DELETE, &place, &row.id, until)
                .await?;
        }
        Ok(!rows.is_empty())
    }

    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>> {
        Ok(self.account(until).await?.summaries())
    }

    async fn revoke(&self, lease: &Lease, until: Instant) -> Result<()> {
        match self.api.revoke(lease, until).await.map_err(Error::from) {
            Err(error) if error.kind() == ErrorKind::Missing => Ok(()),
            answer => answer,
        }
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
            api: Api::new(Http::new(connection)?, token),
        })
    }

    /// What the token reaches: asked for once, and then again after a while.
    async fn account(&self, until: Instant) -> Result<Arc<Account>> {
        let known = self.account.lock().ok().and_then(|known| known.clone());
        if let Some((since, account)) = known
            && since.elapsed() < FRESH
        {
            return Ok(account);
        }
        let since = Instant::now();
        let answer = self.api.token(until).await?;
        let account = Arc::new(Account::new(&self.api.token, answer)?);
        if let Ok(mut known) = self.account.lock() {
            *known = Some((since, Arc::clone(&account)));
        }
        Ok(account)
    }

    /// All secrets of an environment, and the dynamic ones if they are to be shown.
    async fn rows(
        &self,
        place: &Located<'_>,
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
        parted(&self.api.secrets(place, None, dynamics, until).await?)
    }

    /// The rows of one name in one folder.
    async fn named(
        &self,
        account: &Account,
        place: &Located<'_>,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<Vec<Sealed>> {
        let keys = account.keys(place)?;
        let upper = name.to_uppercase();
        let mut all = Vec::new();
        for name in [name, &upper] {
            let digest = keys.digest(name)?;
            let answer = self
                .api
                .secrets(place, Some(&digest), Dynamics::Hidden, until)
                .await?;
            all = parted(&answer)?.0;
            all.retain(|row| row.folder == *folder);
            if !all.is_empty() || name == upper {
                break;
            }
        }
        let mut vault = Vault::new(place.about(), keys, all);
        let scope = Scope::nothing_of(place.place.clone());
        vault.enter(&scope.in_folders(Folders::All), false)?;
        let mut rows = vault.into_rows();
        let spelt = spelt(rows.iter().map(|(name, _)| name.as_str()), name);
        rows.retain(|(name, _)| *name == spelt);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// The dynamic secrets in the scope of which a name is wanted, each with
    /// those names, and with a lease if leases are to be made.
    async fn leased(
        &self,
        place: &Located<'_>,
        mut dynamic: Vec<Dynamic>,
        order: Order<'_>,
        keys: &super::keys::EnvironmentKeys,
        until: Instant,
    ) -> Result<Vec<(Dynamic, Vec<String>)>> {
        let Order { plan, scope } = order;
        dynamic.retain(|one| scope.folders.contains(&one.folder));
        let mut all = Vec::new();
        for some in dynamic::by_folder(dynamic) {
            let names = |one: &Dynamic| -> Result<Vec<String>> {
                let open = |(key, ..): &(String, _, _)| {
                    let name = keys.open(key).map_err(|problem| {
                        let text = format!("a name of dynamic secret {:?} {problem}", one.id);
                        Error::new(ErrorKind::Decryption, text)
                    })?;
                    Ok(name.to_string())
                };
                one.credentials.iter().map(open).collect()
            };
            let mut wanted = false;
            for one in &some {
                wanted |= names(one)?.iter().any(|name| (plan.wanted)(name));
            }
            if !wanted {
                continue;
            }
            let some = match plan.leases {
                Leases::Skip => some,
                Leases::Generate { ttl } => {
                    let folder = &some[0].folder;
                    parted(&self.api.lease(place, folder, ttl, until).await?)?.1
                }
            };
            for one in some {
                let mut names = names(&one)?;
                names.retain(|name| (plan.wanted)(name));
                all.push((one, names));
            }
        }
        Ok(all)
    }
}

/// That `names` of `dynamic` get no values, unless they do.
fn unset(dynamic: &Dynamic, names: Vec<String>) -> Option<Notice> {
    let without = dynamic
        .credentials
        .iter()
        .any(|(.., value)| value.is_none());
    (without && !names.is_empty()).then(|| dynamic.notice(names))
}

/// The rows of an answer, by kind.
fn parted(answer: &Answer) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
    let rows: Vec<Row<'_>> = answer.json("a list of secrets")?;
    let mut secrets = Vec::with_capacity(rows.len());
    let mut dynamic = Vec::new();
    for row in rows {
        if row.is_dynamic() {
            dynamic.push(Dynamic::new(row, None)?);
        } else {
            secrets.push(Sealed::new(row)?);
        }
    }
    Ok((secrets, dynamic))
}
