//! Dynamic secrets: credentials made for a run, and given back.

use super::encrypted::{lab, with};
use super::{names, web};
use crate::support::server::{Kind, Lease, Phase};

fn cloud() -> Phase {
    lab()
        .within("web/Development")
        .dynamic("AWS", &["AWS_USER", "AWS_KEY"])
}

#[test]
fn a_dynamic_secret_gives_credentials_anew_for_each_run_and_no_empty_ones_without() {
    for (kind, api) in [
        (Kind::ServiceAccount, "e2ee"),
        (Kind::User, "e2ee"),
        (Kind::User, "rest"),
    ] {
        let phase = web().dynamic("AWS", &["AWS_USER", "AWS_KEY"]);
        let server = phase.serve();
        let run = || {
            with(&phase, &server, kind)
                .arguments(&["--api", api])
                .sh(&names("AWS_"))
        };
        let one = run().status(0).text();
        assert!(
            one.contains("AWS_KEY=") && one.contains("AWS_USER="),
            "{one}"
        );
        let other = run().arguments(&["--lease-ttl", "90s"]).status(0).text();
        assert_ne!(one, other);
        assert_eq!(phase.leases().len(), 2);
        assert_eq!(
            phase
                .leases()
                .iter()
                .filter(|lease| lease.is_revoked())
                .count(),
            0
        );
        let run = run()
            .arguments(&["--leases", "skip"])
            .variable("AWS_KEY", "inherited");
        let finished = run.stdout("AWS_KEY=inherited\n").status(0);
        finished.stderr_has("gives no value for AWS_USER, AWS_KEY");
        assert_eq!(phase.leases().len(), 2);
    }
}

#[test]
fn looking_makes_no_lease_and_neither_does_what_is_left_out() {
    let phase = cloud();
    let server = phase.serve();
    with(&phase, &server, Kind::User)
        .argument("--dry-run")
        .status(0);
    let run = with(&phase, &server, Kind::User).arguments(&["--exclude", "AWS_*"]);
    run.sh("exit 0").status(0);
    let run = with(&phase, &server, Kind::User).arguments(&["--path", "/db"]);
    run.sh("exit 0").status(0);
    assert!(phase.leases().is_empty());
}

#[test]
fn leases_are_made_in_the_folders_that_are_meant_alone() {
    for api in ["e2ee", "rest"] {
        let phase = web()
            .dynamic("ROOT", &["AWS_ROOT"])
            .folder("/a")
            .dynamic("A", &["AWS_A"])
            .folder("/a/b")
            .dynamic("B", &["AWS_B"])
            .folder("/c")
            .dynamic("C", &["AWS_C"]);
        let server = phase.serve();
        let run = |leases: &str| {
            let run = with(&phase, &server, Kind::User).arguments(&["--api", api]);
            let run = run.arguments(&["--path", "/a", "--recursive", "--leases", leases]);
            run.sh("env | grep ^AWS_ | cut -d = -f 1 | sort").status(0)
        };
        let text = run("generate").text();
        assert_eq!(text, "AWS_A\nAWS_B\n");
        assert_eq!(phase.leases().len(), 2, "{api}");
        // Nor is what lies elsewhere told of.
        run("skip").stderr_has("AWS_B").stderr_lacks("AWS_C");
    }
}

#[test]
fn what_selects_nothing_makes_no_lease_and_a_dynamic_secret_excuses_no_other_folder() {
    for api in ["e2ee", "rest"] {
        let phase = web().secret("A", "1").dynamic("AWS", &["AWS_KEY"]);
        let phase = phase.folder("/db").dynamic("DB", &["DB_USER"]);
        let server = phase.serve();
        let run = |words: &[&str]| {
            let run = with(&phase, &server, Kind::User).arguments(&["--api", api]);
            run.arguments(words)
        };
        for (selection, named) in [
            (&["--tag", "nope"][..], "\"nope\""),
            (&["--path", "/db", "--path", "/nope"], "folder /nope"),
        ] {
            for more in [&[][..], &["--leases", "skip"], &["--dry-run"]] {
                let run = run(selection).arguments(more);
                let run = if more == ["--dry-run"] {
                    run
                } else {
                    run.sh("echo started")
                };
                run.failed(125, "missing").stderr_has(named);
            }
        }
        assert!(phase.leases().is_empty(), "{api}");
        // A folder of dynamic secrets alone is no empty one, whatever is wanted of it.
        let run = run(&["--path", "/", "--path", "/db", "--exclude", "*_*"]);
        run.sh("echo $A").stdout("1\n").status(0);
        assert!(phase.leases().is_empty(), "{api}");
    }
}

