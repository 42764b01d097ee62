//! Waiting for a terminal's keys, with an eye on signals.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use nix::sys::select::{FD_SETSIZE, FdSet, select};

use crate::sys::signal::Signal;

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

    /// Waits until `file` can be read or a signal waits. Says whether one does.
    ///
    /// By `select`, since `poll` and a queue take no terminal here.
    pub(in crate::sys) fn await_input(&self, file: BorrowedFd<'_>) -> nix::Result<bool> {
        let queue = self.0.as_fd();
        let highest = file.as_raw_fd().max(queue.as_raw_fd());
        if usize::try_from(highest).is_ok_and(|highest| highest >= FD_SETSIZE) {
            return Err(Errno::EMFILE);
        }
        let mut watched = FdSet::new();
        watched.insert(file);
        watched.insert(queue);
        select(None, &mut watched, None, None, None)?;
        Ok(watched.contains(queue))
    }
}
