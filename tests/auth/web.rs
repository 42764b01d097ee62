//! The login in the browser.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::{Uid, geteuid, setfsuid};
use phase_run::{Connection, Error, ErrorKind, WebLogin, WebToken};

use super::browser::Page;
use super::{Home, UNKNOWN, phase, token};
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::server::Server;
use crate::support::signalling::kill;
use crate::support::stage::Seat;
use crate::support::wait::until;

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
fn a_program_of_another_user_is_not_listened_to_even_if_it_knows_the_key() {
    // Only root can be somebody else for a while.
    if !geteuid().is_root() {
        return;
    }
    let wanted = token("user_v1");
    let got = during(|page| {
        let foreign = page.message(&token("service_v1"));
        let ours = page.message(&wanted);
        thread::scope(|scope| {
            // On Linux that is a matter of the thread alone.
            let other = || {
                setfsuid(Uid::from_raw(65_534));
                page.is_answered(&foreign)
            };
            assert!(!scope.spawn(other).join().unwrap());
        });
        assert!(page.is_answered(&ours));
    });
    assert_eq!(got.token.expose(), wanted);
    assert!(got.from_own_user);
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

/// Whose the token is, as the server says. (The page says `me@acme.example`.)
const WHO: &str = "user 33333333-3333-4333-8333-333333333333 of acme at http://127.0.0.1";

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
        .stderr_has(WHO)
        .stderr_lacks("me@acme.example")
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

/// A login on a desktop, where the program that opens pages notes what it was given.
fn on_a_desktop(home: &Home, server: &Server) -> Run {
    let note = "#!/bin/sh
        printf '%s\\n' \"$@\" >\"$HOME/words\"
        stat -c %a \"$1\" \"${1%/*}\" >\"$HOME/modes\"
        cp \"$1\" \"$HOME/copy\" && mv \"$HOME/copy\" \"$HOME/page\"";
    let run = home.run(&["auth", "login", "--store", "file"]);
    let run = run.file("bin/xdg-open", 0o755, note).at(Seat::Leader);
    let path = format!("{}:/usr/bin:/bin", run.folder().join("bin").display());
    let run = run.variable("PATH", path).variable("DISPLAY", ":0");
    run.variable("PHASE_HOST", server.url())
}

/// The page of such a login, and the file that leads to it.
fn opened(home: &Home, running: &mut Running) -> (Page, String) {
    let url = loop {
        let line = running.line();
        if line.contains("/webauth/") {
            break line.rsplit(' ').next().unwrap().to_owned();
        }
    };
    let page = until("the page is opened", || {
        fs::read_to_string(home.path("page")).ok()
    });
    assert!(page.contains(&format!("0; url={url}\"")), "{page}");
    let words = fs::read_to_string(home.path("words")).unwrap();
    (Page::open(&url), words.trim_end().to_owned())
}

#[test]
fn what_opens_the_browser_is_told_neither_the_port_nor_the_key() {
    let server = phase();
    let home = Home::new();
    let mut running = on_a_desktop(&home, &server).spawn();
    let (page, file) = opened(&home, &mut running);
    assert!(
        file.ends_with("/login.html") && !file.contains("webauth"),
        "{file}"
    );
    assert!(!file.contains(&page.port.to_string()), "{file}");
    assert_eq!(
        fs::read_to_string(home.path("modes")).unwrap(),
        "600\n700\n"
    );
    page.send(&token("user_v1"));
    running.await_text("Keep this login? [y/N] ");
    assert!(!home.logins().exists());
    running.terminal().press("y\n");
    let text = running.finish().status(0).text();
    assert!(text.contains(WHO), "{text}");
    assert!(!text.contains("me@acme.example"), "{text}");
    let folder = std::path::Path::new(&file).parent().unwrap();
    assert!(!folder.exists(), "{file}");
    home.fetch().stdout("localhost").status(0).silent();
}

#[test]
fn a_login_of_the_browser_is_kept_only_if_somebody_says_yes() {
    let server = phase();
    for answer in ["\n", "n\n", "maybe\n", "\x04"] {
        let home = Home::new();
        let mut running = on_a_desktop(&home, &server).spawn();
        let (page, _) = opened(&home, &mut running);
        page.send(&token("user_v1"));
        running.await_text("Keep this login? [y/N] ");
        running.terminal().press(answer);
        let text = running.finish().status(125).text();
        assert!(text.contains("error[denied]"), "{text}");
        assert!(!home.logins().exists());
    }
}

#[test]
fn a_signal_while_the_browser_is_awaited_ends_us_and_leaves_no_file() {
    let server = phase();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let home = Home::new();
        let mut running = on_a_desktop(&home, &server).spawn();
        let (_, file) = opened(&home, &mut running);
        kill(running.pid(), signal);
        running.end().killed(signal as i32);
        let folder = std::path::Path::new(&file).parent().unwrap();
        assert!(!folder.exists(), "{file}");
    }
}
