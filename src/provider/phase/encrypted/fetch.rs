//! What is asked of the server, and when.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Encrypted;
use super::account::{Account, Located};
use super::api::{Question, fits_header};
use super::environment::EncryptedEnvironment;
use super::sealed::Sealed;
use crate::emptiness::Held;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Answer;
use crate::lease::{Lease, Leases};
use crate::notice::Notice;
use crate::provider::phase::dynamic::{self, Dynamic, Dynamics};
use crate::provider::phase::keys::{EnvironmentKeys, FORGED, Unnamed};
use crate::provider::phase::refusal::ApiError;
use crate::provider::phase::spelt;
use crate::provider::phase::wire::Row;
use crate::provider::{FetchRequest, join};
use crate::scope::{Folder, Folders, Scope};
use crate::secret_set::SecretSet;

/// So long the list of what a token reaches is taken to be true.
const FRESH: Duration = Duration::from_mins(1);

/// All that an environment has.
pub(super) const ALL: Question<'static> = Question {
    digest: None,
    dynamics: Dynamics::Shown,
    folder: None,
};

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

    /// What the token reaches and, if that has to be asked for, at the same time what
    /// is in `scope` in the environment with the id `hint`, should it be the one.
    pub(super) async fn both(
        &self,
        hint: Option<&str>,
        scope: &Scope,
        until: Instant,
    ) -> Result<(Arc<Account>, Option<Vec<Answer>>)> {
        if let Some(account) = self.known() {
            return Ok((account, None));
        }
        let Some(hint) = hint else {
            return Ok((self.ask(until).await?, None));
        };
        let guess = self.answers((hint, "a guess"), &scope.folders, ALL, until);
        let is_right = |account: &Arc<Account>| {
            let place = account.locate(&scope.place);
            place.is_ok_and(|place| place.ids().1 == hint)
        };
        let (account, answers) = join::with_guess(self.ask(until), guess, is_right).await?;
        // Whatever went wrong with the guess: it is asked for again by its name.
        Ok((account, answers.and_then(Result::ok)))
    }

    /// What the server has for `question` in each of `folders`: whoever looks at its
    /// log takes each secret that it sends for one that was read. Only a few requests
    /// run at the same time.
    ///
    /// The environment is given by its id, and in words for messages.
    pub(super) async fn answers(
        &self,
        (id, about): (&str, &str),
        folders: &Folders,
        question: Question<'_>,
        until: Instant,
    ) -> Result<Vec<Answer>, ApiError> {
        let Some(folders) = one_by_one(folders) else {
            let answer = self.api.secrets(id, about, question, until).await?;
            return Ok(vec![answer]);
        };
        let requests = folders.iter().map(|folder| {
            let folder = Some(folder);
            let question = Question { folder, ..question };
            self.api.secrets(id, about, question, until)
        });
        join::all(requests).await
    }

    /// What is needed for `order`; `early` is the answer, where it has come.
    pub(super) async fn rows<'a>(
        &self,
        place: &Located<'_>,
        keys: &EnvironmentKeys,
        order: FetchRequest<'a>,
        early: Option<Vec<Answer>>,
        until: Instant,
    ) -> Result<Rows<'a>> {
        let folders = &order.scope.folders;
        if let Some(name) = order.plan.only {
            let wanted = (folders, name);
            let (secrets, dynamic) = self
                .digested(place, keys, wanted, Dynamics::Shown, until)
                .await?;
            return Ok(Rows {
                dynamic,
                secrets,
                whole: Some(&[]),
            });
        }
        let answers = if let Some(answers) = early {
            answers
        } else {
            let at = (place.ids().1, &*place.about());
            self.answers(at, folders, ALL, until).await?
        };
        let (secrets, dynamic) = parted(answers, folders)?;
        let held = secrets.iter().map(|row| (&row.folder, &*row.tags));
        order.require_some(
            &Held {
                dynamic: dynamic.iter().map(|one| &one.folder).collect(),
                filtered: false,
                secrets: held.collect(),
            },
            &place.place,
        )?;
        Ok(Rows {
            dynamic,
            secrets,
            whole: one_by_one(folders),
        })
    }

    /// The rows of `name`, as it is spelt or else in upper case, in these folders of an
    /// environment.
    pub(super) async fn digested(
        &self,
        place: &Located<'_>,
        keys: &EnvironmentKeys,
        (folders, name): (&Folders, &str),
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
        let at = (place.ids().1, &*place.about());
        let upper = name.to_uppercase();
        let mut found = (Vec::new(), Vec::new());
        for name in [name, &upper] {
            let question = Question {
                digest: Some(&keys.digest(name)?),
                dynamics,
                folder: None,
            };
            let answers = self.answers(at, folders, question, until).await?;
            found = parted(answers, folders)?;
            found.0.retain(|row| folders.contains(&row.folder));
            if !found.0.is_empty() || name == upper {
                break;
            }
        }
        Ok(found)
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
        let folders = Folders::These(vec![folder.clone()]);
        let (rows, _) = self
            .digested(place, keys, (&folders, name), Dynamics::Hidden, until)
            .await?;
        let mut environment = EncryptedEnvironment::new(place.about(), Arc::clone(keys), rows);
        environment.enter(&Scope::all_of(place.place.clone()), false)?;
        let mut rows = environment.into_rows();
        let spelt = spelt(rows.iter().map(|(name, _)| name.as_str()), name);
        rows.retain(|(name, _)| *name == spelt);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// The folder that references lead to.
    pub(super) async fn referred_to(
        &self,
        place: &Located<'_>,
        keys: Arc<EnvironmentKeys>,
        folder: &Folder,
        personal: bool,
        until: Instant,
    ) -> Result<Arc<dyn SecretSet>> {
        let folders = Folders::These(vec![folder.clone()]);
        let at = (place.ids().1, &*place.about());
        let question = Question {
            // What is only referred to gives no leases.
            dynamics: Dynamics::Hidden,
            ..ALL
        };
        let answers = self.answers(at, &folders, question, until).await?;
        let (rows, _) = parted(answers, &folders)?;
        let environment =
            EncryptedEnvironment::new(place.about(), keys, rows).of_folders(one_by_one(&folders));
        Ok(Arc::new(environment.personal(personal)))
    }

    /// Those dynamic secrets with a lease each, if leases are to be made.
    pub(super) async fn leased(
        &self,
        place: &Located<'_>,
        unleased: Vec<Named>,
        order: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Vec<Named>> {
        let Leases::Generate { ttl } = order.plan.leases else {
            return Ok(unleased);
        };
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        let mut folders: BTreeMap<Folder, Vec<String>> = BTreeMap::new();
        for (dynamic, wanted) in unleased {
            let ids = folders.entry(dynamic.folder).or_default();
            ids.push(dynamic.id.clone());
            names.insert(dynamic.id, wanted);
        }
        let mut all = Vec::new();
        for (folder, ids) in folders {
            let start = Instant::now();
            let answer = self.api.lease(place, &folder, ttl, until).await;
            if let Err(ApiError::Partly(_, failed)) = &answer {
                for id in ids.iter().filter(|id| !failed.contains(id)) {
                    let all = self.api.leases(place, id, until).await;
                    let ours =
                        all.map(|all| dynamic::ours(&all, &folder, place.ids(), start.elapsed()));
                    made.extend(ours.ok().flatten());
                }
            }
            let answer = answer?;
            made.extend(dynamic::leases(&answer, &folder, place.ids()));
            let (_, dynamic) = parted(vec![answer], &order.scope.folders)?;
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

/// What an environment has for an order.
pub(super) struct Rows<'a> {
    pub(super) dynamic: Vec<Dynamic>,
    pub(super) secrets: Vec<Sealed>,
    /// The folders that are here with all that they hold; none stands for all.
    pub(super) whole: Option<&'a [Folder]>,
}

/// A dynamic secret, and the names it gives values to, in the order of its
/// credentials; empty where one is not wanted.
pub(super) type Named = (Dynamic, Vec<String>);

/// The dynamic secrets in the scope of which a name is wanted. What does not open
/// is left out with a notice if the plan allows it.
pub(super) fn named(
    dynamic: Vec<Dynamic>,
    order: FetchRequest<'_>,
    keys: &EnvironmentKeys,
    place: &Located<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Named>> {
    let FetchRequest { plan, scope } = order;
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

/// The folders to ask for one by one; none where one request has to do for all.
pub(super) fn one_by_one(folders: &Folders) -> Option<&[Folder]> {
    match folders {
        Folders::These(folders) if folders.iter().all(fits_header) => Some(folders),
        _ => None,
    }
}

/// The rows of some answers, by kind. One whose path cannot be used lies in no
/// folder that could be named; it is only an error where all are meant. Answers
/// take memory, and are not kept.
pub(super) fn parted(
    answers: Vec<Answer>,
    folders: &Folders,
) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
    let mut secrets = Vec::new();
    let mut dynamic: Vec<Dynamic> = Vec::new();
    for answer in answers {
        let rows: Vec<Row<'_>> = answer.json("a list of secrets")?;
        secrets.reserve(rows.len());
        for row in rows {
            if *folders != Folders::All && row.folder(None).is_err() {
                continue;
            }
            if row.is_dynamic() {
                dynamic.push(Dynamic::new(row, None)?);
            } else {
                secrets.push(Sealed::new(row)?);
            }
        }
    }
    Ok((secrets, dynamic))
}
