//! Proxies: who is asked for what, and who is blamed.

use std::time::Duration;

use phase_run::ErrorKind::{Configuration, Unreachable};
use phase_run::{Client, Connection, Credentials, Error, PhaseApi, Proxies, Result, Secret};

use super::{ID, all_text, recorded, scope, token, wait};
use crate::support::server::{Authority, Proxy, Refusing, Reply, Server};

const LOGIN: Option<(&str, &str)> = Some(("us@er", "pass:w/rd"));

fn connection(host: &str, variables: &[(&str, &str)]) -> Connection {
    let proxies = Proxies::from_variables(&|name| {
        let found = variables.iter().find(|(known, _)| *known == name)?;
        Some(found.1.into())
    });
    Connection {
        proxies,
        ..Connection::new(host)
    }
}

fn list_within(timeout: Duration, connection: Connection) -> Result<Vec<Secret>> {
    let client = Client::new(Credentials::Phase {
        api: PhaseApi::Auto,
        connection,
        token: token("ServiceAccount"),
    })?;
    wait(client.timeout(timeout).list(&scope()))
}

fn list(connection: Connection) -> Result<Vec<Secret>> {
    list_within(Duration::from_secs(30), connection)
}

/// The error where nothing but time would help, and there is little.
fn failure(connection: Connection) -> Error {
    let error = list_within(Duration::from_secs(2), connection).unwrap_err();
    assert!(!all_text(&error).contains("hunter2"), "{error:?}");
    error
}

fn answering() -> Server {
    Server::always(recorded("root folder"))
}

fn answering_https(authority: &Authority) -> Server {
    Server::start_tls(authority, &["phase.example"], |_| recorded("root folder"))
}

#[test]
fn a_proxy_hands_on_what_goes_to_an_http_server_and_gets_its_own_login_alone() {
    let server = answering();
    let proxy = Proxy::http(&server, LOGIN);
    let url = format!("http://us%40er:pass:w/rd@{}/", proxy.address());
    list(connection("http://phase.example", &[("HTTP_PROXY", &url)])).unwrap();
    let target = "GET http://phase.example/service/public/v1/secrets/?";
    assert!(proxy.seen()[0].starts_with(target), "{:?}", proxy.seen());
    let request = &server.requests()[0];
    assert!(request.header("authorization").unwrap().contains(ID));
    assert_eq!(request.header("host"), Some("phase.example"));
}

#[test]
fn a_proxy_connects_to_an_https_server_and_sees_no_more_of_it() {
    let authority = Authority::new();
    let server = answering_https(&authority);
    for (login, before) in [(None, ""), (LOGIN, "us@er:pass%3Aw/rd@")] {
        let proxy = Proxy::http(&server, login);
        let url = format!("{before}{}", proxy.address());
        let connection = Connection {
            roots: Some(authority.file().to_owned()),
            ..connection("https://phase.example", &[("https_proxy", &url)])
        };
        list(connection).unwrap();
        assert_eq!(proxy.seen(), ["CONNECT phase.example:443"]);
    }
    let requests = server.requests();
    let has_login =
        |request: &crate::support::server::Request| request.header("proxy-authorization").is_some();
    assert!(requests.len() == 2 && !requests.iter().any(has_login));
}

#[test]
fn a_proxy_may_be_reached_over_tls() {
    let authority = Authority::new();
    let proxy = Server::start_tls(&authority, &["127.0.0.1"], |_| recorded("root folder"));
    let variables = [("HTTP_PROXY", &*proxy.url())];
    let connection = connection("http://phase.example", &variables);
    let trusting = Connection {
        roots: Some(authority.file().to_owned()),
        ..connection.clone()
    };
    let error = failure(connection);
    let name = proxy
        .url()
        .replace("https://", "the certificate of the proxy ");
    assert!(error.to_string().starts_with(&name), "{error}");
    assert!(error.advice().unwrap().contains("HTTP_PROXY"), "{error:?}");
    list(trusting).unwrap();
    assert!(
        proxy.requests()[0]
            .target
            .starts_with("http://phase.example/")
    );
}

#[test]
fn socks_looks_up_the_name_there_or_here() {
    let authority = Authority::new();
    let plain = answering();
    let secure = Server::start_tls(&authority, &["localhost"], |_| recorded("root folder"));
    for (login, before) in [(None, ""), (LOGIN, "us@er:pass:w%2Frd@")] {
        for (scheme, host) in [("socks5h", "name localhost"), ("socks5", "127.0.0.1")] {
            for (server, url, port) in [
                (&plain, "http://localhost", 80),
                (&secure, "https://localhost:8443", 8443),
            ] {
                let proxy = Proxy::socks(server, login);
                let variable = format!("{scheme}://{before}{}", proxy.address());
                let connection = Connection {
                    roots: Some(authority.file().to_owned()),
                    ..connection(url, &[("ALL_PROXY", &variable)])
                };
                list(connection).unwrap();
                let seen = proxy.seen();
                let here = scheme == "socks5" && seen[0] == format!("::1 port {port}");
                assert!(here || seen == [format!("{host} port {port}")], "{seen:?}");
            }
        }
    }
    assert_eq!(plain.requests().len() + secure.requests().len(), 8);
}

#[test]
fn an_exception_is_reached_directly() {
    let server = answering();
    let unused = Proxy::http(&server, None);
    let url = unused.address().to_string();
    let variables = [("HTTP_PROXY", &*url), ("NO_PROXY", "other, 127.0.0.0/8")];
    list(connection(&server.url(), &variables)).unwrap();
    assert!(unused.seen().is_empty());
}

