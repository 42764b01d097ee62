//! End to end encryption: whoever looks at the server's log takes each secret that it
//! sends for one that was read. So no more is asked for than is needed.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use phase_run::{
    App, Client, Connection, Credentials, Folder, Folders, PhaseApi, PhaseToken, Plan, Scope,
};

use super::conversations::{DEVELOPMENT, answer, conversation, lenient, values};
use super::wait;
use crate::support::server::{Kind, Phase, Reply, Server, Sse};

/// An app with references that stay in their folder, and others.
fn lab() -> Phase {
    Phase::default()
        .app("web", Sse::Off)
        .environments(&["Development", "Staging"])
        .within("web/Staging")
        .secret("HOST", "staging")
        .within("web/Development")
        .secret("HOST", "h")
        .secret("URL", "http://${HOST}/")
        .secret("DB_URL", "pg://${/db/USER}:${/db/PORT}")
        .secret("CACHE_URL", "r://${/cache/PORT}")
        .secret("FAR", "${staging.HOST} ${STAGING.HOST}")
        .secret("MINE", "${development.HOST}")
        .secret("lower", "l")
        .folder("/db")
        .secret("PORT", "5432")
        .secret("USER", "${/people/ADMIN}")
        .folder("/people")
        .secret("ADMIN", "root")
        .folder("/cache")
        .secret("PORT", "6379")
        .folder("/grün")
        .secret("TREE", "oak")
        .folder("/unused")
        .secret("PORT", "1")
}

fn client(phase: &Phase, server: &Server) -> Client {
    Client::new(Credentials::Phase {
        api: PhaseApi::Auto,
        connection: Connection::new(server.url()),
        token: PhaseToken::parse(&phase.token(Kind::User).full).unwrap(),
    })
    .unwrap()
}

fn scope() -> Scope {
    Scope::new(App::Name("web".into()), "Development")
}

fn folders(paths: &[&str]) -> Folders {
    let folder = |path: &&str| Folder::new(path).unwrap();
    Folders::These(paths.iter().map(folder).collect())
}

/// What was asked for in which environment, in order: a folder, a name (of which nobody
/// but the client knows what it is), or all.
fn asked(phase: &Phase, server: &Server) -> Vec<String> {
    let development = phase.environment_id("web/Development");
    let requests = server.requests().into_iter();
    let asked = requests.filter(|request| request.path == "/service/secrets/");
    asked
        .map(|request| {
            let home = request.header("environment") == Some(&*development);
            let start = if home { "" } else { "staging:" };
            let what = match (request.header("keydigest"), request.header("path")) {
                (Some(_), _) => "a name",
                (None, Some(path)) => path,
                (None, None) => "all",
            };
            format!("{start}{what}")
        })
        .collect()
}

/// What a run that wants the secret `name` asks for.
fn asked_for(name: &'static str, expected: &str) -> Vec<String> {
    let phase = lab();
    let server = phase.serve();
    let wanted = move |other: &str| other == name;
    let plan = Plan {
        wanted: &wanted,
        ..Plan::default()
    };
    let resolution = wait(client(&phase, &server).resolve(&scope(), &plan)).unwrap();
    assert_eq!(values(&resolution)[name], expected);
    asked(&phase, &server)
}

#[test]
fn references_that_stay_in_their_folder_cost_no_request() {
    assert_eq!(asked_for("URL", "http://h/"), ["/"]);
    assert_eq!(asked_for("MINE", "h"), ["/"], "by its name");
}

#[test]
fn references_into_other_folders_are_asked_for_by_their_names_digests() {
    assert_eq!(asked_for("CACHE_URL", "r://6379"), ["/", "a name"]);
    assert_eq!(
        asked_for("FAR", "staging staging"),
        ["/", "staging:a name"],
        "two spellings of one environment"
    );
    // What is referred to refers itself: then all is worth one request.
    let asked = asked_for("DB_URL", "pg://root:5432");
    assert_eq!(asked, ["/", "a name", "a name", "all"]);
}

