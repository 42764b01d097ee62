//! The secrets of an environment as they came, opened one by one.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::sealed::Sealed;
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::provider::phase::cores;
use crate::provider::phase::keys::{EnvironmentKeys, FORGED, Unnamed, value};
use crate::scope::{Folder, Scope};
use crate::secret::{Outline, Personal, Secret, SecretValue};
use crate::secret_set::{Entry, SecretSet};

/// Secrets of an environment, sorted so that they can be found by what the server
/// knows their names by: nothing else need be opened to follow a reference.
#[derive(Debug)]
pub(super) struct EncryptedEnvironment {
    /// The environment, for messages.
    about: String,
    keys: Arc<EnvironmentKeys>,
    personal: bool,
    /// In order of digest, folder and age.
    rows: Vec<Sealed>,
    /// The numbers of those whose names are open, in order of name, folder and age.
    scope: Vec<usize>,
    /// What is here with all that there is of it.
    whole: Extent,
}

/// A part of an environment.
#[derive(Debug)]
pub(super) enum Extent {
    All,
    Folders(Vec<Folder>),
    /// All secrets called so, in whichever folders.
    Names(BTreeSet<String>),
}

impl EncryptedEnvironment {
    /// Takes all rows of an environment; nothing is opened yet.
    pub(super) fn new(about: String, keys: Arc<EnvironmentKeys>, mut rows: Vec<Sealed>) -> Self {
        // A row may come twice; ids are the server's and never the same for two.
        rows.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        rows.dedup_by(|a, b| !a.id.is_empty() && a.id == b.id);
        Self {
            about,
            keys,
            personal: true,
            rows,
            scope: Vec::new(),
            whole: Extent::All,
        }
    }

    /// The same, where these are all rows of a part alone.
    pub(super) fn of(self, whole: Extent) -> Self {
        Self { whole, ..self }
    }

    /// The same, where personal overrides count only if `personal`.
    pub(super) fn personal(self, personal: bool) -> Self {
        Self { personal, ..self }
    }

    /// Opens the names of the secrets in `scope`. Where one does not open, it is
    /// left out with a notice if that is `allowed`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decryption`] if it is not.
    pub(super) fn enter(&mut self, scope: &Scope, allowed: bool) -> Result<Vec<Notice>> {
        let meant = |row: &Sealed| scope.folders.contains(&row.folder) && scope.admits(&row.tags);
        self.scope = (0..self.rows.len())
            .filter(|&number| meant(&self.rows[number]))
            .collect();
        let names = cores::map(&self.scope, |&number| self.name(number).map(drop));
        let mut notices = Vec::new();
        for error in names.into_iter().filter_map(Result::err) {
            if !allowed {
                return Err(error);
            }
            notices.push(Notice::left_out("a secret without a usable name", &error));
        }
        let mut scope = std::mem::take(&mut self.scope);
        scope.retain(|&number| self.name(number).is_ok());
        // Those of one name and folder are numbered in order of age.
        scope.sort_unstable_by(|&a, &b| (self.called(a), a).cmp(&(self.called(b), b)));
        self.scope = scope;
        Ok(notices)
    }

    /// The secrets whose names are open, with all that belongs to them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decryption`].
    pub(super) fn secrets(&self) -> Result<Vec<Secret>> {
        cores::map(&self.scope, |&number| self.secret(number))
            .into_iter()
            .collect()
    }

    /// What is told of the same secrets without a value.
    ///
    /// # Errors
    ///
    /// None: their names are open.
    pub(super) fn outlines(&self) -> Result<Vec<Outline>> {
        cores::map(&self.scope, |&number| self.outline(number))
            .into_iter()
            .collect()
    }

    fn outline(&self, number: usize) -> Result<Outline> {
        let row = &self.rows[number];
        let comment = match row.comment.as_str() {
            "" => Some(String::new()),
            text => {
                let opened = self.keys.open(text).ok();
                opened.map(|mut text| std::mem::take(&mut *text))
            }
        };
        Ok(Outline {
            comment,
            folder: row.folder.clone(),
            hidden: false,
            kind: row.kind,
            metadata: Vec::new(),
            name: self.name(number)?.to_owned(),
            personal: row.own.as_ref().map(|(active, _)| *active),
            tags: row.tags.clone(),
            updated: row.updated.clone(),
            version: row.version,
        })
    }

    fn secret(&self, number: usize) -> Result<Secret> {
        let row = &self.rows[number];
        let open = |text: &str, what: &str| {
            let opened = self.keys.open(text);
            opened.map_err(|problem| self.unopened(row, what, &problem))
        };
        let comment = match row.comment.as_str() {
            "" => String::new(),
            text => std::mem::take(&mut *open(text, "comment")?),
        };
        let personal = row.own.as_ref().map(|(active, text)| {
            open(text, "personal override").map(|own| Personal {
                active: *active,
                value: Some(value(own)),
            })
        });
        Ok(Secret {
            comment,
            folder: row.folder.clone(),
            id: row.id.clone(),
            kind: row.kind,
            metadata: Vec::new(),
            name: self.name(number)?.to_owned(),
            personal: personal.transpose()?,
            tags: row.tags.clone(),
            updated: row.updated.clone(),
            value: Some(value(open(
                row.shared.as_deref().unwrap_or_default(),
                "value",
            )?)),
            version: row.version,
        })
    }

