//! Waiting for a terminal's keys, with an eye on signals.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use nix::sys::select::{FD_SETSIZE, FdSet, select};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::sys::signal::Signal;
use crate::sys::terminal::Ready;

/// Knows whether one of some blocked signals waits, and leaves it waiting.
pub(in crate::sys) struct Watch(Kqueue);

impl Watch {
    /// Over the signals of `set`, which are blocked. The queue hears of a
    /// signal when it is sent, not when it is let in.
    pub(in crate::sys) fn over(set: u64) -> io::Result<Self> {
        let queue = Kqueue::new()?;
        let signals = Signal::all().filter(|signal| set & signal.bit() != 0);
        let changes: Vec<KEvent> = signals
            .filter_map(|signal| usize::try_from(signal.number()).ok())
            .map(|number| {
                let (filter, flag) = (EventFilter::EVFILT_SIGNAL, EvFlags::EV_ADD);
                KEvent::new(number, filter, flag, FilterFlag::empty(), 0, 0)
            })
            .collect();
        queue.kevent(&changes, &mut [], None)?;
        Ok(Self(queue))
    }

    /// Can be read when a signal waits.
    pub(in crate::sys) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Waits until `file` can be read or a signal waits, which comes first; for at
    /// most `patience`, if there is a limit.
    ///
    /// By `select`, since `poll` and a queue take no terminal here.
    pub(in crate::sys) fn await_input(
        &self,
        file: BorrowedFd<'_>,
        patience: Option<Duration>,
    ) -> nix::Result<Option<Ready>> {
        let queue = self.0.as_fd();
        let highest = file.as_raw_fd().max(queue.as_raw_fd());
        if usize::try_from(highest).is_ok_and(|highest| highest >= FD_SETSIZE) {
            return Err(Errno::EMFILE);
        }
        let mut watched = FdSet::new();
        watched.insert(file);
        watched.insert(queue);
        let milliseconds =
            patience.map(|patience| i64::try_from(patience.as_millis()).unwrap_or(i64::MAX));
        let mut limit = milliseconds.map(TimeVal::milliseconds);
        Ok(
            match select(None, &mut watched, None, None, limit.as_mut())? {
                0 => None,
                _ if watched.contains(queue) => Some(Ready::Signal),
                _ => Some(Ready::Input),
            },
        )
    }
}
