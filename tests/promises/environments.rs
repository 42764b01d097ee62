//! `vault environments`, and that a mistyped name makes none.

use super::{Desk, serve, web};
use crate::support::run::Run;
use crate::support::running::Running;
use crate::support::stage::Seat;
use crate::support::store::Store;

fn environments(desk: &Desk, words: &[&str]) -> Run {
    let words: Vec<_> = ["vault", "environments"]
        .iter()
        .chain(words)
        .copied()
        .collect();
    desk.run(&words)
}

#[track_caller]
fn answer(running: &Running, text: &str) {
    running.await_text("[y/N] ");
    running.terminal().press(&format!("{text}\n"));
}

#[test]
fn a_mistyped_environment_is_an_error_that_lists_what_is_there() {
    let desk = Desk::new();
    desk.add("A", "1");
    let create = |words: &[&str]| {
        let run = desk.secrets(&["create", "B", "--env", "prodcution"]);
        run.arguments(words).stdin("2")
    };
    create(&[])
        .failed(125, "missing")
        .stderr_has("prodcution")
        .stderr_has("development")
        .stderr_has("--new-environment");
    environments(&desk, &["list"]).stdout("web: development\n");
    create(&["--new-environment"]).status(0).told("created B");
    environments(&desk, &["list", "--app", "web"]).stdout("development\nprodcution\n");
}

#[test]
fn a_server_makes_no_environment_by_a_flag() {
    let server = serve(web());
    let run = Run::subcommand(&["secrets", "create", "A", "--new-environment"]);
    let run = run.store(Store::Phase(server.url())).stdin("1");
    run.failed(2, "usage").stderr_has("--new-environment");
}

#[test]
fn an_environment_is_made_listed_and_deleted_with_what_it_holds_if_that_is_meant() {
    let desk = Desk::new();
    for name in ["development", "staging"] {
        let run = environments(&desk, &["create", name, "--app", "web"]);
        run.stdout("").status(0).told("created the");
    }
    let again = environments(&desk, &["create", "Staging", "--app", "web"]);
    again.failed(125, "conflict").stderr_has("staging");
    environments(&desk, &["list", "--app", "web"]).stdout("development\nstaging\n");
    let named = environments(&desk, &["create", "x"]).failed(125, "configuration");
    named.stderr_has("--app");

    let delete = |name: &str| environments(&desk, &["delete", name, "--app", "web"]);
    delete("stag").failed(125, "missing").stderr_has("staging");
    delete("staging").stdout("").status(0).told("deleted the");
    desk.add("A", "1");
    delete("development")
        .failed(125, "configuration")
        .stderr_has("holds 1 secret")
        .stderr_has("--yes");
    let running = delete("development").at(Seat::Leader).spawn();
    answer(&running, "n");
    running.finish().status(125);
    desk.has("A", "1");
    let running = delete("development").at(Seat::Leader).spawn();
    answer(&running, "y");
    running.finish().status(0);
    environments(&desk, &["list"]).stdout("").status(0).silent();
    desk.add("A", "2");
    delete("development")
        .argument("--yes")
        .status(0)
        .told("deleted the");
    environments(&desk, &["list"]).stdout("").status(0);
}
