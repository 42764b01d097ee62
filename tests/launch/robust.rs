//! What happens to the others when we are killed, and to us in poor places.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::event::Event;
use crate::support::finished::Finished;
use crate::support::proc;
use crate::support::run::Run;
use crate::support::signalling::kill;
use crate::support::stage::Seat;
use crate::support::store::Store;
use crate::support::wait::until;

#[test]
fn the_command_dies_with_its_supervisor() {
    let mut running = Run::with(&[]).supervised().child("listen").spawn();
    let place = running.ready();
    running.signal(Signal::SIGKILL);
    running.end().killed(libc::SIGKILL);
    proc::await_end(place.pid);
}

#[test]
fn the_command_outlives_its_supervisor_where_we_are_told_so() {
    let mut running = Run::with(&["--no-pdeathsig"])
        .supervised()
        .child("listen")
        .spawn();
    let place = running.ready();
    running.signal(Signal::SIGKILL);
    running.end().killed(libc::SIGKILL);
    kill(place.pid, Signal::SIGUSR1);
    assert_eq!(running.received().number, libc::SIGUSR1);
    kill(place.pid, Signal::SIGKILL);
}

#[test]
fn nobody_outlives_process_1() {
    for run in [Run::with(&[]).supervised(), Run::with(&[]).exec()] {
        let mut running = run.pid_one().sh("sleep 30 & echo $!; wait").spawn();
        let inner = running.line().parse().unwrap();
        let outer = running.outer(inner);
        running.signal(Signal::SIGKILL);
        running.finish().killed(libc::SIGKILL);
        running_is_over(outer);
    }
}

#[track_caller]
fn running_is_over(pid: i32) {
    assert!(
        !proc::Process::is_alive(pid),
        "process {pid} is still there"
    );
}

#[test]
fn a_standard_error_that_nobody_reads_changes_no_status() {
    for run in Run::everywhere() {
        run.stage(|stage| stage.broken_stderr = true)
            .sh("exit 7")
            .status(7);
    }
    for run in Run::everywhere() {
        let run = run.stage(|stage| stage.broken_stderr = true);
        run.command(["no-such-command-xyz"]).status(127).stdout("");
    }
}

#[test]
fn a_standard_error_that_is_closed_changes_no_status() {
    for run in Run::everywhere() {
        run.stage(|stage| stage.closed = vec![2])
            .sh("exit 7")
            .status(7);
    }
    for run in Run::everywhere() {
        let run = run.stage(|stage| stage.closed = vec![2]);
        run.command(["no-such-command-xyz"]).status(127).stdout("");
    }
}

/// A system call that fails ends a supervisor with a message, before the command starts.
#[track_caller]
fn fails(refused: &[(i64, i32)]) {
    for run in Run::supervisors() {
        let run = run.stage(|stage| stage.refused = refused.to_vec());
        let finished = run.sh("echo started").status(125).stdout("");
        finished.stderr_has("phase-run: error[system]: ");
    }
}

#[test]
fn a_kernel_without_signalfd_is_a_system_error() {
    fails(&[(libc::SYS_signalfd4, libc::ENOSYS)]);
}

/// Nothing can be started, neither a process nor a thread.
fn no_more_processes() -> Vec<(i64, i32)> {
    let mut calls = vec![libc::SYS_clone, libc::SYS_clone3];
    #[cfg(target_arch = "x86_64")]
    calls.extend([libc::SYS_fork, libc::SYS_vfork]);
    calls.into_iter().map(|call| (call, libc::EAGAIN)).collect()
}

#[test]
fn too_many_processes_are_a_system_error() {
    fails(&no_more_processes());
}

/// The one that can be had: the runtime panics where it gets no thread to look
/// up a name in.
#[test]
fn a_bug_is_told_with_its_place_and_has_a_status_of_its_own() {
    for run in Run::everywhere() {
        let run = run.store(Store::Phase("http://localhost:9".into()));
        let run = run.stage(|stage| stage.refused = no_more_processes());
        let finished = run.sh("echo started").failed(125, "internal");
        finished.stderr_has(".rs:").stderr_has("please report it");
    }
    let run = Run::with(&["--log-format", "json", "--sysexits"]);
    let run = run.store(Store::Phase("http://localhost:9".into()));
    let run = run.stage(|stage| stage.refused = no_more_processes());
    let finished = run.sh("echo started").status(70).stdout("");
    let line: serde_json::Value = serde_json::from_str(&finished.errors()).unwrap();
    assert_eq!(line["reason"], "internal");
}

