//! The files of a vault: found, read, locked, and replaced as a whole.

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, ErrorKind, Result};

/// The most bytes a file may have.
const LIMIT: u64 = 64 << 20;

/// Where the files of one vault lie.
#[derive(Debug)]
pub(super) struct Files {
    vault: PathBuf,
}

impl Files {
    /// Those of the vault `file`. Symbolic links are followed: a link is
    /// written through, and who comes by another one takes the same lock.
    pub(super) fn find(file: &Path) -> Result<Self> {
        match fs::canonicalize(file) {
            // Opening a pipe or a terminal could take for ever.
            Ok(vault) if !vault.is_file() => {
                let message = format!("{} is not a regular file", file.display());
                Err(Error::new(ErrorKind::Configuration, message))
            }
            Ok(vault) => Ok(Self { vault }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(absent(file)),
            Err(error) => Err(failed("read", file, error)),
        }
    }

    /// Those of a vault that is yet to be made.
    pub(super) fn plan(file: &Path) -> Result<Self> {
        let Some(name) = file.file_name() else {
            let message = format!(
                "{:?} cannot be a vault: it is not the name of a file",
                file.display()
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        };
        match fs::canonicalize(directory(file)) {
            Ok(directory) => Ok(Self {
                vault: directory.join(name),
            }),
            Err(error) => Err(failed("find the directory of", file, error)),
        }
    }

    /// The vault itself.
    pub(super) fn vault(&self) -> &Path {
        &self.vault
    }

    /// The personal overrides.
    pub(super) fn personal(&self) -> PathBuf {
        beside(&self.vault, ".personal")
    }

    /// Keeps all other writers out, until the answer is dropped or the process ends.
    ///
    /// The vault itself cannot be the lock, since each write puts another file in
    /// its place. The lock file stays for good: were it removed, one writer could
    /// hold the removed file and another a new one of the same name.
    pub(super) async fn lock(&self, until: Instant) -> Result<File> {
        let path = beside(&self.vault, ".lock");
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
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
        let like =
            fs::metadata(&self.vault).map_err(|error| failed("write", &self.vault, error))?;
        replace(&self.vault, bytes, Some(&like))
    }

    /// Puts `bytes` in the place of the personal overrides. Only under the lock.
    pub(super) fn replace_personal(&self, bytes: &[u8]) -> Result<()> {
        replace(&self.personal(), bytes, None)
    }
}

/// The bytes of `path`, or nothing if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes)) {
        Ok(_) => bounded(path, &bytes).map(|()| Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// There is no vault `file`.
pub(super) fn absent(file: &Path) -> Error {
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
        .map_err(|error| failed("write", path, error))
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
    .because(error)
}
