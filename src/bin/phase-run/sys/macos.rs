//! What macOS does in its own way. `linux` has the same shape.
//!
//! A handler notes every signal and wakes a pipe. Handlers run only while
//! `poll` waits: they never interrupt other code, and a forked child, which
//! shares the pipe, puts its dispositions back before it lets signals in.

mod watch;

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getpgrp, tcgetpgrp};

use super::ArgumentLimits;
use super::entry;
use super::process::Kin;
use super::signal::{Origin, Received, Signal};
pub(super) use watch::Watch;

pub(super) const LAST_SIGNAL: i32 = 31;

pub(super) const REAL_TIME: Option<(i32, i32)> = None;

pub(super) const NAMES: &[(&str, i32)] = &[
    ("EMT", libc::SIGEMT),
    ("INFO", libc::SIGINFO),
    ("IOT", libc::SIGABRT),
];

/// Lists the open descriptors of the process that looks.
pub(super) const DESCRIPTORS: &str = "/dev/fd";

/// The signals that have come and have not been asked for yet.
static ARRIVED: AtomicU64 = AtomicU64::new(0);

/// The end of the pipe that handlers write to. It stays open as they stay.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// Whether `signal` is ignored.
pub(super) fn is_ignored(signal: Signal) -> bool {
    let mut action = libc::sigaction {
        sa_sigaction: libc::SIG_DFL,
        sa_mask: 0,
        sa_flags: 0,
    };
    // SAFETY: with no new action the call only fills `action`, which outlives it.
    unsafe { libc::sigaction(signal.number(), ptr::null(), &raw mut action) };
    action.sa_sigaction == libc::SIG_IGN
}

/// Sets `signal` to `SIG_DFL` or `SIG_IGN`. Async-signal-safe.
pub(super) fn set_disposition(signal: Signal, handler: libc::sighandler_t) {
    let action = libc::sigaction {
        sa_sigaction: handler,
        sa_mask: 0,
        sa_flags: 0,
    };
    // SAFETY: `action` is initialised and outlives the call; the old action is
    // not asked for. Neither disposition runs code of ours.
    unsafe { libc::sigaction(signal.number(), &raw const action, ptr::null_mut()) };
}

/// The calling thread's signal mask.
pub(super) fn mask() -> u64 {
    let mut old: libc::sigset_t = 0;
    // SAFETY: with no new mask the call only fills `old`, which outlives it.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut old) };
    old.into()
}

/// Replaces the calling thread's signal mask; `sigprocmask` would replace that
/// of all threads here. Async-signal-safe.
pub(super) fn set_mask(mask: u64) {
    // There are no signals above the 32nd.
    let new = libc::sigset_t::try_from(mask & u64::from(u32::MAX)).unwrap_or_default();
    // SAFETY: `new` is a set and outlives the call; the old one is not asked
    // for. A mask changes when handlers run, not what they may do.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const new, ptr::null_mut()) };
}

/// Does nothing: what forbids core dumps or debuggers here (`RLIMIT_CORE`,
/// `PT_DENY_ATTACH`) would still bind the program that we become. Core dumps are
/// off by default, and of processes of the same user only those with a
/// debugger's entitlement may read our memory.
pub(super) fn forbid_dumps() {}

/// Does nothing: orphans go to launchd, whatever we ask for.
pub(crate) fn adopt_orphans() -> bool {
    false
}

/// Does nothing: the system cannot do it.
pub(super) fn die_with_parent() {}

/// A pipe whose ends neither block nor survive `execve`.
///
/// No other thread may `execve` in between, and none of ours does.
pub(super) fn pipe() -> nix::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = nix::unistd::pipe()?;
    for end in [&read, &write] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    }
    Ok((read, write))
}

/// Sends `signal`. Values cannot be sent here, nor do any arrive.
pub(super) fn send_with_value(target: Pid, signal: Signal, _value: usize) {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(target.as_raw(), signal.number()) };
}

/// What `execve` takes here and now. A single string may take all of it.
pub(crate) fn argument_limits() -> ArgumentLimits {
    let mut name = [libc::CTL_KERN, libc::KERN_ARGMAX];
    let mut bytes: c_int = 0;
    let mut size = size_of::<c_int>();
    let value = (&raw mut bytes).cast();
    let new = ptr::null_mut();
    // SAFETY: `name` has two elements and `bytes` has `size` bytes; all outlive
    // the call, which sets nothing.
    unsafe { libc::sysctl(name.as_mut_ptr(), 2, value, &raw mut size, new, 0) };
    let total = usize::try_from(bytes).unwrap_or_default();
    let total = if total == 0 { 1024 * 1024 } else { total };
    ArgumentLimits {
        string: total,
        total,
    }
}

/// Which processes there are is not looked into here.
pub(crate) fn family() -> Vec<Kin> {
    Vec::new()
}

