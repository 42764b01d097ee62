//! Phase, by either of its two APIs.

mod cores;
mod crypto;
mod dynamic;
mod encrypted;
mod external;
#[cfg(fuzzing)]
pub mod fuzz;
mod keys;
mod refusal;
mod rest;
mod service;
mod token;
#[cfg(test)]
mod vectors;
mod web;
mod wire;
mod x25519;

use crate::credentials::{Holder, PhaseToken};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Effect;
use crate::pick::listed;
use crate::scope::Folder;
use crate::secret::{Change, SecretType};
use refusal::ApiError;

pub(crate) use encrypted::Encrypted;
pub(crate) use rest::Rest;
pub use web::{WebLogin, WebToken};

/// Where leases are looked after, by both APIs.
const LEASES: &str = "/service/public/v1/secrets/dynamic/leases/";

/// What a request that is no GET of this path leaves behind: to end a lease twice is
/// to end it.
fn effect_of(path: &str) -> Effect {
    if path == LEASES {
        Effect::Nothing
    } else {
        Effect::Change
    }
}

/// A lease that has ended already need not be ended.
fn ended(answer: Result<(), ApiError>) -> Result<()> {
    match answer.map_err(Error::from) {
        Err(error) if error.kind() == ErrorKind::Missing => Ok(()),
        answer => answer,
    }
}

/// Of several rows of one name, the one changed last: it is the one in use. `age`
/// gives the date and the id of a row.
fn newest<T>(rows: &[T], age: impl Fn(&T) -> (&str, &str)) -> Option<&T> {
    rows.iter().max_by(|a, b| age(a).cmp(&age(b)))
}

/// Only users have overrides; the server ignores those of other accounts.
fn require_owner(token: &PhaseToken, personal: bool) -> Result<()> {
    if personal && token.holder() != Holder::User {
        return Err(Error::new(
            ErrorKind::Configuration,
            "a personal override needs the token of a person, and this is a service's",
        )
        .help("use a pss_user token"));
    }
    Ok(())
}

/// What a secret is called in a store that keeps names in upper case: as it is
/// spelt if one of `names` is, else in upper case.
fn spelt<'a>(mut names: impl Iterator<Item = &'a str>, name: &str) -> String {
    if names.any(|other| other == name) {
        name.to_owned()
    } else {
        name.to_uppercase()
    }
}

fn no_app(id: &str) -> Error {
    let text = format!("there is no app with the id {id:?}");
    Error::new(ErrorKind::Missing, text)
}

/// The advice to choose one of `apps`: id and name.
fn reached<'a>(apps: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let apps: Vec<String> = apps.map(|(id, name)| format!("{id} ({name})")).collect();
    if apps.is_empty() {
        "these credentials reach no app".to_owned()
    } else {
        format!("there are: {}", listed(apps.iter().map(String::as_str)))
    }
}

/// Fails for a name that stands more than once: nobody can say which row is meant,
/// and what is done to both cannot be undone. Moving the one in use away parts them.
fn require_one(rows: usize, name: &str, folder: &Folder) -> Result<()> {
    if rows < 2 {
        return Ok(());
    }
    let text =
        format!("{name} stands {rows} times in {folder}, and nothing is done to any of them");
    Err(Error::new(ErrorKind::Ambiguous, text).help(format!(
        "the one changed last is in use: `secrets update {name} --keep-value --move-to FOLDER` moves it away. Then delete the other, and move it back"
    )))
}

/// Fails for a new value or type of a sealed secret: the server drops a value, and
/// says nothing.
fn require_unsealed(name: &str, kind: SecretType, change: &Change) -> Result<()> {
    let unsealed = change.kind.is_some_and(|kind| kind != SecretType::Sealed);
    if kind != SecretType::Sealed || (change.value.is_none() && !unsealed) {
        return Ok(());
    }
    let text = format!("{name} is of type sealed: Phase changes neither its value nor its type");
    Err(Error::new(ErrorKind::Configuration, text).help("delete it, and create it anew"))
}

/// The most characters of a tag.
const LONGEST_TAG: usize = 64;

/// Fails for a tag that the server does not take: over REST it stores the secret all the
/// same, without its tags.
fn require_short(tags: &[String]) -> Result<()> {
    let length = |tag: &&String| tag.trim().chars().count();
    let Some(tag) = tags.iter().find(|tag| length(tag) > LONGEST_TAG) else {
        return Ok(());
    };
    let start: String = tag.chars().take(20).collect();
    let text = format!(
        "the tag {start:?}… has {} characters, and Phase takes {LONGEST_TAG}: nothing was sent",
        length(&tag)
    );
    Err(Error::new(ErrorKind::InvalidValue, text).help("shorten the tag"))
}

/// `error`; if it is a conflict, one that says what is there.
fn or_exists(error: Error, name: &str, folder: &Folder) -> Error {
    match error.kind() {
        ErrorKind::Conflict => exists(name, folder),
        _ => error,
    }
}

fn exists(name: &str, folder: &Folder) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("{name} is already in {folder}"),
    )
    .help("update it, or choose another name or folder; Phase stores names in upper case")
}

fn absent(name: &str, folder: &Folder, environment: &str) -> Error {
    Error::new(
        ErrorKind::Missing,
        format!("there is no {name} in {folder} of environment {environment:?}"),
    )
}

fn without_override(name: &str) -> Error {
    Error::new(
        ErrorKind::Missing,
        format!("{name} has no personal override to switch"),
    )
}
