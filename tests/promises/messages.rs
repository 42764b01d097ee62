//! What is said on standard error, and which status goes with it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use super::{Desk, over, rows, serve, serve_tls, web_with};
use crate::support::run::Run;
use crate::support::server::{Authority, Reply, Server};
use crate::support::stage::Seat;
use crate::support::store::Store;

/// Part of the token of these runs.
const TOKEN: &str = "11111111";

#[test]
fn a_command_without_dashes_is_shown_how_it_is_spelled() {
    let run = Run::subcommand(&["--env", "prod", "npm", "start"]).store(Store::Nowhere);
    let finished = run.failed(2, "usage");
    finished.stderr_has("phase-run --env prod -- npm start");
    let run = Run::subcommand(&["secrets", "lst"]).store(Store::Nowhere);
    run.failed(2, "usage").stderr_has("list");
    let run = Run::subcommand(&["secrets"]).store(Store::Nowhere);
    run.failed(2, "usage")
        .stderr_has("`secrets` needs a subcommand\n");
    let odd = OsStr::from_bytes(b"\xff");
    for words in [&[][..], &["--env"]] {
        let run = Run::with(words).store(Store::Nowhere);
        run.argument(odd).sh("true").failed(2, "usage");
    }
    for words in [
        ["--map-signal", "FOO=BAR"],
        ["--mode", "x"],
        ["--timeout", "0s"],
    ] {
        let run = Run::with(&words).store(Store::Nowhere).sh("true");
        run.failed(2, "usage").stderr_has(words[0]);
    }
    let run = Run::subcommand(&["--token", "hunter2"]).store(Store::Nowhere);
    run.sh("true").failed(2, "usage").stderr_lacks("hunter2");
}

/// A server that first is busy, so that there is more to log.
fn hesitant() -> Server {
    let phase = web_with(&[("A", "hunter2"), ("B-C", "hunter3")]);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Server::start(
        move |request| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Reply::json(503, "hunter2"),
            _ => phase.answer(request),
        },
    )
}

#[test]
fn no_level_of_logging_shows_a_value_or_the_token() {
    let logs: [&[&str]; 4] = [&["-v"], &["-vv"], &["-vv", "--log-format", "json"], &[]];
    for words in logs {
        for run in Run::everywhere() {
            let server = hesitant();
            let run = run.store(Store::Phase(server.url())).arguments(words);
            let run = run.variable("PHASE_RUN_LOG", "trace").sh("exit 3");
            let finished = run.status(3).stdout("").stderr_lacks("hunter");
            let finished = finished.stderr_lacks(TOKEN).stderr_has("B-C");
            let detailed = finished.errors().contains("had status 503");
            assert_eq!(detailed, !words.contains(&"-v"));
        }
    }
    let authority = Authority::new();
    let server = serve_tls(&authority, web_with(&[("A", "hunter2${NOPE}")]));
    let run = || {
        over(&server)
            .arguments(&["-vv", "--ca-cert"])
            .argument(authority.file())
    };
    let finished = run()
        .sh("echo started")
        .status(125)
        .stdout("")
        .stderr_has("phase-run: error[unresolved]: ");
    finished.stderr_lacks("hunter").stderr_lacks(TOKEN);
    let run = run().arguments(&["--allow-unresolved", "--mode", "supervise"]);
    let finished = run.sh("exit 3").status(3);
    finished.stderr_lacks("hunter").stderr_lacks(TOKEN);
}

#[test]
fn a_log_in_json_is_one_object_per_line_with_a_level_and_a_message() {
    let server = hesitant();
    let run = || over(&server).arguments(&["-vv", "--log-format", "json"]);
    let parsed = |errors: &str| -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        errors.lines().map(parse).collect()
    };
    let lines = parsed(&run().sh("exit 3").status(3).errors());
    assert!(lines.len() > 3);
    for line in &lines {
        let time = line["timestamp"].as_str().unwrap_or_default();
        assert!(humantime::parse_rfc3339(time).is_ok(), "{line}");
        assert!(line["level"].is_string(), "{line}");
        assert!(line["message"].is_string(), "{line}");
    }
    let levels = |lines: &[Value], level: &str| {
        let found = lines.iter().filter(|line| line["level"] == level);
        found.cloned().collect::<Vec<_>>()
    };
    assert_eq!(levels(&lines, "WARN").len(), 1, "the odd name");
    let finished = run().command(["no-such-xyz"]).status(127);
    let lines = parsed(&finished.errors());
    let failure = &levels(&lines, "ERROR")[0];
    assert_eq!(failure["reason"], "not-found");
    let message = failure["message"].as_str().unwrap();
    assert!(
        message.starts_with("phase-run: error[not-found]: "),
        "{message}"
    );
    assert!(failure["help"].is_array());
    let finished = run().arguments(&["--only", "["]).sh("true").status(2);
    assert_eq!(parsed(&finished.errors())[0]["reason"], "usage");
    let finished = run().argument("--nonsense").sh("true").status(2);
    assert_eq!(parsed(&finished.errors())[0]["reason"], "usage");
}

