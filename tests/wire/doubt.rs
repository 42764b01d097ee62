//! Changes that fail on the way: they are never made twice.

use std::time::Duration;

use phase_run::ErrorKind::{Protocol, Throttled, Unreachable};
use phase_run::{Change, Connection, Folder};

use super::{all_text, client_of, new, place, value, wait};
use crate::support::server::{Reply, Server};

/// A server that knows one secret, and does `reply` to every change.
fn spoiling(reply: Reply) -> Server {
    Server::start(move |request| match (&*request.method, &*request.path) {
        ("GET", "/service/public/v1/apps/") => {
            Reply::json(200, r#"{"data": [{"id": "id-web", "name": "web"}]}"#)
        }
        ("GET", _) => Reply::json(
            200,
            r#"[{"id": "1", "key": "HOST", "value": "h", "path": "/"}]"#,
        ),
        _ => reply.clone(),
    })
}

#[test]
fn a_change_that_may_have_been_made_is_not_sent_again() {
    for reply in [
        Reply::reset(),
        Reply::json(200, "[]").truncated(1),
        Reply::json(500, r#"{"error": "Internal server error."}"#),
        Reply::json(503, ""),
    ] {
        let server = spoiling(reply.clone());
        let client = client_of("User", Connection::new(server.url()));
        let error = wait(client.create(&place(), &new("A", "hunter2"))).unwrap_err();
        assert_eq!(error.kind(), Unreachable, "{reply:?}: {error:?}");
        let change = Change {
            value: Some(value("hunter2")),
            ..Change::default()
        };
        let root = Folder::root();
        assert!(
            wait(client.update(&place(), &root, "HOST", &change)).is_err(),
            "{reply:?}"
        );
        assert!(
            wait(client.delete(&place(), &root, "HOST")).is_err(),
            "{reply:?}"
        );
        let requests = server.requests();
        let sent = |method| {
            requests
                .iter()
                .filter(|request| request.method == method)
                .count()
        };
        assert_eq!(
            (sent("POST"), sent("PUT"), sent("DELETE")),
            (1, 1, 1),
            "{reply:?}"
        );
    }
}

#[test]
fn a_change_in_doubt_says_so() {
    let server = spoiling(Reply::hang());
    let client = client_of("User", Connection::new(server.url())).timeout(Duration::from_secs(2));
    let error = wait(client.create(&place(), &new("A", "1"))).unwrap_err();
    assert!(
        error.to_string().contains("may have been stored"),
        "{error:?}"
    );
}

#[test]
fn a_change_that_was_refused_for_the_moment_is_sent_again() {
    let server = spoiling(Reply::json(429, "").header("Retry-After", "3600"));
    let client = client_of("User", Connection::new(server.url()));
    let error = wait(client.create(&place(), &new("A", "1"))).unwrap_err();
    assert_eq!(error.kind(), Throttled);
    let server = spoiling(Reply::json(429, "").header("Retry-After", "0"));
    let client = client_of("User", Connection::new(server.url())).timeout(Duration::from_secs(2));
    assert!(wait(client.create(&place(), &new("A", "1"))).is_err());
    assert!(server.requests().len() > 2);
}

#[test]
fn a_change_is_neither_redirected_nor_believed_to_a_page() {
    for reply in [
        Reply::redirect(302, "/service/public/v1/secrets/"),
        Reply::redirect(307, "/elsewhere/"),
        Reply::typed(200, "text/html", "<html>welcome</html>"),
    ] {
        let server = spoiling(reply);
        let client = client_of("User", Connection::new(server.url()));
        let error = wait(client.create(&place(), &new("A", "1"))).unwrap_err();
        assert_eq!(error.kind(), Protocol, "{error:?}");
    }
}

#[test]
fn a_server_that_repeats_the_value_in_its_error_is_not_quoted() {
    let server = spoiling(Reply::json(400, r#"{"error": "Invalid value: hunter2"}"#));
    let client = client_of("User", Connection::new(server.url()));
    let error = wait(client.create(&place(), &new("A", "hunter2"))).unwrap_err();
    assert!(!all_text(&error).contains("hunter2"), "{error:?}");
}
