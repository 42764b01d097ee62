//! Where a command is looked for. The rules of `execvp`, the same everywhere.

use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use super::diagnosis;
use crate::exit::Failure;

#[cfg(target_os = "linux")]
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";
#[cfg(target_os = "macos")]
const DEFAULT_PATH: &[u8] = b"/usr/bin:/bin";

/// Longer directory names are passed over, as both C libraries do.
const LONGEST_DIRECTORY: usize = 4096;

/// Checks that there is something to run, without running it: to be asked
/// before a network is. `path` is the PATH that we inherited: one that was fetched
/// could put another program in the place of the one that was meant.
///
/// # Errors
///
/// `NotFound`, or `NotExecutable` if what there is cannot be run.
pub(crate) fn look_up(command: &OsStr, path: Option<&[u8]>) -> Result<(), Failure> {
    let candidates = candidates(command, path);
    let mut refused = false;
    let mut last = Errno::ENOENT;
    for candidate in &candidates {
        match check(candidate) {
            Ok(()) => return Ok(()),
            Err(errno) => last = errno,
        }
        match last {
            Errno::EACCES => refused = true,
            Errno::ENOENT | Errno::ENOTDIR | Errno::ESTALE | Errno::ENODEV | Errno::ETIMEDOUT => {}
            _ => return Err(diagnosis::refused(command, &candidates, last)),
        }
    }
    let errno = if refused { Errno::EACCES } else { last };
    Err(diagnosis::refused(command, &candidates, errno))
}

/// What to try to execute, in order.
pub(super) fn candidates(command: &OsStr, path: Option<&[u8]>) -> Vec<CString> {
    let command = command.as_bytes();
    let tried: Vec<Vec<u8>> = if command.is_empty() {
        Vec::new()
    } else if command.contains(&b'/') {
        vec![command.to_vec()]
    } else {
        path.unwrap_or(DEFAULT_PATH)
            .split(|byte| *byte == b':')
            .filter(|directory| directory.len() < LONGEST_DIRECTORY)
            .map(|directory| match directory {
                // The working directory.
                [] => command.to_vec(),
                _ => [directory, b"/", command].concat(),
            })
            .collect()
    };
    // A path with NUL cannot name a file.
    tried
        .into_iter()
        .filter_map(|path| CString::new(path).ok())
        .collect()
}

/// Why `candidate` cannot be executed, as far as can be seen from outside.
pub(super) fn check(candidate: &CStr) -> Result<(), Errno> {
    let path = Path::new(OsStr::from_bytes(candidate.to_bytes()));
    let metadata = fs::metadata(path).map_err(|error| {
        error
            .raw_os_error()
            .map_or(Errno::UnknownErrno, Errno::from_raw)
    })?;
    if !metadata.is_file() {
        return Err(Errno::EACCES);
    }
    faccessat(AT_FDCWD, candidate, AccessFlags::X_OK, AtFlags::AT_EACCESS)
}

#[cfg(test)]
mod tests;
