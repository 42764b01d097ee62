//! `shell`: an interactive shell with the secrets.

use super::{rows, serve, web};
use crate::support::run::Run;
use crate::support::server::Server;
use crate::support::stage::Seat;
use crate::support::store::{Store, TOKEN};

fn shell(server: &Server) -> Run {
    Run::subcommand(&["shell"]).store(Store::Phase(server.url()))
}

fn lab() -> Server {
    serve(web().within("web/Staging").secret("GREETING", "hello"))
}

#[test]
fn the_users_shell_is_started_without_arguments() {
    let server = lab();
    let script = "#!/bin/sh\necho \"$# $GREETING\"; exit 7\n";
    let run = shell(&server).file("my shell", 0o755, script);
    let program = run.folder().join("my shell");
    let run = run
        .variable("SHELL", program)
        .arguments(&["--env", "Staging"]);
    run.stdout("0 hello\n").status(7).silent();
}

#[test]
fn without_a_shell_of_the_users_it_is_that_of_the_system() {
    for value in [None, Some("")] {
        let server = lab();
        let run = shell(&server).arguments(&["--env", "Staging"]);
        let run = match value {
            Some(value) => run.variable("SHELL", value),
            None => run.without("SHELL"),
        };
        run.stdin("echo $0 $GREETING; exit 7\n")
            .stdout("/bin/sh hello\n")
            .status(7);
    }
}

#[test]
fn the_shell_knows_that_it_is_one_and_of_what_as_the_store_spells_it() {
    let server = lab();
    let show = "echo $PHASE_SHELL/$PHASE_APP/${PHASE_APP_ID-none}/$PHASE_ENV\n";
    let by_name = Run::subcommand(&["shell"])
        .store(Store::Nowhere)
        .variable("PHASE_HOST", server.url())
        .variable("PHASE_SERVICE_TOKEN", TOKEN)
        .arguments(&["--app", "WEB", "--env", "stag"]);
    by_name.stdin(show).stdout("true/web/none/Staging\n");
    // By id, no name is known; what runs in the shell then means the same app.
    let by_id = shell(&server).arguments(&["--env", "Staging"]);
    by_id.stdin(show).stdout("true/web-id/web-id/Staging\n");
}

#[test]
fn neither_a_secret_nor_an_inherited_variable_changes_what_the_shell_is_told() {
    let row = serde_json::json!({"id": "1", "key": "PHASE_ENV", "value": "x", "path": "/"});
    let server = rows(&serde_json::json!([row]));
    let run = shell(&server)
        .variable("PHASE_ENV", "Staging")
        .variable("PHASE_SHELL", "false");
    run.stdin("env | grep -e '^PHASE_ENV' -e '^PHASE_SHELL'\n")
        .stdout("PHASE_SHELL=true\nPHASE_ENV=Staging\n");
}

#[test]
fn at_a_terminal_the_shell_is_interactive() {
    let server = lab();
    let mut running = shell(&server)
        .arguments(&["--env", "Staging"])
        .variable("SHELL", "/bin/sh")
        .variable("PS1", "$ ")
        .at(Seat::Foreground)
        .spawn();
    running.terminal().press("echo \"<$GREETING $-\"; exit 9\n");
    let line = loop {
        let line = running.line();
        if let Some((_, rest)) = line.split_once('<') {
            break rest.to_owned();
        }
    };
    assert!(line.starts_with("hello ") && line.contains('i'), "{line}");
    running.finish().status(9);
}