#[test]
fn quiet_hides_warnings_and_no_failures() {
    let server = serve(web_with(&[("ODD-NAME", "x")]));
    over(&server).sh("true").status(0).stderr_has("ODD-NAME");
    over(&server).argument("-q").sh("true").status(0).silent();
    let run = over(&server).arguments(&["-q", "--require", "GONE"]);
    run.sh("true").failed(125, "missing");
    let run = over(&server).arguments(&["-q", "-v"]).sh("true");
    run.failed(2, "usage");
}

#[test]
fn the_log_says_whether_we_stay_and_why() {
    let server = serve(web_with(&[("A", "1")]));
    let log = |run: Run| {
        let run = run.store(Store::Phase(server.url())).command(["true"]);
        run.status(0)
    };
    let with = |words: &[&str]| Run::with(&["-v"]).arguments(words);
    log(with(&[])).stderr_has("exec: no reason to stay");
    log(with(&["--mode", "exec"])).stderr_has("exec: by --mode");
    log(with(&["--mode", "supervise"])).stderr_has("supervise: by --mode");
    log(with(&["--kill-after", "1s"])).stderr_has("supervise: --kill-after");
    log(with(&["--map-signal", "TERM=INT"])).stderr_has("supervise: --map-signal");
    log(with(&[]).pid_one()).stderr_has("supervise: we are PID 1");
    let by_variable = Run::with(&[]).variable("PHASE_RUN_LOG", "info");
    log(by_variable).stderr_has("exec: no reason to stay");
}

#[test]
fn there_is_colour_on_a_terminal_alone_and_not_where_it_is_unwanted() {
    let server = serve(web_with(&[("ODD-NAME", "x")]));
    let run = || {
        over(&server)
            .arguments(&["-v", "--require", "GONE"])
            .sh("true")
    };
    let text = run().at(Seat::Leader).status(125).text();
    assert!(
        text.contains("\x1b[1;31merror[missing]:\x1b[0m"),
        "{text:?}"
    );
    assert!(text.contains("\x1b[1;33mwarning:\x1b[0m"), "{text:?}");
    let text = run().at(Seat::Leader).variable("NO_COLOR", "1");
    assert!(!text.status(125).text().contains('\x1b'));
    run()
        .status(125)
        .stderr_lacks("\x1b")
        .stderr_has("error[missing]: ");
}

#[test]
fn a_standard_error_that_is_closed_or_that_nobody_reads_stops_nothing() {
    for run in Run::everywhere() {
        let server = serve(web_with(&[("ODD-NAME", "x")]));
        let run = run.store(Store::Phase(server.url())).argument("-vv");
        run.stage(|stage| stage.broken_stderr = true)
            .sh("exit 7")
            .status(7);
    }
    for run in Run::everywhere() {
        let server = serve(web_with(&[("ODD-NAME", "x")]));
        let run = run.store(Store::Phase(server.url())).argument("-vv");
        run.stage(|stage| stage.closed = vec![2])
            .sh("exit 7")
            .status(7);
    }
}

#[test]
fn what_a_server_calls_things_cannot_write_to_the_terminal() {
    let row = |id: &str, name: &str| serde_json::json!({"id": id, "key": name, "value": "x", "path": "/"});
    let odd = "A\n\x1b]0;title\x07";
    let server = rows(&serde_json::json!([row("1", odd)]));
    for words in [&[][..], &["-vv"]] {
        let run = over(&server).arguments(words).sh("true");
        let finished = run.status(0).stderr_lacks("\x1b]").stderr_lacks("\x07");
        finished.stderr_has("warning: \"A\\n");
    }
    let file = "tags = [\"a\\u001b]0;title\"]";
    let run = over(&server)
        .file("phase-run.toml", 0o644, file)
        .arguments(&["-v", "--allow-empty"]);
    run.sh("true")
        .status(0)
        .stderr_lacks("\x1b")
        .stderr_has("]0;title");
    let run = over(&server).argument("--dry-run").status(0);
    assert!(!run.text().contains('\x1b'), "{run:?}");
    let run = Run::subcommand(&["secrets", "list"]).store(Store::Phase(server.url()));
    assert!(!run.status(0).text().contains('\x1b'));
}

