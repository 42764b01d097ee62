//! A file of the CLI's: read whole, within limits.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{self, Error};
use crate::regular;

/// The most bytes a file may have; the CLI writes a few thousand.
const LIMIT: u64 = 1 << 20;

/// What a file says, and who may read it.
pub(super) struct Contents {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    mode: u32,
}

/// What `path` says, if there is such a file as far as we may know: the home
/// folder that a container's image names is often somebody else's.
///
/// # Errors
///
/// [`Configuration`](error::ErrorKind::Configuration), without a word of what it says.
pub(super) fn read(path: &Path) -> error::Result<Option<Contents>> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(unusable(path, &error::plain(&error))),
    };
    // Opening a pipe or a terminal could take for ever.
    if !found.is_file() {
        return Err(unusable(path, "it is not a regular file"));
    }
    match contents(path) {
        Ok((_, bytes)) if bytes.len() as u64 > LIMIT => {
            let why = format!("it is larger than {} MiB", LIMIT >> 20);
            Err(unusable(path, &why))
        }
        Ok((found, bytes)) => Ok(Some(Contents {
            bytes,
            mode: found.permissions().mode(),
        })),
        Err(error) => Err(unusable(path, &error::plain(&error))),
    }
}

/// The error of a file that is there and of no use.
pub(super) fn unusable(path: &Path, why: &str) -> Error {
    let message = format!("{} cannot be used: {why}", path.display());
    Error::new(error::ErrorKind::Configuration, message)
        .help("it belongs to Infisical's own CLI: log in there again with `infisical login`")
}

fn contents(path: &Path) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)> {
    let file = regular::open(path, 0)?;
    let found = file.metadata()?;
    // Room for all of it at once: what is outgrown would be left behind.
    let room = found.len().min(LIMIT) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(room).unwrap_or_default(),
    ));
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    Ok((found, bytes))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
    )
}

impl Contents {
    /// The warning that others can write to `path`, or read it where it holds a
    /// secret, if they can.
    pub(super) fn exposed(&self, path: &Path, secret: bool) -> Option<String> {
        let mask = if secret { 0o006 } else { 0o002 };
        let (can, rights) = match self.mode & mask {
            0 => return None,
            0o002 => ("written to", "w"),
            0o004 => ("read", "r"),
            _ => ("read and written to", "rw"),
        };
        let path = path.display();
        Some(format!(
            "{path} can be {can} by others: chmod o-{rights} {path}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn others_who_can_read_a_secret_or_write_at_all_are_warned_of() {
        for (mode, secret, rights) in [
            (0o600, true, None),
            (0o640, true, None),
            (0o604, true, Some("o-r")),
            (0o604, false, None),
            (0o602, true, Some("o-w")),
            (0o602, false, Some("o-w")),
            (0o606, true, Some("o-rw")),
            (0o606, false, Some("o-w")),
        ] {
            let contents = Contents {
                bytes: Zeroizing::default(),
                mode,
            };
            let warning = contents.exposed(Path::new("file"), secret);
            let expected = rights.map(|rights| format!(" by others: chmod {rights} file"));
            match (&warning, expected) {
                (Some(warning), Some(end)) => assert!(warning.ends_with(&end), "{warning}"),
                (warning, expected) => assert_eq!(warning, &expected, "{mode:o} {secret}"),
            }
        }
    }

    #[test]
    fn what_is_no_file_or_a_large_one_is_refused() {
        let top = tempfile::tempdir().unwrap();
        let large = top.path().join("large");
        File::create(&large).unwrap().set_len(LIMIT + 1).unwrap();
        for (path, why) in [
            (large.as_path(), "larger than 1 MiB"),
            (top.path(), "not a regular file"),
            (Path::new("/dev/null"), "not a regular file"),
        ] {
            let error = read(path).err().unwrap();
            assert_eq!(error.kind(), error::ErrorKind::Configuration);
            let message = error.to_string();
            assert!(message.contains(why), "{message}");
            assert!(message.contains(path.to_str().unwrap()), "{message}");
        }
        File::create(&large).unwrap().set_len(LIMIT).unwrap();
        assert!(read(&large).unwrap().is_some());
    }

    #[test]
    fn what_is_not_there_is_no_error() {
        for path in ["/nonexistent/file", "/dev/null/file"] {
            assert!(read(Path::new(path)).unwrap().is_none(), "{path}");
        }
    }
}
