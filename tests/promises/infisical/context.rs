//! Where the project, the environment and the server come from.

use super::{PRINT, asked, client, id, lab, nobody, run, subcommand};
use crate::support::run::Run;
use crate::support::server::infisical::Version;
use crate::support::server::{Authority, Infisical, Server};
use crate::support::store::Store;

/// The parameters of the only list of secrets that was asked for.
#[track_caller]
fn listed(server: &Server, name: &str) -> String {
    let requests = server.requests();
    let lists: Vec<_> = requests
        .iter()
        .filter(|request| request.path == "/api/v4/secrets")
        .collect();
    let [list] = lists[..] else {
        panic!("not one list: {:?}", asked(server));
    };
    list.parameter(name).unwrap_or_default().to_owned()
}

#[test]
fn each_spelling_of_the_server_is_understood() {
    for name in ["INFISICAL_DOMAIN", "INFISICAL_API_URL", "INFISICAL_URL"] {
        for end in ["", "/", "/api", "/api/"] {
            let server = lab().serve();
            let run = client(Run::with(&[]).store(Store::Nowhere));
            let run = run.variable(name, format!("{}{end}", server.url()));
            run.sh(PRINT).stdout("of dev").status(0).silent();
        }
    }
    let server = lab().serve();
    let run = client(Run::with(&["--host", &server.url()]).store(Store::Nowhere));
    let run = run.variable("INFISICAL_DOMAIN", "http://127.0.0.1:1");
    run.sh(PRINT).stdout("of dev").status(0).silent();
}

#[test]
fn each_spelling_of_the_project_and_the_environment_is_understood() {
    for (name, value) in [
        ("INFISICAL_PROJECT_ID", id()),
        ("PHASE_APP_ID", id()),
        ("PHASE_APP", "demo".to_owned()),
    ] {
        let server = lab().serve();
        run(&server)
            .variable(name, value)
            .sh(PRINT)
            .stdout("of dev")
            .status(0);
        assert_eq!(listed(&server, "projectId"), id(), "{name}");
    }
    for name in ["INFISICAL_ENVIRONMENT", "PHASE_ENV"] {
        let server = lab().serve();
        run(&server)
            .variable(name, "prod")
            .sh(PRINT)
            .stdout("of prod")
            .status(0);
    }
    let server = lab().serve();
    let both = run(&server).variable("INFISICAL_ENVIRONMENT", "prod");
    both.variable("PHASE_ENV", "dev")
        .sh(PRINT)
        .stdout("of prod")
        .status(0);
}

#[test]
fn folders_come_from_either_variable_and_the_subtree_from_a_flag() {
    for name in ["INFISICAL_SECRET_PATH", "PHASE_PATH"] {
        let server = lab().folder("/db").secret("PORT", "1").serve();
        let run = run(&server).variable(name, "/db");
        run.sh("printf %s \"$PORT\"").stdout("1").status(0).silent();
        assert_eq!(listed(&server, "secretPath"), "/db");
        assert_eq!(listed(&server, "recursive"), "false");
    }
    let server = lab().folder("/db/deep").secret("PORT", "1").serve();
    let run = run(&server).arguments(&["--path", "/db", "--recursive"]);
    run.sh("printf %s \"$PORT\"").stdout("1").status(0).silent();
    assert_eq!(listed(&server, "recursive"), "true");
}

#[test]
fn what_is_wanted_of_the_server_is_said_by_flags() {
    let server = lab().serve();
    let words = [
        "--no-imports",
        "--no-expand",
        "--no-personal",
        "--tag",
        "a,b",
        "--allow-empty",
    ];
    run(&server).arguments(&words).sh("true").status(0);
    for (name, value) in [
        ("include_imports", "false"),
        ("includeImports", "false"),
        ("expandSecretReferences", "false"),
        ("includePersonalOverrides", "false"),
        ("tagSlugs", "a,b"),
        ("viewSecretValue", "true"),
    ] {
        assert_eq!(listed(&server, name), value, "{name}");
    }
}

#[test]
fn imports_and_references_count_unless_told_otherwise() {
    let infisical = lab().within("prod").secret("ONLY", "there").within("dev");
    let server = infisical
        .import("prod", "/")
        .secret("URL", "http://${HOST}")
        .serve();
    let print = "printf '%s %s %s' \"$HOST\" \"$ONLY\" \"$URL\"";
    run(&server)
        .sh(print)
        .stdout("of dev there http://of dev")
        .status(0)
        .silent();
    let plain = run(&server).arguments(&["--no-imports", "--no-expand"]);
    plain
        .sh(print)
        .stdout("of dev  http://${HOST}")
        .status(0)
        .silent();
}

#[test]
fn an_old_server_is_spoken_to_in_its_own_words() {
    let server = lab().version(Version::WithoutV4).serve();
    let words = ["--app-id", &id(), "--env", "dev"];
    run(&server)
        .arguments(&words)
        .sh(PRINT)
        .stdout("of dev")
        .status(0)
        .silent();
    let expected = [
        "POST /api/v1/auth/universal-auth/login",
        "GET /api/v4/secrets",
        "GET /api/v3/secrets/raw",
    ];
    assert_eq!(asked(&server), expected);
}

