//! Whose files count. What lies in a folder that others may write to is anybody's,
//! and what it says decides what a command gets.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use phase_run::FileOwners;

use super::content::misused;
use crate::exit::Failure;

/// More than anybody has to say.
const LARGEST: u64 = 1 << 20;

/// What to do about a file of somebody else.
const WAYS_OUT: &str = "\
if you trust it, name the project file by hand: --project-file FILE, or PHASE_RUN_PROJECT_FILE
to trust all in a folder, list it under `safe_directories` in your own config.toml
to do without any project file, give --no-project-file";

/// A file, read, and all who own a part of the way to it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) bytes: Vec<u8>,
    owners: Vec<u32>,
}

/// Those whose files count: we, root, and `sudo_uid`, who became root by sudo(8); in
/// the folders `safe`, which the user trusts, everybody. The first process of a
/// container gets the files of others.
pub(super) fn owners(sudo_uid: Option<u32>, safe: &[PathBuf]) -> FileOwners {
    if process::id() == 1 {
        return FileOwners::everybody();
    }
    let us = geteuid();
    let sudo = sudo_uid.filter(|_| us.is_root());
    let uids = [0, us.as_raw()].into_iter().chain(sudo);
    FileOwners::only(uids.collect(), safe, WAYS_OUT)
}

/// Whether `path`, whatever it is, is there and belongs to one of `owners`.
pub(super) fn have(owners: &FileOwners, path: &Path) -> bool {
    let found = path.symlink_metadata();
    found.is_ok_and(|found| owners.admit(path, [found.uid()]).is_ok())
}

impl Opened {
    /// That the file, which stands at `path`, counts.
    ///
    /// # Errors
    ///
    /// It is of none of `owners`.
    pub(super) fn admit(&self, path: &Path, owners: &FileOwners) -> Result<(), Failure> {
        Ok(owners.admit(path, self.owners.iter().copied())?)
    }
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
    fn us() -> FileOwners {
        owners(None, &[])
    }

    fn admitted(owners: &FileOwners, path: &Path) -> bool {
        open(path).unwrap().unwrap().admit(path, owners).is_ok()
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
        let opened = open(&file).unwrap().unwrap();
        let text = opened.admit(&file, &us()).unwrap_err();
        assert_eq!(text.advice().len(), 3);
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
        assert!(admitted(&owners(Some(SOMEBODY), &[]), &file));
        assert!(!admitted(&owners(Some(SOMEBODY + 1), &[]), &file));
        assert!(admitted(&owners(None, &[top.path().to_owned()]), &file));
        assert!(admitted(&FileOwners::everybody(), &link));
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
