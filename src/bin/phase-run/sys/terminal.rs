//! The controlling terminal, and being stopped by its keys.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;

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

/// Holds back the signals that end us, until it is dropped: then what came
/// does what it would have done. Whoever has changed a terminal has the time to
/// put it back.
pub(crate) struct Held {
    before: u64,
    watch: os::Watch,
}

impl Held {
    /// Begins to hold them back.
    ///
    /// # Errors
    ///
    /// The system's, when there is no descriptor to be had.
    pub(crate) fn begin() -> io::Result<Self> {
        let before = os::mask();
        // Those that were blocked before would not end us either.
        let ending = entry::ending() & !before;
        let watch = os::Watch::over(ending)?;
        os::set_mask(before | ending);
        Ok(Self { before, watch })
    }

    /// Reads from `file`, as soon as there is something.
    ///
    /// # Errors
    ///
    /// `Interrupted`: a signal waits to end us. Otherwise the system's.
    pub(crate) fn read(&self, mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.watch.await_input(file.as_fd()) {
                Ok(true) => return Err(ErrorKind::Interrupted.into()),
                Ok(false) => {}
                // By a signal that does not end us.
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            match file.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        os::set_mask(self.before);
    }
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