#[test]
fn names_that_references_lead_to_are_asked_for_at_the_same_time() {
    let phase = lab();
    let far = phase.clone();
    let arrived = Barrier::new(2);
    let server = Server::start(move |request| {
        if request.header("keydigest").is_some() {
            // Neither is answered before both are asked for.
            arrived.wait();
        }
        far.answer(request)
    });
    let plan = Plan {
        wanted: &|name| name == "DB_URL",
        ..Plan::default()
    };
    let resolution = wait(client(&phase, &server).resolve(&scope(), &plan)).unwrap();
    assert_eq!(values(&resolution)["DB_URL"], "pg://root:5432");
}

#[test]
fn many_names_are_one_request_for_all() {
    let names = ('A'..='T').map(|letter| format!("${{/far/{letter}_KEY}}"));
    let value: String = names.collect();
    let mut phase = Phase::default()
        .app("web", Sse::Off)
        .environments(&["Development"])
        .secret("ALL", &value)
        .folder("/far");
    for letter in 'A'..='T' {
        phase = phase.secret(&format!("{letter}_KEY"), "x");
    }
    let server = phase.serve();
    let resolution = wait(client(&phase, &server).resolve(&scope(), &Plan::default())).unwrap();
    assert_eq!(values(&resolution)["ALL"], "x".repeat(20));
    assert_eq!(asked(&phase, &server), ["/", "all"]);
}

#[test]
fn nothing_of_a_value_is_for_the_server_to_read() {
    let values = [
        "hunter2${Tr0ub4dor:S/x+y}&3",
        "${name/old/new pw} ${HOME:-/etc/x y}",
        "${Tr0ub4dor.x} ${a::b.c} ${/Tr0ub4dor/x}",
    ];
    let mut phase = Phase::default()
        .app("web", Sse::Off)
        .environments(&["Development"]);
    for (number, value) in values.iter().enumerate() {
        phase = phase.secret(&format!("K{number}"), value);
    }
    let server = phase.serve();
    wait(client(&phase, &server).resolve(&scope(), &lenient())).unwrap();
    for request in server.requests() {
        let headers = request.headers.iter();
        let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        let sent = format!("{} {:?}", request.target, headers.collect::<Vec<_>>());
        for part in ["Tr0ub4dor", "old", "etc", "new pw", "x+y"] {
            assert!(!sent.contains(part), "{part}: {sent}");
        }
    }
}

#[test]
fn a_secret_without_a_name_ends_no_run_in_a_circle() {
    let phase = Phase::default()
        .app("web", Sse::Off)
        .environments(&["Development"])
        .secret("", "${A} ${/db/GONE}")
        .secret("A", "1")
        .folder("/db")
        .secret("", "x");
    let server = phase.serve();
    let resolution = wait(client(&phase, &server).resolve(&scope(), &lenient())).unwrap();
    let value = |secret: &phase_run::Resolved| secret.value.expose().to_owned();
    let values: Vec<String> = resolution.secrets.iter().map(value).collect();
    assert_eq!(values, ["1 ${/db/GONE}", "1"]);
}

#[test]
fn a_name_alone_in_several_folders_or_with_tags_wants_the_lists() {
    let phase = lab();
    let server = phase.serve();
    let plan = Plan {
        only: Some("PORT"),
        wanted: &|name| name == "PORT",
        ..Plan::default()
    };
    let client = client(&phase, &server);
    let two = scope().in_folders(folders(&["/db", "/typo"]));
    let error = wait(client.resolve(&two, &plan)).unwrap_err();
    assert_eq!(error.kind(), phase_run::ErrorKind::Missing);
    assert!(error.to_string().contains("/typo"), "{error}");
    let advice = error.advice().unwrap_or_default();
    assert!(!advice.contains("there are secrets in"), "{advice}");
    let tagged = scope()
        .in_folders(folders(&["/db"]))
        .tagged(vec!["nope".into()]);
    let error = wait(client.resolve(&tagged, &plan)).unwrap_err();
    assert!(error.to_string().contains("nope"), "{error}");
}

