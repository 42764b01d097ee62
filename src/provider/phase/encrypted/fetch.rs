//! What is asked of the server, and when.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Encrypted;
use super::account::{Account, Located};
use super::api::{Question, fits_header};
use super::environment::{EncryptedEnvironment, Extent};
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
use crate::provider::{FetchRequest, ReferencedRequest, join};
use crate::scope::{Folder, Folders, Place, Scope, Site, Target};
use crate::secret_set::SecretSet;

/// So long the list of what a token reaches is taken to be true.
const FRESH: Duration = Duration::from_mins(1);

/// The most digests that are asked for one by one: more are not worth a request each.
const MOST_DIGESTS: usize = 8;

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
        let folders: BTreeSet<&Folder> = folders.iter().collect();
        let requests = folders.into_iter().map(|folder| {
            let folder = Some(folder);
            let question = Question { folder, ..question };
            self.api.secrets(id, about, question, until)
        });
        join::all(requests).await
    }

    /// What is needed for `order`; `early` is the answer, where it has come.
    pub(super) async fn rows(
        &self,
        place: &Located<'_>,
        keys: &EnvironmentKeys,
        order: FetchRequest<'_>,
        early: Option<Vec<Answer>>,
        until: Instant,
    ) -> Result<Rows> {
        let folders = &order.scope.folders;
        if let Some(name) = alone(order) {
            let names = BTreeSet::from([name.to_owned()]);
            let (mut secrets, dynamic) = self
                .digested(place, keys, (folders, &names), Dynamics::Shown, until)
                .await?;
            secrets.retain(|row| folders.contains(&row.folder));
            return Ok(Rows {
                dynamic,
                secrets,
                whole: Extent::Folders(Vec::new()),
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
                partial: one_by_one(folders).is_some(),
                secrets: held.collect(),
            },
            &place.place,
        )?;
        let whole = one_by_one(folders).map(<[Folder]>::to_vec);
        Ok(Rows {
            dynamic,
            secrets,
            whole: whole.map_or(Extent::All, Extent::Folders),
        })
    }

    /// The rows called `names` in these folders of an environment: each as it is spelt
    /// and in upper case, since either may be what its digest was made of.
    async fn digested(
        &self,
        place: &Located<'_>,
        keys: &EnvironmentKeys,
        (folders, names): (&Folders, &BTreeSet<String>),
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
        let first = digests(names, keys)?;
        let (mut secrets, dynamic) = self
            .with_digests(place, folders, &first, dynamics, until)
            .await?;
        // The digits of a digest may be written in upper case, and the server compares.
        let mut again = BTreeSet::new();
        for name in names {
            let digests = digests([name], keys)?;
            if !secrets.iter().any(|row| digests.contains(&row.digest)) {
                again.extend(digests.iter().map(|digest| digest.to_uppercase()));
            }
        }
        if !again.is_empty() {
            let (more, _) = self
                .with_digests(place, folders, &again, Dynamics::Hidden, until)
                .await?;
            secrets.extend(more);
        }
        Ok((secrets, dynamic))
    }

    async fn with_digests(
        &self,
        place: &Located<'_>,
        folders: &Folders,
        digests: &BTreeSet<String>,
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<(Vec<Sealed>, Vec<Dynamic>)> {
        let at = (place.ids().1, &*place.about());
        let requests = digests.iter().map(|digest| {
            let question = Question {
                digest: Some(digest),
                dynamics,
                folder: None,
            };
            self.answers(at, folders, question, until)
        });
        let answers = join::all(requests).await?.into_iter().flatten();
        parted(answers.collect(), folders)
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
        let names = BTreeSet::from([name.to_owned()]);
        let (mut rows, _) = self
            .digested(place, keys, (&folders, &names), Dynamics::Hidden, until)
            .await?;
        rows.retain(|row| row.folder == *folder);
        let mut environment = EncryptedEnvironment::new(place.about(), Arc::clone(keys), rows);
        environment.enter(&Scope::all_of(place.place.clone()), false)?;
        let mut rows = environment.into_rows();
        let spelt = spelt(rows.iter().map(|(name, _)| name.as_str()), name);
        rows.retain(|(name, _)| *name == spelt);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// The secrets called `names`, in all folders, or else all there are.
    ///
    /// They are asked for by their digests: what stands in a value like a reference may be
    /// none, and nothing of a value is for the server to read.
    pub(super) async fn called(
        &self,
        account: &Account,
        place: &Located<'_>,
        names: BTreeSet<String>,
        request: ReferencedRequest<'_>,
        until: Instant,
    ) -> Result<Arc<dyn SecretSet>> {
        let keys = self.keys(account, place)?;
        let anywhere = Folders::Below(vec![Folder::root()]);
        let (rows, whole) = if request.thorough || digests(&names, &keys)?.len() > MOST_DIGESTS {
            let question = Question {
                // What is only referred to gives no leases.
                dynamics: Dynamics::Hidden,
                ..ALL
            };
            let at = (place.ids().1, &*place.about());
            let answers = self.answers(at, &anywhere, question, until).await?;
            (parted(answers, &anywhere)?.0, Extent::All)
        } else {
            let (rows, _) = self
                .digested(place, &keys, (&anywhere, &names), Dynamics::Hidden, until)
                .await?;
            (rows, Extent::Names(names))
        };
        let environment = EncryptedEnvironment::new(place.about(), keys, rows).of(whole);
        Ok(Arc::new(environment.personal(request.plan.personal)))
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
pub(super) struct Rows {
    pub(super) dynamic: Vec<Dynamic>,
    pub(super) secrets: Vec<Sealed>,
    /// What is here with all that there is of it.
    pub(super) whole: Extent,
}

/// The one name that is asked for alone. Of several folders each must hold something,
/// and of tags all that is there: then a list is needed.
pub(super) fn alone(order: FetchRequest<'_>) -> Option<&str> {
    let folders = one_by_one(&order.scope.folders)?;
    let fits = folders.len() == 1 && order.scope.tags.is_empty();
    order.plan.only.filter(|_| fits)
}

/// The names in `place`, which is called `canonical`, of which it is not known what
/// they mean.
pub(super) fn unknown(
    request: ReferencedRequest<'_>,
    place: &Place,
    canonical: &Place,
) -> Vec<String> {
    let targets = request.targets.iter();
    let there = targets.filter(|target| target.site.place == *place);
    let unknown = there.filter(|target| {
        !(request.known)(&Target {
            key: target.key.clone(),
            site: Site {
                folder: target.site.folder.clone(),
                place: canonical.clone(),
            },
        })
    });
    unknown.map(|target| target.key.clone()).collect()
}

/// The digests that `names` may have: of what they are, and of that in upper case.
fn digests<'a>(
    names: impl IntoIterator<Item = &'a String>,
    keys: &EnvironmentKeys,
) -> Result<BTreeSet<String>> {
    let mut digests = BTreeSet::new();
    for name in names {
        digests.insert(keys.digest(name)?);
        digests.insert(keys.digest(&name.to_uppercase())?);
    }
    Ok(digests)
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
    let mut dynamic = Vec::new();
    let mut ids = HashSet::new();
    for answer in answers {
        let rows: Vec<Row<'_>> = answer.json("a list of secrets")?;
        secrets.reserve(rows.len());
        for row in rows {
            if *folders != Folders::All && row.folder(None).is_err() {
                continue;
            }
            if row.is_dynamic() {
                let one = Dynamic::new(row, None)?;
                // A server that does not look at the folder sends it in each answer.
                if one.id.is_empty() || ids.insert(one.id.clone()) {
                    dynamic.push(one);
                }
            } else {
                secrets.push(Sealed::new(row)?);
            }
        }
    }
    Ok((secrets, dynamic))
}
