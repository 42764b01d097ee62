//! The folders of a scope.

use std::time::Instant;

use serde::Deserialize;

use super::Infisical;
use super::found::Found;
use crate::error::Result;
use crate::http::Request;
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
        let query = [
            ("workspaceId", project),
            ("environment", &found.environment),
            ("path", top.as_str()),
            ("recursive", "true"),
        ];
        let request = Request {
            query: &query,
            ..Request::get("/api/v1/folders")
        };
        let about = format!("the folders below {top}");
        let answer = self.api.service.ask(&request, &about, &[], until).await?;
        let Below { folders } = answer.json("a list of folders")?;
        let path =
            |row: &FolderRow<'_>| Folder::new(&format!("{top}/{}", row.relative_path.as_str()));
        folders.iter().map(path).collect()
    }
}