#[test]
fn a_folder_that_is_named_twice_is_asked_for_once() {
    let phase = lab();
    let server = phase.serve();
    let scope = scope().in_folders(folders(&["/db", "/db"]));
    wait(client(&phase, &server).list(&scope)).unwrap();
    assert_eq!(asked(&phase, &server), ["/db"]);
}

#[test]
fn several_folders_are_one_request_each_and_trees_one_for_all() {
    for (meant, expected) in [
        (folders(&["/db", "/cache"]), &["/cache", "/db"][..]),
        (Folders::All, &["all"]),
        (Folders::Below(vec![Folder::new("/db").unwrap()]), &["all"]),
        // The server would not understand this one.
        (folders(&["/db", "/grün"]), &["all"]),
    ] {
        let phase = lab();
        let server = phase.serve();
        let plan = Plan {
            wanted: &|name| name == "PORT",
            ..Plan::default()
        };
        let scope = scope().in_folders(meant);
        wait(client(&phase, &server).resolve(&scope, &plan)).unwrap();
        let mut asked = asked(&phase, &server);
        asked.sort_unstable();
        assert_eq!(asked, expected);
        assert!(
            !wait(client(&phase, &server).list(&scope))
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn the_one_name_that_is_wanted_is_the_one_secret_that_is_sent() {
    let phase = lab();
    let (far, sent) = (phase.clone(), std::sync::Arc::default());
    let counted = std::sync::Arc::<std::sync::Mutex<Vec<usize>>>::clone(&sent);
    let server = Server::start(move |request| {
        let reply = far.answer(request);
        if request.path == "/service/secrets/" {
            let rows: Vec<serde_json::Value> = serde_json::from_slice(reply.body()).unwrap();
            counted.lock().unwrap().push(rows.len());
        }
        reply
    });
    // A name in lower case may have been digested in upper case.
    for (name, expected, rows) in [
        ("HOST", "h", &[1][..]),
        ("lower", "l", &[0, 1]),
        ("host", "h", &[0, 1]),
    ] {
        let upper = name.to_uppercase();
        let wanted = move |other: &str| other == name || other == upper;
        let plan = Plan {
            only: Some(name),
            wanted: &wanted,
            ..Plan::default()
        };
        let resolution = wait(client(&phase, &server).resolve(&scope(), &plan)).unwrap();
        assert_eq!(resolution.secrets.len(), 1);
        assert_eq!(resolution.secrets[0].value.expose(), expected);
        let mut sent = std::mem::take(&mut *sent.lock().unwrap());
        sent.sort_unstable();
        assert_eq!(sent, rows, "{name}");
    }
}

#[test]
fn what_was_asked_for_early_is_waited_for_however_long_it_takes() {
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| {
        let reply = answer(&conversation, request);
        match request.header("environment") {
            Some(DEVELOPMENT) => reply.after(Duration::from_millis(2100)),
            _ => reply,
        }
    });
    let plan = Plan {
        hint: Some(DEVELOPMENT),
        wanted: &|name| name == "HOST",
        ..Plan::default()
    };
    let client = super::conversations::client("user_v1", &server);
    let resolution = wait(client.resolve(&super::conversations::scope(), &plan)).unwrap();
    assert_eq!(values(&resolution)["HOST"], "localhost");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_wrong_guess_is_not_waited_for() {
    let conversation = conversation("user_v1");
    let server = Server::start(move |request| match request.header("environment") {
        Some("gone") => Reply::hang(),
        _ => answer(&conversation, request),
    });
    let plan = Plan {
        hint: Some("gone"),
        ..lenient()
    };
    let start = Instant::now();
    let client = super::conversations::client("user_v1", &server);
    wait(client.resolve(&super::conversations::scope(), &plan)).unwrap();
    assert!(start.elapsed() < Duration::from_secs(20));
}
