//! What is said of a change, and what is looked at before it.

use super::infisical::{lab as infisical, subcommand};
use super::{Desk, serve, web_with};
use crate::support::run::Run;
use crate::support::server::{Kind, Reply, Server};
use crate::support::stage::Seat;
use crate::support::store::Store;

/// A command on the secrets of a store.
type Secrets<'a> = &'a dyn Fn(&[&str]) -> Run;

fn at_phase(server: &Server, words: &[&str]) -> Run {
    let words: Vec<_> = ["secrets"].iter().chain(words).copied().collect();
    Run::subcommand(&words).store(Store::Phase(server.url()))
}

/// With a vault, Phase over REST and end-to-end encrypted, and Infisical, each with its
/// own word for the place.
fn in_each_store(test: impl Fn(Secrets<'_>, &str)) {
    let desk = Desk::new();
    desk.add("HOST", "there");
    test(&|words| desk.secrets(words), "web/development");
    let phase = serve(web_with(&[("HOST", "there")]));
    test(&|words| at_phase(&phase, words), "web-id/development");
    let phase = web_with(&[("HOST", "there")]);
    let token = phase.token(Kind::User).full;
    let phase = serve(phase);
    let user =
        |words: &[&str]| at_phase(&phase, words).variable("PHASE_SERVICE_TOKEN", token.clone());
    test(&user, "web/Development");
    let server = infisical().serve();
    let at_infisical = |words: &[&str]| {
        let words: Vec<_> = ["secrets"].iter().chain(words).copied().collect();
        subcommand(&server, &words)
    };
    test(&at_infisical, "demo/dev");
}

#[test]
fn each_change_of_a_secret_says_in_one_line_what_it_did_and_where() {
    in_each_store(|secrets, place| {
        for (words, done) in [
            (&["create", "A"][..], format!("created A in {place}/")),
            (&["update", "A"], format!("updated A in {place}/")),
            (
                &["update", "A", "--keep-value", "--comment", "c"],
                format!("updated A in {place}/"),
            ),
            (
                &["create", "B", "--path", "/back/end"],
                format!("created B in {place}/back/end/"),
            ),
            (
                &[
                    "update",
                    "B",
                    "--path",
                    "/back/end",
                    "--keep-value",
                    "--move-to",
                    "/",
                ],
                format!("moved B from {place}/back/end/ to {place}/"),
            ),
            (&["delete", "B", "A"], format!("deleted A, B in {place}/")),
        ] {
            // Infisical makes no folder on the way.
            if place == "demo/dev" && words.contains(&"/back/end") {
                continue;
            }
            if place == "demo/dev" && words[0] == "delete" {
                secrets(&["create", "B"]).stdin("x").status(0);
            }
            let done = format!("phase-run: {done}\n");
            secrets(words).stdin("x").status(0).stdout("").stderr(&done);
        }
        for words in [
            &["create", "C", "-q"][..],
            &["update", "C", "-q"],
            &["delete", "C", "-q"],
        ] {
            secrets(words).stdin("x").status(0).stdout("").silent();
        }
    });
}

#[test]
fn a_name_that_the_store_changes_is_said() {
    let phase = serve(web_with(&[]));
    let run = at_phase(&phase, &["create", "db_url"]).stdin("x");
    run.status(0)
        .told("created DB_URL, which Phase stores in upper case, in web-id/development/");
}

#[test]
fn a_change_of_an_override_says_what_it_did() {
    let desk = Desk::new();
    desk.add("A", "1");
    for (words, done) in [
        (
            &["create", "A", "--override"][..],
            "created the personal override of A in web/",
        ),
        (
            &["update", "A", "--override"],
            "updated the personal override of A in web/",
        ),
        (
            &["update", "A", "--toggle-override"],
            "turned off the personal override of A in web/",
        ),
        (
            &["update", "A", "--toggle-override"],
            "turned on the personal override of A in web/",
        ),
    ] {
        desk.secrets(words).stdin("x").status(0).told(done);
    }
}

#[test]
fn each_change_of_a_vault_says_in_one_line_what_it_did() {
    let desk = Desk::bare();
    let friend = "age1r2xq5rgye502j7q4v0rvxz0veg47mmsp7563dqsqnhkun2ddzfqss9qxq2";
    let vault = desk.path("vault");
    let (vault, identity) = (vault.display(), desk.path("phase-run/identity"));
    for (words, done) in [
        (
            &["init"][..],
            format!(
                "made the identity {} and the vault {vault}",
                identity.display()
            ),
        ),
        (
            &["environments", "create", "staging", "--app", "web"],
            "created the environment staging of web".to_owned(),
        ),
        (
            &["environments", "delete", "staging", "--app", "web"],
            "deleted the environment staging of web".to_owned(),
        ),
        (
            &["recipients", "add", friend],
            format!("{friend} can open {vault} now"),
        ),
        (
            &["recipients", "accept"],
            format!("all recipients of {vault} had been accepted"),
        ),
        (
            &["recipients", "remove", friend],
            format!("{friend} cannot open {vault} any more, but for older copies of it"),
        ),
        (&["rekey"], format!("encrypted {vault} anew")),
    ] {
        let words: Vec<_> = ["vault"].iter().chain(words).copied().collect();
        let done = format!("phase-run: {done}\n");
        desk.run(&words).status(0).stderr(&done);
    }
    desk.run(&["vault", "rekey", "-q"]).status(0).silent();
}

#[test]
fn nobody_is_asked_for_a_value_that_cannot_be_stored() {
    in_each_store(|secrets, _| {
        for (words, reason) in [
            (&["create", "HOST"][..], "conflict"),
            (&["update", "NOPE"], "missing"),
            (&["create", "NOPE", "--override"], "missing"),
            (&["create", "A", "--env", "nowhere"], "missing"),
            (&["update", "HOST", "--env", "nowhere"], "missing"),
            // A part of a name is none to write to.
            (&["create", "A", "--env", "de"], "missing"),
        ] {
            // Standard input stays open: who reads it waits for ever.
            let finished = secrets(words).spawn().finish();
            finished.failed(125, reason);
            let text = secrets(words).at(Seat::Leader).spawn().finish().text();
            let asked = text.contains("Value of");
            assert!(text.contains(reason) && !asked, "{words:?}: {text}");
        }
    });
}

#[test]
fn a_change_is_tried_where_the_store_lets_nobody_look() {
    let phase = web_with(&[]);
    let server = Server::start(move |request| {
        if request.method == "GET" {
            return Reply::json(
                403,
                r#"{"error": "You don't have permission to read secrets"}"#,
            );
        }
        phase.answer(request)
    });
    at_phase(&server, &["list"]).failed(125, "denied");
    let run = at_phase(&server, &["create", "NEW"]).stdin("x");
    run.status(0).told("created NEW in web-id/development/");
}

#[test]
fn an_empty_vault_and_an_empty_environment_are_empty_lists() {
    let desk = Desk::new();
    for words in [
        &["list"][..],
        &["list", "--all-paths"],
        &["list", "--tag", "t"],
    ] {
        let text = desk.secrets(words).status(0).silent().text();
        assert_eq!(text.lines().count(), 1, "the titles alone: {text}");
        let words = [words, &["--json"]].concat();
        desk.secrets(&words).stdout("[]\n").status(0).silent();
    }
    let run = desk.run(&["vault", "environments", "create", "staging", "--app", "web"]);
    run.status(0);
    let json = ["list", "--json", "--env", "staging"];
    desk.secrets(&json).stdout("[]\n").status(0).silent();
    let text = desk.secrets(&json).at(Seat::Leader).spawn().finish().text();
    assert!(text.contains("there is no secret here yet"), "{text}");
    // Another environment is a mistake from now on.
    desk.secrets(&["list"]).failed(125, "missing");
    let server = serve(web_with(&[]));
    at_phase(&server, &["list", "--json"])
        .stdout("[]\n")
        .status(0);
}

#[test]
fn a_list_says_which_environment_a_part_of_a_name_means() {
    let desk = Desk::new();
    desk.add("A", "1");
    let finished = desk.secrets(&["list", "--env", "dev"]).status(0);
    finished.stderr_has("environment \"dev\" is taken to mean \"development\"");
}
