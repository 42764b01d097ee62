//! The descriptors we were started with.

use std::fs;
use std::os::fd::RawFd;

use super::os;

/// Looked through where the system does not list what is open.
const USUAL: std::ops::Range<RawFd> = 3..1024;

/// Closes what we inherited beyond the standard descriptors, so that nobody waits
/// for our end of a pipe that was meant for the child.
///
/// What was inherited is not closed on exec, or it would not be here; what this
/// program opens is. A thread left over from the fetch keeps what it has.
pub(crate) fn close_inherited() {
    let open = listed().unwrap_or_else(|| USUAL.collect());
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        // SAFETY: takes any number and changes nothing.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
        if flags != -1 && flags & libc::FD_CLOEXEC == 0 {
            // SAFETY: nobody in this process knows the descriptor, see above.
            unsafe { libc::close(fd) };
        }
    }
}

fn listed() -> Option<Vec<RawFd>> {
    let entries = fs::read_dir(os::DESCRIPTORS).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Some(names.filter_map(|name| name.parse().ok()).collect())
}
