//! The secrets of a scope, and those that references lead to.

use std::sync::Arc;
use std::time::Instant;

use super::Infisical;
use super::api::{Manner, Query};
use super::folders::tops;
use super::found::Found;
use super::listed::Listed;
use super::merge::Rows;
use super::refusal::ApiError;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::join;
use crate::scope::{Folder, Folders, Scope, Site};
use crate::secret_set::SecretSet;

/// What the lists of a scope gave.
pub(super) struct Lists {
    /// The folders that may not be there, each with what the server says of it.
    /// Older ones say nothing, and list nothing.
    doubted: Vec<(Folder, Option<Error>)>,
    pub(super) rows: Rows,
}

impl Infisical {
    /// The secrets of `scope`, each once. A folder that is not there is an error,
    /// unless it may count `as_empty`; an environment that is not there always is.
    pub(super) async fn read(
        &self,
        found: &mut Found,
        scope: &Scope,
        manner: Manner,
        as_empty: bool,
        until: Instant,
    ) -> Result<Rows> {
        let mut lists = self.lists(found, scope, manner, until).await?;
        if lists.doubted.is_empty() {
            return Ok(lists.rows);
        }
        if self.correct(found, until).await? {
            lists = self.lists(found, scope, manner, until).await?;
        }
        let mut absent = Vec::new();
        for (folder, said) in lists.doubted {
            match said {
                // Where the project may not be looked at, it may be the environment.
                Some(error) if found.project.is_none() => return Err(error),
                Some(_) => absent.push(folder),
                None if !as_empty && self.lacks(found, &folder, until).await? => {
                    absent.push(folder);
                }
                None => {}
            }
        }
        if absent.is_empty() || as_empty {
            Ok(lists.rows)
        } else {
            Err(without(&absent, found))
        }
    }

    /// What lies in the folders of `scope`, as far as they are there.
    pub(super) async fn lists(
        &self,
        found: &Found,
        scope: &Scope,
        manner: Manner,
        until: Instant,
    ) -> Result<Lists> {
        let (folders, recursive) = tops(&scope.folders);
        let tags: Vec<&str> = scope.tags.iter().map(|tag| tag.trim()).collect();
        let tags = tags.join(",");
        let query = |folder| Query {
            environment: &found.environment,
            folder,
            manner,
            project: &found.id,
            recursive,
            tags: &tags,
        };
        let requests = folders.iter().map(|folder| async {
            match self.api.list(&query(folder), until).await {
                Err(ApiError::Missing(error)) => Ok(Err(error)),
                answer => Ok(Ok(answer?)),
            }
        });
        let answers = join::all::<_, Error, _>(requests).await?;
        let mut rows = Rows::default();
        let mut doubted = Vec::new();
        for (answers, folder) in answers.into_iter().zip(&folders) {
            let answers = match answers {
                Ok(answers) => answers,
                Err(error) => {
                    doubted.push((folder.clone(), Some(error)));
                    continue;
                }
            };
            let mut filled = false;
            for answer in answers {
                let list = answer.json("a list of secrets")?;
                filled |= rows.add(list, &query(folder), &scope.tags)?;
            }
            if !filled && self.api.is_old() {
                doubted.push((folder.clone(), None));
            }
        }
        rows.settle();
        Ok(Lists { doubted, rows })
    }

    /// The folder that a reference leads to, with all that it may mean there.
    pub(super) async fn referred_to(
        &self,
        site: &Site,
        personal: bool,
        until: Instant,
    ) -> Result<Arc<dyn SecretSet>> {
        let found = self.find(&site.place, until).await?;
        let folders = Folders::These(vec![site.folder.clone()]);
        let scope = Scope::new(site.place.app.clone(), found.environment.clone());
        let scope = scope.in_folders(folders);
        let manner = Manner {
            imports: true,
            names_will_do: false,
            personal,
        };
        let Lists { doubted, rows } = self.lists(&found, &scope, manner, until).await?;
        let absent = doubted.into_iter().find_map(|(_, error)| error);
        match absent {
            Some(error) => Err(error),
            None => Ok(Arc::new(Listed::new(rows, Vec::new(), &scope, manner))),
        }
    }
}

/// Where the project is described, the environment is there: so it is the folder
/// that is not.
fn without(folders: &[Folder], found: &Found) -> Error {
    let names: Vec<&str> = folders.iter().map(Folder::as_str).collect();
    let (names, environment) = (names.join(", "), &found.environment);
    let place = format!("{names} in environment {environment:?} of {}", found.id);
    Error::new(ErrorKind::Missing, format!("there is no folder {place}"))
        .help("look at --path, or go on without by --allow-empty")
}
