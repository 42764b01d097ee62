//! What is said while a server is waited for.

use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::over;
use crate::support::run::Run;
use crate::support::server::{Reply, Server};
use crate::support::stage::Seat;
use crate::support::store::Store;

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:1";

fn nobody() -> Run {
    Run::with(&[]).store(Store::Phase(NOBODY.to_owned()))
}

/// Fails `count` times, and has no secrets then.
fn failing_at_first(count: usize) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |_| {
        if asked.fetch_add(1, Ordering::Relaxed) < count {
            Reply::json(503, "{}")
        } else {
            Reply::json(200, "[]")
        }
    })
}

#[test]
fn somebody_at_a_terminal_is_told_what_is_waited_for_on_a_line_that_is_erased() {
    // No attempt is waited for longer than 5 s: two seconds pass before it is over.
    let run = nobody().arguments(&["--timeout", "8s"]).at(Seat::Leader);
    let text = run.sh("echo started").spawn().finish().text();
    let said = "\rphase-run: still trying 127.0.0.1:1: connection refused";
    assert!(text.contains(said), "{text:?}");
    let (_, after) = text.rsplit_once("\r\x1b[K").expect("the line is erased");
    assert!(after.contains("error[unreachable]:"), "{after:?}");
}

#[test]
fn where_nobody_looks_nothing_is_said_until_the_time_is_over() {
    let run = nobody().arguments(&["--timeout", "3s"]);
    let finished = run.sh("echo started").failed(125, "unreachable");
    finished.stderr_lacks("still").stderr_lacks("\x1b");
    for words in [&["-q"][..], &["--log-format", "json"]] {
        let run = nobody().arguments(words).arguments(&["--timeout", "3s"]);
        let text = run
            .at(Seat::Leader)
            .sh("echo started")
            .spawn()
            .finish()
            .text();
        assert!(!text.contains("still"), "{text:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_given_up_after_ten_seconds_at_a_terminal() {
    let begun = Instant::now();
    let run = nobody().at(Seat::Leader);
    let text = run.sh("echo started").spawn().finish().text();
    assert!(text.contains("error[unreachable]:"), "{text:?}");
    let seconds = begun.elapsed().as_secs();
    assert!((5..20).contains(&seconds), "{seconds}");
}

/// What the service manager is told during a run.
fn told(server: &Server) -> String {
    let run = over(server).argument("--allow-empty");
    let socket = run.folder().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    run.variable("NOTIFY_SOCKET", &socket)
        .command(["true"])
        .status(0);
    manager.set_nonblocking(true).unwrap();
    let mut text = String::new();
    let mut message = [0; 512];
    while let Ok(length) = manager.recv(&mut message) {
        text += &String::from_utf8_lossy(&message[..length]);
        text.push('\n');
    }
    text
}

#[test]
fn a_service_manager_is_asked_for_more_time_when_an_attempt_has_failed_and_not_before() {
    let text = told(&failing_at_first(0));
    assert_eq!(text, "STATUS=phase-run: fetching secrets\n");
    let text = told(&failing_at_first(2));
    let times = text
        .lines()
        .filter_map(|line| line.strip_prefix("EXTEND_TIMEOUT_USEC="));
    let times: Vec<u64> = times.map(|time| time.parse().unwrap()).collect();
    // Each time a connection's ten seconds, and the wait before them.
    assert_eq!(times.len(), 2, "{text}");
    let bounds = 10_000_000..16_000_000;
    assert!(times.iter().all(|time| bounds.contains(time)), "{text}");
}
