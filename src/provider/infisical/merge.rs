//! From the rows of an answer to secrets, one per folder and name. Pure.

use std::collections::{HashMap, HashSet};
use std::mem;

use super::api::Query;
use super::wire::{Import, List, MetadataRow, Row};
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Folder;
use crate::secret::{Metadata, Personal, Secret, SecretType, SecretValue};

/// The secrets of one or several lists.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// What the folders import, as if it lay in them.
    pub(super) imported: Vec<Secret>,
    /// What lies in the folders.
    pub(super) secrets: Vec<Secret>,
    /// Whether imported ones were left out, because nobody can tell their tags.
    pub(super) untagged: bool,
}

impl Rows {
    /// Adds what `list` holds, the answer to `query`. Tags that are not told are
    /// those of `tags`: the server has chosen by them.
    ///
    /// A folder's own secret goes before an imported one, and the last import
    /// that has a name before all others. A list of several folders does not say
    /// which of them imports what: there it counts as the topmost one.
    ///
    /// Says whether there is anything in it.
    ///
    /// # Errors
    ///
    /// A secret lies elsewhere than was asked for.
    pub(super) fn add(
        &mut self,
        mut list: List<'_>,
        query: &Query<'_>,
        tags: &[String],
    ) -> Result<bool> {
        // Older servers do so with all folders that begin alike: `/a` and `/ab`.
        list.secrets.retain(|row| !is_beside(row, query));
        let place = |row: &Row<'_>| folder_of(row, query);
        let mut secrets = mem::take(&mut self.secrets);
        let before = secrets.len();
        Self::merge(list.secrets, query, tags, place, &mut secrets)?;
        let own = &secrets[before..];
        let imports = list.imports.unwrap_or_default();
        let filled = !(own.is_empty() && imports.is_empty());
        if !imports.is_empty() {
            self.import(imports, own, query, tags)?;
        }
        self.secrets = secrets;
        Ok(filled)
    }

