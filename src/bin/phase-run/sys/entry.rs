//! The state we were started in, and the way back to it.
//!
//! Before `main`, Rust's runtime ignores SIGPIPE and opens `/dev/null` on
//! closed standard descriptors. A program that is to start another one as it
//! was started itself must look earlier: in a constructor.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::os;
use super::signal::Signal;

/// Written once, by the constructor, when nothing else runs yet.
static CAPTURED: AtomicBool = AtomicBool::new(false);
static CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
static IGNORED: AtomicU64 = AtomicU64::new(0);
static MASK: AtomicU64 = AtomicU64::new(0);

/// Signals that end us, as PID 1 too, while there is no child.
const ENDING: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

#[used]
// SAFETY: the section holds pointers to functions that the loader calls before
// `main`; this is one, and `capture` needs nothing that `main` would set up.
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
static CAPTURE: extern "C" fn() = capture;

/// Runs before Rust's runtime: system calls and atomics only.
extern "C" fn capture() {
    let ignored = Signal::all()
        .filter(|signal| os::is_ignored(*signal))
        .fold(0, |set, signal| set | signal.bit());
    IGNORED.store(ignored, Ordering::Relaxed);
    MASK.store(os::mask(), Ordering::Relaxed);
    for (fd, closed) in (0..).zip(&CLOSED) {
        closed.store(is_closed(fd), Ordering::Relaxed);
    }
    // To PID 1 the kernel does not deliver what it has no handler for, but it
    // keeps what is blocked: nothing may get lost until `protect`.
    if is_init() {
        shield_thread();
    }
    CAPTURED.store(true, Ordering::Relaxed);
}

/// Whether the constructor ran: a linker may drop what nobody names.
pub(crate) fn captured() -> bool {
    CAPTURED.load(Ordering::Relaxed)
}

/// Whether we are PID 1: of a container, or of the machine.
pub(crate) fn is_init() -> bool {
    std::process::id() == 1
}

/// Makes the process fit to hold secrets and to be stopped while it fetches
/// them. To be called first in `main`.
///
/// No core dump and no debugger of the same user can read our memory. As PID 1,
/// for which a signal's default is to do nothing, HUP, INT, QUIT and TERM end
/// us with status 128 + n. Elsewhere the defaults do better by themselves.
pub(crate) fn protect() {
    os::forbid_dumps();
    if is_init() && captured() {
        for signal in ENDING.into_iter().filter(|signal| !is_ignored(*signal)) {
            leave_on(signal);
        }
        os::set_mask(MASK.load(Ordering::Relaxed));
    }
}

/// Blocks every signal in the calling thread, faults excepted, so that none is
/// delivered to a thread that knows nothing of it.
pub(crate) fn shield_thread() {
    os::set_mask(everything());
}

/// All signals that can be blocked and are worth it: not the faults.
pub(super) fn blockable() -> impl Iterator<Item = Signal> {
    Signal::all().filter(|signal| signal.is_catchable() && !signal.is_fault())
}

/// The set of the blockable signals.
pub(super) fn everything() -> u64 {
    blockable().fold(0, |set, signal| set | signal.bit())
}

/// The set of those that end us unless they were ignored from the start.
pub(super) fn ending() -> u64 {
    let ending = ENDING.into_iter().filter(|signal| !is_ignored(*signal));
    ending.fold(0, |set, signal| set | signal.bit())
}

/// Gives every signal its default: a forked child would inherit a handler and
/// swallow signals before its `execve`. And what we were started with
/// ignored would matter: with SIGCHLD the kernel reaps, and without the
/// terminal's stop signals we cannot stop as the child does. The caller has
/// blocked the signals.
pub(super) fn remove_handlers() {
    blockable().for_each(|signal| os::set_disposition(signal, libc::SIG_DFL));
}

/// Puts dispositions, standard descriptors and mask back as they were at entry.
///
/// Async-signal-safe. The mask comes last: what waited acts as it would have
/// acted on the program that was to be started here.
pub(super) fn restore() {
    for signal in Signal::all().filter(|signal| signal.is_catchable()) {
        let disposition = if is_ignored(signal) {
            libc::SIG_IGN
        } else {
            libc::SIG_DFL
        };
        os::set_disposition(signal, disposition);
    }
    for (fd, closed) in (0..).zip(&CLOSED) {
        if closed.load(Ordering::Relaxed) {
            // SAFETY: async-signal-safe, and takes any number. The descriptor is
            // the runtime's stand-in for a closed one; the program about to be
            // started is its last user.
            unsafe { libc::close(fd) };
        }
    }
    os::set_mask(MASK.load(Ordering::Relaxed));
}

/// Undoes the part of `restore` that would hurt us now that `execve` has
/// failed: writing the message to a broken pipe must not kill.
pub(super) fn carry_on() {
    os::set_disposition(Signal::PIPE, libc::SIG_IGN);
}

/// Whether `signal` was ignored at entry.
pub(super) fn is_ignored(signal: Signal) -> bool {
    IGNORED.load(Ordering::Relaxed) & signal.bit() != 0
}

fn is_closed(fd: i32) -> bool {
    // SAFETY: F_GETFD takes any number and changes nothing.
    unsafe { libc::fcntl(fd, libc::F_GETFD) == -1 }
}

fn leave_on(signal: Signal) {
    let handler: extern "C" fn(i32) = leave;
    // SAFETY: `sigaction` is plain data for which all zeros is a value: no
    // flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    // SAFETY: `action` is initialised and outlives the call, which copies it;
    // the old action is not asked for. The handler is async-signal-safe.
    unsafe { libc::sigaction(signal.number(), &raw const action, std::ptr::null_mut()) };
}

extern "C" fn leave(signal: i32) {
    // SAFETY: `_exit` is async-signal-safe and takes any status.
    unsafe { libc::_exit(128 + signal) }
}
