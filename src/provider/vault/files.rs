//! The files of a vault: found, read, locked, and replaced as a whole.

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, ErrorKind, Result};
use crate::file_owners::FileOwners;
use crate::regular;

/// The most bytes a file may have.
const LIMIT: u64 = 64 << 20;

/// Never a link in the last place, and nobody to wait for.
const AS_IT_IS: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;

/// Where the files of one vault lie, and whose they may be.
#[derive(Debug)]
pub(super) struct Files {
    owners: FileOwners,
    /// As it was named: a link, perhaps.
    name: PathBuf,
    vault: PathBuf,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Whether others can write to the file.
    pub(super) is_exposed: bool,
}

impl Files {
    /// Those of the vault `file`. A link within its folder is written through, and
    /// who comes by another one takes the same lock.
    pub(super) fn find(file: &Path, owners: &FileOwners) -> Result<Self> {
        match settled(file)? {
            Some(vault) => Ok(Self {
                owners: owners.clone(),
                name: file.to_owned(),
                vault,
            }),
            None => Err(absent(file)),
        }
    }

    /// Those of a vault that is yet to be made.
    pub(super) fn plan(file: &Path, owners: &FileOwners) -> Result<Self> {
        let Some(name) = file.file_name() else {
            let message = format!(
                "{:?} cannot be a vault: it is not the name of a file",
                file.display()
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        };
        match fs::canonicalize(directory(file)) {
            Ok(directory) => Ok(Self {
                owners: owners.clone(),
                name: file.to_owned(),
                vault: directory.join(name),
            }),
            Err(error) => Err(failed("find the directory of", file, error)),
        }
    }

    /// The vault itself.
    pub(super) fn vault(&self) -> &Path {
        &self.vault
    }

    /// The personal overrides, there or not.
    pub(super) fn personal(&self) -> PathBuf {
        beside(&self.vault, ".personal")
    }

    /// What the vault holds.
    pub(super) fn read_vault(&self) -> Result<Content> {
        let content = self.read(&self.name, &self.vault)?;
        content.ok_or_else(|| absent(&self.name))
    }

    /// What the personal overrides hold, if there are any.
    pub(super) fn read_personal(&self) -> Result<Option<Content>> {
        let name = self.personal();
        match settled(&name)? {
            Some(personal) => self.read(&name, &personal),
            None => Ok(None),
        }
    }

    /// What the file `path` holds, to which `name` leads; nothing if it is not there.
    /// Its owner is told by the open file: another one may stand there in a moment.
    fn read(&self, name: &Path, path: &Path) -> Result<Option<Content>> {
        let file = match regular::open(path, AS_IT_IS) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", path, error)),
        };
        let about = file
            .metadata()
            .map_err(|error| failed("read", path, error))?;
        let link = name.symlink_metadata().ok().map(|link| link.uid());
        self.owners
            .admit(name, [about.uid()].into_iter().chain(link))?;
        let mut bytes = Vec::new();
        file.take(LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| failed("read", path, error))?;
        bounded(path, &bytes)?;
        Ok(Some(Content {
            bytes,
            is_exposed: about.mode() & 0o002 != 0,
        }))
    }

    /// Keeps all other writers out, until the answer is dropped or the process ends.
    ///
    /// The vault itself cannot be the lock, since each write puts another file in
    /// its place. The lock file stays for good: were it removed, one writer could
    /// hold the removed file and another a new one of the same name.
    pub(super) async fn lock(&self, until: Instant) -> Result<File> {
        let path = beside(&self.vault, ".lock");
        let path = settled(&path)?.unwrap_or(path);
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(AS_IT_IS)
            .open(&path)
            .map_err(|error| failed("lock", &path, error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed("lock", &path, error)),
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let message = format!("another process keeps {} locked", path.display());
                return Err(Error::new(ErrorKind::Timeout, message)
                    .help("wait for it to end, or give more time with --timeout"));
            }
            // At random, so that no writer is always the one who comes late.
            let pause = Duration::from_millis(fastrand::u64(1..=15));
            tokio::time::sleep(pause.min(left)).await;
        }
    }

    /// Puts `bytes` in the place of the vault, mode and owner kept. Only under the lock.
    pub(super) fn replace_vault(&self, bytes: &[u8]) -> Result<()> {
        let like = fs::symlink_metadata(&self.vault)
            .map_err(|error| failed("write", &self.vault, error))?;
        replace(&self.vault, bytes, Some(&like))
    }

    /// Puts `bytes` in the place of the personal overrides. Only under the lock.
    pub(super) fn replace_personal(&self, bytes: &[u8]) -> Result<()> {
        let personal = self.personal();
        let personal = settled(&personal)?.unwrap_or(personal);
        replace(&personal, bytes, None)
    }
}

