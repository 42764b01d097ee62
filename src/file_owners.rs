//! Whose files count. What lies in a folder that others may write to is anybody's,
//! and what it says decides what a program gets.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// Whose files count: [everybody's](Self::everybody), or those of a few.
#[derive(Clone, Debug, Default)]
pub struct FileOwners {
    few: Option<Few>,
}

#[derive(Clone, Debug)]
struct Few {
    advice: String,
    folders: Vec<PathBuf>,
    uids: Vec<u32>,
}

impl FileOwners {
    /// All owners.
    #[must_use]
    pub fn everybody() -> Self {
        Self::default()
    }

    /// These owners alone, by their user ids; and of all others what lies in
    /// `folders` and below them. `advice` is what an error says to do about the file
    /// of somebody else.
    #[must_use]
    pub fn only(uids: Vec<u32>, folders: &[PathBuf], advice: impl Into<String>) -> Self {
        let folders = folders.iter().filter_map(|one| one.canonicalize().ok());
        let few = Few {
            advice: advice.into(),
            folders: folders.collect(),
            uids,
        };
        Self { few: Some(few) }
    }

    /// That the file `path` counts, if it has these `owners`: its own, and that of a
    /// link to it, whose maker chose the file. Ask for its own where it is open, as
    /// another file may stand at `path` a moment later.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if it is somebody else's.
    pub fn admit(&self, path: &Path, owners: impl IntoIterator<Item = u32>) -> Result<()> {
        let Some(few) = &self.few else { return Ok(()) };
        let mut owners = owners.into_iter();
        match owners.find(|owner| !few.uids.contains(owner)) {
            Some(owner) if !few.is_in_folders(path) => {
                let message = format!(
                    "{} belongs to another user (uid {owner}), and a file of somebody else's does not count",
                    path.display()
                );
                Err(Error::new(ErrorKind::Configuration, message).help(&few.advice))
            }
            _ => Ok(()),
        }
    }
}

impl Few {
    fn is_in_folders(&self, path: &Path) -> bool {
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        folder.is_some_and(|folder| self.folders.iter().any(|one| folder.starts_with(one)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADVICE: &str = "ask them";

    #[test]
    fn a_file_counts_by_all_who_had_a_hand_in_it_or_by_its_folder() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("file");
        let ours = FileOwners::only(vec![0, 7], &[], ADVICE);
        assert!(ours.admit(&file, [7, 0]).is_ok());
        let error = ours.admit(&file, [7, 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("uid 8"), "{error}");
        assert_eq!(error.advice(), Some(ADVICE));
        assert!(FileOwners::everybody().admit(&file, [8]).is_ok());
        for (folder, counts) in [
            (top.path(), true),
            (top.path().parent().unwrap(), true),
            (&*top.path().join("other"), false),
        ] {
            let owners = FileOwners::only(vec![7], &[folder.to_owned()], ADVICE);
            assert_eq!(owners.admit(&file, [8]).is_ok(), counts, "{folder:?}");
        }
    }
}
