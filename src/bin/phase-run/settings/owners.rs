//! Whose files count. What lies in a folder that others may write to is anybody's,
//! and what it says decides what a command gets.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use nix::fcntl::OFlag;
use nix::unistd::{Uid, User, geteuid};

use super::content::misused;
use crate::exit::{Failure, Reason};

/// More than anybody has to say.
const LARGEST: u64 = 1 << 20;

/// Those whose files count.
#[derive(Debug)]
pub(super) struct Owners {
    /// The first process of a container, which gets the files of others.
    everybody: bool,
    /// Folders that the user trusts.
    safe: Vec<PathBuf>,
    /// Who became root by sudo(8).
    sudo: Option<u32>,
    us: u32,
}

/// A file, read, and all who own a part of the way to it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) bytes: Vec<u8>,
    owners: Vec<u32>,
}

impl Owners {
    /// `sudo_uid` is who became root by sudo, and `safe` are the folders that the
    /// user trusts.
    pub(super) fn new(sudo_uid: Option<u32>, safe: &[PathBuf]) -> Self {
        let us = geteuid();
        let safe = safe.iter().filter_map(|folder| folder.canonicalize().ok());
        Self {
            everybody: process::id() == 1,
            safe: safe.collect(),
            sudo: sudo_uid.filter(|_| us.is_root()),
            us: us.as_raw(),
        }
    }

    fn are(&self, owner: u32) -> bool {
        self.everybody || owner == 0 || owner == self.us || self.sudo == Some(owner)
    }

    /// Whether `path`, whatever it is, belongs to one of them, as far as it is there.
    pub(super) fn have(&self, path: &Path) -> bool {
        let found = path.symlink_metadata();
        found.is_ok_and(|found| self.are(found.uid()) || self.is_safe(path))
    }

    fn is_safe(&self, path: &Path) -> bool {
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        folder.is_some_and(|folder| self.safe.iter().any(|safe| folder.starts_with(safe)))
    }

    /// That `path`, which was `opened`, counts.
    ///
    /// # Errors
    ///
    /// It is somebody else's.
    pub(super) fn admit(&self, path: &Path, opened: &Opened) -> Result<(), Failure> {
        match opened.owners.iter().find(|owner| !self.are(**owner)) {
            Some(owner) if !self.is_safe(path) => Err(foreign(path, *owner)),
            _ => Ok(()),
        }
    }

    /// That the vault `path`, which a project file names, counts, if it is there.
    ///
    /// # Errors
    ///
    /// It, or what is personal of it, is somebody else's.
    pub(super) fn admit_vault(&self, path: &Path) -> Result<(), Failure> {
        let mut personal = path.as_os_str().to_owned();
        personal.push(".personal");
        for path in [path, Path::new(&personal)] {
            let found = [path.symlink_metadata(), path.metadata()];
            let owners = found.into_iter().flatten().map(|found| found.uid());
            let bytes = Vec::new();
            let owners = owners.collect();
            self.admit(path, &Opened { bytes, owners })?;
        }
        Ok(())
    }
}

fn foreign(path: &Path, owner: u32) -> Failure {
    let name = User::from_uid(Uid::from_raw(owner)).ok().flatten();
    let name = name.map_or_else(|| "another user".to_owned(), |user| user.name);
    let text = format!(
        "{} belongs to {name} (uid {owner}), and a file of somebody else's does not count",
        path.display()
    );
    Failure::new(Reason::Configuration, text)
        .help("if you trust it, name the project file by hand: --project-file FILE, or PHASE_RUN_PROJECT_FILE")
        .help("to trust all in a folder, list it under `safe_directories` in your own config.toml")
        .help("to do without any project file, give --no-project-file")
}

