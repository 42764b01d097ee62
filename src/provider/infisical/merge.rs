//! From the rows of an answer to secrets, one per folder and name. Pure.

use std::collections::{HashMap, HashSet};

use super::api::Query;
use super::found::Target;
use super::wire::{Import, List, MetadataRow, Row};
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Folder;
use crate::secret::{Metadata, Personal, Secret, SecretType};

/// The secrets of one or several lists.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The ids of those whose value these credentials may not read.
    pub(super) hidden: HashSet<String>,
    pub(super) secrets: Vec<Secret>,
}

impl Rows {
    /// Adds what `list` holds, the answer to `query`. Tags that are not told are
    /// those of `tags`: the server has chosen by them.
    ///
    /// A folder's own secret goes before an imported one, and the last import
    /// that has a name before all others. A list of several folders does not say
    /// which of them imports what: there it counts as the topmost one.
    ///
    /// # Errors
    ///
    /// A secret lies elsewhere than was asked for.
    pub(super) fn add(
        &mut self,
        mut list: List<'_>,
        query: &Query<'_>,
        tags: &[String],
    ) -> Result<()> {
        let mut overrides = HashMap::new();
        for row in list.secrets.extract_if(.., |row| row.is_personal()) {
            let key = (folder_of(&row, query)?, row.secret_key.as_str().to_owned());
            // Older servers send them unasked.
            if query.manner.personal {
                overrides.insert(key, row);
            }
        }
        self.secrets.reserve(list.secrets.len());
        for row in list.secrets {
            let folder = folder_of(&row, query)?;
            // Most lists have none.
            let personal = if overrides.is_empty() {
                None
            } else {
                overrides.remove(&(folder.clone(), row.secret_key.as_str().to_owned()))
            };
            self.take(row, folder, personal, tags);
        }
        // Newer servers leave out what an override stands in for.
        for ((lies, _), row) in overrides {
            self.take_personal(row, lies, tags);
        }
        let imports = list.imports.unwrap_or_default();
        if !imports.is_empty() {
            self.import(imports, query.folder, tags);
        }
        Ok(())
    }

    /// Each secret once, where several lists have it.
    pub(super) fn settle(&mut self) {
        self.secrets.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
        self.secrets
            .dedup_by(|a, b| !a.id.is_empty() && key(a) == key(b));
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

    fn import(&mut self, imports: Vec<Import<'_>>, folder: &Folder, tags: &[String]) {
        let here = self
            .secrets
            .iter()
            .filter(|secret| secret.folder == *folder);
        let mut known: HashSet<String> = here.map(|secret| secret.name.clone()).collect();
        for import in imports.into_iter().rev() {
            for row in import.secrets {
                if !row.is_personal() && known.insert(row.secret_key.as_str().to_owned()) {
                    self.take(row, folder.clone(), None, tags);
                }
            }
        }
    }

    fn take(&mut self, row: Row<'_>, folder: Folder, own: Option<Row<'_>>, tags: &[String]) {
        if own.as_ref().unwrap_or(&row).is_hidden() {
            self.hidden.insert(row.id.as_str().to_owned());
        }
        let personal = own.map(|own| Personal {
            active: true,
            value: own.secret_value.into_value(),
        });
        self.secrets.push(Secret {
            personal,
            ..secret(row, folder, tags)
        });
    }

    fn take_personal(&mut self, row: Row<'_>, folder: Folder, tags: &[String]) {
        if row.is_hidden() {
            self.hidden.insert(row.id.as_str().to_owned());
        }
        let secret = secret(row, folder, tags);
        self.secrets.push(Secret {
            personal: Some(Personal {
                active: true,
                value: secret.value.clone(),
            }),
            ..secret
        });
    }
}

/// What is the same in each list.
fn key(secret: &Secret) -> (&str, &Folder, &str) {
    (&secret.id, &secret.folder, &secret.name)
}

/// `row` in our terms.
fn secret(row: Row<'_>, folder: Folder, tags: &[String]) -> Secret {
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
        value: row.secret_value.into_value(),
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
    let elsewhere = match query.target {
        Target::Id(id) => differs(row.workspace.as_str(), id),
        Target::Slug(_) => false,
    };
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
