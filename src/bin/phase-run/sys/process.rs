//! Starting the child, hearing of it, and ending as it ended.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Pid, getpgid, getpid, getppid, setpgid};

use super::directory::Left;
use super::entry;
use super::os::{self, Signals};
use super::program::Program;
use super::signal::{Origin, Received, Signal};

/// How a child is brought up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpawnOptions {
    /// It leads a process group of its own.
    pub(crate) own_group: bool,
    /// It is killed when we end (where the system can do that).
    pub(crate) parent_death: bool,
}

/// A child that may not have become its program yet.
pub(crate) struct Spawned {
    pub(crate) child: Pid,
    /// Closed by a successful `execve`; else it brings the reason.
    exec_result: OwnedFd,
}

impl Spawned {
    /// Whether the child became its program. `None`: it is still at it.
    pub(crate) fn exec_result(&self) -> Option<Result<(), Errno>> {
        let mut number = [0; 4];
        match nix::unistd::read(&self.exec_result, &mut number) {
            Ok(4) => Some(Err(Errno::from_raw(i32::from_ne_bytes(number)))),
            Err(Errno::EAGAIN | Errno::EINTR) => None,
            Ok(_) | Err(_) => Some(Ok(())),
        }
    }
}

/// A process and its parent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Kin {
    pub(crate) process: Pid,
    pub(crate) parent: Pid,
}

/// A descriptor to wait for.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there is no service manager to speak to")
)]
pub(crate) enum Watched<'a> {
    ToRead(BorrowedFd<'a>),
    ToWrite(BorrowedFd<'a>),
}

/// What became of a child.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    Continued,
    Exited(u8),
    /// By the signal with this number, whether we have a name for it or not:
    /// no death may go unheard.
    Killed(i32),
    Stopped(Signal),
}

/// Starts `program` in a child, which goes back to `directory`. All signals must be blocked: the child lets
/// them in when it has the entry state again.
///
/// # Errors
///
/// The system's, when there is no process or descriptor to be had.
pub(crate) fn spawn(
    program: &mut Program,
    options: SpawnOptions,
    directory: Option<&Left>,
) -> nix::Result<Spawned> {
    let (exec_result, report) = os::pipe()?;
    // Out of the way of the standard descriptors, of which `restore` may close some.
    let report = above_standard(&report)?;
    let parent = getpid();
    // SAFETY: the child calls only async-signal-safe functions until it execs
    // or exits: no allocation, no lock, no destructor but `close`. All
    // it needs has been laid out before.
    let forked = unsafe { libc::fork() };
    match Errno::result(forked)? {
        0 => child_main(program, options, directory, parent, &report),
        child => {
            let child = Pid::from_raw(child);
            if options.own_group {
                // The child does it too: whoever comes first, the group is
                // there before anyone needs it. Failing means: already there.
                let _ = setpgid(child, child);
            }
            Ok(Spawned { child, exec_result })
        }
    }
}

/// The child's life between `fork` and `execve`.
fn child_main(
    program: &mut Program,
    how: SpawnOptions,
    directory: Option<&Left>,
    parent: Pid,
    report: &OwnedFd,
) -> ! {
    if how.own_group {
        let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    }
    if how.parent_death {
        os::die_with_parent();
        // It may have ended before the kernel was told. Without a number it is
        // outside our PID namespace (`unshare --pid`), and we cannot know.
        let now = getppid();
        if now != parent && now.as_raw() != 0 {
            leave(128 + libc::SIGKILL);
        }
    }
    entry::restore();
    let errno = match directory.map_or(Ok(()), Left::go_back) {
        Ok(()) => program.become_it(),
        Err(errno) => errno,
    };
    let _ = nix::unistd::write(report, &(errno as i32).to_ne_bytes());
    leave(127)
}

/// Ends this process at once: no destructor and no exit handler runs.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: async-signal-safe; runs no destructors and no exit handlers,
    // which are the parent's.
    unsafe { libc::_exit(status) }
}

