//! Which project file counts: the one that was named, or the one that is found.

use std::path::{Path, PathBuf};

use phase_run::FileOwners;
use phase_run::outside::shown;

use super::content::{Content, Whose, misused, parse};
use super::owners::{self, Opened, unreadable};
use crate::exit::{Failure, Reason};

/// A file that was found and read.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) content: Content,
    pub(crate) path: PathBuf,
}

/// The name of our own.
const OURS: &str = "phase-run.toml";

/// The names of those of other tools.
pub(super) const OF_PHASE: &str = ".phase.json";
pub(super) const OF_INFISICAL: &str = ".infisical.json";

/// Which of the project files counts, ours or another tool's.
#[derive(Debug, Default)]
pub(super) enum Choice {
    /// This one, whoever owns it.
    Named(PathBuf),
    /// None at all.
    Nothing,
    /// The one that is found.
    #[default]
    Search,
}

/// The project files.
#[derive(Debug)]
pub(super) struct Projects {
    pub(super) choice: Choice,
    pub(super) owners: FileOwners,
}

impl Projects {
    /// Our project file for `directory`: the one that was named, or one in it or
    /// above it, up to the repository's root or `home`. Where neither lies above,
    /// only `directory` itself is looked at: what lies in a shared folder such as
    /// `/tmp` is anybody's.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or understood, or that is somebody else's.
    pub(super) fn ours(
        &self,
        directory: &Path,
        home: Option<&Path>,
    ) -> Result<Option<File>, Failure> {
        // What others put into a folder says nothing of where a repository ends.
        let is_root = |at: &Path| {
            let git = at.join(".git");
            git.exists() && owners::have(&self.owners, &git)
        };
        let is_top = |at: &Path| Some(at) == home || is_root(at);
        let depth = directory.ancestors().position(is_top);
        let depth = depth.map_or(1, |top| top + 1);
        for path in self.places(directory, OURS).take(depth) {
            if let Some(opened) = self.open(&path)? {
                self.admit(&path, &opened)?;
                let content = read(&opened.bytes, &path, Whose::Projects, home)?;
                return Ok(Some(File { content, path }));
            }
        }
        Ok(None)
    }

    /// Where a file called `name` may be, the nearest first.
    pub(super) fn places(&self, directory: &Path, name: &str) -> impl Iterator<Item = PathBuf> {
        let named = match &self.choice {
            Choice::Named(path) if kind(path) == name => Some(directory.join(path)),
            _ => None,
        };
        let found = match self.choice {
            Choice::Search => directory.ancestors().map(|at| at.join(name)).collect(),
            _ => Vec::new(),
        };
        named.into_iter().chain(found)
    }

    /// The file at `path`, if it is there.
    ///
    /// # Errors
    ///
    /// It cannot be read, or was named and is not there.
    pub(super) fn open(&self, path: &Path) -> Result<Option<Opened>, Failure> {
        let without = "to do without any project file, give --no-project-file";
        let opened = owners::open(path);
        let opened = opened.map_err(|error| unreadable(path, &error).help(without))?;
        if opened.is_none() && matches!(self.choice, Choice::Named(_)) {
            let name = path.to_string_lossy();
            let text = format!("there is no project file {}", shown(&name));
            return Err(Failure::new(Reason::Configuration, text)
                .help("--project-file or PHASE_RUN_PROJECT_FILE names it: name another one"));
        }
        Ok(opened)
    }

    /// That the file `path` counts.
    ///
    /// # Errors
    ///
    /// It is somebody else's, and was not named.
    pub(super) fn admit(&self, path: &Path, opened: &Opened) -> Result<(), Failure> {
        opened.admit(path, &self.owners())
    }

    /// Whose files count, a project file among them, and the vault that it names.
    pub(super) fn owners(&self) -> FileOwners {
        match self.choice {
            Choice::Named(_) => FileOwners::everybody(),
            _ => self.owners.clone(),
        }
    }
}

/// Whose project file one of this name is: what is called as no other tool's is ours.
fn kind(path: &Path) -> &'static str {
    let name = path.file_name().unwrap_or_default();
    let others = [OF_PHASE, OF_INFISICAL];
    others
        .into_iter()
        .find(|other| name == *other)
        .unwrap_or(OURS)
}

