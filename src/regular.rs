//! Reading regular files, and nothing else that may stand in their place.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Opens `path` for reading if it is a regular file, without waiting for whoever
/// writes to a pipe, and without making a terminal ours. `flags` are more of open(2)'s.
pub(crate) fn open(path: &Path, flags: i32) -> io::Result<File> {
    let quick = libc::O_NONBLOCK | libc::O_NOCTTY | flags;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(quick)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(file)
}

/// The bytes of `path`, at most `largest`; `None` if there is no such file.
pub(crate) fn read(path: &Path, largest: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match open(path, 0) {
        Ok(file) => file,
        Err(error) if absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(io::Error::other(format!(
            "it is larger than {largest} bytes"
        )));
    }
    Ok(Some(bytes))
}

/// Whether nobody may look if there is such a file: the way there is closed.
pub(crate) fn is_out_of_sight(path: &Path, error: &io::Error) -> bool {
    let closed = io::ErrorKind::PermissionDenied;
    let looked = || path.symlink_metadata();
    error.kind() == closed && looked().is_err_and(|error| error.kind() == closed)
}

/// Whether there is no such file.
fn absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_and_what_is_not_there_is_nothing() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("a");
        assert!(read(&path, 3).unwrap().is_none());
        fs::write(&path, "abc").unwrap();
        assert_eq!(read(&path, 3).unwrap().unwrap(), b"abc");
        assert!(read(&path.join("below"), 3).unwrap().is_none());
    }

    #[test]
    fn what_is_larger_or_no_file_is_an_error_and_no_pipe_keeps_us_waiting() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("a");
        fs::write(&path, "abc").unwrap();
        assert!(read(&path, 2).is_err());
        assert!(read(top.path(), 2).is_err());
        let pipe = top.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read(&pipe, 2).is_err());
    }
}
