//! The file of logins: who reads it, who writes it, and what a kill leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Home, phase, token};
use crate::support::server::Server;
use crate::support::signalling::kill;

fn listed(home: &Home) -> Vec<Value> {
    let text = fs::read_to_string(home.logins()).unwrap();
    let content: Value = serde_json::from_str(&text).unwrap();
    content["logins"].as_array().unwrap().clone()
}

#[test]
fn a_token_in_a_file_is_readable_by_its_owner_alone() {
    let server = phase();
    let home = Home::logged_in(&server);
    let mode = |name: &str| {
        let metadata = fs::metadata(home.path(name)).unwrap();
        metadata.permissions().mode() & 0o7777
    };
    assert_eq!(mode("config/phase-run/logins.json"), 0o600);
    assert_eq!(mode("config/phase-run/logins.lock"), 0o600);
    assert_eq!(mode("config/phase-run"), 0o700);
    assert_eq!(listed(&home)[0]["token"], token("user_v1").as_str());
    fs::set_permissions(home.logins(), fs::Permissions::from_mode(0o644)).unwrap();
    home.fetch().status(0).stderr_has("can be read by others");
}

#[test]
fn many_who_log_in_at_once_are_all_logged_in() {
    let home = Home::new();
    let servers: Vec<Server> = (0..6).map(|_| phase()).collect();
    let logins = servers.iter().map(|server| {
        let login = home.login(server, &token("user_v1"));
        login.arguments(&["--store", "file"]).spawn()
    });
    for login in logins.collect::<Vec<_>>() {
        login.finish().status(0);
    }
    let mut hosts: Vec<String> = listed(&home)
        .iter()
        .map(|login| login["host"].as_str().unwrap().to_owned())
        .collect();
    let mut wanted: Vec<String> = servers.iter().map(Server::url).collect();
    hosts.sort();
    wanted.sort();
    assert_eq!(hosts, wanted);
}

#[test]
fn who_is_killed_leaves_the_old_logins_or_the_new_ones() {
    let first = phase();
    let home = Home::logged_in(&first);
    let server = phase();
    for round in 1..=40 {
        let login = home.login(&server, &token("service_v1"));
        let mut login = login.arguments(&["--store", "file"]).spawn();
        server.wait_for(round);
        // Not waiting for anything: this is the random moment.
        thread::sleep(Duration::from_micros(fastrand::u64(0..4000)));
        kill(login.pid(), Signal::SIGKILL);
        login.wait();
        let listed = listed(&home);
        assert!(listed.iter().any(|one| one["host"] == first.url()));
        assert!(listed.len() <= 2, "{listed:?}");
    }
    let login = home.login(&server, &token("service_v1"));
    login.arguments(&["--store", "file"]).status(0);
    assert_eq!(listed(&home).len(), 2);
    assert!(!home.logins().with_extension("new").exists());
}

#[test]
fn a_damaged_file_is_an_error_that_says_what_to_do() {
    let server = phase();
    let home = Home::logged_in(&server);
    fs::write(home.logins(), "{\"pss_x\": 1").unwrap();
    for run in [
        home.fetch(),
        home.login(&server, &token("user_v1"))
            .arguments(&["--store", "file"]),
        home.run(&["auth", "logout"]),
    ] {
        let finished = run.failed(125, "configuration");
        finished
            .stderr_has("logins.json")
            .stderr_has("rm ")
            .stderr_lacks("pss_x");
    }
}
