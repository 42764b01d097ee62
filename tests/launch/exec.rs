//! Who the command is to us: ourselves, or our child.

use crate::support::event::Report;
use crate::support::run::Run;

#[track_caller]
fn report(run: Run) -> Report {
    run.child("report").status(0).report()
}

#[test]
fn becoming_the_command_keeps_the_process() {
    let mut running = Run::with(&[]).exec().child("idle").spawn();
    assert_eq!(running.ready().pid, running.pid());
    let mut running = Run::with(&[]).exec().pid_one().child("idle").spawn();
    assert_eq!(running.ready().pid, 1);
}

#[test]
fn a_supervisor_has_the_command_as_its_child() {
    let mut running = Run::with(&[]).supervised().child("idle").spawn();
    assert_eq!(running.ready().parent, running.pid());
    let mut running = Run::with(&[]).supervised().pid_one().child("idle").spawn();
    assert_eq!(running.ready().parent, 1);
}

#[test]
fn without_a_reason_to_stay_we_become_the_command() {
    let mut running = Run::with(&[]).child("idle").spawn();
    assert_eq!(running.ready().pid, running.pid());
}

#[test]
fn as_process_1_we_stay() {
    let mut running = Run::with(&[]).pid_one().child("idle").spawn();
    assert_eq!(running.ready().parent, 1);
}

const NEED_US: [[&str; 2]; 3] = [
    ["--kill-after", "1m"],
    ["--map-signal", "TERM=QUIT"],
    ["--signal-scope", "group"],
];

#[test]
fn an_option_that_needs_a_supervisor_is_a_reason_to_stay() {
    for words in NEED_US {
        let mut running = Run::with(&words).child("idle").spawn();
        assert_eq!(running.ready().parent, running.pid(), "{words:?}");
    }
}

#[test]
fn what_needs_a_supervisor_cannot_be_had_without_one() {
    for words in NEED_US {
        let run = Run::with(&words).exec().sh("echo started");
        run.failed(2, "usage").stderr_has(words[0]);
    }
}

#[test]
fn the_command_adopts_no_orphans_unless_it_asks_to() {
    for run in Run::everywhere() {
        assert!(!report(run).subreaper);
    }
}

#[test]
fn becoming_the_command_ties_it_to_no_parent() {
    let run = Run::with(&[]).exec().stage(|stage| stage.unguarded = true);
    assert_eq!(report(run).parent_death, 0);
}

#[test]
fn a_supervised_command_dies_with_its_supervisor_unless_told_otherwise() {
    for run in Run::supervisors() {
        assert_eq!(report(run).parent_death, libc::SIGKILL);
    }
    for run in Run::supervisors() {
        assert_eq!(report(run.argument("--no-pdeathsig")).parent_death, 0);
    }
}

#[test]
fn without_a_terminal_a_supervised_command_leads_its_own_group_in_our_session() {
    for run in Run::supervisors() {
        let mut running = run.child("idle").spawn();
        let place = running.ready();
        assert_eq!(place.group, place.pid);
        assert_eq!(place.session, place.parent, "ours is the one we started in");
    }
}

#[test]
fn a_supervisor_has_one_thread() {
    for run in Run::supervisors() {
        let mut running = run.child("idle").spawn();
        running.ready();
        let threads = crate::support::proc::status(running.pid(), "Threads");
        assert_eq!(threads.as_deref(), Some("1"));
    }
}
