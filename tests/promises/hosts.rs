//! A host that is not what it is taken for.

use super::infisical::{lab as infisical, run as of_infisical};
use super::{over, serve, web_with};
use crate::support::run::Run;
use crate::support::server::{Kind, Phase, Reply, Server};
use crate::support::store::Store;

/// Where the server is, as messages name it.
fn name(server: &Server) -> String {
    server.url().replace("http://", "")
}

/// The error of a run names `server` first, and who named it, and says `words`.
#[track_caller]
fn named(run: Run, server: &Server, by: &str, words: &[&str]) {
    let finished = run.sh("exit 0").failed(125, "protocol");
    let first = format!("error[protocol]: {} ({by}) ", name(server));
    let finished = finished.stderr_has(&first);
    words
        .iter()
        .fold(finished, |finished, word| finished.stderr_has(word));
}

/// Phase asked by each of its APIs.
fn as_phase(server: &Server) -> [Run; 2] {
    let full = Phase::default().token(Kind::User).full;
    let encrypted = over(server).variable("PHASE_SERVICE_TOKEN", full);
    [over(server), encrypted]
}

#[test]
fn a_phase_server_that_is_asked_as_infisical_is_named_for_what_it_is() {
    let server = serve(web_with(&[("A", "1")]));
    let words = [
        "is Phase, and not Infisical: ",
        "--provider phase",
        "INFISICAL_DOMAIN",
    ];
    named(of_infisical(&server), &server, "INFISICAL_DOMAIN", &words);
    let token = Run::with(&[])
        .store(Store::Nowhere)
        .variable("INFISICAL_TOKEN", "a.b.c");
    let token = token.arguments(&["--host", &server.url()]);
    named(token, &server, "--host", &words);
}

#[test]
fn an_infisical_server_that_is_asked_as_phase_is_named_for_what_it_proves_to_be() {
    // Of a route that is not there it says no more than its web framework does.
    let server = infisical().serve();
    for run in as_phase(&server) {
        named(
            run,
            &server,
            "PHASE_HOST",
            &["does not answer as Phase does: GET http://"],
        );
    }
    let page = "<!doctype html><html><head><title>Infisical</title></head></html>";
    let refusal = r#"{"reqId": "req-1", "statusCode": 404, "message": "m", "error": "NotFound"}"#;
    for reply in [
        Reply::typed(200, "text/html", page),
        Reply::json(404, refusal),
    ] {
        let server = Server::always(reply);
        let words = [
            "is Infisical, and not Phase: ",
            "--provider infisical",
            "PHASE_HOST",
        ];
        for run in as_phase(&server) {
            named(run, &server, "PHASE_HOST", &words);
        }
    }
}

#[test]
fn a_server_that_is_neither_is_named_with_what_it_answered() {
    let login = "<html><title>Sign in</title></html>";
    for (reply, found) in [
        (
            Reply::typed(200, "text/html", login),
            "answered as \"text/html\" (status 200), not with JSON",
        ),
        (
            Reply::json(200, r#"{"status": "ok"}"#),
            "answered with JSON that is not ",
        ),
        (
            Reply::json(404, r#"{"message": "no Route matched"}"#),
            "answered with JSON of another kind (status 4",
        ),
        (
            Reply::json(401, r#"{"code": 16}"#),
            "answered with JSON of another kind (status 4",
        ),
    ] {
        let server = Server::always(reply);
        let [rest, encrypted] = as_phase(&server);
        for (run, by, product) in [
            (rest, "PHASE_HOST", "Phase"),
            (encrypted, "PHASE_HOST", "Phase"),
            (of_infisical(&server), "INFISICAL_DOMAIN", "Infisical"),
        ] {
            let what = format!("does not answer as {product} does: ");
            named(run, &server, by, &[&what, found, "a login page"]);
        }
    }
}

#[test]
fn a_file_that_names_a_wrong_host_is_named_with_it() {
    let server = Server::always(Reply::typed(200, "text/html", "<html></html>"));
    let run = over(&server).without("PHASE_HOST");
    let text = format!("host = '{}'", server.url());
    let run = run.file("config/phase-run/config.toml", 0o600, text);
    let file = run.folder().join("config/phase-run/config.toml");
    named(run, &server, &file.display().to_string(), &[]);
}

#[test]
fn a_console_in_the_place_of_its_own_api_is_told() {
    let server = serve(web_with(&[("A", "1")]));
    let host = format!("{}/console", server.url());
    let run = over(&server).variable("PHASE_HOST", host);
    named(
        run,
        &server,
        "PHASE_HOST",
        &["its web pages answer where its API should"],
    );
}
