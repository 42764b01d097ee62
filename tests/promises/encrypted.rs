//! Phase, end to end encrypted: what a user of a full token sees.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{names, web};
use crate::support::run::Run;
use crate::support::server::{Kind, Limit, Phase, Server, Sse};
use crate::support::store::Store;

const KINDS: [Kind; 3] = [Kind::Service, Kind::ServiceAccount, Kind::User];

/// An app without server-side encryption, referring to itself and to others.
pub(super) fn lab() -> Phase {
    Phase::default()
        .app("api", Sse::Off)
        .environment("Production")
        .secret("KEY", "x-${HOST}")
        .secret("HOST", "api.internal")
        .app("web", Sse::Off)
        .environments(&["Development", "Staging"])
        .within("web/Staging")
        .secret("HOST", "staging-host")
        .within("web/Development")
        .secret("APP_HOST", "h")
        .secret("APP_URL", "pg://${APP_HOST}:${/db/PORT}/x")
        .secret("APP_STAGING", "${staging.HOST}")
        .secret("APP_KEY", "${api::prod.KEY}")
        .secret("APP_OWN", "shared")
        .own("mine-${APP_HOST}")
        .secret("APP_SHELL", "${X:-y} ${{X}} $X $$ ${")
        .folder("/db")
        .secret("PORT", "5432")
}

/// A run with the full token of an account that reaches everything.
pub(super) fn with(phase: &Phase, server: &Server, kind: Kind) -> Run {
    on(Run::with(&[]), phase, server, kind)
}

fn on(run: Run, phase: &Phase, server: &Server, kind: Kind) -> Run {
    run.store(Store::Nowhere)
        .variable("PHASE_HOST", server.url())
        .variable("PHASE_SERVICE_TOKEN", phase.token(kind).full)
        .variable("PHASE_APP", "web")
        .variable("PHASE_ENV", "dev")
}

#[test]
fn each_kind_of_token_runs_a_command_with_overrides_and_references() {
    for kind in KINDS {
        let phase = lab();
        let server = phase.serve();
        let own = if kind == Kind::User {
            "mine-h"
        } else {
            "shared"
        };
        let run = with(&phase, &server, kind).sh(&names("APP_"));
        let finished = run.stdout(format!(
            "APP_HOST=h\nAPP_KEY=x-api.internal\nAPP_OWN={own}\nAPP_SHELL=${{X:-y}} ${{{{X}}}} $X $$ ${{\n\
             APP_STAGING=staging-host\nAPP_URL=pg://h:5432/x\n"
        ));
        finished.status(0).stderr_has("\"Development\"");
        assert_eq!(
            server.requests().len(),
            6,
            "the token, a folder, three names, and all of an environment that refers to itself"
        );
    }
}

#[test]
fn rest_is_spoken_with_a_full_token_where_that_is_asked_for() {
    let phase = web().secret("APP_A", "1");
    let server = phase.serve();
    let run = with(&phase, &server, Kind::ServiceAccount).arguments(&["--api", "rest"]);
    run.sh(&names("APP_")).stdout("APP_A=1\n").status(0);
    let rest = |path: &str| path.starts_with("/service/public/v1/");
    assert!(server.requests().iter().all(|request| rest(&request.path)));
    let run = with(&phase, &server, Kind::User).arguments(&["--api", "e2ee"]);
    let run = run.variable("PHASE_SERVICE_TOKEN", phase.token(Kind::User).rest);
    let finished = run.sh("exit 0").failed(125, "credentials");
    finished
        .stderr_has("holds no keys")
        .stderr_has("--api rest");
}

