//! `secrets create`, `update` and `delete`: the store is looked at first, and what was
//! done is said.

use phase_run::{Change, Folder, Listing, NewSecret, Outline, Place, SecretName, SecretType};

use super::store::{Store, within};
use super::value::{name, value};
use crate::args::{StoredType, Write};
use crate::exit::{Failure, Reason};

/// A folder that something is to be changed in, and what lies there.
struct Target<'a> {
    folder: &'a Folder,
    /// `None` where these credentials may not see it, or a part of it does not open: a
    /// change may be possible all the same.
    here: Option<Vec<Outline>>,
    /// App and environment as the store spells them, if it said so.
    place: Place,
    store: &'a Store,
}

impl<'a> Target<'a> {
    /// Looks at the store.
    fn look(store: &'a Store) -> Result<Self, Failure> {
        let folder = store.folder()?;
        let seen = match store.before_change() {
            Ok(Listing { place, secrets, .. }) => Some((place, secrets)),
            Err(failure) if matches!(failure.reason(), Reason::Decryption | Reason::Denied) => None,
            Err(failure) => return Err(failure),
        };
        let (place, here) = seen.unzip();
        Ok(Self {
            folder,
            here: here.map(|mut secrets: Vec<Outline>| {
                secrets.retain(|secret| secret.folder == *folder);
                secrets
            }),
            place: place.unwrap_or_else(|| store.scope.place.clone()),
            store,
        })
    }

    /// The secret called `name`, if it could be seen.
    ///
    /// # Errors
    ///
    /// There is none.
    fn existing(&self, name: &str) -> Result<Option<&Outline>, Failure> {
        let Some(here) = &self.here else {
            return Ok(None);
        };
        let names = here.iter().map(|secret| secret.name.as_str());
        let stored = self.store.stored_as(name, names);
        let found = here.iter().find(|secret| Some(&*secret.name) == stored);
        found
            .map(Some)
            .ok_or_else(|| self.store.missing(name, &self.place))
    }

    /// Says what was done to what lies in this folder.
    fn tell(&self, done: &str) {
        let place = within(&self.place, self.folder);
        self.store.report.tell(&format!("{done} in {place}"));
    }

    /// Says what was done to what lay in this folder, and lies in `to`.
    fn tell_moved(&self, done: &str, to: &Folder) {
        let [from, to] = [self.folder, to].map(|folder| within(&self.place, folder));
        let report = self.store.report;
        report.tell(&format!("{done} from {from} to {to}"));
    }
}

pub(super) fn create(store: &Store, write: &Write) -> Result<(), Failure> {
    let name = SecretName::new(name(write)?)?;
    let target = Target::look(store).map_err(|failure| store.or_make(failure))?;
    if write.personal {
        return create_override(&target, name.as_str(), write);
    }
    let stored = store.created_as(name.as_str());
    let mut here = target.here.iter().flatten();
    if here.any(|secret| secret.name == stored) {
        let text = format!("{stored} is already in {}", target.folder);
        return Err(Failure::new(Reason::Conflict, text).help(format!(
            "change it with `secrets update {stored}`, or choose another name or folder"
        )));
    }
    let value = value(name.as_str(), write, store.report)?;
    let is_changed = stored != name.as_str();
    let secret = NewSecret {
        comment: write.comment.clone().unwrap_or_default(),
        folder: target.folder.clone(),
        kind: write.kind.map_or(SecretType::Secret, in_store),
        name,
        personal: None,
        tags: store.scope.tags.clone(),
        value,
    };
    let created = store.fetch(store.client.create(&store.scope.place, &secret));
    created.map_err(|failure| store.or_dynamic(&stored, failure))?;
    let name = if is_changed {
        format!("{stored}, which Phase stores in upper case,")
    } else {
        stored
    };
    target.tell(&format!("created {name}"));
    Ok(())
}

fn create_override(target: &Target<'_>, name: &str, write: &Write) -> Result<(), Failure> {
    let store = target.store;
    let secret = target.existing(name)?;
    if secret.is_some_and(|secret| secret.personal.is_some()) {
        let text = format!("{name} has a personal override already");
        return Err(
            Failure::new(Reason::Conflict, text).help("change it with `secrets update --override`")
        );
    }
    let change = Change {
        personal: Some(value(name, write, store.report)?),
        ..beside(store, write)
    };
    apply(target, name, &change)?;
    let name = secret.map_or(name, |secret| &secret.name);
    target.tell(&format!("created the personal override of {name}"));
    Ok(())
}

