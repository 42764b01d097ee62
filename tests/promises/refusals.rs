//! Fail closed: what stops a run, and the explicit ways round.

use std::fs;

use serde_json::json;

use super::{Desk, names, over, rows, serve, web, web_with};
use crate::support::run::Run;
use crate::support::server::{Reply, Server};
use crate::support::store::Store;

#[test]
fn a_command_is_looked_up_before_anything_is_asked() {
    let server = serve(web());
    for run in Run::everywhere() {
        let run = run.store(Store::Phase(server.url()));
        let finished = run
            .command(["no-such-command-xyz"])
            .failed(127, "not-found");
        finished.stderr_has("no-such-command-xyz");
    }
    let run = over(&server).file("plain", 0o644, "").command(["./plain"]);
    run.failed(126, "not-executable").stderr_has("./plain");
    // In the PATH that the command would have.
    let server = serve(web_with(&[("A", "1")]));
    let run = over(&server).file("bin/tool", 0o755, "#!/bin/sh\nexit 5\n");
    let path = run.folder().join("bin");
    let run = run.variable("PATH", path).argument("--clean-env");
    run.command(["tool"]).status(5);
    assert_eq!(server.requests().len(), 1, "the last one's");
}

#[test]
fn a_reference_that_leads_nowhere_stops_the_run_and_is_named_with_its_secret() {
    let secrets = [("URL", "pg://${NOPE}/x"), ("OTHER", "hunter2")];
    for run in Run::everywhere() {
        let server = serve(web_with(&secrets));
        let run = run.store(Store::Phase(server.url())).sh("echo started");
        let finished = run.failed(125, "unresolved");
        finished
            .stderr_has("URL")
            .stderr_has("${NOPE}")
            .stderr_has("--allow-unresolved")
            .stderr_lacks("pg://")
            .stderr_lacks("hunter2");
    }
    let run = Run::with(&[]).secrets(&secrets).sh("echo started");
    run.failed(125, "unresolved")
        .stderr_has("${NOPE}")
        .stderr_lacks("pg://");
}

#[test]
fn an_allowed_reference_stays_as_it_is_with_a_warning_and_the_rest_is_resolved() {
    let secrets = [("HOST", "db"), ("URL", "${HOST}/${NOPE}")];
    let run = Run::with(&["--allow-unresolved"]).secrets(&secrets);
    let finished = run.sh("echo \"$URL\"").stdout("db/${NOPE}\n");
    assert_eq!(finished.errors().lines().count(), 1);
    finished.stderr_has("phase-run: warning: URL: ${NOPE} stays as it is");
    let server = serve(web_with(&[("URL", "${NOPE}")]));
    let run = over(&server).argument("--allow-unresolved");
    let finished = run.sh("echo \"$URL\"").stdout("${NOPE}\n");
    finished.stderr_has("phase-run: warning: URL: ${NOPE}");
}

#[test]
fn a_circle_of_references_is_unresolved() {
    let secrets = [("A", "${B}"), ("B", "${A}"), ("C", "c")];
    let run = Run::with(&[]).secrets(&secrets).sh("echo started");
    run.failed(125, "unresolved").stderr_has("circle");
    let run = Run::with(&["--only", "C"]).secrets(&secrets);
    run.sh("echo $C").stdout("c\n").silent();
}

#[test]
fn what_only_looks_like_a_reference_is_text() {
    let text = "${ X } ${} ${{X}} $X $${} {X}";
    let server = serve(web_with(&[("A", text)]));
    let show = "printf %s \"$A\"";
    over(&server).sh(show).stdout(text).silent();
    let run = Run::with(&[]).secrets(&[("A", text)]).sh(show);
    run.stdout(text).silent();
}