/// The user's own file in `configuration`, such as `~/.config/phase-run`.
///
/// # Errors
///
/// A file that cannot be read or understood.
pub(super) fn user(configuration: &Path, home: Option<&Path>) -> Result<Option<File>, Failure> {
    let path = configuration.join("config.toml");
    let opened = owners::open(&path).map_err(|error| unreadable(&path, &error))?;
    let Some(opened) = opened else {
        return Ok(None);
    };
    let content = read(&opened.bytes, &path, Whose::Users, home)?;
    Ok(Some(File { content, path }))
}

/// Says that the user's own file cannot be looked at, if that is why it seems absent:
/// when it was looked for, nobody listened yet.
pub(super) fn tell_unseen(configuration: &Path) {
    let path = configuration.join("config.toml");
    if let Err(error) = path.symlink_metadata() {
        owners::is_absence(&error, &path);
    }
}

fn read(bytes: &[u8], path: &Path, whose: Whose, home: Option<&Path>) -> Result<Content, Failure> {
    let text = str::from_utf8(bytes).map_err(|_| misused(path, "it is not UTF-8"))?;
    parse(text, path, whose, home)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::chown;

    use super::*;

    fn search() -> Projects {
        Projects {
            choice: Choice::Search,
            owners: owners::owners(None, &[]),
        }
    }

    fn project(directory: &Path, home: Option<&Path>) -> Result<Option<File>, Failure> {
        search().ours(directory, home)
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_project_file_is_found_upwards_to_the_repositorys_root_and_not_beyond() {
        let top = folder();
        let deep = top.path().join("repo/a/b");
        fs::create_dir_all(&deep).unwrap();
        let git = top.path().join("repo/.git");
        fs::create_dir(&git).unwrap();
        fs::write(top.path().join(OURS), "app = 'outside'").unwrap();
        assert!(project(&deep, None).unwrap().is_none());
        fs::write(top.path().join("repo").join(OURS), "app = 'inside'").unwrap();
        let file = project(&deep, None).unwrap().unwrap();
        assert_eq!(file.content.app.as_deref(), Some("inside"));
        // Only root can give a file away.
        if chown(&git, Some(4242), None).is_ok() {
            assert!(project(&deep, None).unwrap().is_none(), "no root of ours");
            let outer = project(&deep, Some(top.path())).unwrap().unwrap();
            assert_eq!(outer.content.app.as_deref(), Some("inside"));
            fs::remove_file(outer.path).unwrap();
            let outer = project(&deep, Some(top.path())).unwrap().unwrap();
            assert_eq!(
                outer.content.app.as_deref(),
                Some("outside"),
                "the search goes on"
            );
        }
    }

    #[test]
    fn without_a_repository_or_a_home_above_only_the_folder_itself_counts() {
        let top = folder();
        let inner = top.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(top.path().join(OURS), "app = 'somebody'").unwrap();
        assert!(project(&inner, None).unwrap().is_none());
        assert!(project(top.path(), None).unwrap().is_some());
        assert!(project(&inner, Some(top.path())).unwrap().is_some());
    }

    #[test]
    fn one_that_was_named_counts_whoever_owns_it_and_must_be_there() {
        let top = folder();
        fs::write(top.path().join(OURS), "app = 'found'").unwrap();
        let named = top.path().join("web.toml");
        let projects = |path: &Path| Projects {
            choice: Choice::Named(path.to_owned()),
            ..search()
        };
        let failure = projects(&named).ours(top.path(), None).unwrap_err();
        assert!(failure.to_string().contains("web.toml"), "{failure}");
        fs::write(&named, "app = 'named'").unwrap();
        let _ = chown(&named, Some(4242), None);
        for path in [&*named, Path::new("web.toml")] {
            let file = projects(path).ours(top.path(), None).unwrap().unwrap();
            assert_eq!(file.content.app.as_deref(), Some("named"));
        }
        let other = projects(&top.path().join(OF_PHASE));
        assert!(other.ours(top.path(), None).unwrap().is_none());
        let nothing = Projects {
            choice: Choice::Nothing,
            ..search()
        };
        assert!(nothing.ours(top.path(), None).unwrap().is_none());
    }
}
