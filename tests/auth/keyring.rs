//! The Secret Service: a real one, on a bus of its own.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixListener;

use serde_json::json;

use super::{Home, phase, token};
use crate::support::bus::Bus;
use crate::support::run::Run;
use crate::support::server::Server;

/// Phase's own CLI has logged in, its token is in the keyring.
fn official(server: &Server) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.path(".phase/secrets")).unwrap();
    let config = json!({
        "default-user": "7",
        "phase-users": [{ "host": server.url(), "id": "7", "email": "me@acme.example" }],
    });
    fs::write(home.path(".phase/secrets/config.json"), config.to_string()).unwrap();
    home
}

const SERVICE: (&str, &str) = ("service", "phase-cli-user-7");
const USERNAME: (&str, &str) = ("username", "pss");
const APPLICATION: (&str, &str) = ("application", "Python keyring library");

fn on(bus: &Bus, run: Run) -> Run {
    run.variable("DBUS_SESSION_BUS_ADDRESS", &bus.address)
}

#[test]
fn a_login_is_kept_found_by_other_programs_and_forgotten() {
    let Some(bus) = Bus::with_keyring() else {
        return;
    };
    let server = phase();
    let home = Home::new();
    let login = on(&bus, home.login(&server, &token("user_v1")));
    let finished = login.status(0).stdout("");
    finished
        .stderr_has("the token is in the keyring")
        .stderr_lacks("pss_");
    let text = fs::read_to_string(home.logins()).unwrap();
    assert!(!text.contains("pss_"), "{text}");
    let entry = ["service", "phase-run", "username", &server.url()];
    assert_eq!(bus.look_up(&entry), Some(token("user_v1")));
    on(&bus, home.fetch())
        .stdout("localhost")
        .status(0)
        .silent();
    let status = on(&bus, home.run(&["auth", "status"])).status(0);
    assert!(
        status
            .text()
            .contains("the keyring, by phase-run auth login")
    );
    // Another login at that host takes its place.
    on(&bus, home.login(&server, &token("service_v1"))).status(0);
    assert_eq!(bus.look_up(&entry), Some(token("service_v1")));
    on(&bus, home.run(&["auth", "logout"])).status(0);
    assert_eq!(bus.look_up(&entry), None);
    on(&bus, home.fetch()).failed(125, "credentials");
}

#[test]
fn the_token_of_phases_own_cli_is_found_by_service_and_username_whoever_wrote_it() {
    let go: &[_] = &[SERVICE, USERNAME];
    let python: &[_] = &[SERVICE, USERNAME, APPLICATION];
    for attributes in [go, python] {
        let Some(bus) = Bus::with_keyring() else {
            return;
        };
        let server = phase();
        let home = official(&server);
        bus.put(&[SERVICE, ("username", "other")], "not this one");
        bus.put(&[("service", "phase-cli-user-6"), USERNAME], "nor this");
        bus.put(attributes, &token("user_v1"));
        on(&bus, home.fetch())
            .stdout("localhost")
            .status(0)
            .silent();
        let status = on(&bus, home.run(&["auth", "status"])).status(0);
        let text = status.text();
        assert!(text.contains("the keyring, by Phase's own CLI"), "{text}");
        // It is not ours to remove.
        on(&bus, home.run(&["auth", "logout"])).status(0);
        on(&bus, home.fetch()).stdout("localhost");
    }
}

#[test]
fn a_token_that_has_gone_from_the_keyring_is_an_error() {
    let Some(bus) = Bus::with_keyring() else {
        return;
    };
    let server = phase();
    let home = official(&server);
    let finished = on(&bus, home.fetch()).failed(125, "credentials");
    finished
        .stderr_has("has no such entry any more")
        .stderr_has("auth login");
    assert!(server.requests().is_empty());
}

#[test]
fn a_keyring_that_stays_locked_gives_nothing_and_takes_nothing() {
    let Some(bus) = Bus::with_keyring() else {
        return;
    };
    let server = phase();
    let home = official(&server);
    bus.put(&[SERVICE, USERNAME], &token("user_v1"));
    bus.lock();
    let finished = on(&bus, home.fetch()).failed(125, "credentials");
    finished.stderr_has("locked");
    let login = on(&bus, home.login(&server, &token("user_v1")));
    let finished = login.failed(125, "system");
    finished.stderr_has("locked").stderr_has("--store file");
    assert!(!home.logins().exists());
}

#[test]
fn a_bus_without_a_keyring_is_told_apart_from_no_bus() {
    let Some(bus) = Bus::bare() else {
        return;
    };
    let server = phase();
    let home = Home::new();
    let login = || home.login(&server, &token("user_v1"));
    on(&bus, login())
        .failed(125, "system")
        .stderr_has("nobody offers the Secret Service");
    let run = login().variable("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let finished = run.failed(125, "system");
    finished.stderr_has("the session bus cannot be reached");
    // Where the variable is not set, systemd has put it here.
    let folder = bus.address.trim_start_matches("unix:path=");
    let folder = folder.split(',').next().unwrap();
    std::os::unix::fs::symlink(folder, home.path("bus")).unwrap();
    let run = login().variable("XDG_RUNTIME_DIR", home.path(""));
    let finished = run.failed(125, "system");
    finished.stderr_has("nobody offers the Secret Service");
}

#[test]
fn a_token_that_goes_into_a_file_leaves_none_in_the_keyring() {
    let Some(bus) = Bus::with_keyring() else {
        return;
    };
    let server = phase();
    let home = Home::new();
    on(&bus, home.login(&server, &token("user_v1"))).status(0);
    let login = on(&bus, home.login(&server, &token("user_v1")));
    login.arguments(&["--store", "file"]).status(0);
    let entry = ["service", "phase-run", "username", &server.url()];
    assert_eq!(bus.look_up(&entry), None);
    home.fetch().stdout("localhost").status(0);
}

#[test]
fn nobody_speaks_to_the_bus_while_the_token_comes_from_elsewhere() {
    let server = phase();
    let home = official(&server);
    let path = home.path("bus");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("unix:path={}", path.display());
    let with = |run: Run| run.variable("DBUS_SESSION_BUS_ADDRESS", &address);
    let run = with(home.fetch()).variable("PHASE_HOST", server.url());
    run.variable("PHASE_SERVICE_TOKEN", token("user_v1"))
        .stdout("localhost");
    let vault = || home.path("vault");
    with(home.run(&["vault", "init"]))
        .variable("PHASE_RUN_VAULT", vault())
        .status(0);
    let run = with(home.run(&["secrets", "list", "--app", "web"]));
    run.variable("PHASE_RUN_VAULT", vault()).status(0);
    let login = with(home.login(&server, &token("user_v1")));
    login.arguments(&["--store", "file"]).status(0);
    with(home.fetch()).stdout("localhost").status(0);
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
}