#[test]
fn too_many_open_files_are_a_system_error() {
    fails(&[(libc::SYS_signalfd4, libc::EMFILE)]);
    fails(&[(libc::SYS_pipe2, libc::EMFILE)]);
}

#[test]
fn proc_is_not_needed() {
    for run in [Run::with(&[]).supervised(), Run::with(&[]).exec()] {
        let run = run
            .pid_one()
            .stage(|stage| stage.hidden = vec!["/proc".into()]);
        run.sh("[ ! -e /proc/self ] && exit 7").status(7);
    }
}

#[test]
fn a_terminal_device_is_not_needed() {
    for run in [Run::with(&[]).supervised(), Run::with(&[]).exec()] {
        let run = run.pid_one().at(Seat::Leader);
        let run = run.stage(|stage| stage.hidden = vec!["/dev/tty".into()]);
        run.sh("exit 7").status(7);
    }
}

#[test]
fn a_supervisor_dumps_no_core() {
    let run = Run::with(&[]).supervised().stage(|stage| stage.core = true);
    let mut running = run.child("listen").spawn();
    running.ready();
    running.signal(Signal::SIGABRT);
    running.end().killed(libc::SIGABRT);
}

/// A lease on a file is given only where nobody has it open.
#[test]
fn a_descriptor_that_the_command_closes_is_held_by_nobody() {
    for run in Run::supervisors() {
        let file = run.folder().join("inherited");
        let opened = file.clone();
        let run = run
            .file("inherited", 0o644, "")
            .stage(|stage| stage.opened = vec![(7, opened)]);
        let mut running = run.sh("exec 7<&-; echo closed; read end").spawn();
        assert_eq!(running.line(), "closed");
        until("we close it too", || {
            let lease = format!("lease {}", file.display());
            let answer = Run::bare().child(lease).spawn().event();
            matches!(answer, Event::Ready(_)).then_some(())
        });
    }
}

#[test]
fn a_supervisor_with_nothing_to_do_does_nothing() {
    for run in Run::supervisors() {
        let mut running = run.child("listen tick=1500").spawn();
        running.ready();
        let switches = || {
            let count = |name| proc::status(running.pid(), name)?.parse::<u64>().ok();
            count("voluntary_ctxt_switches")
        };
        // Its child has begun; let it do the last of what that means to it.
        until("it sleeps", || (running.state() == Some('S')).then_some(()));
        let before = switches().unwrap();
        assert_eq!(running.event(), Event::Tick);
        let count = |name| proc::status(running.pid(), name)?.parse::<u64>().ok();
        let after = count("voluntary_ctxt_switches").unwrap();
        assert!(after - before <= 1, "{} wake-ups", after - before);
    }
}

#[test]
fn a_supervisor_is_small() {
    let mut running = Run::with(&[]).supervised().child("idle").spawn();
    running.ready();
    let text = proc::status(running.pid(), "RssAnon").unwrap();
    let kibibytes: u32 = text.trim_end_matches(" kB").parse().unwrap();
    assert!(kibibytes < 6 * 1024, "{text}");
}

/// The contract is 10 ms; a slow machine that is busy gets 25 times that.
#[test]
fn we_add_little_to_the_time_that_a_command_takes() {
    let median = |run: fn() -> Run| {
        let mut times: Vec<_> = (0..9).map(|_| time(run())).collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let bare = median(Run::bare);
    let limit = bare + Duration::from_millis(250);
    let exec = median(|| Run::with(&[]).exec());
    let supervised = median(|| Run::with(&[]).supervised());
    assert!(
        exec < limit && supervised < limit,
        "{bare:?} {exec:?} {supervised:?}"
    );
}

fn time(run: Run) -> Duration {
    let start = Instant::now();
    let _: Finished = run.command(["/bin/true"]).status(0);
    start.elapsed()
}