#[test]
fn a_login_that_the_proxy_misses_or_refuses_is_told_of_the_proxy_at_once() {
    let authority = Authority::new();
    let (plain, secure) = (answering(), answering_https(&authority));
    for (proxy, scheme) in [
        (Proxy::http(&plain, LOGIN), "http"),
        (Proxy::socks(&plain, LOGIN), "socks5h"),
    ] {
        for (host, name) in [
            ("http://phase.example", "HTTP_PROXY"),
            ("https://phase.example", "HTTPS_PROXY"),
        ] {
            let address = proxy.address();
            for (login, told) in [
                ("", format!("the proxy {address} wants a login")),
                (
                    "us@er:hunter2@",
                    format!("the proxy {address} does not accept the login in {name}"),
                ),
            ] {
                let url = format!("{scheme}://{login}{address}");
                let start = std::time::Instant::now();
                let error = list(connection(host, &[(name, &url)])).unwrap_err();
                assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "it is not tried again"
                );
                assert_eq!(error.kind(), Unreachable);
                assert_eq!(error.to_string(), told);
                assert!(error.advice().unwrap().contains(name), "{error:?}");
                assert!(!all_text(&error).contains("hunter2"), "{error:?}");
            }
        }
    }
    assert!(plain.requests().is_empty() && secure.requests().is_empty());
}

#[test]
fn a_proxy_that_is_not_there_is_named_with_the_cause_and_not_the_server() {
    let refusing = Refusing::port();
    let refusing = refusing.url().replace("http://", "");
    let unknown = "no-such-proxy.invalid:3128";
    for scheme in ["http", "https", "socks5h"] {
        for (place, cause) in [(&*refusing, "connection refused"), (unknown, "lookup")] {
            for (host, name) in [
                ("http://phase.example", "HTTP_PROXY"),
                ("https://phase.example", "HTTPS_PROXY"),
            ] {
                let url = format!("{scheme}://user:hunter2@{place}");
                let error = failure(connection(host, &[(name, &url)]));
                assert_eq!(error.kind(), Unreachable, "{error:?}");
                assert_eq!(error.to_string(), format!("cannot reach the proxy {place}"));
                assert!(
                    all_text(&error).contains(cause),
                    "{scheme} {host}: {error:?}"
                );
                assert!(error.advice().unwrap().contains(name), "{error:?}");
            }
        }
    }
}

#[test]
fn a_server_that_the_proxy_does_not_reach_is_told_of_both() {
    let server = answering();
    let socks = Proxy::socks(&server, None);
    let http = Server::always(Reply::json(502, ""));
    for (url, told) in [
        (format!("socks5h://{}", socks.address()), "unreachable"),
        (http.url(), "another status than 200"),
    ] {
        let error = failure(connection(
            "https://phase.invalid",
            &[("HTTPS_PROXY", &url)],
        ));
        assert_eq!(error.kind(), Unreachable);
        let place = url.rsplit('/').next().unwrap();
        let expected = format!("the proxy {place} makes no connection to phase.invalid");
        assert_eq!(error.to_string(), expected);
        assert!(all_text(&error).contains(told), "{error:?}");
    }
}

#[test]
fn behind_the_proxy_it_is_the_server_that_is_blamed() {
    let authority = Authority::new();
    let server = answering_https(&authority);
    let proxy = Proxy::http(&server, None);
    let url = proxy.address().to_string();
    let error = failure(connection(
        "https://phase.example",
        &[("HTTPS_PROXY", &url)],
    ));
    let told = "the certificate of phase.example is not accepted";
    assert_eq!(error.to_string(), told);
    assert!(error.advice().unwrap().contains("--ca-cert"), "{error:?}");

    let server = Server::always(Reply::reset());
    let proxy = Proxy::socks(&server, None);
    let url = format!("socks5h://{}", proxy.address());
    let error = failure(connection("http://phase.example", &[("HTTP_PROXY", &url)]));
    let way = format!("phase.example by the proxy {}", proxy.address());
    assert!(error.to_string().contains(&way), "{error}");
}

#[test]
fn a_variable_that_cannot_be_used_fails_before_anything_is_sent() {
    let server = answering();
    let connection = connection(&server.url(), &[("ALL_PROXY", "ftp://u:hunter2@proxy")]);
    let error = list(connection).unwrap_err();
    assert_eq!(error.kind(), Configuration);
    assert!(error.to_string().starts_with("ALL_PROXY "), "{error}");
    assert!(!all_text(&error).contains("hunter2"), "{error:?}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_goes_to_a_proxy_elsewhere_in_the_clear_is_plain_even_for_this_machine() {
    for (host, proxy, plain) in [
        ("http://localhost:8000", "", false),
        ("http://localhost:8000", "http://proxy.example:3128", true),
        ("http://127.0.0.1:8000", "socks5h://10.0.0.1", true),
        ("http://localhost:8000", "http://[::1]:3128", false),
        ("http://localhost:8000", "https://proxy.example", false),
        ("http://phase.example", "https://proxy.example", true),
        ("http://phase.example", "http://127.0.0.1:3128", true),
        ("https://phase.example", "http://proxy.example:3128", false),
    ] {
        let variables = [("ALL_PROXY", proxy)];
        assert_eq!(
            connection(host, &variables).is_plain(),
            plain,
            "{host} {proxy}"
        );
    }
    let variables = [("HTTP_PROXY", "proxy.example"), ("NO_PROXY", "localhost")];
    assert!(!connection("http://localhost:8000", &variables).is_plain());
}
