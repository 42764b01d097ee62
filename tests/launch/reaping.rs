//! Orphans: a supervisor adopts and reaps them, and none of them holds it.

use nix::sys::signal::Signal;

use crate::support::event::Event;
use crate::support::proc::{self, Process};
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::wait::until;

#[track_caller]
fn orphan(running: &mut Running) -> (i32, i32) {
    match running.event() {
        Event::Orphan { pid, parent } => (pid, parent),
        other => panic!("no orphan, but {other:?}"),
    }
}

#[test]
fn an_orphan_is_adopted_and_reaped() {
    for run in Run::supervisors() {
        let mut running = run.child("orphan").spawn();
        let (_, parent) = orphan(&mut running);
        assert_eq!(running.outer(parent), running.pid());
        until("the orphan is reaped", || {
            (running.zombies() == 0).then_some(())
        });
        running.say("end");
        running.finish().status(5);
    }
}

#[test]
fn becoming_the_command_adopts_nobody() {
    let mut running = Run::with(&[]).exec().child("orphan").spawn();
    let (_, parent) = orphan(&mut running);
    assert_ne!(parent, running.pid());
    running.say("end");
    running.finish().status(5);
}

#[test]
fn two_thousand_orphans_leave_no_zombie() {
    for run in Run::supervisors() {
        let mut running = run.child("orphans 2000").spawn();
        assert_eq!(running.event(), Event::Spawned);
        until("all orphans are reaped", || {
            (running.zombies() == 0).then_some(())
        });
        running.say("end");
        running.finish().status(6);
    }
}

#[test]
fn an_orphan_that_ends_with_the_command_does_not_lend_us_its_status() {
    for _ in 0..20 {
        for run in Run::supervisors() {
            let mut running = run.child("together").spawn();
            orphan(&mut running);
            running.hold();
            running.close_input();
            until("both have ended", || (running.zombies() == 2).then_some(()));
            running.release();
            running.finish().status(9);
        }
    }
}

#[test]
fn daemons_that_the_command_leaves_behind_live_on_and_get_no_signal() {
    let mut running = Run::with(&[]).supervised().child("leave").spawn();
    let daemons = [running.ready().pid, running.ready().pid];
    assert_eq!(running.event(), Event::Spawned);
    running.signal(Signal::SIGTERM);
    assert_eq!(running.wait().code(), Some(0));
    assert!(daemons.into_iter().all(Process::is_alive));
    running.close_input();
    // They would tell of a signal before they end.
    let finished = running.finish();
    assert!(!finished.text().contains("signal"), "{finished:?}");
}

#[test]
fn process_1_leaves_nobody_behind() {
    for run in [Run::with(&[]).supervised(), Run::with(&[]).exec()] {
        let mut running = run.pid_one().child("leave").spawn();
        let daemons = [running.ready().pid, running.ready().pid].map(|pid| running.outer(pid));
        assert_eq!(running.event(), Event::Spawned);
        running.signal(Signal::SIGTERM);
        assert_eq!(running.wait().code(), Some(0));
        for pid in daemons {
            proc::await_end(pid);
        }
    }
}

#[test]
fn a_command_that_becomes_a_daemon_ends_us_with_its_first_process() {
    for run in Run::everywhere() {
        let mut running = run.sh("(read line; exit 3) <&0 & exit 0").spawn();
        running.end().status(0);
    }
}
