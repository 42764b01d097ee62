//! The headline: `phase-run -- npm start`, with the real npm and node.

use nix::sys::signal::Signal;

use super::{over, serve, web_with};
use crate::support::needs;
use crate::support::run::Run;

/// Stops in its own time, and says when it begins to and when it is done.
const SERVER: &str = "
const say = (word) => require('fs').writeSync(1, word + '\\n');
process.on('SIGTERM', () => {
  say('stopping');
  setTimeout(() => { say('stopped'); process.exit(0); }, 300);
});
setInterval(() => {}, 1000);
say('ready ' + process.env.GREETING);
";

fn npm_start(run: Run) -> Run {
    let package = r#"{"name": "app", "private": true, "scripts": {"start": "node server.js"}}"#;
    let run = run.file("package.json", 0o644, package);
    run.file("server.js", 0o644, SERVER)
        .variable("npm_config_update_notifier", "false")
        .command(["npm", "start"])
}

#[track_caller]
fn stops_gracefully(change: impl Fn(Run) -> Run) {
    if !needs::are_there(&["npm", "node"]) {
        return;
    }
    let server = serve(web_with(&[("GREETING", "hello")]));
    let mut running = change(npm_start(over(&server))).spawn();
    while running.line() != "ready hello" {}
    running.signal(Signal::SIGTERM);
    assert_eq!(running.line(), "stopping");
    assert_eq!(running.line(), "stopped");
    running.finish().signal(libc::SIGTERM).silent();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn npm_start_under_a_supervisor_stops_gracefully_the_node_program_included() {
    stops_gracefully(Run::supervised);
}

#[test]
fn npm_start_in_a_container_stops_gracefully_the_node_program_included() {
    stops_gracefully(Run::pid_one);
}

#[test]
fn npm_start_behind_another_word_stops_gracefully_too() {
    for words in [
        &["sh", "-c", "npm start"][..],
        &["env", "A=1", "npm", "start"],
        &["sh", "./entry", "npm", "start"],
    ] {
        stops_gracefully(|run| {
            let run = run.file("entry", 0o755, "exec \"$@\"\n");
            run.command(words).pid_one()
        });
    }
}

#[test]
fn the_log_says_that_the_signals_go_to_the_whole_of_npm() {
    let server = serve(web_with(&[("A", "1")]));
    let script = "#!/bin/sh\nkill -TERM $PPID\nwhile :; do :; done\n";
    for (name, says) in [("npm", true), ("other", false)] {
        let run = over(&server).supervised().file(name, 0o755, script);
        let finished = run.argument("-v").command([&*format!("./{name}"), "start"]);
        let finished = finished.signal(libc::SIGTERM);
        if says {
            finished.stderr_has("SIGTERM goes to the command's whole group: npm");
        } else {
            finished.stderr_lacks("group");
        }
    }
}
