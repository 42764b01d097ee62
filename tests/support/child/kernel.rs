//! The system calls that the standard library keeps from a program, or does
//! only for the signals that libc lets it see (32 to 34 are hidden).

#![expect(
    unsafe_code,
    reason = "children that misbehave need the bare system calls"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr;
use std::time::Duration;

use crate::event::Received;

/// All signals, as the kernel counts them.
pub(crate) const ALL: u64 = u64::MAX;

/// The bytes of a signal set in the kernel's eyes.
const SET: usize = size_of::<u64>();

pub(crate) fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Every disposition as it is by default, and nothing blocked.
pub(crate) fn settle() {
    for signal in 1..=64 {
        set_default(signal);
    }
    block_only(0);
}

pub(crate) fn ignore(signal: i32) {
    set_disposition(signal, libc::SIG_IGN);
}

pub(crate) fn set_default(signal: i32) {
    set_disposition(signal, libc::SIG_DFL);
}

fn set_disposition(signal: i32, disposition: libc::sighandler_t) {
    act_on(signal, disposition as u64, 0);
}

/// Children end without leaving a zombie.
pub(crate) fn leave_no_zombies() {
    act_on(
        libc::SIGCHLD,
        libc::SIG_DFL as u64,
        libc::SA_NOCLDWAIT as u64,
    );
}

/// Without libc, which refuses 32 and 33; the standard library's way to start
/// a process leaves these ignored.
fn act_on(signal: i32, disposition: u64, flags: u64) {
    let (restorer, mask) = (0, 0);
    let action = [disposition, flags, restorer, mask];
    let old = ptr::null_mut::<u64>();
    // SAFETY: the kernel reads its `sigaction`, which is these four words and
    // outlives the call. No handler is installed, only one of the kernel's own
    // dispositions; for SIGKILL and SIGSTOP this is an error without effect.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, &raw const action, old, SET) };
}

/// Blocks these signals and no others.
pub(crate) fn block_only(mask: u64) {
    let old = ptr::null_mut::<u64>();
    // SAFETY: the kernel reads eight bytes of `mask`, which outlives the call.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const mask,
            old,
            SET,
        )
    };
}

/// The next pending signal of `set`, or nothing for the length of `patience`.
pub(crate) fn take_signal(set: u64, patience: Duration) -> Option<Received> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let limit = libc::timespec {
        tv_sec: libc::time_t::try_from(patience.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: patience.subsec_nanos().into(),
    };
    let (wanted, answer, limit) = (&raw const set, info.as_mut_ptr(), &raw const limit);
    // SAFETY: all three pointers are to values of the right size that outlive the call.
    let number = unsafe { libc::syscall(libc::SYS_rt_sigtimedwait, wanted, answer, limit, SET) };
    let number = i32::try_from(number).ok().filter(|number| *number > 0)?;
    // SAFETY: zeroes were a valid value, and the kernel has written over them.
    let info = unsafe { info.assume_init() };
    // SAFETY: any bytes are a valid process id; for the kernel's own signals it is 0.
    let sender = unsafe { info.si_pid() };
    // SAFETY: any bytes are a valid value; only queued signals give it a meaning.
    let value = unsafe { info.si_value() };
    Some(Received {
        number,
        code: info.si_code,
        sender,
        value: value.sival_ptr.addr() as u64,
    })
}

pub(crate) fn send(pid: i32, signal: i32) {
    // SAFETY: `kill` takes no pointers.
    unsafe { libc::kill(pid, signal) };
}

pub(crate) fn queue(pid: i32, signal: i32, value: usize) {
    let value = libc::sigval {
        sival_ptr: ptr::without_provenance_mut(value),
    };
    // SAFETY: the pointer in `value` is a number to both sides; nobody follows it.
    unsafe { libc::sigqueue(pid, signal, value) };
}

/// Two of us from here on: the child gets `None`, the parent its number.
pub(crate) fn fork() -> io::Result<Option<i32>> {
    // SAFETY: this program has one thread wherever it forks, so the child
    // inherits no lock that another thread holds.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Some(pid)),
    }
}

/// Ends a forked process without running what the parent still has to.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: `_exit` takes no pointers and does not come back.
    unsafe { libc::_exit(status) }
}

/// The next news of `pid`, any child if it is -1: who, and the raw status.
///
/// Not through `nix`, which cannot represent a death by a real-time signal.
pub(crate) fn wait(pid: i32, options: i32) -> Option<(i32, i32)> {
    let mut status = 0;
    // SAFETY: the kernel writes one integer into `status`.
    let pid = unsafe { libc::waitpid(pid, &raw mut status, options) };
    (pid > 0).then_some((pid, status))
}

/// Makes the terminal `fd` ours, the leader's of this session.
pub(crate) fn take_terminal(fd: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: this request takes a number and no pointer.
    succeed(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSCTTY, 0) })
}

pub(crate) fn set_size(fd: &impl AsRawFd, rows: u16, columns: u16) -> io::Result<()> {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the kernel reads one `winsize`, which outlives the call.
    succeed(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) })
}

/// `to` becomes another name of `from`, and stays open across `execve`.
pub(crate) fn duplicate(from: &impl AsRawFd, to: i32) -> io::Result<()> {
    // SAFETY: `dup2` takes no pointers; nobody here owns the descriptor `to`.
    succeed(unsafe { libc::dup2(from.as_raw_fd(), to) })
}

pub(crate) fn close(fd: i32) {
    // SAFETY: `close` takes no pointers; no value of this program owns 0 to 2.
    unsafe { libc::close(fd) };
}

/// Everything that is open now, 0 to 2 excepted, is closed by `execve`.
pub(crate) fn keep_to_ourselves() -> io::Result<()> {
    // SAFETY: `close_range` takes no pointers, and with this flag closes nothing.
    let answer = unsafe {
        libc::close_range(
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC.cast_signed(),
        )
    };
    succeed(answer)
}

pub(crate) fn add_niceness(more: i32) {
    // SAFETY: `nice` takes no pointers.
    unsafe { libc::nice(more) };
}

/// The niceness of this process, from -20 to 19.
pub(crate) fn niceness() -> i32 {
    // SAFETY: `getpriority` takes no pointers.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// Takes a lease on `file`: whoever opens it waits, and we get `SIGIO`.
pub(crate) fn lease(file: &impl AsRawFd, kind: i32) -> io::Result<()> {
    // SAFETY: this command takes a number and no pointer.
    succeed(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) })
}

/// From here on each of these system calls fails with its error, for good.
pub(crate) fn refuse(calls: &[(i64, i32)]) -> io::Result<()> {
    let (load, equal, answer) = (0x20, 0x15, 0x06);
    let line = |code, jf, k| libc::sock_filter { code, jt: 0, jf, k };
    let mut program = vec![line(load, 0, 0)];
    for (call, error) in calls {
        program.push(line(equal, 1, u32::try_from(*call).unwrap_or_default()));
        program.push(line(
            answer,
            0,
            libc::SECCOMP_RET_ERRNO | error.cast_unsigned(),
        ));
    }
    program.push(line(answer, 0, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).unwrap_or_default(),
        filter: program.as_mut_ptr(),
    };
    // SAFETY: this request takes numbers and no pointer.
    succeed(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    let (mode, program) = (libc::SECCOMP_MODE_FILTER, &raw const program);
    // SAFETY: the kernel copies the program, whose length is right, during the call.
    succeed(unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, program) })
}

fn succeed(answer: i32) -> io::Result<()> {
    if answer == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
