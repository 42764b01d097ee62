//! What becomes of answers that are late, broken, too large, or somebody else's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use phase_run::ErrorKind::{Protocol, Throttled, Timeout, TooLarge, Unreachable};

use super::{ID, all_text, client, failure, names, recorded, scope, wait};
use crate::support::server::{Refusing, Reply, Server};

/// Enough for anything that should not have to wait.
const LONG: Duration = Duration::from_secs(30);

/// Short, for what waits until the end.
const SHORT: Duration = Duration::from_secs(2);

const MEGABYTE: usize = 1 << 20;

/// A server that gives `replies` in turn, the last one again and again.
fn in_turn(replies: Vec<Reply>) -> Server {
    let turn = AtomicUsize::new(0);
    Server::start(move |_| {
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        replies[turn.min(replies.len() - 1)].clone()
    })
}

#[test]
fn a_refused_connection_names_server_and_cause() {
    let port = Refusing::port();
    let error = failure(&port.url(), SHORT);
    assert_eq!(error.kind(), Unreachable);
    assert_eq!(
        error.to_string(),
        format!("cannot reach {}", &port.url()["http://".len()..])
    );
    assert!(all_text(&error).contains("connection refused"), "{error:?}");
    assert!(error.advice().unwrap().contains("--host"));
}