#[test]
fn the_official_project_file_gives_project_and_environment_by_the_branch() {
    let text = format!(
        r#"{{"workspaceId":"{}","defaultEnvironment":"dev","gitBranchToEnvironmentMapping":{{"main":"prod"}}}}"#,
        id()
    );
    for (branch, value) in [("main", "of prod"), ("topic", "of dev")] {
        let server = lab().serve();
        let head = format!("ref: refs/heads/{branch}\n");
        let run = run(&server).file(".infisical.json", 0o600, &text);
        let run = run.file(".git/HEAD", 0o600, head);
        run.sh(PRINT).stdout(value).status(0).silent();
        assert_eq!(listed(&server, "projectId"), id());
    }
}

#[test]
fn a_project_file_sends_nobodys_credentials_anywhere() {
    let server = lab().serve();
    let evil = Server::always(crate::support::server::Reply::json(200, "{}"));
    let text = format!(r#"{{"workspaceId":"{}","domain":"{}"}}"#, id(), evil.url());
    let elsewhere = client(Run::with(&[]).store(Store::Nowhere));
    let elsewhere = elsewhere.file(".infisical.json", 0o600, &text).sh(PRINT);
    let finished = elsewhere.failed(125, "configuration");
    finished
        .stderr_has(&evil.url())
        .stderr_has("INFISICAL_DOMAIN=");
    let named = run(&server).file(".infisical.json", 0o600, &text);
    named.sh(PRINT).stdout("of dev").status(0);
    assert!(evil.requests().is_empty());
}

#[test]
fn variables_of_other_programs_are_not_read() {
    let server = lab().serve();
    let run = nobody(&server).variable("TOKEN", "hunter2");
    let run = run
        .variable("PROJECT_ID", "p")
        .arguments(&["--provider", "infisical"]);
    let finished = run.sh(PRINT).failed(125, "credentials");
    finished
        .stderr_has("tried: flags (none), environment (none), ~/.infisical (none)")
        .stderr_has("INFISICAL_TOKEN");
    assert!(server.requests().is_empty());
}

#[test]
fn headers_go_with_each_request_to_the_server() {
    let server = lab().serve();
    let run = run(&server).variable(
        "INFISICAL_CUSTOM_HEADERS",
        "X-Door='front door' User-Agent=x Content-Type=text/plain",
    );
    run.sh(PRINT).stdout("of dev").status(0).silent();
    for request in server.requests() {
        assert_eq!(request.header("x-door"), Some("front door"));
        assert!(
            request
                .header("user-agent")
                .unwrap()
                .starts_with("phase-run/")
        );
    }
    for header in [
        "Authorization",
        "Host",
        "Transfer-Encoding",
        "Content-Length",
        "Connection",
    ] {
        let text = format!("X-Door=1 {header}=hunter2");
        let run = super::run(&server)
            .variable("INFISICAL_CUSTOM_HEADERS", text)
            .sh(PRINT);
        let finished = run.failed(125, "configuration");
        finished
            .stderr_has("INFISICAL_CUSTOM_HEADERS")
            .stderr_has(&header.to_lowercase())
            .stderr_lacks("hunter2");
    }
    let broken = super::run(&server).variable("INFISICAL_CUSTOM_HEADERS", "hunter2");
    let finished = broken.sh(PRINT).failed(125, "configuration");
    finished
        .stderr_has("INFISICAL_CUSTOM_HEADERS")
        .stderr_lacks("hunter2");
}

#[test]
fn a_private_authority_is_trusted_by_text_and_the_check_can_be_left_out() {
    let authority = Authority::new();
    let infisical: Infisical = lab();
    let server = Server::start_tls(&authority, &["127.0.0.1"], move |request| {
        infisical.answer(request)
    });
    let text = std::fs::read_to_string(authority.file()).unwrap();
    let trusted = run(&server).variable("INFISICAL_SSL_CERTIFICATE", text);
    trusted.sh(PRINT).stdout("of dev").status(0).silent();
    for word in ["0", "false", "No"] {
        let run = run(&server).variable("INFISICAL_VERIFY_SSL", word);
        let finished = run.sh(PRINT).stdout("of dev").status(0);
        finished.stderr_has("NOT checked");
    }
    let checked = run(&server).variable("INFISICAL_VERIFY_SSL", "true");
    checked.sh(PRINT).failed(125, "unreachable");
    let broken = run(&server).variable("INFISICAL_SSL_CERTIFICATE", "hunter2");
    let finished = broken.sh(PRINT).failed(125, "configuration");
    finished
        .stderr_has("INFISICAL_SSL_CERTIFICATE")
        .stderr_lacks("hunter2");
}

#[test]
fn a_prefix_of_an_environment_is_told_and_two_are_an_error() {
    let server = lab().environment("production").within("dev").serve();
    let finished = run(&server)
        .arguments(&["--env", "produ", "--allow-empty"])
        .sh("true")
        .status(0);
    finished.stderr_has("\"produ\" is taken to mean \"production\"");
    let finished = run(&server).arguments(&["--env", "pro"]).sh("true");
    finished
        .failed(125, "ambiguous")
        .stderr_has("prod, production");
    let finished = run(&server).arguments(&["--env", "qa"]).sh("true");
    finished
        .failed(125, "missing")
        .stderr_has("dev, prod, production");
    let finished = run(&server).arguments(&["--path", "/nope"]).sh("true");
    finished.failed(125, "missing").stderr_has("folder /nope");
}

#[test]
fn the_place_that_nobody_named_is_told_when_asked() {
    let server = lab().serve();
    let finished = run(&server).argument("-v").sh("true").status(0);
    finished.stderr_has("1 secrets from dev of demo");
}

#[test]
fn what_the_credentials_reach_is_listed() {
    let server = lab().serve();
    let run = subcommand(&server, &["apps"]);
    run.stdout("demo: dev, prod\n").status(0).silent();
}
