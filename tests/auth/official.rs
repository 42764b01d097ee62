//! The login of Phase's own command line tool, as far as it lies in its file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{Home, phase, token};

/// The tool's file, for a user with this host and this token.
fn config(host: &str, token: &Value) -> Value {
    json!({
        "default-user": "7",
        "phase-users": [
            { "host": "https://elsewhere.example", "id": "6", "token": "pss_6" },
            {
                "host": host, "id": "7", "email": "me@acme.example", "organization_id": null,
                "organization_name": null, "wrapped_key_share": null, "token": token
            },
        ],
    })
}

/// A user who logged in with that tool.
fn user(config: &Value) -> Home {
    let home = Home::new();
    let folder = home.path(".phase/secrets");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.json");
    fs::write(&file, config.to_string()).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    home
}

#[test]
fn its_login_is_used_where_there_is_nothing_else() {
    let server = phase();
    let home = user(&config(&server.url(), &json!(token("user_v1"))));
    home.fetch().stdout("localhost").status(0).silent();
    let status = home.run(&["auth", "status"]).status(0);
    assert!(status.text().contains(".phase/secrets/config.json"));
}

#[test]
fn our_own_login_comes_before_it() {
    let (ours, theirs) = (phase(), phase());
    let home = user(&config(&theirs.url(), &json!(token("user_v1"))));
    let login = home.login(&ours, &token("service_v1"));
    login.arguments(&["--store", "file"]).status(0);
    home.fetch().stdout("localhost").status(0);
    assert!(theirs.requests().is_empty());
    // Unless its host is the one that is named.
    let run = home.fetch().variable("PHASE_HOST", theirs.url());
    run.stdout("localhost").status(0);
    assert_eq!(theirs.requests().len(), 2);
}

#[test]
fn its_token_goes_to_its_own_host_alone() {
    let (server, other) = (phase(), phase());
    let home = user(&config(&server.url(), &json!(token("user_v1"))));
    let run = home.fetch().variable("PHASE_HOST", other.url());
    let finished = run.failed(125, "credentials");
    finished.stderr_has(&server.url()).stderr_has(&other.url());
    assert!(other.requests().is_empty() && server.requests().is_empty());
}

#[test]
fn a_token_that_is_not_in_the_file_is_looked_for_in_the_keyring() {
    let server = phase();
    let home = user(&config(&server.url(), &Value::Null));
    let finished = home.fetch().failed(125, "credentials");
    finished
        .stderr_has("the keyring, by Phase's own CLI")
        .stderr_has("DBUS_SESSION_BUS_ADDRESS");
    assert!(server.requests().is_empty());
}

#[test]
fn a_file_that_makes_no_sense_is_an_error_and_no_login() {
    for text in [
        "{".to_owned(),
        json!({ "default-user": "8", "phase-users": [] }).to_string(),
        json!({ "default-user": "8", "phase-users": [{ "id": "8" }] }).to_string(),
    ] {
        let home = user(&Value::Null);
        fs::write(home.path(".phase/secrets/config.json"), text).unwrap();
        let finished = home.fetch().failed(125, "configuration");
        finished.stderr_has("config.json");
    }
    let gone = user(&json!({ "default-user": null, "phase-users": [] }));
    gone.fetch().failed(125, "credentials");
}
