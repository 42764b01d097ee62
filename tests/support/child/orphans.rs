//! Children that leave children behind.

use std::io;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use nix::unistd::{getpid, getppid, setsid};

use crate::event::Event;
use crate::prepare::say;
use crate::{kernel, report};

/// Runs `rest` in a process whose parent has ended.
fn orphan(rest: impl FnOnce()) {
    let Some(between) = kernel::fork().expect("a process more") else {
        let between = getpid();
        if kernel::fork().expect("a process more").is_none() {
            while getppid() == between {
                thread::yield_now();
            }
            rest();
            kernel::leave(99);
        }
        kernel::leave(0);
    };
    kernel::wait(between, 0);
}

fn wait_for_a_line() {
    let _ = io::stdin().read_line(&mut String::new());
}

/// One orphan that says whose child it is now, and ends. We end with 5 when a
/// line comes on standard input.
pub(crate) fn one() -> u8 {
    orphan(|| {
        let (pid, parent) = (getpid().as_raw(), getppid().as_raw());
        say(&mut io::stdout(), &Event::Orphan { pid, parent });
    });
    wait_for_a_line();
    5
}

/// `orphans COUNT`: that many orphans that end at once; then as with one.
pub(crate) fn many(words: &[String]) -> u8 {
    for _ in 0..words[0].parse().expect("a count") {
        let Some(between) = kernel::fork().expect("a process more") else {
            let _ = kernel::fork();
            kernel::leave(0);
        };
        kernel::wait(between, 0);
    }
    say(&mut io::stdout(), &Event::Spawned);
    wait_for_a_line();
    6
}

/// Two of us stay, one in our group and one in a session of its own; they end
/// with standard input. We end with 0 at the next SIGTERM.
pub(crate) fn leave() -> u8 {
    for own_session in [false, true] {
        let (here, there) = UnixStream::pair().expect("a socket");
        let Some(_) = kernel::fork().expect("a process more") else {
            drop(here);
            if own_session {
                setsid().expect("a child leads no group");
            }
            kernel::block_only(kernel::ALL);
            say(&mut io::stdout(), &Event::Ready(report::place()));
            drop(there);
            listen_for_the_end();
        };
        drop(there);
        // The other end is closed when the child has said so.
        let _ = io::copy(&mut &here, &mut io::sink());
    }
    kernel::block_only(kernel::ALL);
    say(&mut io::stdout(), &Event::Spawned);
    kernel::take_signal(kernel::bit(libc::SIGTERM), Duration::from_mins(1));
    0
}

/// Takes what comes, and says so; ends with standard input.
fn listen_for_the_end() -> ! {
    wait_for_a_line();
    while let Some(received) = kernel::take_signal(kernel::ALL, Duration::ZERO) {
        say(&mut io::stdout(), &Event::Signal(received));
    }
    kernel::leave(0)
}

/// A grandchild keeps standard output open until standard input ends. We end with 4.
pub(crate) fn hold_output() -> u8 {
    if kernel::fork().expect("a process more").is_none() {
        wait_for_a_line();
        kernel::leave(0);
    }
    say(&mut io::stdout(), &Event::Ready(report::place()));
    4
}

/// An orphan ends with 99 and we with 9, when standard input ends: the parent
/// of both, held still, finds them in one go.
pub(crate) fn end_together() -> u8 {
    let (reader, writer) = io::pipe().expect("a pipe");
    orphan(|| {
        let (pid, parent) = (getpid().as_raw(), getppid().as_raw());
        say(&mut io::stdout(), &Event::Orphan { pid, parent });
        drop(writer);
        wait_for_a_line();
    });
    let _ = io::copy(&mut &reader, &mut io::sink());
    wait_for_a_line();
    9
}
