//! Stopping: what a signal to us does to the command, and the options for it.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::event::Event;
use crate::support::proc;
use crate::support::run::{Run, child_program};
use crate::support::signalling::{LAST, kill};

fn numbers(received: &[crate::support::event::Received]) -> Vec<i32> {
    received.iter().map(|received| received.number).collect()
}

#[test]
fn sigterm_ends_a_command_that_does_not_handle_it() {
    for run in Run::supervisors() {
        let mut running = run.child("idle").spawn();
        running.ready();
        running.signal(Signal::SIGTERM);
        running.finish().signal(libc::SIGTERM);
    }
    let mut running = Run::with(&[]).exec().child("idle").spawn();
    running.ready();
    running.signal(Signal::SIGTERM);
    running.finish().killed(libc::SIGTERM);
}

#[test]
fn a_command_that_handles_sigterm_has_the_last_word() {
    let script = "trap 'echo tidy; exit 7' TERM; echo ready; while :; do sleep 0.01; done";
    for run in Run::everywhere() {
        let mut running = run.sh(script).spawn();
        assert_eq!(running.line(), "ready");
        running.signal(Signal::SIGTERM);
        assert_eq!(running.line(), "tidy");
        running.finish().status(7);
    }
}

#[test]
fn nobody_is_killed_for_ignoring_sigterm_and_sigint() {
    for run in Run::everywhere() {
        let mut running = run.child("listen tick=1500").spawn();
        let place = running.ready();
        running.signal(Signal::SIGTERM);
        running.signal(Signal::SIGINT);
        let mut both = [running.received().number, running.received().number];
        both.sort_unstable();
        assert_eq!(both, [libc::SIGINT, libc::SIGTERM]);
        assert_eq!(running.event(), Event::Tick, "it goes on");
        running.signal_other(place.pid, Signal::SIGKILL);
        running.wait();
    }
}

#[test]
fn sigint_and_sigterm_to_a_deaf_command_wait_for_its_end() {
    for run in Run::supervisors() {
        let mut running = run.child("deaf").spawn();
        let place = running.ready();
        running.signal(Signal::SIGTERM);
        running.signal(Signal::SIGINT);
        running.signal_other(place.pid, Signal::SIGKILL);
        running.finish().signal(libc::SIGKILL);
    }
}

#[test]
fn a_signal_that_comes_while_we_are_stopped_arrives_when_we_go_on() {
    for run in Run::everywhere() {
        let mut running = run.child("listen exit=15:7").spawn();
        running.ready();
        running.hold();
        running.signal(Signal::SIGTERM);
        running.release();
        running.finish().status(7);
    }
}

#[test]
fn sigtstp_without_a_terminal_stops_the_command_and_sigcont_continues_it() {
    for run in Run::supervisors() {
        let mut running = run.child("idle").spawn();
        let place = running.ready();
        running.signal(Signal::SIGTSTP);
        running.await_state(place.pid, 'T');
        assert_ne!(running.state(), Some('T'), "nobody would continue us");
        running.signal(Signal::SIGCONT);
        running.await_state(place.pid, 'S');
    }
}

/// The moments are the point here, hence the only pauses of these tests.
#[test]
fn no_sigterm_is_lost_however_early_it_comes() {
    for micros in [0, 200, 500, 1_000, 2_000, 4_000, 8_000, 15_000] {
        for _ in 0..4 {
            for run in [Run::with(&[]).exec(), Run::with(&[]).supervised()] {
                let running = run.command(["sleep", "5"]).spawn();
                std::thread::sleep(Duration::from_micros(micros));
                running.signal(Signal::SIGTERM);
                running.finish().killed(libc::SIGTERM);
            }
        }
    }
}

#[test]
fn a_sigterm_between_fork_and_exec_ends_the_command() {
    for run in Run::supervisors() {
        let run = run.file("slow", 0o755, "#!/bin/sh\nsleep 5\n");
        let lease = format!("lease {}", run.folder().join("slow").display());
        let mut holder = Run::bare().child(lease).spawn();
        holder.ready();
        let running = run.command(["./slow"]).spawn();
        assert_eq!(holder.event(), Event::Opened, "the command hangs in execve");
        running.signal(Signal::SIGTERM);
        running.finish().signal(libc::SIGTERM);
        holder.say("go");
        holder.finish().status(0);
    }
}

#[test]
fn kill_after_kills_a_command_that_does_not_end() {
    for run in Run::supervisors() {
        let mut running = run
            .argument("--kill-after")
            .argument("300ms")
            .child("deaf")
            .spawn();
        running.ready();
        let told = Instant::now();
        running.signal(Signal::SIGTERM);
        running.finish().signal(libc::SIGKILL);
        assert!(
            told.elapsed() >= Duration::from_millis(300),
            "in time, not before"
        );
    }
}

#[test]
fn kill_after_kills_the_group_of_the_command() {
    let script = format!(
        "trap '' TERM; {} deaf & wait; wait",
        child_program().display()
    );
    let run = Run::with(&["--kill-after", "300ms"]).supervised();
    let mut running = run.sh(&script).spawn();
    let place = running.ready();
    running.signal(Signal::SIGTERM);
    running.end().signal(libc::SIGKILL);
    proc::await_end(place.pid);
}