/// Text that a terminal or an editor would obey: control characters of both sets,
/// ends of lines, and what turns text around.
const OBEYED: &str = "a\n\r\t\x1b[2J\u{7f}\u{85}\u{9b}2J\u{2028}\u{2029}\u{202e}\u{2066}\u{61c}z";

/// Whether it holds nothing of that kind but ends of lines.
fn is_plain(text: &str) -> bool {
    let obeyed = |c: char| {
        c != '\n' && (c.is_control() || "\u{2028}\u{2029}\u{202e}\u{2066}\u{61c}".contains(c))
    };
    !text.contains(obeyed)
}

#[test]
fn text_of_others_forges_no_line_of_the_log_and_turns_none_around() {
    let server = serve(web_with(&[("A", "x")]));
    let forged = "x\nphase-run: error[denied]: forged\r\u{202e}\u{2028}\u{9b}";
    for words in [&["-vv"][..], &["-vv", "--log-format", "json"]] {
        let file = format!("tags = [{}]\n", serde_json::json!(forged));
        let run = over(&server).file("phase-run.toml", 0o644, file);
        let run = run.arguments(words).argument("--allow-empty");
        let finished = run.arguments(&["--allow-unresolved"]).sh("true").finish();
        let errors = finished.errors();
        assert!(errors.contains("forged"), "{errors}");
        assert!(is_plain(&errors), "{errors:?}");
        assert!(
            !errors.contains("\nphase-run: error[denied]: forged"),
            "{errors}"
        );
    }
    let folder = "b\nphase-run: error[denied]: forged\u{202e}";
    let run = over(&server)
        .arguments(&["-v", "--token-file", folder])
        .sh("true");
    let errors = run.status(125).errors();
    assert!(
        is_plain(&errors) && !errors.contains("\nphase-run: error[denied]"),
        "{errors:?}"
    );
}

#[test]
fn json_of_text_of_others_can_be_shown_and_reads_back_the_same() {
    let row = serde_json::json!({"id": "1", "key": format!("N{OBEYED}"), "value": OBEYED, "comment": OBEYED, "path": "/", "tags": [OBEYED]});
    let server = rows(&serde_json::json!([row]));
    let printed = |words: &[&str]| -> Value {
        let run = Run::subcommand(words).store(Store::Phase(server.url()));
        let text = run.status(0).text();
        assert!(is_plain(&text), "{words:?} {text:?}");
        serde_json::from_str(&text).unwrap()
    };
    let rows = printed(&["secrets", "list", "--show", "--json"]);
    assert_eq!(rows[0]["value"], OBEYED);
    assert_eq!(rows[0]["comment"], OBEYED);
    assert_eq!(rows[0]["name"], format!("N{OBEYED}"));
    let export = printed(&["secrets", "export"]);
    assert_eq!(export[format!("N{OBEYED}")], OBEYED);
    let preview = printed(&["run", "--dry-run", "--json"]);
    assert_eq!(preview["secrets"][0]["stored_name"], format!("N{OBEYED}"));
    let run = Run::subcommand(&["secrets", "list", "--show"]).store(Store::Phase(server.url()));
    let text = run.status(0).text();
    assert!(is_plain(&text) && text.lines().count() == 2, "{text:?}");
}

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Words that somebody may have pasted into the wrong place, each with what tells it.
fn tokens() -> Vec<(String, String)> {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJlaHVudGVy";
    [
        format!("pss_service:v2:{HEX}:{HEX}:{HEX}:{HEX}"),
        "pss_hunter2".to_owned(),
        "st.63f0c1d2.hunter2abc.hunter2def".to_owned(),
        jwt.to_owned(),
        format!(
            "AGE-SECRET-KEY-1{}",
            "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2)
        ),
        HEX.to_owned(),
    ]
    .map(|token| (token.clone(), token[token.len() - 7..].to_owned()))
    .into()
}

