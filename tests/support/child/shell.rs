//! The parents of `phase-run`: a shell with job control, of which only the
//! part that deals with one job is here, and the one outside a namespace.

use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;

use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Pid, getpid, setpgid, tcsetpgrp};

use crate::event::Event;
use crate::kernel;
use crate::prepare::say;
use crate::stage::Seat;

/// The job's half: its own group, and then the shell's word that it may start.
pub(crate) fn await_turn(mut ready: PipeReader) -> io::Result<()> {
    setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    ready.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The shell's half, until the job ends: tells of its stops, obeys `fg`, and
/// ends the way the job did.
pub(crate) fn attend(
    job: i32,
    seat: Seat,
    mut control: UnixStream,
    ready: PipeWriter,
) -> io::Result<u8> {
    for signal in [
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGTSTP,
        libc::SIGTTIN,
        libc::SIGTTOU,
        libc::SIGHUP,
    ] {
        kernel::ignore(signal);
    }
    let group = Pid::from_raw(job);
    // Both sides do it, so that it is done whoever comes first.
    let _ = setpgid(group, group);
    if seat == Seat::Foreground {
        tcsetpgrp(io::stdout(), group)?;
    }
    drop(ready);
    say(&mut control, &Event::Started { pid: job });
    obey(group, &control)?;
    loop {
        let Some((_, status)) = kernel::wait(job, libc::WUNTRACED) else {
            return Err(io::Error::last_os_error());
        };
        if !libc::WIFSTOPPED(status) {
            tcsetpgrp(io::stdout(), getpid())?;
            return Ok(end_with(status));
        }
        let signal = libc::WSTOPSIG(status);
        // SIGSTOP is how a test holds `phase-run` still for a moment.
        if signal != libc::SIGSTOP {
            tcsetpgrp(io::stdout(), getpid())?;
        }
        say(&mut control, &Event::Stopped { signal });
    }
}

/// Each line of the control socket is the user's word `fg`.
fn obey(group: Pid, control: &UnixStream) -> io::Result<()> {
    let words = BufReader::new(control.try_clone()?).lines();
    let terminal = io::stdout().as_fd().try_clone_to_owned()?;
    thread::spawn(move || {
        for _ in words.map_while(Result::ok) {
            tcsetpgrp(&terminal, group).expect("the shell may give its terminal away");
            kernel::send(-group.as_raw(), libc::SIGCONT);
        }
    });
    Ok(())
}

/// Waits for `pid` and ends the way it did.
pub(crate) fn end_like(pid: i32) -> u8 {
    loop {
        if let Some((_, status)) = kernel::wait(pid, 0) {
            return end_with(status);
        }
    }
}

fn end_with(status: i32) -> u8 {
    if libc::WIFSIGNALED(status) {
        setrlimit(Resource::RLIMIT_CORE, 0, 0).expect("a limit may be lowered");
        kernel::settle();
        kernel::send(getpid().as_raw(), libc::WTERMSIG(status));
    }
    u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX)
}
