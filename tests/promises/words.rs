//! What is said where Phase says no, and where it says too little.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::web;
use crate::support::run::Run;
use crate::support::server::{Kind, Lease, Limit, Phase, Reply, Server, Sse};
use crate::support::store::Store;

const APIS: [&str; 2] = ["e2ee", "rest"];

/// A command with the full token of a person.
fn command(phase: &Phase, server: &Server, api: &str, words: &[&str]) -> Run {
    let run = Run::subcommand(words).store(Store::Nowhere);
    run.variable("PHASE_HOST", server.url())
        .variable("PHASE_SERVICE_TOKEN", phase.token(Kind::User).full)
        .variable("PHASE_APP", "web")
        .variable("PHASE_ENV", "development")
        .variable("PHASE_RUN_API", api)
        .variable("PHASE_RUN_TIMEOUT", "2s")
}

fn secrets(phase: &Phase, server: &Server, api: &str, words: &[&str]) -> Run {
    let words: Vec<_> = ["secrets"].iter().chain(words).copied().collect();
    command(phase, server, api, &words)
}

/// A run with the same token.
fn run(phase: &Phase, server: &Server, api: &str) -> Run {
    let run = Run::with(&[]).store(Store::Nowhere);
    run.variable("PHASE_HOST", server.url())
        .variable("PHASE_SERVICE_TOKEN", phase.token(Kind::User).full)
        .variable("PHASE_APP", "web")
        .variable("PHASE_ENV", "development")
        .variable("PHASE_RUN_API", api)
}

/// A server that does `reply` to what changes something.
fn spoiling(phase: &Phase, reply: Reply) -> Server {
    let phase = phase.clone();
    Server::start(move |request| match &*request.method {
        "GET" => phase.answer(request),
        _ => reply.clone(),
    })
}

#[test]
fn names_are_listed_and_secrets_removed_where_the_value_of_another_does_not_decrypt() {
    let phase = web()
        .secret("GOOD", "1")
        .secret("BAD", "2")
        .comment("for people")
        .misplaced();
    let server = phase.serve();
    let run = |words: &[&str]| secrets(&phase, &server, "e2ee", words);
    let text = run(&["list"]).status(0).text();
    assert!(text.contains("BAD") && text.contains("GOOD"), "{text}");
    assert!(text.contains("for people"), "{text}");
    let text = run(&["list", "--json"]).status(0).text();
    assert!(
        text.contains("\"BAD\"") && !text.contains("value"),
        "{text}"
    );
    for words in [&["list", "--show"][..], &["list", "--json", "--show"]] {
        run(words).failed(125, "decryption").stderr_has("BAD (");
    }
    run(&["get", "GOOD"]).stdout("1").status(0);
    let own = run(&["create", "GOOD", "--override"]).stdin("mine");
    own.status(0);
    run(&["delete", "GOOD"]).status(0).told("deleted GOOD in ");
    run(&["delete", "BAD"]).status(0).told("deleted BAD in ");
}