#[test]
fn a_dead_token_and_one_without_access_say_what_to_do() {
    for (limit, word, advice) in [
        (Limit::Dead, "credentials", "PHASE_SERVICE_TOKEN"),
        (Limit::Left, "credentials", "no longer a member"),
        (Limit::Address, "denied", "IP address"),
        (Limit::Without("read"), "denied", "permission"),
    ] {
        let phase = lab();
        let server = phase.serve();
        phase.limit(&phase.token(Kind::User), limit);
        let run = with(&phase, &server, Kind::User).sh("exit 0");
        run.failed(125, word).stderr_has(advice);
    }
    let phase = lab();
    let server = phase.serve();
    let token = phase.admit(Kind::ServiceAccount, &["web/Staging"]);
    let run = with(&phase, &server, Kind::User).variable("PHASE_SERVICE_TOKEN", token.full);
    let finished = run.sh("exit 0").failed(125, "missing");
    finished.stderr_has("there are: Staging");
}

#[test]
fn a_reference_into_what_is_out_of_reach_fails_the_run_by_name_unless_allowed() {
    let phase = lab();
    let server = phase.serve();
    let token = phase.admit(Kind::ServiceAccount, &["web/Development", "web/Staging"]);
    let run = || {
        let run = with(&phase, &server, Kind::User).sh(&names("APP_KEY"));
        run.variable("PHASE_SERVICE_TOKEN", &token.full)
    };
    let finished = run().failed(125, "unresolved");
    finished.stderr_has("APP_KEY → ${api::prod.KEY} (there is no app \"api\")");
    let finished = run().argument("--allow-unresolved");
    finished.stdout("APP_KEY=${api::prod.KEY}\n").status(0);
    run()
        .arguments(&["--exclude", "APP_KEY"])
        .stdout("")
        .status(0);
}

#[test]
fn the_store_is_read_and_written_encrypted() {
    let phase = lab();
    let server = phase.serve();
    let secrets = |words: &[&str]| {
        let words: Vec<_> = ["secrets"].iter().chain(words).copied().collect();
        let run = on(Run::subcommand(&words), &phase, &server, Kind::User);
        run.variable("PHASE_ENV", "development")
    };
    let run = secrets(&["create", "new", "--comment", "for people", "--tag", "a,b"]);
    run.stdin("one").status(0);
    secrets(&["get", "new"]).stdout("one").status(0);
    secrets(&["create", "NEW"])
        .stdin("x")
        .failed(125, "conflict");
    secrets(&["update", "NEW"]).stdin("two").status(0);
    secrets(&["update", "NEW", "--override"])
        .stdin("mine")
        .status(0);
    secrets(&["get", "NEW"]).stdout("mine").status(0);
    secrets(&["update", "NEW", "--toggle-override"]).status(0);
    secrets(&["get", "NEW"]).stdout("two").status(0);
    let rows = secrets(&["list", "--json", "--show"]).status(0).text();
    let rows: serde_json::Value = serde_json::from_str(&rows).unwrap();
    let row = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "NEW");
    let row = row.unwrap();
    assert_eq!(row["comment"], "for people");
    assert_eq!(
        row["tags"],
        serde_json::json!(["a", "b"]),
        "a change keeps them"
    );
    assert_eq!(row["override_value"], "mine");
    for request in server.requests() {
        let body = String::from_utf8_lossy(&request.body);
        assert!(!body.contains("one") && !body.contains("people"), "{body}");
    }
    secrets(&["delete", "new"]).status(0);
    secrets(&["get", "NEW"]).failed(125, "missing");
    secrets(&["delete", "NEW"])
        .failed(125, "missing")
        .stderr_has("NEW");
    on(Run::subcommand(&["apps"]), &phase, &server, Kind::User)
        .stdout("api: Production\nweb: Development, Staging\n")
        .status(0);
}

