//! The store itself, and whose credentials these are.

use serde_json::Value;

use super::{id, lab, nobody, run, subcommand};
use crate::support::run::Run;
use crate::support::server::Server;
use crate::support::server::infisical::{IDENTITY, Version};
use crate::support::store::Store;

fn secrets(server: &Server, words: &[&str]) -> Run {
    let words: Vec<_> = ["secrets"].iter().chain(words).copied().collect();
    subcommand(server, &words)
}

#[test]
fn a_secret_is_made_changed_moved_and_removed_under_the_name_that_was_typed() {
    let infisical = lab().folder("/deep").within("dev");
    let server = infisical.serve();
    let run = secrets(&server, &["create", "new", "--comment", "c"]);
    run.stdin("one").stdout("").status(0).told("created new");
    secrets(&server, &["get", "new"]).stdout("one").status(0);
    let run = secrets(&server, &["create", "new"]);
    run.stdin("x").failed(125, "conflict").stderr_has("new");
    let unknown = |words: &[&str]| secrets(&server, words).failed(125, "missing");
    unknown(&["get", "x"]).stderr_has("no secret \"x\" in demo/dev/\n");
    unknown(&["delete", "x"]).stderr_has("no secret \"x\" in demo/dev/\n");
    let run = secrets(&server, &["update", "new"]);
    run.stdin("two").stdout("").status(0).told("updated new");
    let run = secrets(
        &server,
        &["update", "new", "--keep-value", "--move-to", "/deep"],
    );
    run.stdout("").status(0).told("moved new");
    let stored = infisical.stored("dev", "/deep");
    assert_eq!(
        (&*stored[0].key, &*stored[0].value, &*stored[0].comment),
        ("new", "two", "c")
    );
    let words = ["delete", "new", "--path", "/deep"];
    secrets(&server, &words)
        .stdout("")
        .status(0)
        .told("deleted new");
    secrets(&server, &words)
        .failed(125, "missing")
        .stderr_has("new");
}

#[test]
fn what_lies_below_the_folder_removes_nothing_in_it() {
    let infisical = lab().folder("/deep").within("dev");
    let server = infisical.serve();
    for (name, folder) in [("one", "/"), ("two", "/deep"), ("three", "/deep")] {
        let words = ["create", name, "--path", folder];
        secrets(&server, &words).stdin("x").status(0);
    }
    let words = ["delete", "one", "two", "--recursive"];
    let finished = secrets(&server, &words).failed(125, "missing");
    finished.stderr_has("two");
    let stored = infisical.stored("dev", "/");
    assert!(stored.iter().any(|secret| secret.key == "one"));
}

#[test]
fn what_the_store_keeps_beside_a_secret_is_listed() {
    let server = lab().metadata("owner", "ada").tags(&["db"]).serve();
    let text = secrets(&server, &["list", "--json"]).status(0).text();
    let rows: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(rows[0]["tags"][0], "db");
    assert_eq!(rows[0]["metadata"]["owner"], "ada");
}

#[test]
fn an_override_is_a_users_own_and_never_an_identitys() {
    let infisical = lab();
    let server = infisical.serve();
    let create = || ["secrets", "create", "HOST", "--override"];
    let user = Run::subcommand(&create()).store(Store::Nowhere);
    let user = user.variable("INFISICAL_DOMAIN", server.url());
    let user = user.variable("INFISICAL_TOKEN", infisical.user_token());
    user.stdin("mine").stdout("").status(0).told("created the");
    let personal = infisical
        .stored("dev", "/")
        .into_iter()
        .any(|one| one.personal);
    assert!(personal);
    let finished = subcommand(&server, &create()).stdin("mine").finish();
    finished.stderr_has("personal");
}

#[test]
fn a_change_that_waits_for_approval_is_no_success() {
    let infisical = lab().reviewed();
    let server = infisical.serve();
    let finished = secrets(&server, &["update", "HOST"])
        .stdin("new")
        .failed(125, "denied");
    finished.stderr_has("approve").stderr_lacks("new\"");
    assert_eq!(infisical.stored("dev", "/")[0].value, "of dev");
}

#[test]
fn a_shell_is_told_of_what_it_is_in_infisicals_words_too() {
    let server = lab().serve();
    let shell = || {
        let run = subcommand(&server, &["shell"]).variable("SHELL", "/bin/sh");
        let run = run.variable("INFISICAL_ENVIRONMENT", "dev");
        run.variable("INFISICAL_PROJECT_ID", "another")
    };
    let show = "echo $PHASE_APP/$PHASE_ENV/${INFISICAL_PROJECT_ID-none}/$INFISICAL_ENVIRONMENT\n";
    let by_name = shell().arguments(&["--app", "demo", "--env", "prod"]);
    by_name.stdin(show).stdout("demo/prod/none/prod\n");
    let by_id = shell().arguments(&["--app-id", &id(), "--env", "prod"]);
    by_id
        .stdin(show)
        .stdout(format!("{}/prod/{}/prod\n", id(), id()));
}