#[test]
fn a_secret_that_is_left_out_cannot_fail_a_run() {
    let bad = |phase: crate::support::server::Phase, path: &str| {
        phase.folder(path).secret("T_BAD", "${NOPE}")
    };
    let good = [("T_GOOD", "x")];
    let show = names("T_");
    let server = serve(bad(web_with(&good), "/"));
    for words in [["--exclude", "T_BAD"], ["--only", "*GOOD"]] {
        let run = over(&server).arguments(&words).sh(&show);
        run.stdout("T_GOOD=x\n").silent();
    }
    let server = serve(bad(web_with(&good), "/elsewhere"));
    over(&server).sh(&show).stdout("T_GOOD=x\n").silent();
    let text = |path: &str, name: &str, value: &str| (path.into(), name.into(), value.into());
    let vault = Store::Vault(vec![
        text("/elsewhere", "T_BAD", "${NOPE}"),
        text("/", "T_GOOD", "x"),
    ]);
    Run::with(&[])
        .store(vault)
        .sh(&show)
        .stdout("T_GOOD=x\n")
        .silent();
}

#[test]
fn a_required_secret_that_is_missing_stops_the_run() {
    let server = serve(web_with(&[("HERE", "1")]));
    let file = "require = ['HERE', 'GONE']\n";
    for run in [
        over(&server).arguments(&["--require", "HERE", "--require", "GONE"]),
        over(&server).file("phase-run.toml", 0o644, file),
        over(&server)
            .arguments(&["--require", "GONE"])
            .variable("GONE", "inherited"),
    ] {
        let finished = run.sh("echo started").failed(125, "missing");
        finished.stderr_has("secrets: GONE\n");
    }
    let run = over(&server).arguments(&["--require", "HERE", "--exclude", "HERE"]);
    run.sh("echo started")
        .failed(125, "missing")
        .stderr_has("HERE");
    let run = over(&server).arguments(&["--require", "HERE", "--prefix", "P_"]);
    run.sh("echo $P_HERE").stdout("1\n");
}

#[test]
fn a_name_that_no_environment_can_carry_stops_the_run_unless_a_part_will_do() {
    let row =
        |id: &str, name: &str| json!({"id": id, "key": name, "value": "hunter2", "path": "/"});
    for (name, shown) in [("T_A=B", "T_A=B"), ("", "\"\""), ("T_\0", "T_\\0")] {
        let server = rows(&json!([row("1", name), row("2", "T_GOOD")]));
        for run in Run::everywhere() {
            let run = run.store(Store::Phase(server.url())).sh("echo started");
            let finished = run.failed(125, "invalid-name");
            finished
                .stderr_has(shown)
                .stderr_has("--allow-partial")
                .stderr_lacks("hunter2");
        }
        let run = over(&server).argument("--allow-partial").sh(&names("T_"));
        let finished = run.stdout("T_GOOD=hunter2\n").stderr_has("left out");
        finished.stderr_has(shown).stderr_lacks("hunter2");
        let run = over(&server)
            .arguments(&["--only", "*GOOD"])
            .sh(&names("T_"));
        run.stdout("T_GOOD=hunter2\n").silent();
    }
    let server = rows(&json!([row("1", "T_GOOD")]));
    let run = over(&server).arguments(&["--rename", "T_GOOD=A=B"]);
    run.sh("echo started").failed(125, "invalid-name");
}

#[test]
fn a_value_that_no_environment_can_carry_stops_the_run_unless_a_part_will_do() {
    let server = serve(web_with(&[("T_BAD", "hunter2\0"), ("T_GOOD", "x")]));
    for run in Run::everywhere() {
        let run = run.store(Store::Phase(server.url())).sh("echo started");
        let finished = run.failed(125, "invalid-value");
        finished.stderr_has("T_BAD").stderr_lacks("hunter2");
    }
    let run = over(&server).argument("--allow-partial").sh(&names("T_"));
    let finished = run.stdout("T_GOOD=x\n").stderr_has("\"T_BAD\" is left out");
    finished.stderr_lacks("hunter2");
}

