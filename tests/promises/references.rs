//! References in a vault: where they lead, and whose value they take.

use super::Desk;

/// A vault with secrets in several folders, environments and apps.
fn desk() -> Desk {
    let desk = Desk::new();
    let add = |name: &str, value: &str, place: &[&str]| {
        let run = desk.run(&["secrets", "create", name, "--new-environment"]);
        let run = run.arguments(place);
        run.stdin(value).status(0).told("created HOST");
    };
    let web = ["--app", "web"];
    let at = |more: &[&'static str]| [&web[..], more].concat();
    add("HOST", "here", &web);
    add("HOST", "in a folder", &at(&["--path", "/db"]));
    add("HOST", "in staging", &at(&["--env", "staging"]));
    add(
        "HOST",
        "in both",
        &at(&["--env", "staging", "--path", "/db"]),
    );
    add("HOST", "in the other app", &["--app", "api"]);
    desk
}

#[test]
fn a_reference_leads_to_another_secret_folder_environment_or_app() {
    let desk = desk();
    for (reference, value) in [
        ("${HOST}", "here"),
        ("${/db/HOST}", "in a folder"),
        ("${staging.HOST}", "in staging"),
        ("${staging./db/HOST}", "in both"),
        ("${api::development.HOST}", "in the other app"),
        (
            "a ${HOST} and ${/db/HOST}${HOST}",
            "a here and in a folderhere",
        ),
    ] {
        desk.add("A", reference);
        desk.has("A", value);
        desk.secrets(&["delete", "A"]).status(0);
    }
    for reference in [
        "${NOPE}",
        "${/nope/HOST}",
        "${nope.HOST}",
        "${nope::development.HOST}",
    ] {
        desk.add("A", reference);
        let finished = desk.secrets(&["get", "A"]).failed(125, "unresolved");
        finished.stderr_has("A").stderr_has(reference);
        desk.secrets(&["delete", "A"]).status(0);
    }
}

#[test]
fn an_override_is_in_force_before_references_are_followed() {
    let desk = desk();
    desk.add("URL", "pg://${HOST}");
    let own = |name: &str, value: &str| {
        let run = desk.secrets(&["create", name, "--override"]);
        run.stdin(value).status(0).told("created the");
    };
    own("HOST", "mine");
    desk.has("URL", "pg://mine");
    own("URL", "own ${HOST}");
    desk.has("URL", "own mine");
    let run = desk.run(&["run", "--app", "web"]).sh("echo $URL");
    run.stdout("own mine\n").silent();
    let shared = desk.run(&["run", "--app", "web", "--no-personal"]);
    shared.sh("echo $URL").stdout("pg://here\n").silent();
}

#[test]
fn a_reference_leads_to_what_is_not_chosen_itself() {
    let desk = desk();
    desk.add("URL", "pg://${HOST}${/db/HOST}");
    for words in [["--only", "URL"], ["--exclude", "HOST"]] {
        let run = desk.run(&["run", "--app", "web"]).arguments(&words);
        let run = run.sh("echo $URL ${HOST-none}");
        run.stdout("pg://herein a folder none\n").silent();
    }
}