/// The regular file that `path` means, if it is there: itself, or what a link leads
/// to in its folder or below. Nothing is opened, as a pipe or a terminal could take
/// for ever.
fn settled(path: &Path) -> Result<Option<PathBuf>> {
    let refused = |what: &str, help: &str| {
        let message = format!("{} is {what}", path.display());
        Err(Error::new(ErrorKind::Configuration, message).help(help))
    };
    let settled = match fs::canonicalize(path) {
        Ok(settled) => settled,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if path.is_symlink() {
                return refused("a link that leads nowhere", "remove it");
            }
            return Ok(None);
        }
        Err(error) => return Err(failed("read", path, error)),
    };
    if !fs::symlink_metadata(&settled).is_ok_and(|about| about.is_file()) {
        let help = "a vault and what lies beside it are files";
        return refused("not a regular file", help);
    }
    let folder = fs::canonicalize(directory(path)).map_err(|error| failed("read", path, error))?;
    if !settled.starts_with(&folder) {
        let what = format!("a link out of its folder, to {}", settled.display());
        return refused(&what, "name that file itself, or put it where the link is");
    }
    Ok(Some(settled))
}

/// There is no vault `file`.
fn absent(file: &Path) -> Error {
    Error::new(
        ErrorKind::Missing,
        format!("there is no vault {}", file.display()),
    )
    .help("make one with `phase-run vault init`, or name another with --vault")
}

/// Makes the file `path`, readable by its owner alone, if there is none.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<()> {
    let made = Builder::new()
        .prefix(".new-")
        .tempfile_in(directory(path))
        .and_then(|file| filled(file, bytes, None))
        .and_then(|file| file.persist_noclobber(path).map_err(io::Error::from))
        .and_then(|_| sync_directory(path));
    made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::new(
            ErrorKind::Conflict,
            format!("{} is already there", path.display()),
        )
        .help("it is never overwritten: move it away, or give another name"),
        _ => failed("write", path, error),
    })
}

/// Puts `bytes` in the place of `path`: whoever reads it finds the old file or
/// the new one, and so it is after a crash.
fn replace(path: &Path, bytes: &[u8], like: Option<&Metadata>) -> Result<()> {
    bounded(path, bytes)?;
    temporary(path)
        .and_then(|file| filled(file, bytes, like))
        .and_then(|file| file.persist(path).map_err(io::Error::from))
        .and_then(|_| sync_directory(path))
        .map_err(|error| match error.kind() {
            io::ErrorKind::ResourceBusy => mounted(path),
            _ => failed("write", path, error),
        })
}

/// No file takes the place of one that is a mount point.
fn mounted(path: &Path) -> Error {
    let name = path.display();
    let message = format!("cannot write {name}: it is mounted by itself, and cannot be replaced");
    Error::new(ErrorKind::System, message).help(
        "mount the folder it lies in, not the file alone: a container's `-v FOLDER:/vault`, for example; nothing was changed",
    )
}

/// Always of the same name, which the lock makes ours: what a killed process
/// left there goes now, and does not pile up.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let temporary = beside(path, ".new");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let name = temporary.file_name().unwrap_or_default();
    Builder::new()
        .prefix(name)
        .rand_bytes(0)
        .tempfile_in(directory(path))
}

fn filled(
    mut file: NamedTempFile,
    bytes: &[u8],
    like: Option<&Metadata>,
) -> io::Result<NamedTempFile> {
    file.write_all(bytes)?;
    if let Some(like) = like {
        // Only root may give a file away; for others it is theirs already, or becomes theirs.
        let _ = fchown(file.as_file(), Some(like.uid()), Some(like.gid()));
        let mode = Permissions::from_mode(like.mode() & 0o777);
        file.as_file().set_permissions(mode)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes the name last, as `sync_all` does it for the bytes.
fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(directory(path))?.sync_all() {
        // What some file systems say that cannot do it.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

fn bounded(path: &Path, bytes: &[u8]) -> Result<()> {
    if bytes.len() as u64 <= LIMIT {
        return Ok(());
    }
    let message = format!("{} is larger than {} MiB", path.display(), LIMIT >> 20);
    Err(Error::new(ErrorKind::TooLarge, message))
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn failed(action: &str, path: &Path, error: io::Error) -> Error {
    Error::new(
        ErrorKind::System,
        format!("cannot {action} {}", path.display()),
    )
    .with_source(error)
}
