//! Signals while the secrets are being fetched: there is no command yet.

use nix::sys::signal::Signal;

use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::stage::Seat;
use crate::support::store::{Store, silent};
use crate::support::wait::until;

/// The fetch takes longer than any of these tests.
fn slow_fetch(run: Run) -> Run {
    run.store(Store::Phase(silent()))
}

/// Waits until the fetch is under way: the process sleeps.
fn fetching(running: &Running) {
    until("the fetch begins", || {
        (running.state() == Some('S')).then_some(())
    });
}

#[test]
fn a_polite_signal_ends_us_at_once() {
    for signal in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
    ] {
        for run in Run::everywhere() {
            let running = slow_fetch(run).sh("echo started").spawn();
            fetching(&running);
            running.signal(signal);
            running.finish().stdout("").signal(signal as i32);
        }
    }
}

#[test]
fn a_hang_up_that_nohup_ignores_stays_ignored() {
    for run in Run::everywhere() {
        let run = slow_fetch(run).stage(|stage| stage.ignored = vec![libc::SIGHUP]);
        let running = run.sh("echo started").spawn();
        fetching(&running);
        running.signal(Signal::SIGHUP);
        running.signal(Signal::SIGTERM);
        running.finish().stdout("").signal(libc::SIGTERM);
    }
}

#[test]
fn ctrl_z_and_fg_work_and_ctrl_c_ends_us() {
    for run in [Run::with(&[]).exec(), Run::with(&[]).supervised()] {
        let mut running = slow_fetch(run)
            .at(Seat::Foreground)
            .sh("echo started")
            .spawn();
        fetching(&running);
        running.terminal().press("\x1a");
        assert_eq!(running.stopped(), libc::SIGTSTP);
        running.fg();
        until("fg continues us", || {
            (running.state() != Some('T')).then_some(())
        });
        running.terminal().press("\x03");
        running.finish().stdout("").signal(libc::SIGINT);
    }
}

/// Whoever looks up a name reads this file first.
fn endless_lookup(run: Run) -> Run {
    let run = run.store(Store::Phase("http://phase.invalid".into()));
    run.stage(|stage| stage.pipes = vec!["/etc/hosts".into()])
}

#[test]
fn a_lookup_that_never_ends_holds_nobody() {
    for run in [Run::with(&[]).exec(), Run::with(&[]).supervised()] {
        let run = endless_lookup(run.pid_one()).arguments(&["--timeout", "300ms"]);
        let finished = run.sh("echo started").failed(125, "timeout");
        finished.stderr_has("phase.invalid");
    }
    for run in [Run::with(&[]).exec(), Run::with(&[]).supervised()] {
        let running = endless_lookup(run.pid_one()).sh("echo started").spawn();
        fetching(&running);
        running.signal(Signal::SIGTERM);
        running.finish().stdout("").signal(libc::SIGTERM);
    }
}