#[test]
fn a_value_that_is_too_long_for_a_variable_stops_the_run_unless_a_part_will_do() {
    // With the name, `=` and NUL: as much as there may be, and one byte more.
    let longest = "x".repeat(131_072 - "T_GOOD=".len() - 1);
    let bad = format!("{longest}x");
    let server = serve(web_with(&[("T_LONG", &bad), ("T_GOOD", &longest)]));
    for run in Run::everywhere() {
        let run = run.store(Store::Phase(server.url())).sh("echo started");
        let finished = run.failed(125, "too-large");
        finished.stderr_has("T_LONG").stderr_has("--allow-partial");
    }
    let run = over(&server).argument("--allow-partial");
    let run = run.sh("echo ${#T_GOOD} ${#T_LONG}");
    let finished = run.stdout(format!("{} 0\n", longest.len()));
    finished.stderr_has("\"T_LONG\" is left out");
}

#[test]
fn a_vault_that_does_not_open_stops_the_run() {
    let desk = Desk::new();
    desk.add("A", "1");
    let run = || desk.run(&["run", "--app", "web"]).sh("echo started");
    let other = Desk::new();
    let identity = other.path("phase-run/identity");
    let finished = run().variable("PHASE_RUN_IDENTITY", identity);
    finished.failed(125, "decryption").stderr_has("vault");
    let file = desk.path("vault");
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, &bytes).unwrap();
    run().failed(125, "decryption").stderr_has("vault");
    fs::write(&file, "").unwrap();
    run().failed(125, "protocol").stderr_has("vault");
    fs::remove_file(&file).unwrap();
    run().failed(125, "missing").stderr_has("vault");
}

#[test]
fn a_project_file_that_cannot_be_used_stops_the_run() {
    let server = serve(web());
    let run = || over(&server).sh("echo started");
    for text in [
        &b"app = 'a'\ntoken = 'hunter2'\n"[..],
        b"env = hunter2\n",
        b"timeout = 'hunter2'\n",
        b"ca_cert = 'hunter2'\n",
        b"# \xff\n",
    ] {
        let finished = run().file("phase-run.toml", 0o644, text);
        let finished = finished.failed(125, "configuration");
        let finished = finished.stderr_has("phase-run.toml");
        if !text.starts_with(b"timeout") {
            finished.stderr_lacks("hunter2");
        }
    }
    // A folder is what root cannot read either.
    run()
        .file("phase-run.toml/x", 0o644, "")
        .failed(125, "configuration")
        .stderr_has("phase-run.toml");
    for odd in ["mkfifo", "ln -s nowhere", "ln -s /dev/zero"] {
        for name in ["phase-run.toml", "config/phase-run/config.toml"] {
            let script = format!("mkdir -p config/phase-run; {odd} {name}; exec \"$@\"");
            let run = run().inside(&["/bin/sh", "-c", &script, "sh"]);
            run.failed(125, "configuration").stderr_has(name);
        }
    }
    let huge = "#".repeat(1 << 20) + "\n";
    let run_with_huge = run().file("phase-run.toml", 0o644, huge);
    run_with_huge
        .failed(125, "configuration")
        .stderr_has("1 MiB");
    let run = run().file("config/phase-run/config.toml", 0o644, "x");
    run.failed(125, "configuration").stderr_has("config.toml");
    let by_file = |name: &str, text: &str| {
        let run = Run::with(&[]).store(Store::Nowhere).file(name, 0o644, text);
        let run = run.variable("PHASE_HOST", server.url());
        let run = run.variable("PHASE_SERVICE_TOKEN", crate::support::store::TOKEN);
        run.sh("echo started").failed(125, "configuration")
    };
    by_file(".phase.json", "{").stderr_has(".phase.json");
    by_file(".phase.json/x", "").stderr_has(".phase.json");
    by_file(".phase.json", &" ".repeat(1 << 21)).stderr_has("1 MiB");
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_answer_that_is_none_stops_the_run() {
    for reply in [
        Reply::typed(200, "text/html", "<html>hunter2</html>"),
        Reply::json(200, r#"{"secrets": "hunter2"}"#),
        Reply::json(200, r#"[{"key": 7, "value": "hunter2"}]"#),
        Reply::redirect(302, "https://elsewhere.example/"),
    ] {
        let server = Server::always(reply);
        let finished = over(&server).sh("echo started").failed(125, "protocol");
        finished.stderr_lacks("hunter2").stderr_lacks("11111111");
    }
}
