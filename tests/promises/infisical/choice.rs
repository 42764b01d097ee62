//! Whose credentials are meant, where those of several providers lie about.

use super::super::{serve, web_with};
use super::{PRINT, client, lab, nobody, run};
use crate::support::run::Run;
use crate::support::store::{Store, TOKEN};

/// Variables of Infisical's that amount to no login.
const LEFT_OVER: [(&str, &str); 7] = [
    ("INFISICAL_AUTH_METHOD", "universal-auth"),
    ("INFISICAL_AUTH_METHOD", "no-such"),
    ("INFISICAL_CLIENT_ID", "c"),
    ("INFISICAL_DISABLE_UPDATE_CHECK", "true"),
    ("INFISICAL_DOMAIN", "no URL"),
    ("INFISICAL_MACHINE_IDENTITY_ID", "i"),
    ("INFISICAL_TOKEN", "e30.eyJleHAiOjF9.c2ln"),
];

#[test]
fn what_lies_about_of_infisical_is_in_nobodys_way() {
    let phase = serve(web_with(&[("HOST", "ours")]));
    for (name, value) in LEFT_OVER {
        let secret = ("/".to_owned(), "HOST".to_owned(), "ours".to_owned());
        for store in [Store::Vault(vec![secret]), Store::Phase(phase.url())] {
            let run = Run::with(&[]).store(store).variable(name, value);
            run.sh(PRINT).stdout("ours").status(0).silent();
        }
    }
}

#[test]
fn a_login_of_no_use_is_told_where_there_is_no_other() {
    for (name, value, why) in [
        ("INFISICAL_AUTH_METHOD", "universal-auth", "client id"),
        ("INFISICAL_AUTH_METHOD", "no-such", "\"no-such\""),
        ("INFISICAL_CLIENT_ID", "c", "and no client secret"),
        (
            "INFISICAL_TOKEN",
            LEFT_OVER[6].1,
            "INFISICAL_TOKEN has expired",
        ),
    ] {
        let run = Run::with(&[]).store(Store::Nowhere).variable(name, value);
        let finished = run.arguments(&["--app", "demo"]).sh(PRINT).status(125);
        finished.stderr_has(why).stderr_lacks("PHASE_SERVICE_TOKEN");
    }
}

#[test]
fn a_project_file_makes_no_token_of_phases_go_to_infisical() {
    let server = lab().serve();
    for token in [TOKEN, "pss_service:v2:hunter2"] {
        let run = nobody(&server).file("token", 0o600, token);
        let run = run.file("phase-run.toml", 0o600, "provider = 'infisical'\n");
        let finished = run.arguments(&["--token-file", "token"]).sh(PRINT);
        let finished = finished.failed(125, "credentials");
        finished.stderr_has("Phase token").stderr_lacks(token);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn credentials_of_two_providers_are_an_error_until_one_is_named() {
    let server = lab().serve();
    let both = || {
        run(&server)
            .variable("PHASE_SERVICE_TOKEN", TOKEN)
            .sh(PRINT)
    };
    let finished = both().failed(125, "ambiguous");
    finished
        .stderr_has("PHASE_SERVICE_TOKEN")
        .stderr_has("INFISICAL_CLIENT_ID")
        .stderr_has("--provider infisical");
    let named = both().variable("PHASE_RUN_PROVIDER", "infisical");
    named.stdout("of dev").status(0).silent();
    let file = both().file("phase-run.toml", 0o600, "provider = 'infisical'\n");
    file.stdout("of dev").status(0).silent();
}

#[test]
fn a_host_that_is_said_to_be_nobodys_keeps_credentials_from_going_to_the_usual_one() {
    let server = lab().serve();
    let host = format!("host = '{}'\n", server.url());
    for file in ["config/phase-run/config.toml", "phase-run.toml"] {
        let nobody = || client(Run::with(&[]).store(Store::Nowhere));
        let run = nobody().file(file, 0o600, &host).sh(PRINT);
        let finished = run.failed(125, "configuration");
        finished.stderr_has(&server.url()).stderr_has("no provider");
        assert!(server.requests().is_empty());
    }
    let theirs = format!("provider = 'infisical'\n{host}");
    let run = client(Run::with(&[]).store(Store::Nowhere));
    let run = run.file("config/phase-run/config.toml", 0o600, theirs);
    run.sh(PRINT).stdout("of dev").status(0).silent();
}
