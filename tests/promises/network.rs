//! The way to the server: certificates, proxies, deadlines, refusals.

use std::fs;
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rcgen::{BasicConstraints, IsCa};
use rustls::version::TLS13;

use super::context::in_every_environment;
use super::{over, serve, serve_tls, web_with};
use crate::support::run::Run;
use crate::support::server::{Authority, Kind, Phase, Proxy, Refusing, Reply, SelfSigned, Server};
use crate::support::store::{Store, silent};

const GREET: &str = "printf %s \"$GREETING\"";

/// Where Linux distributions keep their root certificates.
const STORES: [&str; 5] = [
    "/etc/ssl",
    "/usr/lib/ssl",
    "/etc/pki",
    "/var/lib/ca-certificates",
    "/usr/share/ca-certificates",
];

#[test]
fn without_a_certificate_store_the_built_in_roots_are_used() {
    let authority = Authority::new();
    let server = serve_tls(&authority, web_with(&[("GREETING", "hello")]));
    let bare = || {
        let there = STORES.iter().map(Into::into);
        let there: Vec<std::path::PathBuf> = there.collect();
        let there = there.into_iter().filter(|path| path.is_dir()).collect();
        let run = over(&server).pid_one().sh(GREET);
        run.stage(|stage| stage.hidden = there)
    };
    // Nobody has signed the test's certificate; but roots to check it by there were.
    let finished = bare().failed(125, "unreachable");
    finished.stderr_has("is not accepted: no root certificate that is trusted vouches for it");
    let run = bare().argument("--ca-cert").argument(authority.file());
    run.stdout("hello").silent();
}

#[test]
fn a_server_that_shows_the_certificate_of_the_file_itself_is_believed() {
    for by_flag in [true, false] {
        let own = SelfSigned::new(&["127.0.0.1"], |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        });
        let phase = web_with(&[("GREETING", "hello")]);
        let server =
            Server::start_showing(&own, &own, &TLS13, move |request| phase.answer(request));
        let run = if by_flag {
            over(&server).argument("--ca-cert").argument(own.file())
        } else {
            over(&server).variable("SSL_CERT_FILE", own.file())
        };
        run.sh(GREET).stdout("hello").status(0).silent();
        over(&server).sh(GREET).failed(125, "unreachable");
    }
}

#[test]
fn a_certificate_is_shown_to_a_server_that_wants_one() {
    let authority = Authority::new();
    let phase = web_with(&[("GREETING", "hello")]);
    let server = Server::start_for_clients_of(&authority, &["127.0.0.1"], move |request| {
        phase.answer(request)
    });
    let run = || {
        over(&server)
            .argument("--ca-cert")
            .argument(authority.file())
    };
    let finished = run().sh(GREET).failed(125, "unreachable");
    finished
        .stderr_has("it wants a certificate of a client")
        .stderr_has("--client-cert");
    let (certificate, key) = authority.client();
    let run = run()
        .file("cert.pem", 0o600, certificate)
        .file("key.pem", 0o600, key)
        .arguments(&["--client-cert", "cert.pem", "--client-key", "key.pem"]);
    run.sh(GREET).stdout("hello").status(0).silent();
}

/// The ways to name a file of certificates: a flag, or a variable.
const CERTIFICATES: [&str; 5] = [
    "--ca-cert",
    "--client-cert",
    "--client-key",
    "PHASE_RUN_CA_CERT",
    "SSL_CERT_FILE",
];

/// `run`, for which `name` names `file`.
fn naming(run: Run, name: &str, file: &str) -> Run {
    if name.starts_with("--") {
        run.arguments(&[name, file])
    } else {
        run.variable(name, file)
    }
}

#[test]
fn a_certificate_comes_through_a_pipe_too_and_keeps_nobody_waiting_longer_than_the_timeout() {
    let authority = Authority::new();
    let phase = web_with(&[("GREETING", "hello")]);
    let server = Server::start_for_clients_of(&authority, &["127.0.0.1"], move |request| {
        phase.answer(request)
    });
    let (certificate, key) = authority.client();
    let root = fs::read_to_string(authority.file()).unwrap();
    for name in CERTIFICATES {
        // All that is needed, but what comes through the pipe.
        let run = |file: &str| {
            let mut run = over(&server)
                .file("cert.pem", 0o600, &certificate)
                .file("key.pem", 0o600, &key)
                .file("root.pem", 0o600, &root);
            mkfifo(&run.folder().join("pipe"), Mode::S_IRWXU).unwrap();
            for (other, usual) in [
                ("--client-cert", "cert.pem"),
                ("--client-key", "key.pem"),
                ("--ca-cert", "root.pem"),
            ] {
                let replaced = other == "--ca-cert" && !name.starts_with("--");
                if other != name && !replaced {
                    run = run.arguments(&[other, usual]);
                }
            }
            naming(run, name, file).sh(GREET)
        };
        let text = match name {
            "--client-cert" => &certificate,
            "--client-key" => &key,
            _ => &root,
        };
        let written = run("pipe");
        let (pipe, text) = (written.folder().join("pipe"), text.clone());
        let writer = thread::spawn(move || fs::write(pipe, text).unwrap());
        written.stdout("hello").status(0).silent();
        writer.join().unwrap();

        let start = Instant::now();
        let finished = run("pipe").arguments(&["--timeout", "1s"]);
        let finished = finished.failed(125, "timeout");
        finished.stderr_has("pipe").stderr_has("--timeout");
        assert!(start.elapsed() < Duration::from_secs(10), "{name}");
        let finished = run("/dev/zero").failed(125, "configuration");
        finished
            .stderr_has("/dev/zero")
            .stderr_has("larger than 16 MiB");
    }
}