pub(super) fn update(
    store: &Store,
    write: &Write,
    keep_value: bool,
    toggle_personal: bool,
    move_to: Option<&str>,
) -> Result<(), Failure> {
    let name = name(write)?;
    let to = move_to.map(Folder::new).transpose()?;
    let target = Target::look(store)?;
    let secret = target.existing(name)?;
    let also = write.comment.is_some() || write.kind.is_some() || to.is_some();
    let given = (!keep_value).then(|| value(name, write, store.report));
    let given = given.transpose().map_err(|failure| {
        if also {
            failure.help("to change only what else is given, say --keep-value")
        } else {
            failure
        }
    })?;
    let (personal, value) = if write.personal {
        (given, None)
    } else {
        (None, given)
    };
    let change = Change {
        folder: to,
        personal,
        toggle_personal,
        value,
        ..beside(store, write)
    };
    apply(&target, name, &change)?;
    let stored = secret.map_or(name, |secret| &secret.name);
    let done = done(stored, secret, &change);
    match change.folder.clone().filter(|to| to != target.folder) {
        None => target.tell(&done),
        Some(to) if changes_nothing_else(&change) => {
            target.tell_moved(&format!("moved {stored}"), &to);
        }
        Some(to) => target.tell_moved(&format!("{done}, and moved it"), &to),
    }
    Ok(())
}

/// What `change` did to `secret`, which is called `name`.
fn done(name: &str, secret: Option<&Outline>, change: &Change) -> String {
    let own = secret.and_then(|secret| secret.personal);
    match (change.toggle_personal, own, &change.personal) {
        (true, Some(true), _) => format!("turned off the personal override of {name}"),
        (true, Some(_), _) => format!("turned on the personal override of {name}"),
        (true, None, _) => format!("switched the personal override of {name}"),
        (false, None, Some(_)) if secret.is_some() => {
            format!("created the personal override of {name}")
        }
        (false, _, Some(_)) => format!("updated the personal override of {name}"),
        (false, _, None) => format!("updated {name}"),
    }
}

/// Whether a move is all that `change` does.
fn changes_nothing_else(change: &Change) -> bool {
    let Change {
        comment,
        folder: _,
        kind,
        personal,
        tags,
        toggle_personal,
        value,
    } = change;
    let values = personal.is_some() || value.is_some() || *toggle_personal;
    !values && comment.is_none() && kind.is_none() && tags.is_none()
}

fn apply(target: &Target<'_>, name: &str, change: &Change) -> Result<(), Failure> {
    let Target { folder, store, .. } = target;
    let Store { client, scope, .. } = store;
    let updated = store.fetch(client.update(&scope.place, folder, name, change));
    updated.map_err(|failure| store.or_dynamic(name, failure))
}

/// What is to change beside a value.
fn beside(store: &Store, write: &Write) -> Change {
    Change {
        comment: write.comment.clone(),
        kind: write.kind.map(in_store),
        tags: (!write.context.tag.is_empty()).then(|| store.scope.tags.clone()),
        ..Change::default()
    }
}

fn in_store(kind: StoredType) -> SecretType {
    match kind {
        StoredType::Config => SecretType::Config,
        StoredType::Sealed => SecretType::Sealed,
        StoredType::Secret => SecretType::Secret,
    }
}

pub(super) fn delete(store: &Store, names: &[String]) -> Result<(), Failure> {
    let target = Target::look(store)?;
    let Target { folder, place, .. } = &target;
    // All of them are looked up first, so that a wrong name deletes nothing.
    let mut doomed = match &target.here {
        Some(here) => names
            .iter()
            .map(|name| doomed(&target, here, name))
            .collect::<Result<_, _>>()?,
        None => names.to_vec(),
    };
    doomed.sort_unstable();
    doomed.dedup();
    for (number, name) in doomed.iter().enumerate() {
        let removed = store.fetch(store.client.delete(&store.scope.place, folder, name));
        let removed = removed.and_then(|removed| {
            if removed {
                Ok(())
            } else {
                Err(store.missing(name, place))
            }
        });
        removed.map_err(|failure| partly(failure, &doomed[..number], &doomed[number + 1..]))?;
    }
    target.tell(&format!("deleted {}", doomed.join(", ")));
    Ok(())
}

/// The name of the one secret of those `here` that `name` means.
fn doomed(target: &Target<'_>, here: &[Outline], name: &str) -> Result<String, Failure> {
    let names = here.iter().map(|secret| secret.name.as_str());
    let stored = target.store.stored_as(name, names.clone());
    let stored = stored.ok_or_else(|| target.store.missing(name, &target.place))?;
    let count = names.filter(|name| *name == stored).count();
    if count > 1 {
        let folder = target.folder;
        let text = format!("{stored} stands {count} times in {folder}, and nothing was removed");
        return Err(Failure::new(Reason::Ambiguous, text).help(format!(
            "the one changed last is in use: `secrets update {stored} --keep-value --move-to FOLDER` moves it away"
        )));
    }
    Ok(stored.to_owned())
}

/// `failure` between those that were removed and those that were not.
fn partly(failure: Failure, before: &[String], after: &[String]) -> Failure {
    let told = [("removed before that", before), ("not removed", after)];
    let told = told.into_iter().filter(|(_, names)| !names.is_empty());
    told.fold(failure, |failure, (what, names)| {
        failure.help(format!("{what}: {}", names.join(", ")))
    })
}