#[test]
fn a_stray_word_that_looks_like_a_token_is_never_repeated() {
    let places: [&[&str]; 23] = [
        &["TOKEN"],
        &["--env", "prod", "TOKEN", "start"],
        &["npm", "TOKEN"],
        &["--nope=TOKEN", "--", "true"],
        &["--nope=-TOKEN", "--", "true"],
        &["---TOKEN", "--", "true"],
        &["--mode", "TOKEN", "--", "true"],
        &["--mode=TOKEN", "--", "true"],
        &["--timeout", "TOKEN", "--", "true"],
        &["--rename", "TOKEN", "--", "true"],
        &["--map-signal", "TERM=TOKEN", "--", "true"],
        &["run", "TOKEN"],
        &["shell", "TOKEN"],
        &["secrets", "TOKEN"],
        &["secrets", "list", "TOKEN"],
        &["secrets", "get", "A", "TOKEN"],
        &["secrets", "delete", "--nope", "NAME=TOKEN"],
        &["apps", "TOKEN"],
        &["auth", "login", "TOKEN"],
        &["auth", "status", "TOKEN"],
        &["auth", "TOKEN"],
        &["vault", "TOKEN"],
        &["completions", "TOKEN"],
    ];
    for (token, tail) in tokens() {
        for words in places {
            for json in [false, true] {
                let words: Vec<_> = words
                    .iter()
                    .map(|word| word.replace("TOKEN", &token))
                    .collect();
                let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
                if json {
                    words.insert(0, "--log-format=json");
                }
                let finished = Run::subcommand(&words).store(Store::Nowhere).status(2);
                let finished = finished.stdout("").stderr_lacks(&tail);
                finished.stderr_has("usage");
            }
        }
    }
}

#[test]
fn a_login_in_a_url_is_not_repeated_by_any_message() {
    let url = "postgres://me:hunter2@db.example/web";
    for json in [false, true] {
        let format = if json { "--log-format=json" } else { "-v" };
        for words in [
            &["psql", url][..],
            &[url],
            &["run", "--env", "prod", "psql", url],
            &["--timeout", url, "--", "true"],
            &["--mode", url, "--", "true"],
            &["secrets", url],
        ] {
            let words: Vec<_> = [format].iter().chain(words).copied().collect();
            let run = Run::subcommand(&words).store(Store::Nowhere);
            run.status(2).stderr_has("usage").stderr_lacks("hunter2");
        }
        let run = Run::subcommand(&["copy", &format!("none/{url}"), format]);
        let run = run.store(Store::Nowhere).status(125);
        run.stderr_lacks("hunter2").stderr_has("db.example");
    }
}

#[test]
fn a_path_that_holds_a_token_is_not_repeated() {
    for (token, tail) in tokens() {
        for path in ["TOKEN/file", "none/TOKEN", "./none/-TOKEN/file"] {
            let path = path.replace("TOKEN", &token);
            let run = Run::subcommand(&["copy", &path]).store(Store::Nowhere);
            run.failed(125, "system").stderr_lacks(&tail);
        }
    }
}

#[test]
fn a_name_that_looks_like_a_token_is_not_repeated_by_any_message() {
    let server = serve(web_with(&[("A", "x")]));
    let desk = Desk::new();
    desk.add("A", "x");
    for (token, tail) in tokens() {
        for json in [false, true] {
            let format = if json { "json" } else { "text" };
            let log = ["-vv", "--log-format", format];
            for words in [
                ["--app", &token],
                ["--env", &token],
                ["--require", &token],
                ["--path", &token],
                ["--only", &format!("{token}[")],
            ] {
                let run = over(&server).arguments(&words).arguments(&log).sh("true");
                run.finish().stderr_lacks(&tail);
            }
            let words = ["secrets", "get", &token];
            let run = Run::subcommand(&words).store(Store::Phase(server.url()));
            run.arguments(&log).status(125).stderr_lacks(&tail);
            for words in [["get", &token], ["delete", &token]] {
                let run = desk.secrets(&words).arguments(&log);
                run.status(125).stderr_lacks(&tail).stderr_has("missing");
            }
            let run = desk.secrets(&["create", &format!("A={token}")]);
            run.arguments(&log).status(2).stderr_lacks(&tail);
        }
    }
}