#[test]
fn a_hidden_value_starts_nothing() {
    // A server that hides one value and gives the others.
    let lab = lab().version(Version::Early);
    let server = lab.secret("SECRET", "hunter2").hidden().serve();
    let finished = run(&server).sh("true").failed(125, "denied");
    finished
        .stderr_has("SECRET")
        .stderr_lacks("hidden-by-infisical");
    let excluded = run(&server).arguments(&["--exclude", "SECRET"]);
    excluded.sh("true").status(0).silent();
    let partial = run(&server).arguments(&["--allow-partial"]);
    partial.sh("env").status(0).stderr_has("SECRET is left out");
}

#[test]
fn whose_credentials_these_are_is_told_with_their_end() {
    let server = lab().serve();
    let text = subcommand(&server, &["auth", "status"]).status(0).text();
    for part in [
        "machine identity",
        IDENTITY,
        &server.url(),
        "INFISICAL_CLIENT_ID",
        "project demo",
        "dev, prod",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    let text = subcommand(&server, &["auth", "status", "--json"])
        .status(0)
        .text();
    let status: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status["account"]["kind"], "identity");
    assert!(status["expires"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_token_at_hand_can_be_ended_for_everybody() {
    let infisical = lab();
    let server = infisical.serve();
    let token = infisical.token();
    let logout = |token: &str| {
        let run = Run::subcommand(&["auth", "logout", "--revoke"]).store(Store::Nowhere);
        run.variable("INFISICAL_DOMAIN", server.url())
            .variable("INFISICAL_TOKEN", token)
    };
    logout(&token).status(0).stderr_has("INFISICAL_TOKEN");
    let run = nobody(&server).variable("INFISICAL_TOKEN", &token);
    run.sh("true").failed(125, "credentials");
    let client = subcommand(&server, &["auth", "logout", "--revoke"]);
    client
        .failed(125, "configuration")
        .stderr_has("nothing is kept");
}

#[test]
fn leases_are_made_only_when_asked_for_and_given_back_when_wanted() {
    let infisical = lab().dynamic("pg", &["DB_USER"]);
    let server = infisical.serve();
    let print = "printf %s \"${DB_USER-none}\"";
    run(&server).sh(print).stdout("none").status(0).silent();
    assert!(infisical.leases().is_empty());
    let preview = run(&server).arguments(&["--dry-run", "--leases", "generate"]);
    preview.status(0).stderr_has("pg");
    assert!(infisical.leases().is_empty());
    let asked = run(&server).arguments(&["--leases", "generate", "--app-id", &id()]);
    asked.sh(print).stdout("db_user-1").status(0).silent();
    let revoked = run(&server).arguments(&["--revoke-leases", "--lease-ttl", "1h"]);
    revoked.sh(print).stdout("db_user-2").status(0).silent();
    let leases = infisical.leases();
    assert_eq!((leases[0].revoked, leases[1].revoked), (false, true));
}

#[test]
fn a_value_that_is_hidden_is_listed_as_hidden_and_never_shown() {
    let server = lab().describing().serve();
    let list = |more: &[&str]| secrets(&server, &[&["list"][..], more].concat()).status(0);
    assert!(list(&[]).silent().text().contains("HOST"));
    let shown = list(&["--show"]);
    let told = "gives these credentials no values of: HOST";
    assert!(shown.stderr_has(told).text().contains("(hidden)"));
    for words in [&["--json"][..], &["--json", "--show"]] {
        let rows: Value = serde_json::from_str(&list(words).text()).unwrap();
        assert_eq!(
            (&rows[0]["name"], &rows[0]["hidden"]),
            (&"HOST".into(), &true.into())
        );
        assert_eq!(rows[0]["value"], Value::Null);
    }
    let got = secrets(&server, &["get", "HOST"]).failed(125, "denied");
    got.stdout("");
    let server = lab().serve();
    let words = ["secrets", "list", "--json", "--show"];
    let rows: Value = serde_json::from_str(&subcommand(&server, &words).status(0).text()).unwrap();
    assert_eq!(
        (&rows[0]["value"], &rows[0]["hidden"]),
        (&"of dev".into(), &false.into())
    );
}