/// The file at `path`, if one is there, as far as we may look. It may be somebody
/// else's: no pipe that never begins, and no device that never ends. What is told
/// of it is true of what was read, whatever lies at `path` a moment later.
pub(super) fn open(path: &Path) -> io::Result<Option<Opened>> {
    let quick = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(quick.bits())
        .open(path);
    let file = match file {
        Ok(file) => file,
        Err(error) if is_absence(&error, path) => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // Who made a link chose the file, too.
    let link = path.symlink_metadata().map(|link| link.uid());
    Ok(Some(Opened {
        bytes: contents(file)?,
        owners: [found.uid()].into_iter().chain(link).collect(),
    }))
}

fn contents(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Whether `error` says that there is no file `path`, or that nobody lets us see.
pub(super) fn is_absence(error: &io::Error, path: &Path) -> bool {
    // A link that leads nowhere is there, and was meant to be read.
    if path.symlink_metadata().is_ok() {
        return false;
    }
    if error.kind() == io::ErrorKind::PermissionDenied {
        tracing::info!("{} counts as absent: we may not look there", path.display());
        return true;
    }
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The error of a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    misused(path, &error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    const SOMEBODY: u32 = 4242;

    /// Ourselves alone, with nobody behind us.
    fn us() -> Owners {
        Owners::new(None, &[])
    }

    fn admitted(owners: &Owners, path: &Path) -> bool {
        owners.admit(path, &open(path).unwrap().unwrap()).is_ok()
    }

    /// Only root can give a file away.
    fn gives() -> bool {
        geteuid().is_root()
    }

    #[test]
    fn a_file_counts_by_its_owner_and_by_that_of_a_link_to_it() {
        let top = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| top.path().join(name));
        fs::write(&file, "").unwrap();
        symlink(&file, &link).unwrap();
        assert!(admitted(&us(), &file) && admitted(&us(), &link));
        assert!(admitted(&us(), Path::new("/etc/passwd")), "root's");
        if !gives() {
            return;
        }
        std::os::unix::fs::lchown(&link, Some(SOMEBODY), None).unwrap();
        assert!(admitted(&us(), &file) && !admitted(&us(), &link));
        chown(&file, Some(SOMEBODY), None).unwrap();
        let text = us()
            .admit(&file, &open(&file).unwrap().unwrap())
            .unwrap_err();
        let text = format!("{text} {}", text.advice().join(" "));
        for part in [
            "4242",
            "--project-file",
            "PHASE_RUN_PROJECT_FILE",
            "safe_directories",
            "--no-project-file",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(admitted(&Owners::new(Some(SOMEBODY), &[]), &file));
        assert!(!admitted(&Owners::new(Some(SOMEBODY + 1), &[]), &file));
        let safe = |folder: &Path| Owners::new(None, &[folder.to_owned()]);
        assert!(admitted(&safe(top.path()), &file));
        assert!(admitted(&safe(top.path().parent().unwrap()), &file));
        assert!(!admitted(&safe(&top.path().join("other")), &file));
        let everybody = Owners {
            everybody: true,
            ..us()
        };
        assert!(admitted(&everybody, &file) && admitted(&everybody, &link));
    }

    #[test]
    fn a_vault_counts_with_what_is_personal_of_it() {
        let top = tempfile::tempdir().unwrap();
        let vault = top.path().join("a.vault");
        us().admit_vault(&vault).unwrap();
        fs::write(&vault, "").unwrap();
        us().admit_vault(&vault).unwrap();
        if gives() {
            let personal = top.path().join("a.vault.personal");
            fs::write(&personal, "").unwrap();
            chown(&personal, Some(SOMEBODY), None).unwrap();
            let failure = us().admit_vault(&vault).unwrap_err();
            assert!(failure.to_string().contains(".personal"), "{failure}");
            fs::remove_file(&personal).unwrap();
            chown(&vault, Some(SOMEBODY), None).unwrap();
            us().admit_vault(&vault).unwrap_err();
        }
    }

    #[test]
    fn what_is_not_there_is_nothing_and_what_is_no_file_an_error_at_once() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("a");
        assert!(open(&path).unwrap().is_none());
        symlink("nowhere", &path).unwrap();
        assert!(open(&path).is_err());
        let pipe = top.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        assert!(open(&pipe).is_err());
        assert!(open(top.path()).is_err());
        assert!(open(Path::new("/dev/zero")).is_err());
    }
}
