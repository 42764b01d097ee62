//! The folders of a scope.

use std::time::Instant;

use serde::Deserialize;

use super::Infisical;
use super::found::Found;
use super::refusal::ApiError;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request};
use crate::provider::join;
use crate::provider::text::Text;
use crate::scope::{Folder, Folders, Scope};

/// The folders below another.
#[derive(Deserialize)]
struct Below<'a> {
    #[serde(borrow)]
    folders: Vec<FolderRow<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FolderRow<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    /// Older servers do not tell it, and list one level of folders at a time.
    #[serde(borrow, default)]
    relative_path: Text<'a>,
}

/// The folders to ask for, and whether all below them are meant too.
pub(super) fn tops(folders: &Folders) -> (Vec<Folder>, bool) {
    match folders {
        Folders::All => (vec![Folder::root()], true),
        Folders::Below(folders) => (folders.clone(), true),
        Folders::These(folders) => (folders.clone(), false),
    }
}

impl Infisical {
    /// Whether it is sure that there is no such folder in the environment.
    pub(super) async fn lacks(
        &self,
        found: &Found,
        folder: &Folder,
        until: Instant,
    ) -> Result<bool> {
        let Some((above, name)) = folder.as_str().rsplit_once('/') else {
            return Ok(false);
        };
        if name.is_empty() {
            return Ok(false);
        }
        let project = &found.id.0;
        let above = Folder::new(above)?;
        let answer = match self.children(project, found, &above, false, until).await {
            Err(ApiError::Missing(_)) => return Ok(true),
            answer => answer.map_err(Error::from),
        };
        match answer {
            // Whoever may not look there has to believe the list.
            Err(error) if error.kind() == ErrorKind::Denied => Ok(false),
            answer => {
                let answer = answer?;
                let Below { folders } = answer.json("a list of folders")?;
                Ok(folders.iter().all(|row| row.name.as_str() != name))
            }
        }
    }

    /// The folders of `scope`, in order. One in which there is nothing else is in
    /// no list of secrets, so that they are asked for.
    pub(super) async fn folders(
        &self,
        project: &str,
        found: &Found,
        scope: &Scope,
        until: Instant,
    ) -> Result<Vec<Folder>> {
        let (mut folders, deep) = tops(&scope.folders);
        if deep {
            let lists = folders.iter();
            let lists = lists.map(|top| self.below(project, found, top, until));
            let below = join::all(lists).await?;
            folders.extend(below.into_iter().flatten());
        }
        folders.retain(|folder| scope.folders.contains(folder));
        folders.sort_unstable();
        folders.dedup();
        Ok(folders)
    }

    /// All folders below `top`.
    async fn below(
        &self,
        project: &str,
        found: &Found,
        top: &Folder,
        until: Instant,
    ) -> Result<Vec<Folder>> {
        let mut all = Vec::new();
        let mut left = vec![top.clone()];
        while let Some(folder) = left.pop() {
            let answer = match self.children(project, found, &folder, true, until).await {
                Err(ApiError::Missing(_)) => continue,
                answer => answer?,
            };
            let Below { folders } = answer.json("a list of folders")?;
            for row in folders {
                let deep = !row.relative_path.as_str().is_empty();
                let path = if deep { row.relative_path } else { row.name };
                let child = Folder::new(&format!("{folder}/{}", path.as_str()))?;
                if !deep {
                    left.push(child.clone());
                }
                all.push(child);
            }
        }
        Ok(all)
    }

    /// The folders below another: those of the next level, or all of them, where
    /// the server can list them.
    async fn children(
        &self,
        project: &str,
        found: &Found,
        folder: &Folder,
        deep: bool,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let query = [
            ("workspaceId", project),
            ("environment", &found.environment),
            ("path", folder.as_str()),
            ("recursive", if deep { "true" } else { "false" }),
        ];
        let request = Request {
            query: &query,
            ..Request::get("/api/v1/folders")
        };
        let about = format!("the folders below {folder}");
        self.api.service.ask(&request, &about, &[], until).await
    }
}
