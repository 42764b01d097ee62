//! The login in the browser.

use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use phase_run::{Connection, Error, ErrorKind, WebLogin, WebToken};

use super::browser::Page;
use super::{Home, UNKNOWN, phase, token};
use crate::support::running::Running;
use crate::support::signalling::kill;
use crate::support::stage::Seat;

const HOST: &str = "https://console.example";

/// A login, and the page that it is about. Nobody waits for it but the test.
fn begin() -> (WebLogin, Page) {
    let login = WebLogin::begin(&Connection::new(HOST), "me@machine").unwrap();
    let page = Page::open(login.url());
    (login, page)
}

fn finish(login: WebLogin, patience: Duration) -> Result<WebToken, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(login.finish(patience))
}

/// What the login gives while `browser` does its part.
fn during(browser: impl FnOnce(Page) + Send) -> WebToken {
    let (login, page) = begin();
    thread::scope(|scope| {
        scope.spawn(|| browser(page));
        finish(login, Duration::from_secs(30)).unwrap()
    })
}

#[test]
fn the_page_asks_whether_it_may_and_then_brings_the_token() {
    let wanted = token("user_v1");
    let got = during(|page| {
        assert_eq!(page.name, "me@machine");
        let answer = page.send(&wanted);
        assert_eq!(answer.status(), 200);
        assert_eq!(
            answer.body,
            r#"{"status":"Success: CLI authentication complete"}"#
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some(HOST));
    });
    assert_eq!(got.token.expose(), wanted);
    assert_eq!(got.email, "me@acme.example");
    assert!(!format!("{got:?}").contains("pss_"));
}

#[test]
fn what_is_not_the_token_is_refused_and_does_not_end_the_login() {
    let wanted = token("user_v1");
    let got = during(|page| {
        let good = page.message(&wanted);
        let status = |method: &str, body: &str| page.ask(method, body, &[]).status();
        assert_eq!(status("GET", ""), 405);
        assert_eq!(status("PUT", &good), 405);
        for body in [
            "",
            "{",
            "[]",
            r#"{"email": "ph:v1::", "pss": "pss_user"}"#,
            &page.message("no token"),
            &good.replace("ph:v1", "ph:v2"),
        ] {
            assert_eq!(status("POST", body), 400, "{body}");
        }
        let elsewhere = [("Origin", "https://evil.example")];
        let answer = page.request("POST", "/", &good, &elsewhere);
        assert_eq!(answer.status(), 403);
        assert_eq!(page.request("POST", "/token", &good, &[]).status(), 404);
        for bytes in [
            "nonsense\r\n\r\n".to_owned(),
            "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(),
            "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n".to_owned(),
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
            format!("POST / HTTP/1.1\r\n{}", "X: y\r\n".repeat(200)),
            format!("POST / HTTP/1.1\r\nX: {}", "y".repeat(40_000)),
        ] {
            let shown: String = bytes.chars().take(60).collect();
            assert_eq!(page.raw(&bytes).status(), 400, "{shown}");
        }
        assert_eq!(page.send(&wanted).status(), 200);
    });
    assert_eq!(got.token.expose(), wanted);
}

#[test]
fn who_does_not_know_the_key_in_the_url_cannot_bring_a_token() {
    let wanted = token("user_v1");
    let got = during(|page| {
        let good = page.message(&wanted);
        let guess = page.clone().guessing();
        let forged = guess.message(&token("service_v1"));
        assert_eq!(guess.post(&forged).status(), 400);
        assert_eq!(page.post(&good).status(), 200);
    });
    assert_eq!(got.token.expose(), wanted);
}

#[test]
fn connections_that_say_nothing_keep_nobody_waiting() {
    let wanted = token("user_v1");
    let got = during(|page| {
        let silent: Vec<_> = (0..5).map(|_| page.connect()).collect();
        let answer = page.request("POST", "/", &page.message(&wanted), &[]);
        assert_eq!(answer.status(), 200, "no browser sends no origin");
        drop(silent);
    });
    assert_eq!(got.token.expose(), wanted);
}

#[test]
fn a_login_that_nobody_finishes_ends() {
    let is_closed = |_| {
        let (login, page) = begin();
        let error = finish(login, Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.advice().unwrap().contains("on this machine"));
        std::net::TcpStream::connect(("127.0.0.1", page.port)).is_err()
    };
    // Somebody else may have been given the port meanwhile.
    assert!((0..5).any(is_closed));
    assert_eq!(WebLogin::PATIENCE, Duration::from_mins(5));
}

#[test]
fn a_host_that_is_no_url_has_no_page() {
    let error = WebLogin::begin(&Connection::new("console"), "me").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

/// A run that has shown its page.
fn shown(running: &mut Running) -> Page {
    let line = loop {
        let line = running.error_line();
        if line.contains("/webauth/") {
            break line;
        }
    };
    Page::open(line.rsplit(' ').next().unwrap())
}

#[test]
fn the_command_shows_the_page_tries_the_token_and_keeps_it() {
    let server = phase();
    let home = Home::new();
    let run = home.run(&["auth", "login", "--web", "--store", "file"]);
    let run = run.variable("PHASE_HOST", server.url());
    let mut running = run.variable("USER", "me-too").spawn();
    let page = shown(&mut running);
    assert!(page.name.starts_with("me_too@"), "{}", page.name);
    assert_eq!(page.send(&token("user_v1")).status(), 200);
    let finished = running.finish().status(0).stdout("");
    finished
        .stderr_has("user me@acme.example of acme")
        .stderr_lacks("pss_");
    home.fetch().stdout("localhost").status(0).silent();
}

#[test]
fn a_token_from_the_browser_that_the_server_does_not_know_is_not_kept() {
    let server = phase();
    let home = Home::new();
    let run = home.run(&["auth", "login", "--web", "--store", "file"]);
    let mut running = run.variable("PHASE_HOST", server.url()).spawn();
    shown(&mut running).send(UNKNOWN);
    let finished = running.finish().status(125);
    finished.stderr_has("error[credentials]");
    assert!(!home.logins().exists());
}

#[test]
fn on_a_terminal_the_browser_is_the_default_and_ctrl_c_ends_it() {
    let server = phase();
    let run = Home::new().run(&["auth", "login", "--store", "file"]);
    let run = run.variable("PHASE_HOST", server.url()).at(Seat::Leader);
    let mut running = run.spawn();
    running.await_text("/webauth/");
    kill(running.pid(), Signal::SIGINT);
    running.end().killed(Signal::SIGINT as i32);
    assert!(server.requests().is_empty());
}