#[test]
fn another_key_of_an_environment_stops_a_run_until_it_is_accepted() {
    let with_seed = |seed: &str| {
        let phase = Phase::default().app("web", Sse::Off);
        let phase = phase.environment_of("Development", &seed.repeat(64), &"2".repeat(64));
        phase.secret("APP_HOST", "h")
    };
    let worlds = [with_seed("1"), with_seed("3")];
    let token = worlds[0].clone();
    let turn = Arc::new(AtomicUsize::new(0));
    let at = Arc::clone(&turn);
    let server = Server::start(move |request| worlds[at.load(Ordering::SeqCst)].answer(request));
    let state = tempfile::tempdir().unwrap();
    let run = || {
        let run = with(&token, &server, Kind::ServiceAccount);
        run.variable("XDG_STATE_HOME", state.path())
    };
    run().sh(&names("APP_")).stdout("APP_HOST=h\n").status(0);
    turn.store(1, Ordering::SeqCst);
    let finished = run().sh("exit 0").failed(125, "decryption");
    finished
        .stderr_has("first seen at 20")
        .stderr_has("--accept-new-key");
    let accepted = run().argument("--accept-new-key").sh(&names("APP_"));
    accepted.stdout("APP_HOST=h\n").status(0);
    run().sh(&names("APP_")).stdout("APP_HOST=h\n").status(0);
}

#[test]
fn a_guess_at_the_environment_a_reference_means_is_told() {
    let phase = lab();
    let server = phase.serve();
    let run = with(&phase, &server, Kind::User).arguments(&["--env", "development"]);
    let run = run.arguments(&["--only", "APP_STAGING", "--only", "APP_KEY"]);
    let finished = run.sh("exit 0").status(0);
    finished.stderr_has("environment \"prod\" is taken to mean \"Production\"");
}

#[test]
fn a_run_remembers_an_id_for_the_next_one_and_no_secret() {
    let phase = lab();
    let far = phase.clone();
    let server = Server::start(move |request| far.answer(request).after(Duration::from_millis(20)));
    let cache = tempfile::tempdir().unwrap();
    let run = || {
        let run = with(&phase, &server, Kind::User).variable("XDG_CACHE_HOME", cache.path());
        run.arguments(&["--only", "APP_HOST"]).sh(&names("APP_"))
    };
    run().stdout("APP_HOST=h\n").status(0);
    let folder = cache.path().join("phase-run");
    let file = folder.read_dir().unwrap().next().unwrap().unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(file.path()).unwrap();
    let id = phase.environment_id("web/Development");
    assert!(kept.trim_end().ends_with(&id), "{kept}");
    let token = phase.token(Kind::User).full;
    assert!(token.split(':').skip(2).all(|part| !kept.contains(part)));
    run().stdout("APP_HOST=h\n").status(0);
    // Two at the same time take two connections.
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[0].connection, requests[1].connection);
    assert_ne!(requests[2].connection, requests[3].connection);
    // What somebody else wrote there does no harm.
    for spoilt in [
        "",
        "x",
        "\u{0}",
        &kept.replace(&id, "gone"),
        &"x".repeat(1 << 20),
    ] {
        fs::write(file.path(), spoilt).unwrap();
        run().stdout("APP_HOST=h\n").status(0);
    }
    fs::remove_file(file.path()).unwrap();
    nix::unistd::mkfifo(&file.path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    run().stdout("APP_HOST=h\n").status(0);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "no folder").unwrap();
    run().stdout("APP_HOST=h\n").status(0);
}

#[test]
fn a_state_directory_that_is_closed_to_us_stops_nothing() {
    // Root may look everywhere: somebody else is needed.
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let phase = lab();
    let server = phase.serve();
    let closed = tempfile::tempdir().unwrap();
    let somebody = ["--reuid=4242", "--regid=4242", "--clear-groups"];
    let command = [&["/usr/bin/setpriv"], &somebody[..]].concat();
    let run = with(&phase, &server, Kind::Service).inside(&command);
    let run = run.variable("XDG_STATE_HOME", closed.path()).argument("-v");
    fs::set_permissions(run.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let finished = run.sh("echo $APP_HOST").stdout("h\n").status(0);
    finished.stderr_has("nothing is remembered");
}
