//! What is asked of the server, and when.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Encrypted;
use super::account::{Account, Located};
use super::sealed::Sealed;
use super::stock::Vault;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Answer;
use crate::lease::{Lease, Leases};
use crate::notice::Notice;
use crate::provider::phase::dynamic::{Dynamic, Dynamics};
use crate::provider::phase::keys::{EnvironmentKeys, FORGED, Unnamed};
use crate::provider::phase::spelt;
use crate::provider::phase::wire::Row;
use crate::provider::{Order, join};
use crate::scope::{Folder, Folders, Scope};

/// So long the list of what a token reaches is taken to be true.
const FRESH: Duration = Duration::from_mins(1);

/// So long an answer to a guess is waited for: it must not take the time of the
/// right question.
const GUESS: Duration = Duration::from_secs(2);

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

    pub(super) async fn ask(&self, until: Instant) -> Result<Arc<Account>> {
        let since = Instant::now();
        let answer = self.api.service.token(until).await?;
        let account = Arc::new(Account::new(&self.api.service.token, answer)?);
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
        let soon = until.min(Instant::now() + GUESS);
        let secrets = self
            .api
            .secrets(hint, "a guess", None, Dynamics::Shown, soon);
        let (account, secrets) = join::two(self.ask(until), secrets).await;
        // Whatever went wrong with the guess: it is asked for again by its name.
        Ok((account?, secrets.ok()))
    }

    /// The rows of one name in one folder.
    pub(super) async fn named(
        &self,
        place: &Located<'_>,
        keys: &Arc<EnvironmentKeys>,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<Vec<Sealed>> {
        let everywhere = Scope::nothing_of(place.place.clone()).in_folders(Folders::All);
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
            all = parted(answer, &everywhere)?.0;
            all.retain(|row| row.folder == *folder);
            if !all.is_empty() || name == upper {
                break;
            }
        }
        let mut vault = Vault::new(place.about(), Arc::clone(keys), all);
        vault.enter(&everywhere, false)?;
        let mut rows = vault.into_rows();
        let spelt = spelt(rows.iter().map(|(name, _)| name.as_str()), name);
        rows.retain(|(name, _)| *name == spelt);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Those dynamic secrets with a lease each, if leases are to be made.
    pub(super) async fn leased(
        &self,
        place: &Located<'_>,
        unleased: Vec<Named>,
        order: Order<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Vec<Named>> {
        let Leases::Generate { ttl } = order.plan.leases else {
            return Ok(unleased);
        };
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        let mut folders = BTreeSet::new();
        for (dynamic, wanted) in unleased {
            folders.insert(dynamic.folder);
            names.insert(dynamic.id, wanted);
        }
        let mut all = Vec::new();
        for folder in folders {
            let answer = self.api.lease(place, &folder, ttl, until).await?;
            let (_, dynamic) = parted(answer, order.scope)?;
            made.extend(dynamic.iter().filter_map(|one| one.lease(place.ids())));
            // What else is in the folder got a lease too, and is not wanted.
            let wanted = dynamic.into_iter().filter_map(|one| {
                let names = names.remove(&one.id)?;
                Some((one, names))
            });
            all.extend(wanted);
        }
        Ok(all)
    }
}

/// A dynamic secret, and the names it gives values to, in the order of its
/// credentials; empty where one is not wanted.
pub(super) type Named = (Dynamic, Vec<String>);

/// The dynamic secrets in the scope of which a name is wanted. What does not open
/// is left out with a notice if the plan allows it.
pub(super) fn named(
    dynamic: Vec<Dynamic>,
    order: Order<'_>,
    keys: &EnvironmentKeys,
    place: &Located<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Named>> {
    let Order { plan, scope } = order;
    let mut all = Vec::new();
    for one in dynamic {
        if !scope.folders.contains(&one.folder) {
            continue;
        }
        let open = |(key, digest, _): &(String, String, _)| {
            let name = keys.name(key, digest).map_err(|problem| {
                let Dynamic { folder, id, .. } = &one;
                let about = place.about();
                let text =
                    format!("a name of dynamic secret {id} in {folder} of {about} {problem}");
                let error = Error::new(ErrorKind::Decryption, text);
                match problem {
                    Unnamed::Forged(_) => error.help(FORGED),
                    Unnamed::Unopened(_) => error,
                }
            })?;
            let wanted = (plan.wanted)(&name);
            Ok(if wanted { name } else { String::new() })
        };
        match one
            .credentials
            .iter()
            .map(open)
            .collect::<Result<Vec<String>>>()
        {
            Ok(names) if names.iter().all(String::is_empty) => {}
            Ok(names) => all.push((one, names)),
            Err(error) if plan.allow_partial => {
                notices.push(Notice::left_out("a dynamic secret", &error));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Which of `names` get no value of `dynamic`, if any.
pub(super) fn unset(dynamic: &Dynamic, names: &[String]) -> Option<Notice> {
    let pairs = dynamic.credentials.iter().zip(names);
    let unset = pairs.filter(|((.., value), name)| value.is_none() && !name.is_empty());
    let unset: Vec<String> = unset.map(|(_, name)| name.clone()).collect();
    (!unset.is_empty()).then(|| dynamic.notice(unset))
}

/// The rows of an answer, by kind. One whose path cannot be used lies in no
/// folder that could be named; it is only an error where all are meant. The answer
/// takes memory, and is not kept.
#[expect(clippy::needless_pass_by_value, reason = "it is dropped here")]
pub(super) fn parted(answer: Answer, scope: &Scope) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
    let rows: Vec<Row<'_>> = answer.json("a list of secrets")?;
    let mut secrets = Vec::with_capacity(rows.len());
    let mut dynamic = Vec::new();
    for row in rows {
        if scope.folders != Folders::All && row.folder(None).is_err() {
            continue;
        }
        if row.is_dynamic() {
            dynamic.push(Dynamic::new(row, None)?);
        } else {
            secrets.push(Sealed::new(row)?);
        }
    }
    Ok((secrets, dynamic))
}