#[test]
fn kill_after_leaves_a_command_alone_that_ends_in_time() {
    for run in Run::supervisors() {
        let run = run.argument("--kill-after").argument("1m");
        let mut running = run.child("listen exit=15:7").spawn();
        running.ready();
        running.signal(Signal::SIGTERM);
        running.finish().status(7);
    }
}

#[test]
fn map_signal_translates() {
    for run in Run::supervisors() {
        let run = run.argument("--map-signal").argument("TERM=QUIT");
        let run = run.argument("--map-signal").argument("HUP=USR1");
        let mut running = run.child("listen").spawn();
        running.ready();
        running.signal(Signal::SIGTERM);
        assert_eq!(numbers(&running.settled()), [libc::SIGQUIT]);
        running.signal(Signal::SIGHUP);
        assert_eq!(numbers(&running.settled()), [libc::SIGUSR1]);
    }
}

#[test]
fn map_signal_to_0_swallows() {
    for run in Run::supervisors() {
        let run = run.argument("--map-signal").argument("TERM=0");
        let mut running = run.child("listen").spawn();
        running.ready();
        running.signal(Signal::SIGTERM);
        assert_eq!(running.settled(), []);
    }
}

/// A command like `npm`: a shell in between that hands nothing on. It says
/// when the last signal has come.
fn deep() -> String {
    format!(
        "trap : TERM INT HUP QUIT; trap 'echo last' {LAST}; {} listen exit={LAST}:0 & wait; wait; wait",
        child_program().display()
    )
}

#[test]
fn with_the_scope_of_the_group_each_process_of_it_gets_the_signal_once() {
    for run in Run::supervisors() {
        let run = run.argument("--signal-scope").argument("group");
        let mut running = run.sh(&deep()).spawn();
        running.ready();
        running.signal(Signal::SIGTERM);
        assert_eq!(numbers(&running.settled()), [libc::SIGTERM]);
        running.wait();
    }
}

#[test]
fn by_default_and_with_the_scope_of_the_child_the_others_get_nothing() {
    for words in [&["--signal-scope", "child"][..], &[]] {
        let mut running = Run::with(words).supervised().sh(&deep()).spawn();
        let place = running.ready();
        running.signal(Signal::SIGTERM);
        running.send(LAST, 1, None);
        assert_eq!(running.line(), "last");
        // A SIGTERM that came before would be told before.
        kill(place.pid, Signal::SIGXCPU);
        assert_eq!(running.received().number, libc::SIGXCPU);
    }
}

#[test]
fn the_program_below_npm_gets_sigterm_once() {
    for name in ["npm", "npx", "pnpm", "pnpx", "yarn", "yarnpkg", "corepack"] {
        let npm = format!("./{name} start");
        for command in [
            vec!["./name", "start"],
            vec!["/usr/bin/env", "A=1", "./name", "start"],
            vec!["/bin/sh", "-c", &npm],
            vec!["/bin/sh", "-c", "./name start; exit"],
            vec!["/bin/sh", "./entry", "./name", "start"],
        ] {
            let run = Run::with(&[]).supervised().pid_one();
            let run = run.file(name, 0o755, format!("#!/bin/sh\n{}\n", deep()));
            let run = run.file("entry", 0o755, "exec \"$@\"\n");
            let words = command.iter().map(|word| word.replace("name", name));
            let mut running = run.command(words).spawn();
            running.ready();
            running.signal(Signal::SIGTERM);
            assert_eq!(running.received().number, libc::SIGTERM, "{command:?}");
        }
    }
}

#[test]
fn a_group_that_does_not_end_is_waited_for_as_long_as_kill_after_says() {
    // The command ends at once, and leaves behind what neither ends nor can be seen to.
    let script = format!(
        "{} deaf & trap 'exit 7' TERM; wait; wait",
        child_program().display()
    );
    let words = ["--signal-scope", "group", "--kill-after", "300ms"];
    let mut running = Run::with(&words).supervised().sh(&script).spawn();
    let place = running.ready();
    let told = Instant::now();
    running.signal(Signal::SIGTERM);
    running.end().status(7);
    assert!(told.elapsed() >= Duration::from_millis(300));
    proc::await_end(place.pid);
}

#[test]
fn without_kill_after_a_group_that_does_not_end_is_left_behind_after_ten_seconds() {
    let script = format!(
        "{} deaf & trap 'exit 7' TERM; wait; wait",
        child_program().display()
    );
    let run = Run::with(&["--signal-scope", "group", "-v"]).supervised();
    let mut running = run.sh(&script).spawn();
    let place = running.ready();
    let told = Instant::now();
    running.signal(Signal::SIGTERM);
    let finished = running.end();
    finished.status(7).stderr_has("left behind");
    assert!(told.elapsed() >= Duration::from_secs(10));
    kill(place.pid, Signal::SIGKILL);
}
