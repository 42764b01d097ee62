//! Keys: what the terminal sends to all, nobody sends a second time.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::event::{Event, Received};
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::signalling::LAST;
use crate::support::stage::Seat;
use crate::support::wait::until;

/// Both modes: under a shell, and as the container's process 1 with `-it`.
fn everywhere() -> [Run; 4] {
    let [a, b, c, d] = Run::everywhere();
    [
        a.at(Seat::Foreground),
        b.at(Seat::Leader),
        c.at(Seat::Foreground),
        d.at(Seat::Leader),
    ]
}

fn supervisors() -> [Run; 2] {
    let [place, one] = Run::supervisors();
    [place.at(Seat::Foreground), one.at(Seat::Leader)]
}

/// What the child gets when `act` happens at the terminal: from the terminal,
/// and then from us.
///
/// We are held still in between: a second signal cannot hide behind the first.
fn counted(running: &mut Running, act: impl FnOnce(&Running)) -> (Received, Vec<Received>) {
    let place = running.ready();
    assert_eq!(
        place.foreground,
        Some(place.group),
        "the command is in the foreground"
    );
    let supervised = running.outer(place.pid) != running.pid();
    if supervised {
        running.hold();
    }
    act(running);
    let first = running.received();
    if supervised {
        running.release();
    }
    let mut others = running.settled();
    others.retain(|received| received.number != libc::SIGCONT);
    (first, others)
}

#[track_caller]
fn comes_once(signal: i32, change: impl Fn(Run) -> Run, act: impl Fn(&Running)) {
    for run in everywhere() {
        let mut running = change(run).child("listen").spawn();
        let (first, others) = counted(&mut running, &act);
        assert_eq!((first.number, first.code), (signal, libc::SI_KERNEL));
        assert_eq!(others, []);
    }
}

#[test]
fn ctrl_c_reaches_the_command_once() {
    comes_once(
        libc::SIGINT,
        |run| run,
        |running| running.terminal().press("\x03"),
    );
}

#[test]
fn ctrl_c_reaches_a_command_once_that_reads_from_elsewhere() {
    comes_once(libc::SIGINT, Run::redirected, |running| {
        running.terminal().press("\x03");
    });
}

#[test]
fn ctrl_backslash_reaches_the_command_once() {
    comes_once(
        libc::SIGQUIT,
        |run| run,
        |running| running.terminal().press("\x1c"),
    );
}

#[test]
fn a_new_size_reaches_the_command_once() {
    comes_once(
        libc::SIGWINCH,
        |run| run,
        |running| running.terminal().resize(),
    );
}

#[test]
fn kill_by_a_process_reaches_a_command_on_the_terminal_too() {
    for run in everywhere() {
        let mut running = run.child("listen").spawn();
        running.ready();
        for signal in [
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGTSTP,
            Signal::SIGHUP,
            Signal::SIGTERM,
        ] {
            running.signal(signal);
            let received: Vec<_> = running.settled().iter().map(|one| one.number).collect();
            assert_eq!(received, [signal as i32]);
        }
    }
}

#[test]
fn ctrl_c_ends_us_as_it_ends_the_command() {
    for run in supervisors() {
        let mut running = run.child("idle").spawn();
        running.ready();
        running.terminal().press("\x03");
        running.finish().signal(libc::SIGINT);
    }
    let mut running = Run::with(&[])
        .exec()
        .at(Seat::Foreground)
        .child("idle")
        .spawn();
    running.ready();
    running.terminal().press("\x03");
    running.finish().killed(libc::SIGINT);
}

#[test]
fn ctrl_c_stops_the_script_that_we_are_a_line_of() {
    for run in [Run::with(&[]).exec(), Run::with(&[]).supervised()] {
        let run = run.at(Seat::Foreground);
        let run = run.inside(&["/bin/bash", "-c", "\"$@\"; echo AFTER; exit 0", "bash"]);
        let mut running = run.child("idle").spawn();
        running.ready();
        running.terminal().press("\x03");
        let finished = running.finish().killed(libc::SIGINT);
        assert!(!finished.text().contains("AFTER"), "{finished:?}");
    }
}

#[test]
fn ctrl_c_is_handed_on_to_a_command_that_left_our_group() {
    for habit in ["own-group", "own-session"] {
        for run in supervisors() {
            let mut running = run.child(format!("listen {habit}")).spawn();
            running.ready();
            running.terminal().press("\x03");
            let received = running.received();
            assert_eq!(
                (received.number, received.code),
                (libc::SIGINT, libc::SI_USER)
            );
            assert_eq!(running.settled(), []);
        }
    }
}

#[test]
fn a_hang_up_reaches_the_command_once() {
    let leaders = Run::everywhere().map(|run| run.at(Seat::Leader));
    for run in leaders {
        let mut running = run.child("listen into=log exit=15:11").spawn();
        let log = running.folder().join("log");
        let heard = || {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let events = text
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok());
            events.collect::<Vec<Event>>()
        };
        let count = |signal| {
            let is = |event: &Event| matches!(event, Event::Signal(one) if one.number == signal);
            heard().into_iter().filter(is).count()
        };
        until("the command begins", || (!heard().is_empty()).then_some(()));
        running.hang_up();
        until("the command is told", || {
            (count(libc::SIGHUP) > 0).then_some(())
        });
        running.send(LAST, 1, None);
        until("all is told", || (count(LAST) > 0).then_some(()));
        assert_eq!(count(libc::SIGHUP), 1);
        running.signal(Signal::SIGTERM);
        running.end().status(11);
    }
}

#[test]
fn a_terminal_on_standard_input_that_does_not_control_us_is_a_file_like_others() {
    for run in Run::everywhere() {
        let mut running = run.at(Seat::None).child("read").spawn();
        let place = running.ready();
        assert_eq!(place.foreground, None);
        assert_eq!(place.group, place.pid);
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
fn an_interactive_shell_has_job_control() {
    for run in everywhere() {
        let run = run.variable("PS1", "$ ").variable("TERM", "dumb");
        let words = ["bash", "--norc", "--noprofile", "--noediting", "-i"];
        let mut running = run.command(words).spawn();
        running.terminal().press("echo flags=$-\n");
        let flags = await_line(&mut running, "flags=");
        assert!(flags.contains('m'), "no job control: {flags}");
        running
            .terminal()
            .press("sh -c 'echo begun; exec sleep 30'\n");
        await_line(&mut running, "begun");
        running.terminal().press("\x03");
        running.terminal().press("echo status=$?\n");
        assert_eq!(await_line(&mut running, "status="), "130");
        running.terminal().press("exit 9\n");
        running.finish().status(9);
    }
}

/// What follows `mark` on the line that has it.
#[track_caller]
fn await_line(running: &mut Running, mark: &str) -> String {
    loop {
        if let Some((_, rest)) = running.line().split_once(mark) {
            return rest.to_owned();
        }
    }
}