#[test]
fn a_fault_that_passes_is_not_noticed() {
    let broken = [
        Reply::reset(),
        Reply::json(500, r#"{"error": "Internal server error."}"#),
        Reply::typed(502, "text/html", "<html>bad gateway</html>"),
        Reply::json(503, ""),
        Reply::json(504, "").header("Retry-After", "0"),
        Reply::json(429, "").header("Retry-After", "0"),
        recorded("root folder").truncated(100),
    ];
    for fault in broken {
        let server = in_turn(vec![fault.clone(), fault.clone(), recorded("root folder")]);
        let secrets = wait(client(&server.url()).list(&scope()));
        assert!(names(&secrets).contains(&"EMPTY"), "{fault:?}");
        assert_eq!(server.requests().len(), 3, "{fault:?}");
    }
}

#[test]
fn a_connection_that_is_always_reset_is_unreachable() {
    let server = Server::always(Reply::reset());
    let error = failure(&server.url(), SHORT);
    assert_eq!(error.kind(), Unreachable);
    assert!(error.to_string().contains("broke"), "{error:?}");
    assert!(server.requests().len() > 1);
}

#[test]
fn a_server_that_hangs_is_given_up_at_the_deadline_and_named() {
    let server = Server::always(Reply::hang());
    let start = Instant::now();
    let error = failure(&server.url(), SHORT);
    assert!(start.elapsed() >= SHORT);
    server.wait_for(1);
    assert_eq!(error.kind(), Timeout);
    assert!(
        error.to_string().contains(&server.url()["http://".len()..]),
        "{error}"
    );
}

#[test]
fn a_body_that_drips_is_given_up_at_the_deadline() {
    let server = Server::always(recorded("root folder").dripping());
    assert_eq!(failure(&server.url(), SHORT).kind(), Timeout);
}

#[test]
fn a_timeout_tells_what_went_wrong_before() {
    let server = in_turn(vec![Reply::json(503, ""), Reply::hang()]);
    let error = failure(&server.url(), SHORT * 3);
    assert_eq!(error.kind(), Timeout);
    assert!(all_text(&error).contains("status 503"), "{error:?}");
}

#[test]
fn no_time_at_all_is_a_timeout() {
    let server = Server::always(recorded("none"));
    assert_eq!(failure(&server.url(), Duration::ZERO).kind(), Timeout);
}

#[test]
fn an_answer_that_always_breaks_off_is_unreachable_and_says_where() {
    let server = Server::always(recorded("root folder").truncated(100));
    let error = failure(&server.url(), SHORT);
    assert_eq!(error.kind(), Unreachable);
    assert!(
        error.to_string().contains("broke off after 100 bytes"),
        "{error}"
    );
}

#[test]
fn an_answer_that_announces_too_little_ends_in_the_middle() {
    let server = Server::always(recorded("root folder").header("Content-Length", "100"));
    let error = failure(&server.url(), LONG);
    assert_eq!(error.kind(), Protocol);
    assert!(error.to_string().contains("ends in the middle"), "{error}");
}

#[test]
fn retry_after_is_waited_for() {
    let throttled = Reply::json(429, "").header("Retry-After", "1");
    let server = in_turn(vec![throttled, recorded("none")]);
    let start = Instant::now();
    wait(client(&server.url()).list(&scope())).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn retry_after_beyond_the_deadline_fails_at_once_and_says_when_to_come_back() {
    for (when, said) in [
        ("3600", "try again in 3600 s"),
        (
            "18446744073709551615",
            "try again in 18446744073709551615 s",
        ),
        ("Fri, 01 Jan 2100 00:00:00 GMT", "try again in "),
    ] {
        let server = Server::always(Reply::json(429, "").header("Retry-After", when));
        let start = Instant::now();
        let error = failure(&server.url(), LONG * 20);
        assert!(start.elapsed() < LONG);
        assert_eq!(error.kind(), Throttled);
        assert!(error.advice().unwrap().starts_with(said), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::always(Reply::json(503, "").header("Retry-After", "3600"));
    assert_eq!(failure(&server.url(), LONG * 20).kind(), Unreachable);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_page_instead_of_json_names_the_path_and_who_may_have_answered() {
    for content_type in ["text/html; charset=utf-8", "text/plain", ""] {
        let server = Server::always(Reply::typed(200, content_type, "<html>Sign in</html>"));
        let error = failure(&server.url(), LONG);
        assert_eq!(error.kind(), Protocol);
        let url = format!("GET {}/service/public/v1/secrets/ answered", server.url());
        assert!(error.to_string().contains(&url), "{error}");
        assert!(!all_text(&error).contains("app_id"), "{error:?}");
        assert!(
            error.advice().unwrap().contains("a proxy or an ingress"),
            "{error:?}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn json_of_another_shape_says_where_and_shows_no_value() {
    for body in [
        r#"[{"id": "1", "key": "A", "value": {"hunter2": "hunter2"}}]"#,
        r#"[{"id": "1", "key": "A", "value": "v", "version": "hunter2"}]"#,
        r#"[{"id": "1", "key": "A"}]"#,
        r#"[{"id": "1", "key": "A", "value": "hunter2", "path": "/a\nb"}]"#,
        r#"{"hunter2": "hunter2"}"#,
        "\"hunter2\"",
        r#"["hunter2"]"#,
        r#"[{"key": "hunter2"#,
        "[hunter2]",
        "null",
        "",
    ] {
        let server = Server::always(Reply::json(200, body));
        let error = failure(&server.url(), LONG);
        assert_eq!(error.kind(), Protocol, "{body}");
        assert!(!all_text(&error).contains("hunter2"), "{body}: {error:?}");
        assert_eq!(server.requests().len(), 1, "{body}");
    }
    let nested = "[".repeat(100_000);
    assert_eq!(
        failure(&Server::always(Reply::json(200, nested)).url(), LONG).kind(),
        Protocol
    );
}

#[test]
fn a_body_over_the_limit_is_not_read_whole() {
    let huge = Reply::json(200, vec![b' '; MEGABYTE]).repeated(100);
    let packed = huge.clone().gzip();
    // More than there can be memory for.
    let said = Reply::json(200, "[]").header("Content-Length", "10000000000000000000");
    for reply in [huge, packed, said] {
        let server = Server::always(reply);
        let error = failure(&server.url(), LONG);
        assert_eq!(error.kind(), TooLarge);
        assert!(error.to_string().contains("64 MiB"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_body_just_below_the_limit_is_read() {
    let server = Server::start(|_| {
        let mut body = vec![b' '; 64 * MEGABYTE - 2];
        body.extend_from_slice(b"[]");
        Reply::json(200, body)
    });
    let secrets = wait(client(&server.url()).timeout(LONG * 4).list(&scope()));
    assert!(secrets.unwrap().is_empty());
}

#[test]
fn a_broken_gzip_stream_is_no_answer() {
    let server = Server::always(Reply::json(200, "[]").header("Content-Encoding", "gzip"));
    assert_eq!(failure(&server.url(), SHORT).kind(), Unreachable);
}

#[test]
fn a_redirect_to_another_server_is_refused_and_the_token_stays_here() {
    let other = Server::always(recorded("none"));
    let https = other.url().replace("http://", "https://");
    for target in [
        other.url(),
        https,
        other.url().replace("127.0.0.1", "localhost"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let to = format!("{target}/service/public/v1/secrets/?token={ID}");
            let server = Server::always(Reply::redirect(status, &to));
            let error = failure(&server.url(), LONG);
            assert_eq!(error.kind(), Protocol);
            let message = error.to_string();
            assert!(
                message.contains(&format!("{} redirects to {target}", server.url())),
                "{message}"
            );
            assert!(!all_text(&error).contains(ID), "{error:?}");
        }
    }
    assert_eq!(other.connections(), 0);
}

#[test]
fn a_redirect_that_stays_is_followed_for_a_while() {
    let server = Server::start(|request| match request.path.as_str() {
        "/moved/" => recorded("root folder"),
        _ => Reply::redirect(308, "/moved/?a=b"),
    });
    assert!(names(&wait(client(&server.url()).list(&scope()))).contains(&"EMPTY"));
    assert_eq!(server.requests().len(), 2);
    assert!(server.requests()[1].header("authorization").is_some());

    let server = Server::always(Reply::redirect(302, "/again/"));
    let error = failure(&server.url(), LONG);
    assert_eq!(error.kind(), Protocol);
    assert!(error.to_string().contains("more than 5 times"), "{error}");

    let server = Server::always(Reply::json(302, ""));
    assert!(
        failure(&server.url(), LONG)
            .to_string()
            .ends_with("redirects to nowhere")
    );
}