/// Nor what they were started with.
pub(crate) fn words_of(_process: Pid) -> Vec<Vec<u8>> {
    Vec::new()
}

/// Waits for one of `watched` for at most `timeout` milliseconds, and lets
/// signals in meanwhile.
pub(super) fn poll(watched: &mut [libc::pollfd], timeout: c_int) -> nix::Result<c_int> {
    let count = libc::nfds_t::try_from(watched.len()).unwrap_or_default();
    set_mask(0);
    // SAFETY: the slice has `count` elements and outlives the call.
    let ready = Errno::result(unsafe { libc::poll(watched.as_mut_ptr(), count, timeout) });
    set_mask(entry::everything());
    ready
}

/// Runs `work` while `signal` does what it does by default.
pub(super) fn by_default(signal: Signal, work: impl FnOnce()) {
    if !signal.is_catchable() {
        return work();
    }
    set_disposition(signal, libc::SIG_DFL);
    work();
    listen(signal);
}

/// The signals sent to us, one by one. Of several that are alike and come at
/// the same time one counts, as everywhere without real-time signals.
pub(crate) struct Signals(OwnedFd);

impl Signals {
    /// Blocks all signals for good, except while we `poll`, and takes them in
    /// through a descriptor.
    ///
    /// # Errors
    ///
    /// The system's, when there is no descriptor to be had.
    pub(crate) fn block() -> io::Result<Self> {
        entry::shield_thread();
        entry::remove_handlers();
        let (read, write) = pipe()?;
        WAKE.store(write.into_raw_fd(), Ordering::Relaxed);
        entry::blockable().for_each(listen);
        Ok(Self(read))
    }

    /// The next signal, or `None` when there is none at present.
    pub(crate) fn next(&self) -> Option<Received> {
        // Before the look at what has arrived: what comes after that look
        // leaves a byte behind, and the next `poll` sees it.
        let mut bytes = [0; 64];
        while nix::unistd::read(&self.0, &mut bytes) == Ok(bytes.len()) {}
        let first = ARRIVED.load(Ordering::Relaxed).trailing_zeros();
        let signal = Signal::numbered(i32::try_from(first).ok()? + 1)?;
        ARRIVED.fetch_and(!signal.bit(), Ordering::Relaxed);
        let origin = if is_the_terminals(signal) {
            Origin::Kernel
        } else {
            Origin::Process
        };
        Some(Received {
            signal,
            origin,
            sender: None,
        })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether `signal` comes from the terminal, as far as can be guessed.
///
/// The kernel does not say: its code is 0 for every signal, and its sender is
/// whoever ran when the signal was posted, a terminal's emulator for Ctrl-C. So
/// what the terminal could have sent counts as sent by it, and `kill -INT`
/// of somebody else cannot be told from it.
fn is_the_terminals(signal: Signal) -> bool {
    match signal {
        Signal::CONT
        | Signal::HUP
        | Signal::INFO
        | Signal::INT
        | Signal::QUIT
        | Signal::TSTP
        | Signal::WINCH => foreground() == Some(getpgrp()),
        // They stop a group in the background, which by the time we look may
        // have come to the foreground.
        Signal::TTIN | Signal::TTOU => foreground().is_some(),
        _ => false,
    }
}

/// The process group in the foreground of our controlling terminal.
fn foreground() -> Option<Pid> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let terminal = open("/dev/tty", flags, Mode::empty()).ok()?;
    tcgetpgrp(terminal).ok()
}

/// Has `signal` noted when it comes.
fn listen(signal: Signal) {
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = note;
    let action = libc::sigaction {
        sa_sigaction: handler as libc::sighandler_t,
        sa_mask: libc::sigset_t::MAX,
        sa_flags: libc::SA_SIGINFO | libc::SA_RESTART,
    };
    // SAFETY: `action` is initialised and outlives the call; the old action is
    // not asked for. The handler has the type that SA_SIGINFO asks for, and is
    // async-signal-safe.
    unsafe { libc::sigaction(signal.number(), &raw const action, ptr::null_mut()) };
}

/// Notes a signal and wakes whoever waits. Async-signal-safe: atomics, system
/// calls, and `errno` as it was.
extern "C" fn note(number: c_int, info: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO a structure that lives
    // as long as the handler runs.
    let sender = unsafe { (*info).si_pid };
    // Our own write to a broken pipe is nobody else's concern.
    let is_ours = number == libc::SIGPIPE && u32::try_from(sender) == Ok(std::process::id());
    if let Some(signal) = Signal::numbered(number)
        && !is_ours
    {
        ARRIVED.fetch_or(signal.bit(), Ordering::Relaxed);
        let errno = Errno::last_raw();
        let wake = WAKE.load(Ordering::Relaxed);
        // SAFETY: one byte of a string that lives for ever. That the pipe is
        // full does not matter: then there is something to read.
        unsafe { libc::write(wake, c"".as_ptr().cast(), 1) };
        Errno::set_raw(errno);
    }
}