#[test]
fn what_else_lies_in_a_folder_of_certificates_keeps_nobody_waiting() {
    let authority = Authority::new();
    let server = serve_tls(&authority, web_with(&[("GREETING", "hello")]));
    for name in ["--ca-cert", "SSL_CERT_DIR", "SSL_CERT_FILE"] {
        let root = fs::read(authority.file()).unwrap();
        let run = over(&server).file("roots/0123abcd.0", 0o600, root);
        let roots = run.folder().join("roots");
        mkfifo(&roots.join("pipe"), Mode::S_IRWXU).unwrap();
        symlink("0123abcd.0", roots.join("again")).unwrap();
        symlink("nowhere", roots.join("dangling")).unwrap();
        symlink("/dev/zero", roots.join("zero")).unwrap();
        fs::create_dir(roots.join("below")).unwrap();
        fs::write(roots.join("README"), "no certificate").unwrap();
        let run = naming(run, name, roots.to_str().unwrap()).sh(GREET);
        run.stdout("hello").status(0).silent();
    }
}

#[test]
fn a_proxy_of_the_environment_is_used_and_what_is_plain_is_told() {
    let proxy = serve(web_with(&[("GREETING", "by proxy")]));
    for (name, host) in [
        ("HTTP_PROXY", "http://phase.example"),
        ("http_proxy", "http://phase.example:8080"),
        ("ALL_PROXY", "http://10.1.2.3"),
    ] {
        let before = proxy.requests().len();
        let run = over(&proxy).variable("PHASE_HOST", host);
        let finished = run.variable(name, proxy.url()).sh(GREET).stdout("by proxy");
        finished.stderr(&format!(
            "phase-run: warning: {host} is not encrypted: anybody on the way can read the token \
             and the secrets\n"
        ));
        let requests = proxy.requests();
        assert_eq!(requests.len(), before + 1, "{name}");
        let target = &requests[before].target;
        assert!(
            target.starts_with(&format!("{host}/service/public/v1/secrets/?")),
            "{target}"
        );
    }
}