/// A copy of `fd` with a number above 2, closed on exec like the original.
fn above_standard(fd: &OwnedFd) -> nix::Result<OwnedFd> {
    // SAFETY: takes numbers only and makes a new descriptor.
    let copy = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) };
    let copy = Errno::result(copy)?;
    // SAFETY: the call has just returned it to us, and to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Waits for a signal, for news of the exec of `spawned`, for what is `watched` besides, or for
/// `deadline`.
///
/// # Errors
///
/// The system's; an interruption is none.
pub(crate) fn await_event(
    signals: &Signals,
    spawned: Option<&Spawned>,
    watched: Option<Watched<'_>>,
    deadline: Option<Instant>,
) -> nix::Result<()> {
    let watch = |fd: i32, events| libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // A negative number is passed over.
    let spawned = spawned.map_or(-1, |spawned| spawned.exec_result.as_raw_fd());
    let (other, events) = match watched {
        Some(Watched::ToRead(fd)) => (fd.as_raw_fd(), libc::POLLIN),
        Some(Watched::ToWrite(fd)) => (fd.as_raw_fd(), libc::POLLOUT),
        None => (-1, 0),
    };
    let mut watched = [
        watch(signals.as_fd().as_raw_fd(), libc::POLLIN),
        watch(spawned, libc::POLLIN),
        watch(other, events),
    ];
    match os::poll(&mut watched, milliseconds_until(deadline)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Rounded up, so that nobody wakes before the time; -1 is for ever.
fn milliseconds_until(deadline: Option<Instant>) -> i32 {
    let Some(deadline) = deadline else {
        return -1;
    };
    let left = deadline.saturating_duration_since(Instant::now());
    i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}

/// What became of some child of ours, or `None` when there is no news.
///
/// The raw status is decoded here: some libraries cannot express a death by a
/// real-time signal, and would lose it.
pub(crate) fn wait_any() -> Option<(Pid, Change)> {
    let flags = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    wait(Pid::from_raw(-1), flags)
}

/// Waits for `child` to end.
pub(crate) fn wait_for(child: Pid) {
    wait(child, 0);
}

fn wait(whom: Pid, flags: i32) -> Option<(Pid, Change)> {
    let mut status = 0;
    let waited = loop {
        // SAFETY: `status` outlives the call, which only fills it.
        let waited = unsafe { libc::waitpid(whom.as_raw(), &raw mut status, flags) };
        match Errno::result(waited) {
            Err(Errno::EINTR) => {}
            Err(_) | Ok(0) => return None,
            Ok(pid) => break Pid::from_raw(pid),
        }
    };
    let change = if libc::WIFEXITED(status) {
        Change::Exited(u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX))
    } else if libc::WIFSIGNALED(status) {
        Change::Killed(libc::WTERMSIG(status))
    } else if libc::WIFSTOPPED(status) {
        Change::Stopped(Signal::numbered(libc::WSTOPSIG(status)).unwrap_or(Signal::STOP))
    } else {
        Change::Continued
    };
    Some((waited, change))
}

/// The process group of `process`, if there is such a process.
pub(crate) fn group_of(process: Pid) -> Option<Pid> {
    getpgid(Some(process)).ok()
}

/// Sends `signal` to `child`, with the value that `received` came with.
///
/// A child that has ended but has not been waited for takes any signal, and
/// its number is still its own.
pub(crate) fn send(child: Pid, signal: Signal, received: Option<&Received>) {
    match received.map(|received| received.origin) {
        Some(Origin::Queue(value)) => os::send_with_value(child, signal, value),
        _ => kill(child.as_raw(), signal),
    }
}

/// Sends `signal` to all of `group`, which is not ours.
pub(crate) fn send_to_group(group: Pid, signal: Signal) {
    kill(-group.as_raw(), signal);
}

/// Whether `group` has members, zombies among them.
pub(crate) fn group_exists(group: Pid) -> bool {
    // SAFETY: takes numbers only, and 0 is no signal.
    let found = unsafe { libc::kill(-group.as_raw(), 0) };
    found == 0 || Errno::last() == Errno::EPERM
}

/// Sends `signal` to ourselves.
pub(super) fn send_to_self(signal: Signal) {
    kill(getpid().as_raw(), signal);
}

fn kill(target: i32, signal: Signal) {
    // SAFETY: takes numbers only. Whoever is gone already needs no signal.
    unsafe { libc::kill(target, signal.number()) };
}

/// Ends us by `signal`, without a core dump of ours. Returns if that cannot be.
pub(crate) fn die_by(signal: Signal) {
    os::forbid_dumps();
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    if signal.is_catchable() {
        os::set_disposition(signal, libc::SIG_DFL);
    }
    send_to_self(signal);
    os::set_mask(entry::everything() & !signal.bit());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a child of ours that runs `path`, and of its exec.
    fn raise(path: &str, script: &str) -> (Result<(), Errno>, Change) {
        entry::shield_thread();
        let arguments: [&[u8]; 3] = [b"sh", b"-c", script.as_bytes()];
        let path = std::ffi::CString::new(path).unwrap();
        let mut program = Program::new(vec![path], &arguments, &[], &[]);
        let options = SpawnOptions {
            own_group: true,
            parent_death: true,
        };
        let spawned = spawn(&mut program, options, None).unwrap();
        let (child, change) = wait(spawned.child, libc::WUNTRACED).unwrap();
        assert_eq!(child, spawned.child);
        // The child of another test may hold the pipe until it is a program.
        let exec_result = loop {
            if let Some(exec_result) = spawned.exec_result() {
                break exec_result;
            }
            std::thread::yield_now();
        };
        if matches!(change, Change::Stopped(_)) {
            send(child, Signal::KILL, None);
            wait_for(child);
        }
        (exec_result, change)
    }

    #[test]
    fn a_status_is_what_the_child_made_it() {
        for status in 0..=255 {
            let (exec_result, change) = raise("/bin/sh", &format!("exit {status}"));
            assert_eq!((exec_result, change), (Ok(()), Change::Exited(status)));
        }
    }

    #[test]
    fn a_death_by_any_signal_has_its_number() {
        for signal in Signal::all() {
            // What does not end a shell; the shell's own library keeps 32 and 33.
            let ends = ![Signal::CHLD, Signal::CONT, Signal::WINCH].contains(&signal)
                && ![libc::SIGURG, 32, 33].contains(&signal.number())
                && ![Signal::STOP, Signal::TSTP, Signal::TTIN, Signal::TTOU].contains(&signal);
            #[cfg(target_os = "macos")]
            let ends = ends && ![libc::SIGIO, libc::SIGINFO].contains(&signal.number());
            if ends && !entry::is_ignored(signal) {
                let number = signal.number();
                let (exec_result, change) =
                    raise("/bin/sh", &format!("ulimit -c 0; kill -{number} $$"));
                assert_eq!((exec_result, change), (Ok(()), Change::Killed(number)));
            }
        }
    }

    #[test]
    fn a_stop_has_its_signal() {
        let (exec_result, change) = raise("/bin/sh", "kill -STOP $$");
        assert_eq!(
            (exec_result, change),
            (Ok(()), Change::Stopped(Signal::STOP))
        );
    }

    #[test]
    fn a_child_that_cannot_become_its_program_says_why() {
        for (path, errno) in [
            ("/nowhere/sh", Errno::ENOENT),
            ("/etc/passwd", Errno::EACCES),
            ("/", Errno::EACCES),
            ("/etc/passwd/sh", Errno::ENOTDIR),
        ] {
            let (exec_result, change) = raise(path, "exit 0");
            assert_eq!(
                (exec_result, change),
                (Err(errno), Change::Exited(127)),
                "{path}"
            );
        }
    }
}
