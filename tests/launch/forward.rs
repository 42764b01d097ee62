//! Which signals to us reach the command, how often, and with what.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::support::event::{Event, Received};
use crate::support::proc::{self, Process};
use crate::support::run::Run;
use crate::support::signalling::{LAST, kill};
use crate::support::wait::until;

/// Those that a fault raises: they are about the process that gets them.
const FAULTS: [i32; 7] = [
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
    libc::SIGSYS,
];

/// Those that a process can handle, the real-time ones included that libc hides.
fn handled() -> impl Iterator<Item = i32> {
    (1..LAST).filter(|signal| ![libc::SIGKILL, libc::SIGSTOP].contains(signal))
}

fn numbers(received: &[Received]) -> Vec<i32> {
    received.iter().map(|received| received.number).collect()
}

#[test]
fn a_supervisor_forwards_every_signal_once_but_sigchld_and_faults() {
    for run in Run::supervisors() {
        let mut running = run.child("listen").spawn();
        running.ready();
        for signal in handled().filter(|signal| !FAULTS.contains(signal)) {
            running.send(signal, 1, None);
            let wanted = if signal == libc::SIGCHLD {
                vec![]
            } else {
                vec![signal]
            };
            assert_eq!(numbers(&running.settled()), wanted);
        }
    }
}

#[test]
fn a_fault_in_a_supervisor_ends_it_and_the_command() {
    for signal in FAULTS {
        let mut running = Run::with(&[]).supervised().child("listen").spawn();
        let place = running.ready();
        // The standard library's handler forgives the first one of some.
        until("the fault ends us", || {
            running.send(signal, 1, None);
            (!Process::is_alive(running.pid())).then_some(())
        });
        running.end().killed(signal);
        proc::await_end(place.pid);
    }
}

#[test]
fn process_1_and_its_command_are_deaf_to_faults_that_others_send() {
    let mut running = Run::with(&[])
        .supervised()
        .pid_one()
        .child("listen")
        .spawn();
    running.ready();
    for signal in FAULTS {
        running.send(signal, 2, None);
    }
    assert_eq!(running.settled(), []);
}

#[test]
fn nothing_stands_between_a_signal_and_what_we_became() {
    let [place, one] = [(); 2].map(|()| Run::with(&[]).exec());
    for run in [place, one.pid_one()] {
        let mut running = run.child("listen").spawn();
        running.ready();
        for signal in handled() {
            running.send(signal, 1, None);
            assert_eq!(numbers(&running.settled()), [signal]);
        }
    }
}

#[test]
fn a_queued_signal_keeps_its_value() {
    for run in Run::everywhere() {
        let mut running = run.child("listen").spawn();
        running.ready();
        for signal in [libc::SIGUSR1, 34, 40] {
            running.send(signal, 1, Some(0x1234_5678_9abc));
            let received = running.received();
            assert_eq!(
                (received.number, received.value),
                (signal, 0x1234_5678_9abc)
            );
            assert_eq!(received.code, libc::SI_QUEUE);
        }
    }
}

#[test]
fn a_signal_to_our_whole_group_reaches_the_command_once() {
    for run in [Run::with(&[]).exec(), Run::with(&[]).supervised()] {
        let mut running = run.child("listen").spawn();
        running.ready();
        killpg(Pid::from_raw(running.pid()), Signal::SIGTERM).unwrap();
        assert_eq!(numbers(&running.settled()), [libc::SIGTERM]);
    }
}

#[test]
fn a_signal_to_every_process_reaches_the_command_at_most_twice() {
    for run in Run::everywhere() {
        let mut running = run.child("listen").spawn();
        running.ready();
        let ours = |process: &Process| {
            process.pid == running.pid() || process.is_descendant_of(running.pid())
        };
        for process in Process::all().into_iter().filter(ours) {
            kill(process.pid, Signal::SIGTERM);
        }
        let received = numbers(&running.settled());
        assert!(
            matches!(
                received[..],
                [libc::SIGTERM] | [libc::SIGTERM, libc::SIGTERM]
            ),
            "{received:?}"
        );
    }
}

#[test]
fn a_storm_of_signals_loses_none_that_the_kernel_queues() {
    for run in Run::everywhere() {
        let mut running = run.child("listen count exit=15:5").spawn();
        running.ready();
        for _ in 0..3_000 {
            for signal in [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGHUP] {
                running.signal(signal);
            }
        }
        running.send(40, 500, None);
        running.send(LAST, 1, None);
        let Event::Counts { counts } = running.event() else {
            panic!("no counts")
        };
        assert_eq!(counts[&40], 500);
        for signal in [libc::SIGUSR1, libc::SIGUSR2, libc::SIGHUP] {
            assert!(counts[&signal] > 0, "{counts:?}");
        }
        running.signal(Signal::SIGTERM);
        running.finish().status(5);
    }
}

#[test]
fn what_we_say_to_a_standard_error_that_nobody_reads_is_no_signal_to_the_command() {
    for run in Run::supervisors() {
        let run = run
            .argument("-vv")
            .stage(|stage| stage.broken_stderr = true);
        let mut running = run.child("listen").spawn();
        running.ready();
        running.signal(Signal::SIGUSR1);
        assert_eq!(numbers(&running.settled()), [libc::SIGUSR1]);
    }
}

#[test]
fn the_command_may_stop_the_container_by_a_signal_to_process_1() {
    let script = "trap 'exit 7' TERM; kill -TERM 1; while :; do sleep 0.01; done";
    Run::with(&[]).supervised().pid_one().sh(script).status(7);
}
