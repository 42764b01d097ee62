//! The login of Infisical's own CLI.

use serde_json::{Value, json};

use super::{PRINT, asked, client, lab};
use crate::support::bus::Bus;
use crate::support::run::Run;
use crate::support::server::{Infisical, Server};
use crate::support::stage::Seat;
use crate::support::store::{Store, TOKEN};

/// What the CLI left behind, as it was recorded.
fn recorded() -> Value {
    let text = include_str!("../../fixtures/infisical/cli_login.json");
    serde_json::from_str(text).unwrap()
}

/// The token in the recorded entry called `name`.
fn token(name: &str) -> String {
    let recorded = recorded();
    let entries = recorded["entries"].as_array().unwrap().iter();
    let entry = entries.clone().find(|entry| entry["keyring_key"] == name);
    let value = entry.unwrap()["value"].as_str().unwrap();
    let token = |value: &Value| value["JTWToken"].as_str().unwrap().to_owned();
    serde_json::from_str(value).map_or_else(|_| value.to_owned(), |value: Value| token(&value))
}

/// A server that knows all the recorded sessions, and a user who has an override.
fn known() -> (Infisical, Server) {
    let infisical = lab().secret("HOST", "of dev").own("of the user");
    for entry in recorded()["entries"].as_array().unwrap().iter().take(3) {
        infisical.know(&token(entry["keyring_key"].as_str().unwrap()));
    }
    let server = infisical.serve();
    (infisical, server)
}

/// The same file for a login at `server`.
fn moved(mut config: Value, server: &Server) -> Value {
    let domain = json!(format!("{}/api", server.url()));
    if config["LoggedInUserDomain"].is_string() {
        config["LoggedInUserDomain"] = domain.clone();
    }
    for list in ["loggedInUsers", "profiles"] {
        for one in config[list].as_array_mut().into_iter().flatten() {
            one["domain"] = domain.clone();
        }
    }
    config
}

/// A run of somebody who is logged in as `config` says, with the recorded vault.
fn logged_in(config: &Value) -> Run {
    let run = Run::with(&[]).store(Store::Nowhere);
    let file = ".infisical/infisical-config.json";
    let run = run.file(file, 0o600, config.to_string());
    let recorded = recorded();
    let entries = recorded["entries"].as_array().unwrap().iter();
    entries.fold(run, |run, entry| {
        let name = format!("infisical-keyring/{}", entry["file_name"].as_str().unwrap());
        run.file(&name, 0o600, entry["jwe"].as_str().unwrap())
    })
}

#[test]
fn a_login_of_either_generation_is_used_with_the_users_overrides() {
    for generation in ["config_legacy", "config_profiles"] {
        let (_, server) = known();
        let run = logged_in(&moved(recorded()[generation].take(), &server));
        run.sh(PRINT).stdout("of the user").status(0).silent();
        assert_eq!(
            asked(&server),
            ["GET /api/v1/projects", "GET /api/v4/secrets"]
        );
        let run = logged_in(&moved(recorded()[generation].take(), &server));
        let run = run.argument("--no-personal");
        run.sh(PRINT).stdout("of dev").status(0).silent();
    }
}

#[test]
fn a_session_goes_to_the_server_that_it_was_made_for_and_to_no_other() {
    let (_, server) = known();
    let other = lab().serve();
    let config = moved(recorded()["config_profiles"].take(), &server);
    let run = logged_in(&config).variable("INFISICAL_DOMAIN", other.url());
    let finished = run.arguments(&["--provider", "infisical"]).sh(PRINT);
    let finished = finished.failed(125, "credentials");
    finished.stderr_has(&server.url()).stderr_has(&other.url());
    let project = format!(r#"{{"domain":"{}"}}"#, other.url());
    let run = logged_in(&config).file(".infisical.json", 0o600, project);
    run.sh(PRINT).stdout("of the user").status(0);
    assert!(other.requests().is_empty());
    let same = format!("{}/api/", server.url());
    let run = logged_in(&config).variable("INFISICAL_API_URL", same);
    run.sh(PRINT).stdout("of the user").status(0).silent();
}

#[test]
fn another_organisation_is_entered_by_the_session_that_the_cli_has_for_it() {
    let (_, server) = known();
    let config = moved(recorded()["config_profiles"].take(), &server);
    for name in ["INFISICAL_ORG", "INFISICAL_ORGANIZATION_ID"] {
        let run = logged_in(&config).variable(name, "org-2");
        run.sh(PRINT).stdout("of the user").status(0).silent();
    }
    let run = logged_in(&config).arguments(&["--organization", "Globex"]);
    run.sh(PRINT).stdout("of the user").status(0).silent();
    let bearer = format!(
        "Bearer {}",
        token("org-session:dev@example.com--acme-x4k2:org-2")
    );
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some(&*bearer));
    }
}

