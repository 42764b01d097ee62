//! What Linux does in its own way. `macos` has the same shape.
//!
//! Masks and dispositions go through raw system calls: both C libraries keep
//! some real-time signals to themselves, and one of those (34, SIGRTMIN to
//! every program linked with glibc) would kill a supervisor linked with musl.

use std::ffi::{OsStr, c_int};
use std::fs;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::Pid;

use super::ArgumentLimits;
use super::entry;
use super::process::Kin;
use super::signal::{Origin, Received, Signal};
use super::terminal::Ready;

pub(super) const LAST_SIGNAL: i32 = 64;

/// What `kill -l` of a shell calls SIGRTMIN and SIGRTMAX, in a program linked
/// with musl too, whose own SIGRTMIN is 35.
pub(super) const REAL_TIME: Option<(i32, i32)> = Some((34, 64));

pub(super) const NAMES: &[(&str, i32)] = &[
    ("IOT", libc::SIGABRT),
    ("POLL", libc::SIGIO),
    ("PWR", libc::SIGPWR),
    ("STKFLT", libc::SIGSTKFLT),
];

/// Lists the open descriptors of the process that looks.
pub(super) const DESCRIPTORS: &str = "/proc/self/fd";

/// The size of the kernel's signal set in bytes.
const SET_SIZE: usize = size_of::<u64>();

/// The kernel's `struct sigaction`. Only actions without flags and mask are
/// set through it, so the order of its tail, which differs between
/// architectures, does not matter.
#[repr(C)]
struct Action {
    handler: usize,
    flags: libc::c_ulong,
    restorer: usize,
    mask: u64,
}

/// Whether `signal` is ignored.
pub(super) fn is_ignored(signal: Signal) -> bool {
    let mut action = Action {
        handler: 0,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    let number = signal.number();
    let new = ptr::null::<Action>();
    let old = &raw mut action;
    // SAFETY: with no new action the call only fills `action`, which is as
    // large as the kernel's structure and outlives the call.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, number, new, old, SET_SIZE) };
    action.handler == libc::SIG_IGN
}

/// Sets `signal` to `SIG_DFL` or `SIG_IGN`. Async-signal-safe.
pub(super) fn set_disposition(signal: Signal, handler: libc::sighandler_t) {
    let action = Action {
        handler,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    let number = signal.number();
    let new = &raw const action;
    let old = ptr::null_mut::<Action>();
    // SAFETY: `action` is initialised and outlives the call; the old action is
    // not asked for. Neither disposition runs code of ours.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, number, new, old, SET_SIZE) };
}

/// The calling thread's signal mask.
pub(super) fn mask() -> u64 {
    let mut old = 0_u64;
    let new = ptr::null::<u64>();
    let how = libc::SIG_BLOCK;
    // SAFETY: with no new mask the call only fills `old`, which has SET_SIZE.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, new, &raw mut old, SET_SIZE) };
    old
}

/// Replaces the calling thread's signal mask. Async-signal-safe.
pub(super) fn set_mask(mask: u64) {
    let new = &raw const mask;
    let old = ptr::null_mut::<u64>();
    let how = libc::SIG_SETMASK;
    // SAFETY: `mask` has SET_SIZE and outlives the call; the old one is not
    // asked for. A mask changes when handlers run, not what they may do.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, new, old, SET_SIZE) };
}

/// Makes our memory unreadable to core dumps and to processes of the same
/// user. `execve` undoes it for the program that follows.
pub(super) fn forbid_dumps() {
    // SAFETY: takes numbers only. Failing, it leaves things as they were.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
}

/// Makes processes whose parent ends our children, as they are PID 1's. Not
/// for a process that will `execve`: the setting survives it. Says whether it
/// will be so.
pub(crate) fn adopt_orphans() -> bool {
    // SAFETY: takes numbers only. Failing, it leaves things as they were.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 }
}

/// Has the kernel kill the calling process when the thread that forked it
/// ends. Async-signal-safe.
pub(super) fn die_with_parent() {
    // SAFETY: takes numbers only. Failing, it leaves things as they were.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
}

/// A pipe whose ends neither block nor survive `execve`.
pub(super) fn pipe() -> nix::Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
}

/// Sends `signal` with `value`, as `sigqueue` does, which in both C libraries
/// is a thin cover over a system call.
pub(super) fn send_with_value(target: Pid, signal: Signal, value: usize) {
    let value = libc::sigval {
        sival_ptr: ptr::without_provenance_mut(value),
    };
    // SAFETY: takes numbers only; the value is not followed.
    unsafe { libc::sigqueue(target.as_raw(), signal.number(), value) };
}

/// What `execve` takes here and now.
pub(crate) fn argument_limits() -> ArgumentLimits {
    // SAFETY: takes a number, touches nothing.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let page = usize::try_from(page).unwrap_or(4096);
    let stack = getrlimit(Resource::RLIMIT_STACK).map_or(u64::MAX, |(soft, _)| soft);
    limits_for(page, stack)
}

/// `MAX_ARG_STRLEN` is 32 pages. All together may take a quarter of the stack,
/// but no more than three quarters of its usual 8 MiB, and never less than 128 KiB.
fn limits_for(page: usize, stack: u64) -> ArgumentLimits {
    let quarter = usize::try_from(stack / 4).unwrap_or(usize::MAX);
    ArgumentLimits {
        string: 32 * page,
        total: quarter.clamp(128 * 1024, 6 * 1024 * 1024),
    }
}

/// Waits for one of `watched` for at most `timeout` milliseconds. Signals stay
/// blocked: they are read.
pub(super) fn poll(watched: &mut [libc::pollfd], timeout: c_int) -> nix::Result<c_int> {
    let count = libc::nfds_t::try_from(watched.len()).unwrap_or_default();
    // SAFETY: the slice has `count` elements and outlives the call.
    Errno::result(unsafe { libc::poll(watched.as_mut_ptr(), count, timeout) })
}

/// All processes that can be seen, but those that have ended and wait for their
/// parent. None where `/proc` is not there, or another PID namespace's.
pub(crate) fn family() -> Vec<Kin> {
    let us = fs::read_link("/proc/self").unwrap_or_default();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    if us.as_os_str() != OsStr::new(&std::process::id().to_string()) {
        return Vec::new();
    }
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let processes = names.filter_map(|name| name.parse().ok());
    processes.filter_map(kin).collect()
}

fn kin(process: i32) -> Option<Kin> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
    (state != "Z").then(|| Kin {
        process: Pid::from_raw(process),
        parent: Pid::from_raw(parent),
    })
}

