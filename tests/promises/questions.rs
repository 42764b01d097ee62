//! Values that are typed at a terminal, and what else may come there.

use nix::sys::signal::Signal;

use super::Desk;
use crate::support::proc::Process;
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::signalling::kill;
use crate::support::stage::Seat;
use crate::support::wait::until;

/// On a terminal that shows what is typed, as every terminal does at first.
fn at_a_terminal(run: Run) -> Run {
    let show = ["/bin/sh", "-c", "stty echo && exec \"$@\"", "sh"];
    run.at(Seat::Leader).inside(&show)
}

/// Answers `question`, and checks that nobody could have read the answer.
#[track_caller]
fn answer(running: &Running, question: &str, text: &str) {
    running.await_text(question);
    assert!(!running.terminal().echoes(), "typed ahead, it would show");
    running.terminal().press(&format!("{text}\n"));
}

#[test]
fn a_value_that_is_typed_is_not_shown() {
    let desk = Desk::new();
    let running = at_a_terminal(desk.secrets(&["create", "A"])).spawn();
    answer(&running, "Value of A: ", "hunter2 \u{e9}");
    let finished = running.finish().status(0);
    assert!(!finished.text().contains("hunter2"), "{finished:?}");
    desk.has("A", "hunter2 \u{e9}");
}

#[test]
fn ctrl_c_at_a_question_ends_us_and_the_terminal_shows_again_what_is_typed() {
    let desk = Desk::new();
    let script = "stty echo; \"$@\"; echo \"status $?\"; stty -a; :";
    let run = desk.secrets(&["create", "A"]).at(Seat::Leader);
    let mut running = run.inside(&["/bin/bash", "-c", script, "bash"]).spawn();
    running.await_text("Value of A: ");
    running.terminal().press("\x03");
    while running.line() != "status 130" {}
    until("the settings come", || {
        running.line().contains(" echo ").then_some(())
    });
    running.finish();
    desk.secrets(&["get", "A"]).failed(125, "missing");
}

/// The signals that ask a program to end.
const ENDING: [Signal; 4] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
];

#[test]
fn a_signal_at_a_question_ends_us() {
    let desk = Desk::new();
    for signal in ENDING {
        let create = || at_a_terminal(desk.secrets(&["create", "A"]));
        for run in [create(), create().pid_one()] {
            let running = run.spawn();
            running.await_text("Value of A: ");
            running.signal(signal);
            running.finish().signal(signal as i32);
        }
    }
    desk.secrets(&["get", "A"]).failed(125, "missing");
}

#[test]
fn after_a_signal_at_a_question_the_terminal_shows_again_what_is_typed() {
    let desk = Desk::new();
    // The leader of the session outlives us: its end would set the terminal right, too.
    let script = "stty echo; before=$(stty -g); \"$@\"; echo \"status $?\"
        [ \"$(stty -g)\" = \"$before\" ] && echo as before; :";
    for signal in ENDING {
        let run = desk.secrets(&["create", "A"]).at(Seat::Leader);
        let mut running = run.inside(&["/bin/bash", "-c", script, "bash"]).spawn();
        running.await_text("Value of A: ");
        let leader = running.pid();
        let ours = |process: &Process| process.parent == leader;
        let asking = Process::all().into_iter().find(ours).unwrap();
        assert!(!running.terminal().echoes());
        kill(asking.pid, signal);
        while running.line() != format!("status {}", 128 + signal as i32) {}
        assert_eq!(running.line(), "as before");
        running.finish().status(0);
    }
}

#[test]
fn a_signal_that_is_ignored_leaves_the_question_open() {
    let desk = Desk::new();
    let run = at_a_terminal(desk.secrets(&["create", "A"]));
    let ignored = vec![libc::SIGHUP];
    let running = run.stage(|stage| stage.ignored = ignored).spawn();
    running.await_text("Value of A: ");
    running.signal(Signal::SIGHUP);
    // One that waits to end us would come before any key.
    answer(&running, "Value of A: ", "typed");
    running.finish().status(0);
    desk.has("A", "typed");
}

const KEY: &str = "-----BEGIN KEY-----\nabcdef\n\n-----END KEY-----\n";

/// A question of a terminal of this kind, in a shell that goes on reading afterwards.
fn asked(desk: &Desk, kind: &str) -> Running {
    let script = "stty echo; before=$(stty -g); \"$@\"; echo \"status $?\"
        [ \"$(stty -g)\" = \"$before\" ] && echo as before
        read -r rest; echo \"rest: $rest.\"";
    let run = desk.secrets(&["create", "A"]).at(Seat::Leader);
    let run = run.variable("TERM", kind);
    let running = run.inside(&["/bin/bash", "-c", script, "bash"]).spawn();
    running.await_text("Value of A: ");
    running
}

/// What the shell gets to read of what was pasted: nothing.
fn is_left_nothing(mut running: Running) {
    while !running.line().ends_with("status 0") {}
    assert_eq!(running.line(), "as before");
    running.terminal().press("typed\n");
    let text = running.finish().text();
    assert!(text.contains("rest: typed."), "{text:?}");
    assert!(!text.contains("abcdef"), "{text:?}");
}

#[test]
fn a_pasted_key_is_stored_whole_and_nothing_of_it_reaches_the_shell() {
    for end in ["\r", "\n", "\r\n"] {
        let desk = Desk::new();
        let running = asked(&desk, "xterm");
        running.await_text("\x1b[?2004h");
        let pasted = KEY.replace('\n', end);
        let rest = "abcdef\r".repeat(200);
        let keys = format!("\x1b[200~{pasted}\x1b[201~\r{rest}");
        running.terminal().press(&keys);
        running.await_text("\x1b[?2004l");
        is_left_nothing(running);
        desk.has("A", KEY);
    }
}

#[test]
fn a_paste_of_an_old_terminal_is_stored_whole_and_nothing_of_it_reaches_the_shell() {
    let desk = Desk::new();
    let running = asked(&desk, "dumb");
    running.terminal().press(&KEY.replace('\n', "\r"));
    is_left_nothing(running);
    desk.has("A", KEY);
}

#[test]
fn cursor_keys_are_no_part_of_a_value() {
    let desk = Desk::new();
    let running = asked(&desk, "xterm");
    let keys = "hunter\x1b[D\x1b[3~\x1bOA\x1b[1;5C23\x7f\r";
    running.terminal().press(keys);
    is_left_nothing(running);
    desk.has("A", "hunter2");
}

#[test]
fn a_signal_leaves_a_terminal_that_marks_no_pastes() {
    let desk = Desk::new();
    let run = at_a_terminal(desk.secrets(&["create", "A"])).variable("TERM", "xterm");
    let running = run.spawn();
    running.await_text("\x1b[?2004h");
    running.signal(Signal::SIGTERM);
    let finished = running.finish().killed(Signal::SIGTERM as i32);
    assert!(finished.text().contains("\x1b[?2004l"), "{finished:?}");
}
