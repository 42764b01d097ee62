//! The controlling terminal, and being stopped by its keys.

use std::fs::{File, OpenOptions};
use std::future;
use std::io::{self, ErrorKind, IsTerminal, Read as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use nix::errno::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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

/// How many characters fit into a line of `output`, where that is a terminal.
pub(crate) fn width_of(output: &(impl IsTerminal + AsRawFd)) -> Option<usize> {
    if !output.is_terminal() {
        return None;
    }
    let mut size = MaybeUninit::<libc::winsize>::zeroed();
    // SAFETY: the call fills `size`, which is as large as it says and outlives it.
    let result = unsafe { libc::ioctl(output.as_raw_fd(), libc::TIOCGWINSZ, size.as_mut_ptr()) };
    Errno::result(result).ok()?;
    // SAFETY: all zeros is a size too, and the call has written nothing else.
    let size = unsafe { size.assume_init() };
    // Some terminals do not know theirs.
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// Holds back the signals that end us, until it is dropped: then what came
/// does what it would have done. Whoever has changed a terminal has the time to
/// put it back.
pub(crate) struct SignalHold {
    before: u64,
    watch: os::Watch,
}

impl SignalHold {
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

    /// Reads from `file`, as soon as there is something; `None` if nothing comes
    /// within `patience`, where there is a limit to it.
    ///
    /// # Errors
    ///
    /// `Interrupted`: a signal waits to end us. Otherwise the system's.
    pub(crate) fn read(
        &self,
        mut file: &File,
        buffer: &mut [u8],
        patience: Option<Duration>,
    ) -> io::Result<Option<usize>> {
        loop {
            match self.watch.await_input(file.as_fd(), patience) {
                Ok(Some(Ready::Signal)) => return Err(ErrorKind::Interrupted.into()),
                Ok(Some(Ready::Input)) => {}
                Ok(None) => return Ok(None),
                // By a signal that does not end us.
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            match file.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map(Some),
            }
        }
    }

    /// The result of `work`, or `Interrupted` once a signal waits to end us.
    ///
    /// # Errors
    ///
    /// That one, and the system's if nobody can tell whether there is a signal.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> io::Result<T> {
        let watch = self.watch.as_fd();
        // SAFETY: the descriptor is borrowed, and so open for as long as this lives.
        let watch = unsafe { AsyncFd::register_with_interest(watch, Interest::READABLE) }?;
        let (mut work, mut signal) = (pin!(work), pin!(watch.readable()));
        future::poll_fn(|context| {
            if let Poll::Ready(result) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(result));
            }
            let signal = signal.as_mut().poll(context);
            signal.map(|ready| Err(ready.err().unwrap_or_else(|| ErrorKind::Interrupted.into())))
        })
        .await
    }
}

/// What somebody waited for at a terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ready {
    Input,
    Signal,
}

impl Drop for SignalHold {
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