#[test]
fn a_write_that_broke_on_the_way_may_have_been_stored_and_is_never_sent_twice() {
    for api in APIS {
        for reply in [
            Reply::typed(502, "text/html", "<html>Bad Gateway</html>"),
            Reply::typed(504, "text/html", "<html>Gateway Time-out</html>"),
            Reply::json(500, r#"{"error": "Internal server error."}"#),
            Reply::hang(),
            Reply::reset(),
        ] {
            let phase = web().secret("A", "1");
            let server = spoiling(&phase, reply);
            for words in [&["create", "NEW"][..], &["update", "A"], &["delete", "A"]] {
                let run = secrets(&phase, &server, api, words);
                let finished = run.stdin("hunter2").status(125);
                finished
                    .stderr_has("and the change may have been stored all the same")
                    .stderr_has("look with `phase-run secrets list`")
                    .stderr_lacks("hunter2");
            }
            let requests = server.requests();
            let writes = requests.iter().filter(|one| one.method != "GET");
            assert_eq!(writes.count(), 3, "{api}");
        }
    }
}

#[test]
fn a_tag_that_stands_twice_in_the_organisation_is_told_where_a_write_with_tags_fails() {
    for (api, more) in [
        ("e2ee", "all the same:"),
        ("rest", "perhaps without its tags"),
    ] {
        let phase = web().secret("A", "1").doubled_tag("twin");
        let server = phase.serve();
        let words = ["create", "NEW", "--tag", "twin"];
        let run = secrets(&phase, &server, api, &words).stdin("x");
        let finished = run.failed(125, "unreachable");
        finished
            .stderr_has("stands twice in the organisation")
            .stderr_has("may have been stored")
            .stderr_has(more);
        let run = secrets(&phase, &server, api, &["update", "A", "--tag", "twin"]).stdin("x");
        run.failed(125, "unreachable").stderr_has("twice");
    }
}

#[test]
fn what_phase_takes_no_change_of_is_named_with_the_way_out() {
    for api in APIS {
        let phase = web()
            .secret("TURNS", "1")
            .rotating()
            .secret("SHUT", "2")
            .kind("sealed");
        let server = phase.serve();
        let run = |words: &[&str]| secrets(&phase, &server, api, words).stdin("hunter2");
        for words in [&["update", "TURNS"], &["delete", "TURNS"]] {
            let finished = run(words).failed(125, "denied");
            finished.stderr_has("TURNS is a rotating secret");
        }
        for words in [
            &["update", "SHUT"][..],
            &["update", "SHUT", "--type", "secret", "--keep-value"],
        ] {
            let finished = run(words).failed(125, "configuration");
            finished.stderr_has("SHUT is of type sealed");
        }
        let sent = server.requests();
        let sent = sent.iter().filter(|one| one.method != "GET").count();
        assert_eq!(sent, 2, "what is sealed is not sent: {api}");
    }
}

#[test]
fn a_tag_that_is_too_long_is_told_before_anything_is_stored() {
    for api in APIS {
        let phase = web().secret("A", "1");
        let server = phase.serve();
        let tag = "t".repeat(65);
        for words in [
            ["create", "NEW", "--tag", &tag],
            ["update", "A", "--tag", &tag],
        ] {
            let run = secrets(&phase, &server, api, &words).stdin("x");
            let finished = run.failed(125, "invalid-value");
            finished.stderr_has("has 65 characters, and Phase takes 64");
        }
        assert_eq!(phase.stored("web/Development").len(), 1, "{api}");
        let tag = "t".repeat(64);
        let run = secrets(&phase, &server, api, &["create", "NEW", "--tag", &tag]);
        run.stdin("x").status(0);
    }
}

/// Should the server count otherwise than we do.
#[test]
fn a_tag_that_the_server_does_not_take_is_told_with_what_is_stored() {
    let text = r#"{"error": "Tag name exceeds 64 characters: 'ttt'…"}"#;
    for (api, told) in [
        ("e2ee", "shorten the tag"),
        ("rest", "stored all the same, without its tags"),
    ] {
        let phase = web();
        let server = spoiling(&phase, Reply::json(400, text));
        let run = secrets(&phase, &server, api, &["create", "NEW", "--tag", "t"]).stdin("x");
        run.failed(125, "invalid-value").stderr_has(told);
    }
}

#[test]
fn a_value_that_is_too_large_is_told_with_its_size_and_the_limit() {
    for (api, length) in [("e2ee", 900_000), ("rest", 1 << 20)] {
        let phase = web();
        let server = phase.serve();
        let run = secrets(&phase, &server, api, &["create", "BIG"]).stdin("x".repeat(length));
        let finished = run.failed(125, "too-large");
        finished
            .stderr_has("BIG is larger than the server takes (status 413)")
            .stderr_has("bytes as it is sent")
            .stderr_has("1 MiB");
        // Without the proxy, the server itself has a limit.
        phase.direct(true);
        let large = "x".repeat(2_700_000);
        let run = secrets(&phase, &server, api, &["create", "BIG"]).stdin(large);
        let finished = run.failed(125, "too-large");
        finished.stderr_has("2.5 MiB").stderr_has("status 500");
    }
}

#[test]
fn a_permission_that_is_missing_is_named() {
    for api in APIS {
        for (missing, words) in [
            ("read", &["list"][..]),
            ("create", &["create", "NEW"]),
            ("update", &["update", "A"]),
            ("delete", &["delete", "A"]),
        ] {
            let phase = web().secret("A", "1");
            let server = phase.serve();
            phase.limit(&phase.token(Kind::User), Limit::Without(missing));
            let run = secrets(&phase, &server, api, words).stdin("x");
            let finished = run.failed(125, "denied");
            finished.stderr_has(&format!("it lacks Secrets: {missing}"));
        }
    }
    for (status, text) in [
        (403, "You don't have permission to read apps."),
        (403, "Forbidden by something else"),
    ] {
        let server = Server::always(Reply::json(status, format!(r#"{{"error": "{text}"}}"#)));
        let run = command(&web(), &server, "rest", &["secrets", "list"]);
        let finished = run.failed(125, "denied");
        finished.stderr_has("Apps: read");
    }
}

#[test]
fn two_apps_of_one_name_are_told_apart_by_their_ids() {
    let phase = web().app("web", Sse::On).environment("Development");
    let server = phase.serve();
    for api in APIS {
        let text = command(&phase, &server, api, &["apps"]).status(0).text();
        let ids: Vec<&str> = text
            .lines()
            .map(|line| {
                line.strip_prefix("web (")
                    .unwrap()
                    .split(')')
                    .next()
                    .unwrap()
            })
            .collect();
        assert!(ids.len() == 2 && ids[0] != ids[1], "{text}");
        let finished = secrets(&phase, &server, api, &["list"]).failed(125, "ambiguous");
        for id in &ids {
            finished_has(&finished.errors(), id);
        }
        finished.stderr_has("--app-id");
        let run = secrets(&phase, &server, api, &["list", "--app-id", ids[0]]);
        run.without("PHASE_APP").status(0);
    }
}

#[track_caller]
fn finished_has(text: &str, part: &str) {
    assert!(text.contains(part), "{part} in {text}");
}

#[test]
fn a_name_that_a_dynamic_secret_gives_is_said_to_be_one() {
    for api in APIS {
        let phase = web().secret("A", "1").dynamic("DB", &["DB_USER", "DB_KEY"]);
        let server = phase.serve();
        for words in [
            &["get", "DB_USER"][..],
            &["get", "db_user"],
            &["update", "DB_USER"],
            &["delete", "A", "DB_USER"],
            &["create", "DB_USER", "--override"],
        ] {
            let run = secrets(&phase, &server, api, words).stdin("x");
            let finished = run.failed(125, "missing");
            finished
                .stderr_has("is a name of the dynamic secret \"DB\"")
                .stderr_lacks("there is no");
        }
        let run = secrets(&phase, &server, api, &["create", "DB_USER"]).stdin("x");
        let finished = run.failed(125, "conflict");
        finished
            .stderr_has("is a name of the dynamic secret \"DB\"")
            .stderr_lacks("update it");
        secrets(&phase, &server, api, &["get", "DB_NOPE"])
            .failed(125, "missing")
            .stderr_has("there is no secret \"DB_NOPE\"");
        assert!(phase.leases().is_empty(), "{api}");
        assert_eq!(phase.stored("web/Development").len(), 1, "{api}");
    }
}

#[test]
fn a_required_name_that_a_dynamic_secret_gives_wants_a_lease() {
    for api in APIS {
        let phase = web().secret("A", "1").dynamic("DB", &["DB_USER"]);
        let server = phase.serve();
        let words = ["--require", "DB_USER", "--leases", "skip"];
        let run = run(&phase, &server, api).arguments(&words);
        let finished = run.sh("true").failed(125, "missing");
        finished.stderr_has("leave --leases skip out");
    }
}

#[test]
fn a_circle_of_references_says_which_secret_keeps_which_text() {
    let phase = web().secret("A", "a${B}").secret("B", "b${A}");
    let server = phase.serve();
    let run = run(&phase, &server, "e2ee").argument("--allow-unresolved");
    let finished = run.sh("echo $A; echo $B").stdout("ab${A}\nba${B}\n");
    finished
        .status(0)
        .stderr_has("A: ${A} stays as it is")
        .stderr_has("B: ${B} stays as it is");
}

#[test]
fn a_lease_that_was_made_before_another_fails_is_given_back() {
    for api in APIS {
        let phase = web()
            .folder("/a")
            .dynamic("ONE", &["ONE_KEY"])
            .folder("/b")
            .dynamic("TWO", &["TWO_KEY"])
            .failing("quota exceeded");
        let server = phase.serve();
        let run = run(&phase, &server, api).arguments(&["--path", "/a", "--path", "/b"]);
        let finished = run.sh("echo started").failed(125, "denied");
        finished.stdout("").stderr_has("TWO");
        let leases = phase.leases();
        assert!(
            leases.len() == 1 && leases.iter().all(Lease::is_revoked),
            "{api}"
        );
    }
}

#[test]
fn leases_of_an_answer_that_cannot_be_read_are_given_back() {
    for api in APIS {
        for (field, spoilt) in [("path", "5"), ("key_map", "5"), ("keyMap", "5")] {
            let phase = web()
                .dynamic("ONE", &["ONE_KEY"])
                .dynamic("TWO", &["TWO_KEY"]);
            let inner = phase.clone();
            let server = Server::start(move |request| {
                let reply = inner.answer(request);
                let asked = request.header("lease").is_some()
                    || request.query.iter().any(|(name, _)| name == "lease");
                if !asked || request.method != "GET" {
                    return reply;
                }
                let mut rows: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
                let rows_of = rows.as_array_mut().unwrap();
                let last = rows_of.last_mut().unwrap();
                if last.get(field).is_some() {
                    last[field] = serde_json::from_str(spoilt).unwrap();
                } else {
                    last["path"] = 5.into();
                }
                Reply::json(200, rows.to_string())
            });
            let run = run(&phase, &server, api).sh("echo started");
            run.failed(125, "protocol").stdout("");
            let leases = phase.leases();
            assert_eq!(leases.len(), 2);
            assert!(leases.iter().all(Lease::is_revoked), "{api} {field}");
        }
    }
}

#[test]
fn leases_that_the_server_keeps_although_others_failed_are_given_back_if_they_are_surely_ours() {
    for api in APIS {
        let phase = web()
            .dynamic("ONE", &["ONE_KEY"])
            .dynamic("TWO", &["TWO_KEY"])
            .failing("quota exceeded");
        let server = phase.serve();
        let fail = || run(&phase, &server, api).sh("true").failed(125, "denied");
        fail().stderr_has("TWO").stderr_has("made those of 1 more");
        let leases = phase.leases();
        assert!(leases.len() == 1 && leases[0].is_revoked(), "{api}");
        // One that somebody else made at the same time cannot be told from it.
        let (twin, made) = (phase.clone(), AtomicUsize::new(0));
        let busy = Server::start(move |request| {
            let asks = request.header("lease").is_some()
                || request.query.iter().any(|(name, _)| name == "lease");
            if asks && made.fetch_add(1, Ordering::SeqCst) == 0 {
                twin.answer(request);
            }
            twin.answer(request)
        });
        run(&phase, &busy, api).sh("true").failed(125, "denied");
        let leases = phase.leases();
        let kept = leases.iter().filter(|lease| !lease.is_revoked()).count();
        assert_eq!((leases.len(), kept), (3, 2), "{api}");
        // Later, those are no hindrance.
        phase.pass(Duration::from_mins(10));
        fail();
        assert!(phase.leases()[3].is_revoked(), "{api}");
    }
}

#[test]
fn leases_are_made_in_the_folders_that_are_meant_alone() {
    for api in APIS {
        let phase = web()
            .dynamic("TOP", &["TOP_KEY"])
            .folder("/a")
            .dynamic("ONE", &["ONE_KEY"])
            .folder("/b")
            .dynamic("TWO", &["TWO_KEY"]);
        let server = phase.serve();
        let run = run(&phase, &server, api).arguments(&["--path", "/a", "--recursive"]);
        run.sh("test -n \"$ONE_KEY\" -a -z \"$TWO_KEY$TOP_KEY\"")
            .status(0);
        assert_eq!(phase.leases().len(), 1, "{api}");
    }
}

#[test]
fn a_token_among_the_words_of_a_command_is_to_go_where_that_command_takes_it() {
    let token = web().token(Kind::User).full;
    let run = |words: &[&str]| {
        Run::subcommand(words)
            .store(Store::Nowhere)
            .argument(&token)
    };
    let finished = run(&["vault", "init"]).failed(2, "usage");
    finished
        .stderr_has("PHASE_SERVICE_TOKEN")
        .stderr_lacks("--token-file");
    let finished = run(&["secrets", "list"]).failed(2, "usage");
    finished.stderr_has("--token-file");
}

/// Which words are options of a command.
fn options_of(words: &[&str]) -> String {
    let page = Run::subcommand(words)
        .argument("--help")
        .store(Store::Nowhere);
    page.status(0).text()
}

/// The options that a failure names as something to give to the command at hand.
fn advised(errors: &str) -> Vec<String> {
    let advice = errors.lines().filter(|line| line.starts_with("  "));
    let mut all = Vec::new();
    for line in advice {
        // In backticks stand whole commands, which have their own options.
        for part in line.split('`').step_by(2) {
            let words = part.split([' ', ',', ';', ':', '(', ')']);
            let options = words.filter(|word| word.starts_with("--") && word.len() > 2);
            all.extend(options.map(str::to_owned));
        }
    }
    all
}

#[test]
fn no_failure_of_a_command_names_an_option_that_the_command_does_not_have() {
    let bodies: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../fixtures/phase/errors.json")).unwrap();
    let mut replies: Vec<(u16, String)> = bodies
        .iter()
        .filter(|row| row["body"].is_object())
        .map(|row| {
            (
                u16::try_from(row["status"].as_u64().unwrap()).unwrap(),
                row["body"].to_string(),
            )
        })
        .filter(|(status, _)| *status < 500 && *status != 429)
        .collect();
    replies.sort();
    replies.dedup();
    let turn = std::sync::Arc::new(AtomicUsize::new(0));
    let worlds = replies.clone();
    let now = std::sync::Arc::clone(&turn);
    let server = Server::start(move |_| {
        let (status, body) = &worlds[now.load(Ordering::SeqCst)];
        Reply::json(*status, body.as_str())
    });
    let phase = web();
    for words in COMMANDS {
        let known = options_of(words);
        for (number, reply) in replies.iter().enumerate() {
            turn.store(number, Ordering::SeqCst);
            let run = command(&phase, &server, "rest", words).stdin("x");
            check(&known, words, &run.status(125).errors(), &reply.1);
        }
    }
}

const COMMANDS: [&[&str]; 8] = [
    &["secrets", "list"],
    &["secrets", "get", "BAD"],
    &["secrets", "create", "BAD"],
    &["secrets", "update", "BAD"],
    &["secrets", "delete", "BAD"],
    &["secrets", "export"],
    &["apps"],
    &["auth", "status"],
];

#[track_caller]
fn check(known: &str, words: &[&str], errors: &str, cause: &str) {
    for option in advised(errors) {
        let found = known.split([' ', ',', '\n']).any(|word| word == option);
        assert!(found, "{words:?} has no {option}: {errors}{cause}");
    }
}

#[test]
fn no_failure_to_open_or_resolve_a_secret_names_an_option_of_another_command() {
    let worlds = [
        web().secret("BAD", "1").misplaced(),
        web().secret("BAD", "1").known_as("OTHER"),
        web().secret("BAD", "${NOPE}"),
        web().secret("BAD", "${BAD}"),
        web(),
        web().dynamic("DYN", &["BAD"]).failing("quota"),
    ];
    for phase in &worlds {
        let server = phase.serve();
        for words in COMMANDS {
            let known = options_of(words);
            for api in APIS {
                let mut all = vec![command(phase, &server, api, words)];
                if words[0] == "secrets" {
                    let run = command(phase, &server, api, words);
                    all.push(run.arguments(&["--env", "nope"]));
                    let run = command(phase, &server, api, words);
                    all.push(run.arguments(&["--tag", "nope"]));
                }
                if words[1..] == ["list"] {
                    all.push(command(phase, &server, api, words).argument("--show"));
                }
                for run in all {
                    let errors = run.stdin("x").finish().errors();
                    check(&known, words, &errors, "");
                }
            }
        }
    }
}

#[test]
fn a_secret_is_removed_beside_one_whose_name_does_not_open() {
    let phase = web().secret("GOOD", "1").secret("BAD", "2").known_as("X");
    let server = phase.serve();
    let delete = |name| secrets(&phase, &server, "e2ee", &["delete", name]);
    delete("GOOD").status(0).told("deleted GOOD in ");
    delete("GOOD").failed(125, "missing");
}