    /// Adds the secrets of `rows` to `secrets`, each with the override of it.
    fn merge(
        mut rows: Vec<Row<'_>>,
        query: &Query<'_>,
        tags: &[String],
        place: impl Fn(&Row<'_>) -> Result<Folder>,
        secrets: &mut Vec<Secret>,
    ) -> Result<()> {
        secrets.reserve(rows.len());
        let mut overrides: HashMap<_, Row<'_>> = HashMap::new();
        for row in rows.extract_if(.., |row| row.is_personal()) {
            let key = (place(&row)?, row.secret_key.as_str().to_owned());
            // Older servers send them unasked, and every server two, if two were made.
            let newer = |other: &Row<'_>| other.age() < row.age();
            if query.manner.personal && overrides.get(&key).is_none_or(newer) {
                overrides.insert(key, row);
            }
        }
        for row in rows {
            let folder = place(&row)?;
            // Most lists have none.
            let personal = if overrides.is_empty() {
                None
            } else {
                overrides.remove(&(folder.clone(), row.secret_key.as_str().to_owned()))
            };
            secrets.push(Secret {
                personal: personal.map(|mut own| overriding(own.take_value())),
                ..secret(row, folder, tags)
            });
        }
        // Newer servers leave out what an override stands in for.
        for ((folder, _), row) in overrides {
            let secret = secret(row, folder, tags);
            secrets.push(Secret {
                personal: Some(overriding(secret.value.clone())),
                ..secret
            });
        }
        Ok(())
    }

    /// Each secret once, where several lists have it: with its value, if one has that.
    pub(super) fn settle(&mut self) {
        for secrets in [&mut self.secrets, &mut self.imported] {
            let is_hidden = |one: &Secret| one.value.is_none();
            secrets.sort_unstable_by(|a, b| (key(a), is_hidden(a)).cmp(&(key(b), is_hidden(b))));
            secrets.dedup_by(|a, b| !a.id.is_empty() && key(a) == key(b));
        }
    }

    /// These secrets, with the overrides that `own` shows in their place.
    pub(super) fn overridden_by(self, own: Self) -> Vec<Secret> {
        let own = own
            .secrets
            .into_iter()
            .filter_map(|secret| Some(((secret.folder, secret.name), secret.personal?)));
        let mut own: HashMap<_, _> = own.collect();
        let mut secrets = self.secrets;
        for secret in &mut secrets {
            let key = (secret.folder.clone(), secret.name.clone());
            secret.personal = own.remove(&key);
        }
        secrets
    }

    /// Adds what the folder imports beside its `own` secrets.
    fn import(
        &mut self,
        imports: Vec<Import<'_>>,
        own: &[Secret],
        query: &Query<'_>,
        tags: &[String],
    ) -> Result<()> {
        if !tags.is_empty() {
            // They come whatever tags are asked for, and without their own.
            self.untagged |= imports.iter().any(|import| !import.secrets.is_empty());
            return Ok(());
        }
        let here = own.iter().filter(|secret| secret.folder == *query.folder);
        let mut known: HashSet<String> = here.map(|secret| secret.name.clone()).collect();
        for import in imports.into_iter().rev() {
            let mut secrets = Vec::new();
            let place = |_: &Row<'_>| Ok(query.folder.clone());
            Self::merge(import.secrets, query, tags, place, &mut secrets)?;
            secrets.retain(|secret| known.insert(secret.name.clone()));
            self.imported.append(&mut secrets);
        }
        Ok(())
    }
}

/// An override, which counts as soon as it is there.
fn overriding(value: Option<SecretValue>) -> Personal {
    Personal {
        active: true,
        value,
    }
}

/// What is the same in each list.
fn key(secret: &Secret) -> (&str, &Folder, &str) {
    (&secret.id, &secret.folder, &secret.name)
}

/// `row` in our terms.
fn secret(mut row: Row<'_>, folder: Folder, tags: &[String]) -> Secret {
    let value = row.take_value();
    let tags = match row.tags {
        Some(tags) => tags.into_iter().map(|tag| tag.slug.into_string()).collect(),
        None => tags.to_vec(),
    };
    let metadata = row.secret_metadata.unwrap_or_default().into_iter();
    Secret {
        comment: row.secret_comment.into_string(),
        folder,
        id: row.id.into_string(),
        kind: SecretType::Secret,
        metadata: metadata.map(line).collect(),
        name: row.secret_key.into_string(),
        personal: None,
        tags,
        updated: row.updated_at.into_string(),
        value,
        version: row.version.unwrap_or(1),
    }
}

fn line(row: MetadataRow<'_>) -> Metadata {
    Metadata {
        encrypted: row.is_encrypted.unwrap_or_default(),
        key: row.key.into_string(),
        value: row.value.into_value(),
    }
}

/// Whether a secret lies beside the folder that was asked for, in one whose path
/// begins with the same letters.
fn is_beside(row: &Row<'_>, query: &Query<'_>) -> bool {
    let (path, asked) = (row.secret_path.as_str(), query.folder.as_str());
    let rest = path.strip_prefix(asked).filter(|_| query.recursive);
    rest.is_some_and(|rest| !(rest.is_empty() || rest.starts_with('/') || asked == "/"))
}

/// The folder that a secret lies in. An older service token for a single folder
/// gets that one, whatever is asked for: it will do for those who name none.
fn folder_of(row: &Row<'_>, query: &Query<'_>) -> Result<Folder> {
    let lies = match row.secret_path.as_str() {
        path if path.is_empty() || path == query.folder.as_str() => query.folder.clone(),
        path => Folder::new(path).map_err(|_| {
            let message = format!("secret {:?} came with an unusable path", row.id.as_str());
            Error::new(ErrorKind::Protocol, message)
        })?,
    };
    let differs = |told: &str, asked: &str| !told.is_empty() && told != asked;
    let environment = row.environment.as_str();
    let elsewhere = differs(row.workspace.as_str(), &query.project.0);
    let any_below = query.recursive || *query.folder == Folder::root();
    let fits = lies == *query.folder || any_below && query.folder.holds(&lies);
    if elsewhere || !fits || differs(environment, query.environment) {
        let about = query.about();
        let message = format!("the server gives {lies} of environment {environment:?} for {about}");
        return Err(Error::new(ErrorKind::Denied, message).help(
            "a service token for a single folder gives that one whatever is asked for: leave --app, --env and --path out, or use another token",
        ));
    }
    Ok(if query.recursive {
        lies
    } else {
        query.folder.clone()
    })
}
