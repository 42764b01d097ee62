//! What is asked of the server, and when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Encrypted;
use super::account::{Account, Located};
use super::stock::{Sealed, Vault};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Answer;
use crate::lease::Leases;
use crate::notice::Notice;
use crate::provider::phase::dynamic::{self, Dynamic, Dynamics};
use crate::provider::phase::keys::EnvironmentKeys;
use crate::provider::phase::spelt;
use crate::provider::phase::wire::Row;
use crate::provider::{Order, join};
use crate::scope::{Folder, Folders, Scope};

/// So long the list of what a token reaches is taken to be true.
const FRESH: Duration = Duration::from_mins(1);

impl Encrypted {
    /// What the token reaches: asked for once, and then again after a while.
    pub(super) async fn account(&self, until: Instant) -> Result<Arc<Account>> {
        match self.known() {
            Some(account) => Ok(account),
            None => self.ask(until).await,
        }
    }

    fn known(&self) -> Option<Arc<Account>> {
        let known = self.account.lock().ok()?;
        let (since, account) = known.as_ref()?;
        (since.elapsed() < FRESH).then(|| Arc::clone(account))
    }

    async fn ask(&self, until: Instant) -> Result<Arc<Account>> {
        let since = Instant::now();
        let answer = self.api.token(until).await?;
        let account = Arc::new(Account::new(&self.api.token, answer)?);
        if let Ok(mut known) = self.account.lock() {
            *known = Some((since, Arc::clone(&account)));
        }
        Ok(account)
    }

    /// What the token reaches and, if that has to be asked for, at the same time
    /// the secrets of the environment with the id `hint`, should it be the one.
    pub(super) async fn both(
        &self,
        hint: Option<&str>,
        until: Instant,
    ) -> Result<(Arc<Account>, Option<Answer>)> {
        if let Some(account) = self.known() {
            return Ok((account, None));
        }
        let Some(hint) = hint else {
            return Ok((self.ask(until).await?, None));
        };
        let secrets = self
            .api
            .secrets(hint, "a guess", None, Dynamics::Shown, until);
        let (account, secrets) = join::two(self.ask(until), secrets).await;
        // Whatever went wrong with the guess: it is asked for again by its name.
        Ok((account?, secrets.ok()))
    }

    /// The rows of one name in one folder.
    pub(super) async fn named(
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
                .secrets(
                    place.ids().1,
                    &place.about(),
                    Some(&digest),
                    Dynamics::Hidden,
                    until,
                )
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
    pub(super) async fn leased(
        &self,
        place: &Located<'_>,
        mut dynamic: Vec<Dynamic>,
        order: Order<'_>,
        keys: &EnvironmentKeys,
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
pub(super) fn unset(dynamic: &Dynamic, names: Vec<String>) -> Option<Notice> {
    let without = dynamic
        .credentials
        .iter()
        .any(|(.., value)| value.is_none());
    (without && !names.is_empty()).then(|| dynamic.notice(names))
}

/// The rows of an answer, by kind.
pub(super) fn parted(answer: &Answer) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
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