#[test]
fn an_organisation_that_the_cli_never_used_is_entered_at_the_server() {
    let (_, server) = known();
    let config = moved(recorded()["config_profiles"].take(), &server);
    let id = crate::support::server::infisical::ORGANISATION;
    let run = logged_in(&config).variable("INFISICAL_ORG", id);
    run.sh(PRINT).stdout("of the user").status(0).silent();
    assert_eq!(asked(&server)[0], "POST /api/v3/auth/select-organization");
}

#[test]
fn a_login_of_the_older_format_enters_an_organisation_by_its_id_alone() {
    let (_, server) = known();
    let within = |id: &str| {
        let config = moved(recorded()["config_legacy"].take(), &server);
        let run = logged_in(&config).arguments(&["--organization", id]);
        run.sh(PRINT)
    };
    let id = crate::support::server::infisical::ORGANISATION;
    within(id).stdout("of the user").status(0).silent();
    assert_eq!(asked(&server)[0], "POST /api/v3/auth/select-organization");
    let named = within("Acme").failed(125, "missing");
    named.stderr_has("\"Acme\"").stderr_has("give the id");
    let stranger = within("00000000-0000-4000-8000-000000000000").failed(125, "denied");
    stranger.stderr_has("check --organization");
}

#[test]
fn a_profile_is_chosen_by_a_variable() {
    let (_, server) = known();
    let config = moved(recorded()["config_profiles"].take(), &server);
    let run = logged_in(&config).variable("INFISICAL_PROFILE", "nobody");
    run.sh(PRINT)
        .failed(125, "configuration")
        .stderr_has("nobody");
    let run = logged_in(&config).variable("INFISICAL_PROFILE", "dev@example.com--acme-x4k2");
    run.sh(PRINT).stdout("of the user").status(0).silent();
}

#[test]
fn the_vaults_passphrase_may_stand_in_a_variable() {
    let (_, server) = known();
    let mut config = moved(recorded()["config_legacy"].take(), &server);
    config["vaultBackendPassphrase"] = Value::Null;
    let with = |passphrase: &str| {
        logged_in(&config)
            .variable("INFISICAL_VAULT_FILE_PASSPHRASE", passphrase)
            .sh(PRINT)
    };
    with("abcDEF1234").stdout("of the user").status(0).silent();
    let finished = with("hunter2").failed(125, "credentials");
    finished.stderr_has("~/.infisical").stderr_lacks("hunter2");
    let finished = with("").failed(125, "credentials");
    finished.stderr_has("set INFISICAL_VAULT_FILE_PASSPHRASE");
}

#[test]
fn what_is_given_goes_before_the_login() {
    let (_, server) = known();
    let config = moved(recorded()["config_legacy"].take(), &server);
    let run = client(logged_in(&config)).variable("INFISICAL_DOMAIN", server.url());
    run.sh(PRINT).stdout("of dev").status(0).silent();
}

#[test]
fn a_token_or_a_login_is_taken_alone_where_that_is_said() {
    let (infisical, server) = known();
    let config = moved(recorded()["config_legacy"].take(), &server);
    let said = || {
        let run = client(logged_in(&config)).variable("INFISICAL_DOMAIN", server.url());
        let run = run.variable("INFISICAL_AUTH_METHOD", "universal-auth");
        run.arguments(&["--provider", "infisical", "--auth", "token"])
    };
    said().sh(PRINT).stdout("of the user").status(0).silent();
    let run = said().variable("INFISICAL_TOKEN", infisical.token());
    run.sh(PRINT).stdout("of dev").status(0).silent();
    assert!(infisical.logins().is_empty());
}

