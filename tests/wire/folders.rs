//! End to end encryption: whoever looks at the server's log takes each secret that it
//! sends for one that was read. So no more is asked for than is needed.

use std::collections::BTreeSet;
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

/// The folders asked for, with the environments' first letters, in order.
fn asked(phase: &Phase, server: &Server) -> Vec<String> {
    let development = phase.environment_id("web/Development");
    let requests = server.requests().into_iter();
    let asked = requests.filter(|request| request.path == "/service/secrets/");
    let text = |path: Option<&str>| path.unwrap_or("all").to_owned();
    asked
        .map(|request| {
            let home = request.header("environment") == Some(&*development);
            let start = if home { "" } else { "staging:" };
            format!("{start}{}", text(request.header("path")))
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
fn references_into_other_folders_are_followed_there_and_nowhere_else() {
    assert_eq!(asked_for("CACHE_URL", "r://6379"), ["/", "/cache"]);
    assert_eq!(
        asked_for("DB_URL", "pg://root:5432"),
        ["/", "/db", "/people"]
    );
    assert_eq!(asked_for("FAR", "staging staging"), ["/", "staging:/"]);
}

#[test]
fn folders_that_references_lead_to_are_asked_for_at_the_same_time() {
    let phase = lab();
    let far = phase.clone();
    let arrived = Barrier::new(2);
    let server = Server::start(move |request| {
        if matches!(request.header("path"), Some("/db" | "/cache")) {
            // Neither is answered before both are asked for.
            arrived.wait();
        }
        far.answer(request)
    });
    let resolution = wait(client(&phase, &server).resolve(&scope(), &Plan::default())).unwrap();
    assert_eq!(values(&resolution)["CACHE_URL"], "r://6379");
    let asked: BTreeSet<String> = asked(&phase, &server).into_iter().collect();
    let expected = ["/", "/cache", "/db", "/people", "staging:/"];
    assert_eq!(asked, expected.map(str::to_owned).into());
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
    for (name, expected, rows) in [
        ("HOST", "h", &[1][..]),
        ("lower", "l", &[1]),
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
        assert_eq!(std::mem::take(&mut *sent.lock().unwrap()), rows, "{name}");
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