#[test]
fn leases_are_revoked_when_the_command_ends_however_it_ends() {
    for api in ["e2ee", "rest"] {
        let phase = web().dynamic("AWS", &["AWS_USER", "AWS_KEY"]);
        let server = phase.serve();
        let run = || {
            let run = with(&phase, &server, Kind::User);
            run.arguments(&["--api", api, "--revoke-leases"])
        };
        run().sh("exit 7").status(7);
        run().sh("kill -KILL $$").signal(libc::SIGKILL);
        let leases = phase.leases();
        assert_eq!(leases.len(), 2);
        assert!(leases.iter().all(Lease::is_revoked), "{api}");
    }
}

#[test]
fn leases_are_revoked_when_we_are_told_to_stop() {
    let phase = cloud();
    let server = phase.serve();
    let run = with(&phase, &server, Kind::User).argument("--revoke-leases");
    // Its parent is the supervisor, which hands the signal back.
    run.sh("kill -TERM $PPID; exec sleep 60")
        .signal(libc::SIGTERM);
    let leases = phase.leases();
    assert_eq!(leases.len(), 1);
    assert!(leases[0].is_revoked());
}

#[test]
fn leases_of_a_run_that_starts_nothing_are_revoked_without_being_asked() {
    let phase = cloud();
    let server = phase.serve();
    let run = with(&phase, &server, Kind::User).arguments(&["--require", "GONE"]);
    run.sh("exit 0").failed(125, "missing").stderr_has("GONE");
    let run = with(&phase, &server, Kind::User).argument("--revoke-leases");
    let run = run.arguments(&["--mode", "exec"]).sh("exit 0");
    run.failed(2, "usage").stderr_has("--mode exec");
    let leases = phase.leases();
    assert_eq!(leases.len(), 1);
    assert!(leases[0].is_revoked());
}

#[test]
fn leases_are_given_back_where_what_they_were_made_for_does_not_resolve() {
    for api in ["e2ee", "rest"] {
        let phase = web().dynamic("AWS", &["AWS_KEY"]).secret("BAD", "${NOPE}");
        let server = phase.serve();
        let run = with(&phase, &server, Kind::User).arguments(&["--api", api]);
        run.sh("exit 0").failed(125, "unresolved");
        let leases = phase.leases();
        assert!(leases.len() == 1 && leases[0].is_revoked(), "{api}");
    }
}

#[test]
fn a_dry_run_counts_what_a_run_would_have_made() {
    let phase = cloud();
    let server = phase.serve();
    let run = with(&phase, &server, Kind::User).arguments(&["--dry-run", "--require", "AWS_KEY"]);
    run.status(0).stderr_has("sets AWS_USER, AWS_KEY");
    for words in [
        &["--leases", "skip", "--revoke-leases"][..],
        &["--leases", "skip", "--lease-ttl", "1h"],
        &["--lease-ttl", "1500ms"],
    ] {
        let run = with(&phase, &server, Kind::User).arguments(words);
        run.sh("exit 0").failed(2, "usage").stderr_has("lease");
    }
    assert!(phase.leases().is_empty());
}

#[test]
fn a_lease_that_cannot_be_made_fails_the_run_with_the_servers_reason() {
    let phase = web()
        .dynamic("AWS", &["AWS_USER", "AWS_KEY"])
        .failing("quota exceeded");
    let server = phase.serve();
    // The server says over REST alone what the provider said.
    for (api, reason) in [
        ("e2ee", "An internal error occurred"),
        ("rest", "quota exceeded"),
    ] {
        let run = with(&phase, &server, Kind::User).arguments(&["--api", api]);
        let finished = run.sh("exit 0").failed(125, "denied");
        finished
            .stderr_has("AWS")
            .stderr_has(reason)
            .stderr_has("--leases skip");
    }
}