#[test]
fn a_proxy_for_https_is_asked_for_a_tunnel_and_never_sees_the_token() {
    let proxy = Server::always(Reply::json(502, ""));
    let run = over(&proxy).variable("PHASE_HOST", "https://phase.example");
    let run = run
        .variable("HTTPS_PROXY", proxy.url())
        .arguments(&["--timeout", "300ms"]);
    let finished = run.sh("echo started").status(125).stdout("");
    finished
        .stderr_has("phase.example")
        .stderr_lacks("11111111");
    let requests = proxy.requests();
    let first = requests.first().expect("the proxy is asked");
    assert_eq!(
        (&*first.method, &*first.target),
        ("CONNECT", "phase.example:443")
    );
    assert!(
        requests
            .iter()
            .all(|one| one.header("authorization").is_none())
    );
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_and_what_does_not_count_a_warning() {
    let server = serve(web_with(&[("GREETING", "direct")]));
    let run = over(&server).variable("HTTP_PROXY", "ftp://user:hunter2@proxy.example");
    let finished = run.sh("echo started").failed(125, "configuration");
    finished
        .stderr_has("HTTP_PROXY cannot be used: it begins with none of http://")
        .stderr_lacks("hunter2");
    let run = over(&server).variable("HTTP_PROXY", "'http://proxy.example'");
    let run = run.variable("NO_PROXY", "http://user:hunter2@h,127.0.0.1");
    let finished = run.sh(GREET).stdout("direct").status(0);
    finished
        .stderr_has("warning: the value of HTTP_PROXY stands in quotes")
        .stderr_has("warning: item 1 of NO_PROXY cannot be read, and does not count: it takes ")
        .stderr_lacks("hunter2");
}

#[test]
fn a_login_that_a_proxy_misses_is_told_of_the_proxy() {
    let server = serve(web_with(&[("GREETING", "never")]));
    let proxy = Proxy::http(&server, Some(("user", "password")));
    let run = over(&server).variable("HTTP_PROXY", format!("http://{}", proxy.address()));
    let finished = run.sh("echo started").failed(125, "unreachable");
    let told = format!("the proxy {} wants a login", proxy.address());
    finished.stderr_has(&told).stderr_has("HTTP_PROXY");
    assert!(server.requests().is_empty());
}

#[test]
fn a_token_to_this_machine_by_a_proxy_elsewhere_is_told_to_be_plain() {
    let host = "http://localhost:8000";
    let run = Run::with(&["--timeout", "200ms"]).store(Store::Phase(host.to_owned()));
    let run = run.variable("HTTP_PROXY", "socks5h://proxy.invalid");
    let finished = run.sh("echo started").status(125);
    finished.stderr_has(&format!("warning: {host} is not encrypted"));
}

#[test]
fn rest_works_with_either_kind_of_token() {
    let server = in_every_environment();
    let token = Phase::default().token(Kind::ServiceAccount);
    for (name, value) in [("--api", "rest"), ("--provider", "phase")] {
        let run = over(&server).variable("PHASE_SERVICE_TOKEN", &token.full);
        let run = run
            .variable("PHASE_RUN_API", "rest")
            .arguments(&[name, value]);
        run.sh(GREET).stdout("Development").silent();
    }
    let sent = server.requests()[0]
        .header("authorization")
        .map(str::to_owned);
    assert_eq!(sent, Some(format!("Bearer {}", token.rest)));
    let run = over(&server)
        .variable("PHASE_RUN_API", "soap")
        .sh("echo started");
    run.failed(125, "configuration").stderr_has("PHASE_RUN_API");
}

#[test]
fn a_host_without_proxy_is_reached_directly() {
    let proxy = Server::always(Reply::json(500, ""));
    let server = serve(web_with(&[("GREETING", "direct")]));
    let run = over(&server).variable("HTTP_PROXY", proxy.url());
    run.variable("NO_PROXY", "127.0.0.1")
        .sh(GREET)
        .stdout("direct")
        .silent();
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_host_that_may_be_a_password_or_a_token_is_never_shown() {
    let server = serve(web_with(&[]));
    let unusable = "the host \"https://…\" cannot be used: ";
    for (host, wanted) in [
        ("https://user:hunter2@phase.example", unusable),
        ("https://user:hunter2%40phase.example", unusable),
        ("https://127.0.0.1:hunter2/", unusable),
        (
            "user:hunter2@phase.example",
            "the host \"…\" cannot be used: ",
        ),
        ("https://phase.example?hunter2", unusable),
        (
            "pss_service:v1:hunter2hunter2hunter2hunter2hunter2:0123456789",
            "PHASE_HOST looks like a token",
        ),
    ] {
        let run = over(&server)
            .argument("--insecure")
            .variable("PHASE_HOST", host);
        let finished = run.sh("echo started").failed(125, "configuration");
        finished.stderr_lacks("hunter2").stderr_has(wanted);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_server_that_does_not_answer_in_time_is_named() {
    let host = silent();
    let name = host.trim_start_matches("http://").to_owned();
    for run in [
        Run::with(&["--timeout", "300ms"]),
        Run::with(&[]).variable("PHASE_RUN_TIMEOUT", "300ms"),
        Run::with(&[]).file("phase-run.toml", 0o644, "timeout = '300ms'"),
    ] {
        let start = Instant::now();
        let run = run.store(Store::Phase(host.clone())).sh("echo started");
        run.failed(125, "timeout")
            .stderr_has(&name)
            .stderr_has("--timeout");
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "30 s is the default"
        );
    }
}

#[test]
fn a_server_that_asks_to_come_back_too_late_is_believed_at_once() {
    let server = Server::always(Reply::json(429, "").header("Retry-After", "3600"));
    let run = over(&server).sh("echo started");
    run.failed(125, "throttled")
        .stderr_has("try again in 3600 s");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let nobody = Refusing::port();
    let run = Run::with(&["--timeout", "500ms"]).store(Store::Phase(nobody.url()));
    let name = nobody.url();
    let run = run.sh("echo started").failed(125, "unreachable");
    run.stderr_has(name.trim_start_matches("http://"));
}

#[test]
fn a_refusal_is_not_retried() {
    for (status, text, word) in [
        (401, "Token expired or deleted", "credentials"),
        (403, "User cannot access environment", "denied"),
    ] {
        let body = format!("{{\"error\": \"{text}\"}}");
        let server = Server::always(Reply::json(status, body));
        over(&server).sh("echo started").failed(125, word);
        assert_eq!(server.requests().len(), 1);
    }
}
