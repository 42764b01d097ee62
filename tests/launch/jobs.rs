//! Job control: a shell sees the command's stops as ours, and `fg` is the
//! end of them.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::event::Event;
use crate::support::proc::{self, Process};
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::signalling;
use crate::support::stage::Seat;
use crate::support::wait::until;

fn both(seat: Seat) -> [Run; 2] {
    [Run::with(&[]).exec(), Run::with(&[]).supervised()].map(|run| run.at(seat))
}

/// The states of us and of the child.
fn states(running: &Running, child: i32) -> [Option<char>; 2] {
    [running.pid(), child].map(|pid| Process::of(pid).map(|process| process.state))
}

/// Waits until both are back where they wait: on its way there, a key of the
/// terminal stops the supervisor at once, and not after the child.
fn await_running(running: &Running, child: i32) {
    until("both go on", || {
        (states(running, child) == [Some('S'); 2]).then_some(())
    });
}

#[test]
fn ctrl_z_stops_both_and_fg_continues_both() {
    for run in both(Seat::Foreground) {
        let mut running = run.child("idle").spawn();
        let place = running.ready();
        for _ in 0..3 {
            running.terminal().press("\x1a");
            assert_eq!(running.stopped(), libc::SIGTSTP);
            assert_eq!(states(&running, place.pid), [Some('T'); 2]);
            running.fg();
            await_running(&running, place.pid);
        }
        running.terminal().press("\x03");
        running.finish().signal(libc::SIGINT);
    }
}

#[test]
fn a_command_that_tidies_up_before_it_stops_is_given_the_time() {
    for run in both(Seat::Foreground) {
        let mut running = run
            .child(format!("listen stop={}:{}", libc::SIGUSR1, libc::SIGTSTP))
            .spawn();
        let place = running.ready();
        running.terminal().press("\x1a");
        assert_eq!(running.received().number, libc::SIGTSTP);
        // It tidies up. Had we stopped already, this would not come through.
        assert_eq!(running.settled(), []);
        running.signal(Signal::SIGUSR1);
        assert_eq!(running.received().number, libc::SIGUSR1);
        assert_eq!(running.stopped(), libc::SIGTSTP);
        assert_eq!(states(&running, place.pid), [Some('T'); 2]);
        running.fg();
        assert_eq!(running.event(), Event::Resumed);
    }
}

#[test]
fn a_command_in_the_background_stops_when_it_reads_and_takes_no_foreground() {
    for run in both(Seat::Background) {
        let mut running = run.child("read").spawn();
        let place = running.ready();
        assert_eq!(running.stopped(), libc::SIGTTIN);
        assert_eq!(states(&running, place.pid), [Some('T'); 2]);
        assert_eq!(
            running.terminal().foreground(),
            place.session,
            "the shell's"
        );
        running.fg();
        await_running(&running, place.pid);
        running.terminal().press("hello\n");
        assert_eq!(
            running.event(),
            Event::Read {
                text: "hello\n".into()
            }
        );
        running.finish().status(0);
    }
}

#[test]
fn a_command_in_the_background_stops_when_it_writes_under_tostop() {
    let script = "while [ ! -e go ]; do sleep 0.01; done; echo said";
    for run in both(Seat::Background) {
        let mut running = run.sh(script).spawn();
        running.terminal().stop_background_output();
        fs::write(running.folder().join("go"), "").unwrap();
        assert_eq!(running.stopped(), libc::SIGTTOU);
        running.fg();
        assert_eq!(running.line(), "said");
        running.finish().status(0);
    }
}

#[test]
fn ctrl_z_stops_nobody_where_nobody_could_continue() {
    let habit = format!("listen default={}", libc::SIGTSTP);
    for run in Run::everywhere() {
        let mut running = run.at(Seat::Leader).child(&habit).spawn();
        running.ready();
        // The terminal deals with one key after the other.
        running.terminal().press("\x1a\x03");
        assert_eq!(
            running.received().number,
            libc::SIGINT,
            "it hears what comes after"
        );
    }
}

#[test]
fn a_stop_by_sigstop_is_seen_by_the_shell_too() {
    let mut running = Run::with(&[])
        .supervised()
        .at(Seat::Foreground)
        .child("stop")
        .spawn();
    let place = running.ready();
    assert_eq!(running.stopped(), libc::SIGSTOP);
    assert_eq!(states(&running, place.pid), [Some('T'); 2]);
    running.fg();
    running.finish().status(3);
}

/// As in `ssh -t host phase-run -- …`: nobody in the session watches its
/// leader, and nobody would continue it.
#[test]
fn a_leader_of_its_session_does_not_stop_with_the_command() {
    let run = Run::with(&[]).supervised().at(Seat::Leader);
    let mut running = run.child("stop").spawn();
    let place = running.ready();
    until("we have heard of the stop", || {
        let pending = proc::status(running.pid(), "ShdPnd")?;
        let heard = pending.ends_with("0000000000000000");
        (heard && states(&running, place.pid) == [Some('S'), Some('T')]).then_some(())
    });
    signalling::kill(place.pid, Signal::SIGCONT);
    running.finish().status(3);
}

#[test]
fn the_command_may_be_the_first_of_a_new_pid_namespace() {
    let run = Run::with(&[]).supervised();
    run.inside(&["/usr/bin/unshare", "--pid"])
        .sh("exit $$")
        .status(1);
}