#[test]
fn a_token_that_has_expired_gives_way_to_the_login_and_is_told() {
    let (_, server) = known();
    let config = moved(recorded()["config_legacy"].take(), &server);
    let old = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDB9.c2ln";
    let run = logged_in(&config).variable("INFISICAL_TOKEN", old);
    let finished = run.arguments(&["--provider", "infisical"]).sh(PRINT);
    let finished = finished.stdout("of the user").status(0);
    finished.stderr_has("INFISICAL_TOKEN has expired");
}

#[test]
fn logins_at_two_providers_need_a_word_on_which_is_meant() {
    let (_, server) = known();
    let config = moved(recorded()["config_legacy"].take(), &server);
    let phase =
        json!({"version": 1, "logins": [{"host": "https://phase.example", "token": TOKEN}]});
    let both = || {
        let run = logged_in(&config);
        run.file("config/phase-run/logins.json", 0o600, phase.to_string())
            .sh(PRINT)
    };
    both()
        .failed(125, "ambiguous")
        .stderr_has("--provider infisical");
    let run = both().variable("PHASE_RUN_PROVIDER", "infisical");
    run.stdout("of the user").status(0).silent();
    let run = both().file(".infisical.json", 0o600, "{}");
    run.stdout("of the user").status(0).silent();

    let of_phase = || both().file(".phase.json", 0o600, r#"{"appId":"web-id"}"#);
    let run = of_phase().variable("PHASE_HOST", "https://other.example");
    run.failed(125, "credentials").stderr_has("phase.example");
    of_phase()
        .file(".infisical.json", 0o600, "{}")
        .failed(125, "ambiguous");
}

/// How the CLI's library names its entries.
fn attributes(username: &str) -> [(&str, &str); 2] {
    [("service", "infisical-cli"), ("username", username)]
}

#[test]
fn a_session_in_the_systems_keyring_is_found_there() {
    let (_, server) = known();
    let mut config = moved(recorded()["config_legacy"].take(), &server);
    config["vaultBackendType"] = json!("auto");
    let Some(bus) = Bus::with_keyring() else {
        return;
    };
    let entry = json!({"email": "dev@example.com", "JTWToken": token("dev@example.com")});
    bus.put(&attributes("dev@example.com"), &entry.to_string());
    let run = Run::with(&[]).store(Store::Nowhere);
    let run = run.file(
        ".infisical/infisical-config.json",
        0o600,
        config.to_string(),
    );
    let run = run
        .variable("DBUS_SESSION_BUS_ADDRESS", &bus.address)
        .sh(PRINT);
    run.stdout("of the user").status(0).silent();
}

#[test]
fn without_a_keyring_the_vault_has_it_or_the_reason_is_told() {
    let (_, server) = known();
    let mut config = moved(recorded()["config_legacy"].take(), &server);
    config["vaultBackendType"] = json!("auto");
    logged_in(&config)
        .sh(PRINT)
        .stdout("of the user")
        .status(0)
        .silent();
    let run = Run::with(&[]).store(Store::Nowhere);
    let run = run.file(
        ".infisical/infisical-config.json",
        0o600,
        config.to_string(),
    );
    let finished = run.sh(PRINT).failed(125, "credentials");
    finished.stderr_has("~/.infisical (the keyring: ");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_vaults_passphrase_is_asked_for_at_a_terminal() {
    let (_, server) = known();
    let mut config = moved(recorded()["config_legacy"].take(), &server);
    config["vaultBackendPassphrase"] = Value::Null;
    let show = ["/bin/sh", "-c", "stty echo && exec \"$@\"", "sh"];
    let run = logged_in(&config).at(Seat::Leader).inside(&show).sh(PRINT);
    let running = run.spawn();
    running.await_text("Passphrase of the Infisical CLI's vault (dev@example.com): ");
    assert!(!running.terminal().echoes());
    running.terminal().press("abcDEF1234\n");
    let text = running.finish().status(0).text();
    assert!(
        text.contains("of the user") && !text.contains("abcDEF1234"),
        "{text}"
    );
}
