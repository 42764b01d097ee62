//! Signals to a run that is under way, and how they leave its processes.

use std::process::Command;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::event::Received;
use super::proc::{self, Process};
use super::run::child_program;
use super::running::Running;
use super::wait::until;

/// The last of all signals: whoever gets it has had all others before, since
/// the kernel gives out pending signals in the order of their numbers.
pub(crate) const LAST: i32 = 64;

/// Sends a signal. A process that is gone is not an error.
pub(crate) fn kill(pid: i32, signal: Signal) {
    let _ = signal::kill(Pid::from_raw(pid), signal);
}

impl Running {
    /// Sends a signal to `phase-run`.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid, signal);
    }

    /// Sends any signal, real-time ones too, some times and perhaps with a value.
    pub(crate) fn send(&self, signal: i32, times: u32, value: Option<u64>) {
        let words = [self.pid.to_string(), signal.to_string(), times.to_string()];
        let value = value.map(|value| value.to_string());
        let sent = Command::new(child_program())
            .arg("send")
            .args(words)
            .args(value)
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "cannot send signal {signal}"
        );
    }

    /// All signals that the child gets, up to one that is sent now. What
    /// `phase-run` has to forward has then arrived, and arrived first.
    #[track_caller]
    pub(crate) fn settled(&mut self) -> Vec<Received> {
        self.send(LAST, 1, None);
        let mut all = Vec::new();
        loop {
            match self.received() {
                received if received.number == LAST => return all,
                received => all.push(received),
            }
        }
    }

    /// The number outside of a process that says `inner` of itself.
    #[track_caller]
    pub(crate) fn outer(&self, inner: i32) -> i32 {
        if !self.pid_one {
            return inner;
        }
        if inner == 1 {
            return self.pid;
        }
        let inside = |process: &Process| {
            proc::inner_pid(process.pid) == Some(inner) && process.is_descendant_of(self.pid)
        };
        let found = Process::all().into_iter().find(inside);
        found
            .unwrap_or_else(|| panic!("no process {inner} in the namespace"))
            .pid
    }

    /// The state of `phase-run`: `S` sleeping, `T` stopped, …
    pub(crate) fn state(&self) -> Option<char> {
        Process::of(self.pid).map(|process| process.state)
    }

    /// Sends a signal to another process, by the number that it has in its own eyes.
    #[track_caller]
    pub(crate) fn signal_other(&self, inner: i32, signal: Signal) {
        kill(self.outer(inner), signal);
    }

    /// Waits until the process, by its own number, is in this state.
    #[track_caller]
    pub(crate) fn await_state(&self, inner: i32, wanted: char) {
        let pid = self.outer(inner);
        let state = || Process::of(pid).map(|process| process.state);
        until("another process changes", || {
            (state() == Some(wanted)).then_some(())
        });
    }

    /// Its children that nobody has reaped.
    pub(crate) fn zombies(&self) -> usize {
        let ours = |process: &Process| process.parent == self.pid && process.state == 'Z';
        Process::all().into_iter().filter(ours).count()
    }

    /// Holds `phase-run` still, until [`release`](Self::release): what comes
    /// in between, it finds all at once.
    #[track_caller]
    pub(crate) fn hold(&self) {
        self.signal(Signal::SIGSTOP);
        until("phase-run is held", || {
            (self.state() == Some('T')).then_some(())
        });
    }

    pub(crate) fn release(&self) {
        self.signal(Signal::SIGCONT);
    }
}
