//! The controlling terminal, and being stopped by its keys.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use super::entry;
use super::os;
use super::process::send_to_self;
use super::signal::Signal;

/// Whether this session has a controlling terminal.
pub(crate) fn has_terminal() -> bool {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY)
        .open("/dev/tty")
        .is_ok()
}

/// Stops us by `signal`, and returns once we have been continued.
///
/// In an orphaned process group, which nobody could continue, the kernel
/// does not let a terminal's stop signals stop us.
pub(crate) fn suspend_self(signal: Signal) {
    os::by_default(signal, || {
        send_to_self(signal);
        // The signal waits until it is let through here. Meanwhile a SIGCONT
        // takes it back, so that we cannot stop after having been continued.
        os::set_mask(entry::everything() & !signal.bit());
        os::set_mask(entry::everything());
    });
}