    /// The rows whose names are open.
    pub(super) fn into_rows(self) -> Vec<(String, Sealed)> {
        let Self { rows, .. } = self;
        let named = rows.into_iter().filter_map(|mut row| {
            let name = row.name.take()?.ok()?;
            Some((name, row))
        });
        named.collect()
    }

    fn name(&self, number: usize) -> Result<&str> {
        let row = &self.rows[number];
        let name = || self.keys.name(&row.key, &row.digest);
        match row.name.get_or_init(name) {
            Ok(name) => Ok(name),
            Err(problem @ Unnamed::Forged(_)) => {
                Err(self.unopened(row, "name", problem).help(FORGED))
            }
            Err(problem) => Err(self.unopened(row, "name", problem)),
        }
    }

    /// Name and folder, for those whose name is open.
    fn called(&self, number: usize) -> (&str, &Folder) {
        let name = self.name(number).unwrap_or_default();
        (name, &self.rows[number].folder)
    }

    /// The last one called that among those whose names are open.
    fn find_open(&self, folder: &Folder, name: &str) -> Option<usize> {
        let not_after = |&number: &usize| self.called(number) <= (name, folder);
        let end = self.scope.partition_point(not_after);
        let last = self.scope[..end].last().copied();
        last.filter(|&number| self.called(number) == (name, folder))
    }

    /// The last one called `name` among those with the digest of `digested`.
    fn find_sealed(&self, folder: &Folder, name: &str, digested: &str) -> Result<Option<usize>> {
        let digest = self.keys.digest(digested)?;
        let place = |row: &Sealed| (&*row.digest, &row.folder).cmp(&(&*digest, folder));
        let end = self.rows.partition_point(|row| place(row).is_le());
        for number in (0..end).rev() {
            if place(&self.rows[number]).is_ne() {
                break;
            }
            // The digest is only the server's word.
            if self.name(number)? == name {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    fn unopened(&self, row: &Sealed, what: &str, problem: &dyn fmt::Display) -> Error {
        let name = match row.name.get() {
            Some(Ok(name)) => format!("{name} "),
            _ => String::new(),
        };
        let Sealed { folder, id, .. } = row;
        let about = &self.about;
        let text = format!("the {what} of secret {name}({id}) in {folder} of {about} {problem}");
        Error::new(ErrorKind::Decryption, text)
            .help("write it anew, or leave out what does not decrypt with --allow-partial")
    }
}

impl SecretSet for EncryptedEnvironment {
    fn entries(&self) -> Vec<Entry<'_>> {
        self.scope
            .iter()
            .map(|&number| self.entry(number))
            .collect()
    }

    fn entry(&self, number: usize) -> Entry<'_> {
        let row = &self.rows[number];
        Entry {
            folder: &row.folder,
            id: &row.id,
            // Numbers are only given to those whose name is open.
            name: self.name(number).unwrap_or_default(),
            number,
            tags: &row.tags,
            updated: &row.updated,
        }
    }

    fn find(&self, folder: &Folder, name: &str) -> Result<Option<usize>> {
        if let Some(number) = self.find_open(folder, name) {
            return Ok(Some(number));
        }
        let found = self.find_sealed(folder, name, name)?;
        let upper = name.to_uppercase();
        if found.is_some() || upper == name {
            return Ok(found);
        }
        self.find_sealed(folder, name, &upper)
    }

    fn decides(&self, folder: &Folder, name: &str) -> bool {
        let is_whole = match &self.whole {
            Extent::All => true,
            Extent::Folders(folders) => folders.contains(folder),
            Extent::Names(names) => names.contains(name),
        };
        is_whole || matches!(self.find(folder, name), Ok(Some(_)))
    }

    fn open(&self, numbers: &[usize]) {
        cores::map(numbers, |&number| {
            // What does not open is told when it is asked for.
            let _ = self.value(number);
        });
    }

    fn value(&self, number: usize) -> Result<(&SecretValue, bool)> {
        let row = &self.rows[number];
        let own = row
            .own
            .as_ref()
            .filter(|(active, _)| *active && self.personal);
        let text = own.map(|(_, text)| text).or(row.shared.as_ref());
        // What came without a value is no ciphertext either.
        let text = text.map_or("", String::as_str);
        match row.value.get_or_init(|| self.keys.open(text).map(value)) {
            Ok(value) => Ok((value, own.is_some())),
            Err(problem) => Err(self.unopened(row, "value", problem)),
        }
    }
}
