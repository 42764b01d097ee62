//! A command gets all that was asked for, or is not started.

use super::{PRINT, id, lab, run, subcommand};
use crate::support::server::infisical::Version;
use crate::support::server::{Reply, Server};

const VERSIONS: [Version; 2] = [Version::Current, Version::WithoutV4];

#[test]
fn a_missing_reference_starts_nothing_although_the_server_puts_nothing_in_its_place() {
    let infisical = lab();
    let server = Server::start(move |request| {
        let home =
            request.path == "/api/v4/secrets" && request.parameter("secretPath") == Some("/");
        let stored = request.parameter("expandSecretReferences") == Some("false");
        let value = if stored { "a${dev.nope.X}b" } else { "ab" };
        let row = r#""id": "1", "type": "shared", "secretPath": "/", "secretKey": "HOST""#;
        let body = format!(r#"{{"secrets": [{{{row}, "secretValue": "{value}"}}]}}"#);
        if home {
            Reply::json(200, body)
        } else {
            infisical.answer(request)
        }
    });
    let finished = run(&server).sh(PRINT).stdout("").failed(125, "unresolved");
    finished.stderr_has("HOST → ${dev.nope.X}");
    let lenient = run(&server).arguments(&["--allow-unresolved"]).sh(PRINT);
    lenient.stdout("a${dev.nope.X}b").status(0);
    let plain = run(&server).arguments(&["--no-expand"]).sh(PRINT);
    plain.stdout("a${dev.nope.X}b").status(0).silent();
}

#[test]
fn a_mistyped_environment_starts_nothing_on_servers_of_any_age() {
    for version in VERSIONS {
        let server = lab().version(version).serve();
        for more in [&[][..], &["--allow-empty"]] {
            let run = run(&server).arguments(&["--app-id", &id(), "--env", "qa"]);
            let run = run.arguments(more);
            let finished = run.sh(PRINT).stdout("").failed(125, "missing");
            finished
                .stderr_has("no environment \"qa\"")
                .stderr_has("there are: dev, prod");
        }
    }
}

#[test]
fn a_mistyped_folder_starts_nothing_on_servers_of_any_age_unless_it_may_be_empty() {
    for version in VERSIONS {
        let server = lab().version(version).serve();
        let id = id();
        let paths = ["--app-id", &id, "--path", "/", "--path", "/nope"];
        let strict = run(&server).arguments(&paths).sh(PRINT);
        strict
            .stdout("")
            .failed(125, "missing")
            .stderr_has("no folder /nope");
        let run = run(&server).arguments(&paths).arguments(&["--allow-empty"]);
        run.sh(PRINT).stdout("of dev").status(0);
    }
}

#[test]
fn a_value_that_the_server_would_trim_is_not_written() {
    let infisical = lab();
    let server = infisical.serve();
    let create = subcommand(&server, &["secrets", "create", "NEW"]).stdin(" hunter2 ");
    let finished = create.stdout("").failed(125, "invalid-value");
    finished
        .stderr_has("the value of NEW")
        .stderr_lacks("hunter2");
    assert_eq!(infisical.stored("dev", "/").len(), 1);
}
