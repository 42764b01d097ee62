//! The command's end is ours.

use nix::sys::signal::Signal;

use crate::support::run::Run;

/// Signals that end a process by default, two of the real-time ones included.
const DEADLY: [i32; 27] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 32, 34, 50,
    64,
];

#[test]
fn the_status_of_the_command_is_ours() {
    for code in [
        0, 1, 2, 7, 42, 64, 99, 124, 125, 126, 127, 128, 130, 137, 143, 254, 255,
    ] {
        for run in Run::everywhere() {
            run.sh(&format!("exit {code}")).status(code).silent();
        }
    }
}

#[test]
fn a_command_killed_by_a_signal_ends_us_by_the_same() {
    for signal in DEADLY {
        for run in Run::supervisors() {
            run.child(format!("die {signal}")).signal(signal).silent();
        }
        Run::with(&[])
            .exec()
            .child(format!("die {signal}"))
            .signal(signal);
    }
}

#[test]
fn a_supervisor_of_a_command_that_dumps_core_dumps_none() {
    for run in Run::supervisors() {
        let run = run.stage(|stage| stage.core = true);
        run.child(format!("die {}", libc::SIGABRT))
            .signal(libc::SIGABRT);
    }
}

#[test]
fn sigkill_to_the_command_ends_us_by_sigkill() {
    for run in Run::supervisors() {
        let mut running = run.child("idle").spawn();
        let place = running.ready();
        running.signal_other(place.pid, Signal::SIGKILL);
        running.finish().signal(libc::SIGKILL);
    }
}

#[test]
fn children_of_whom_the_parent_wants_to_know_nothing_are_waited_for_all_the_same() {
    for run in Run::everywhere() {
        let run = run.stage(|stage| stage.ignored = vec![libc::SIGCHLD]);
        run.sh("exit 7").status(7);
    }
    for run in Run::everywhere() {
        run.stage(|stage| stage.no_zombies = true)
            .sh("exit 7")
            .status(7);
    }
}

#[test]
fn a_grandchild_that_holds_standard_output_does_not_hold_us() {
    for run in Run::everywhere() {
        let mut running = run.child("hold").spawn();
        running.ready();
        running.end().status(4);
    }
}

#[test]
fn a_command_that_stops_itself_without_a_terminal_does_not_stop_us() {
    for run in Run::supervisors() {
        let mut running = run.child("stop").spawn();
        let place = running.ready();
        running.await_state(place.pid, 'T');
        // We have seen the stop by now, or see it before this signal.
        running.signal(Signal::SIGCONT);
        running.finish().status(3);
    }
}

#[test]
fn a_command_that_others_continue_goes_on() {
    for run in Run::supervisors() {
        let mut running = run.child("stop").spawn();
        let place = running.ready();
        running.await_state(place.pid, 'T');
        running.signal_other(place.pid, Signal::SIGCONT);
        running.finish().status(3);
    }
}