/// The command line of `process`, as it shows it; empty where it cannot be seen.
pub(crate) fn words_of(process: Pid) -> Vec<Vec<u8>> {
    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let words = line.split(|&byte| byte == 0);
    words.map(<[u8]>::to_vec).collect()
}

/// Runs `work` while `signal` does what it does by default. There are no
/// handlers to put aside here.
pub(super) fn by_default(_signal: Signal, work: impl FnOnce()) {
    work();
}

/// Knows whether one of some blocked signals waits, and leaves it waiting.
pub(super) struct Watch(OwnedFd);

impl Watch {
    /// Over the signals of `set`, which are blocked.
    pub(super) fn over(set: u64) -> io::Result<Self> {
        descriptor_of(set).map(Self)
    }

    /// Can be read when a signal waits.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Waits until `file` can be read or a signal waits, which comes first; for at
    /// most `patience`, if there is a limit.
    pub(super) fn await_input(
        &self,
        file: BorrowedFd<'_>,
        patience: Option<Duration>,
    ) -> nix::Result<Option<Ready>> {
        let milliseconds = patience.map_or(-1, |patience| {
            c_int::try_from(patience.as_millis()).unwrap_or(c_int::MAX)
        });
        let watch = |fd: BorrowedFd<'_>| libc::pollfd {
            fd: fd.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let mut watched = [watch(self.0.as_fd()), watch(file)];
        Ok(match poll(&mut watched, milliseconds)? {
            0 => None,
            _ if watched[0].revents != 0 => Some(Ready::Signal),
            _ => Some(Ready::Input),
        })
    }
}

/// A descriptor that brings the signals of `set`, which are blocked.
fn descriptor_of(set: u64) -> io::Result<OwnedFd> {
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    let set = &raw const set;
    // SAFETY: `set` has SET_SIZE and outlives the call.
    let fd = unsafe { libc::syscall(libc::SYS_signalfd4, -1, set, SET_SIZE, flags) };
    let fd = RawFd::try_from(Errno::result(fd)?).map_err(io::Error::other)?;
    // SAFETY: the call has just returned it to us, and to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The signals sent to us, one by one, with their senders.
pub(crate) struct Signals(OwnedFd);

impl Signals {
    /// Blocks all signals for good and takes them in through a descriptor.
    ///
    /// # Errors
    ///
    /// The system's, when there is no descriptor to be had.
    pub(crate) fn block() -> io::Result<Self> {
        entry::shield_thread();
        entry::remove_handlers();
        descriptor_of(entry::everything()).map(Self)
    }

    /// The next signal, or `None` when there is none at present.
    pub(crate) fn next(&self) -> Option<Received> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the buffer has `size` bytes and outlives the call.
        let read = unsafe { libc::read(self.0.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        if usize::try_from(read) != Ok(size) {
            return None;
        }
        // SAFETY: plain data for which every pattern is a value, and read filled it.
        let info = unsafe { info.assume_init() };
        let origin = match info.ssi_code {
            libc::SI_KERNEL => Origin::Kernel,
            libc::SI_QUEUE => Origin::Queue(usize::try_from(info.ssi_ptr).unwrap_or_default()),
            // Positive codes say that the kernel reports something else.
            code if code > 0 => Origin::Kernel,
            _ => Origin::Process,
        };
        let sender = i32::try_from(info.ssi_pid).ok().filter(|pid| *pid > 0);
        Some(Received {
            signal: Signal::numbered(i32::try_from(info.ssi_signo).ok()?)?,
            origin,
            sender: sender.map(Pid::from_raw),
        })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_stack_is_for_arguments_within_bounds() {
        let total = |stack| limits_for(4096, stack).total;
        assert_eq!(total(8 << 20), 2_097_152);
        assert_eq!(total(64 << 20), 6_291_456);
        assert_eq!(total(u64::MAX), 6_291_456);
        assert_eq!(total(2 << 20), 524_288);
        assert_eq!(total(256 << 10), 131_072);
    }

    #[test]
    fn one_string_may_take_32_pages() {
        let string = |page| limits_for(page, 8 << 20).string;
        assert_eq!(string(4 << 10), 131_072);
        assert_eq!(string(16 << 10), 524_288);
        assert_eq!(string(64 << 10), 2_097_152);
    }
}
