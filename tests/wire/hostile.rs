//! End to end encryption, against the server too: what it makes up is refused, as far
//! as anybody can tell.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phase_run::ErrorKind::Decryption;
use phase_run::{
    App, Change, Client, Connection, Credentials, Error, Folder, Folders, Leases, PhaseApi,
    PhaseToken, Place, Plan, Scope, TrustStore,
};
use serde_json::{Value, json};

use super::conversations::{client, conversation, lenient, scope, values};
use super::tampering::{tampered, tampered_in};
use super::{all_text, new, value, wait};
use crate::support::server::{Kind, Phase, Server, Sse, crypto};

/// What a server can do: it has the public key of an environment, and no other.
fn encrypted(text: &str) -> Value {
    let environment = &conversation("user_v1")["environments"][0];
    let public = crypto::unhex(environment["public_key"].as_str().unwrap()).unwrap();
    let ephemeral = crypto::KeyPair::of(&[7; 32]);
    crypto::encrypt(text, &public.try_into().unwrap(), &ephemeral, &[9; 24]).into()
}

fn digest(name: &str) -> Value {
    let environment = &conversation("user_v1")["environments"][0];
    crypto::digest(name, environment["salt"].as_str().unwrap()).into()
}

/// Fails if the name `LD_PRELOAD` of row `id` is taken for a secret's.
#[track_caller]
fn refused(id: &str, change: impl Fn(&mut Value) + Send + Sync + 'static) {
    let server = tampered_in(id, change);
    let client = client("user_v1", &server);
    for error in [
        wait(client.resolve(&scope(), &lenient())).unwrap_err(),
        wait(client.list(&scope())).unwrap_err(),
    ] {
        assert_eq!(error.kind(), Decryption, "{error}");
        for part in ["\"LD_PRELOAD\"", id, "Development"] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(error.advice().unwrap().contains("made it up"), "{error:?}");
    }
    let plan = Plan {
        allow_partial: true,
        ..lenient()
    };
    let resolution = wait(client.resolve(&scope(), &plan)).unwrap();
    let values = values(&resolution);
    assert!(values.contains_key("HOST") && !values.contains_key("LD_PRELOAD"));
    let told = resolution.notices.iter().map(ToString::to_string);
    assert!(told.into_iter().any(|text| text.contains("LD_PRELOAD")));
}

#[test]
fn a_name_that_nobody_with_the_keys_gave_is_refused_and_named() {
    refused("sec-1", |row| row["key"] = encrypted("LD_PRELOAD"));
    refused("sec-1", |row| {
        row["key"] = encrypted("LD_PRELOAD");
        // What it can make without the salt.
        row["key_digest"] = crypto::digest("LD_PRELOAD", "").into();
    });
    // Neither does an override vouch for it.
    refused("sec-5", |row| row["key"] = encrypted("LD_PRELOAD"));
}

#[test]
fn a_row_without_a_digest_is_refused_like_a_forged_one() {
    for none in [json!(""), Value::Null] {
        refused("sec-1", move |row| {
            row["key"] = encrypted("LD_PRELOAD");
            row["key_digest"] = none.clone();
        });
    }
    refused("sec-1", |row| {
        row["key"] = encrypted("LD_PRELOAD");
        row.as_object_mut().unwrap().remove("key_digest");
    });
}

#[test]
fn names_that_are_swapped_between_rows_are_refused() {
    let host = conversation("user_v1")[super::conversations::SECRETS]
        [super::conversations::DEVELOPMENT][0]["key"]
        .clone();
    let server = tampered_in("sec-1", move |row| row["key"] = host.clone());
    let error = wait(client("user_v1", &server).list(&scope())).unwrap_err();
    assert_eq!(error.kind(), Decryption);
    assert!(error.to_string().contains("\"HOST\""), "{error}");
}

#[test]
fn the_digest_may_be_that_of_the_name_in_upper_case() {
    let server = tampered_in("sec-1", |row| {
        row["key"] = encrypted("lower_case");
        row["key_digest"] = digest("LOWER_CASE");
    });
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &lenient())).unwrap();
    assert_eq!(values(&resolution)["lower_case"], "5432");
}

#[test]
fn a_secret_that_is_listed_is_found_by_a_reference_however_its_digest_is_written() {
    let upper = |digest: Value| Value::from(digest.as_str().unwrap().to_uppercase());
    for (name, digest) in [
        ("PORT", upper(digest("PORT"))),
        ("lower_case", digest("lower_case")),
        ("lower_case", digest("LOWER_CASE")),
        ("lower_case", upper(digest("LOWER_CASE"))),
    ] {
        let server = tampered(move |row| match row["id"].as_str() {
            Some("sec-1") => {
                row["key"] = encrypted(name);
                row["key_digest"] = digest.clone();
                row["path"] = "/elsewhere".into();
            }
            Some("sec-2") => {
                row["tags"] = json!(["alone"]);
                row["value"] = encrypted(&format!("${{/elsewhere/{name}}}"));
            }
            _ => row["tags"] = json!([]),
        });
        let client = client("user_v1", &server);
        let list = wait(client.list(&scope().in_folders(Folders::All))).unwrap();
        assert!(list.iter().any(|secret| secret.name == name), "{name}");
        let scope = scope().tagged(vec!["alone".into()]);
        let resolution = wait(client.resolve(&scope, &Plan::default())).unwrap();
        assert_eq!(values(&resolution)["URL"], "5432", "{name}");
    }
}

#[test]
fn a_reference_leads_to_such_a_name_too_from_a_folder_that_is_not_meant() {
    let phase = Phase::default()
        .app("web", Sse::Off)
        .environment("Development");
    let phase = phase
        .folder("/db")
        .secret("lower_case", "small")
        .known_as("LOWER_CASE");
    let phase = phase.secret("LOWER_CASE", "large").folder("/");
    let phase = phase.secret("BOTH", "${/db/lower_case} ${/db/LOWER_CASE}");
    let server = phase.serve();
    let client = super::names::client(&phase, &server, PhaseApi::Encrypted);
    let scope = Scope::new(App::Name("web".into()), "Development");
    let resolution = wait(client.resolve(&scope, &Plan::default())).unwrap();
    assert_eq!(values(&resolution)["BOTH"], "small large");
}

#[test]
fn a_forged_name_of_a_dynamic_secret_is_refused_before_a_lease_is_made() {
    let server = tampered_in("dyn-1", |row| {
        row["key_map"][0]["key_name"] = encrypted("LD_PRELOAD");
    });
    let plan = Plan {
        leases: Leases::Generate { ttl: None },
        ..lenient()
    };
    let error = wait(client("user_v1", &server).resolve(&scope(), &plan)).unwrap_err();
    assert_eq!(error.kind(), Decryption);
    assert!(error.to_string().contains("\"LD_PRELOAD\""), "{error}");
    let requests = server.requests();
    assert!(requests.iter().all(|one| one.header("lease").is_none()));
}

/// As README says: nothing ties a value to its name.
#[test]
fn a_server_can_still_give_a_name_that_is_there_another_value() {
    let server = tampered(|row| {
        if row["id"] == "sec-1" {
            row["value"] = encrypted("9999");
        }
    });
    let resolution = wait(client("user_v1", &server).resolve(&scope(), &lenient())).unwrap();
    assert_eq!(values(&resolution)["PORT"], "9999");
}

/// A server that can be told to be another one: `keys` are the seeds and salts of
/// `api/Production` and `web/Development`.
fn world(keys: [(&str, &str); 2], strangers: &[&str]) -> Phase {
    world_of("Development", keys, strangers)
}

/// The same, where the environment of `web` is called `name`.
fn world_of(name: &str, keys: [(&str, &str); 2], strangers: &[&str]) -> Phase {
    let phase = Phase::default().app("other", Sse::Off);
    // Each of them draws ids, so that those of the rest are new.
    let phase = phase.environments(strangers);
    let [api, web] = keys.map(|(seed, salt)| (seed.repeat(64), salt.repeat(64)));
    phase
        .app("api", Sse::Off)
        .environment_of("Production", &api.0, &api.1)
        .secret("KEY", "k")
        .app("web", Sse::Off)
        .environment_of(name, &web.0, &web.1)
        .secret("HOST", "h")
        .secret("URL", "${api::production.KEY}")
}

/// Serves one of `worlds`, as the number says.
fn serve(worlds: Vec<Phase>) -> (Server, Arc<AtomicUsize>) {
    let number = Arc::new(AtomicUsize::new(0));
    let at = Arc::clone(&number);
    let worlds = Mutex::new(worlds);
    let server = Server::start(move |request| {
        worlds.lock().unwrap()[at.load(Ordering::SeqCst)].answer(request)
    });
    (server, number)
}

fn trusting(server: &Server, folder: &Path, accept: bool) -> Client {
    let token = Phase::default().token(Kind::User).full;
    let client = Client::new(Credentials::Phase {
        api: PhaseApi::Auto,
        connection: Connection::new(server.url()),
        token: PhaseToken::parse(&token).unwrap(),
    });
    let store = TrustStore::new(folder).accept_new_keys(accept);
    client
        .unwrap()
        .timeout(Duration::from_secs(30))
        .trust(store)
}

fn web() -> Place {
    Scope::new(App::Name("web".into()), "development").place
}

fn run(client: &Client, names: &'static [&str]) -> Result<(), Error> {
    run_in(client, &Scope::new(web().app, "development"), names)
}

fn run_in(client: &Client, scope: &Scope, names: &'static [&str]) -> Result<(), Error> {
    let wanted = |name: &str| names.contains(&name);
    let plan = Plan {
        wanted: &wanted,
        ..Plan::default()
    };
    wait(client.resolve(scope, &plan)).map(drop)
}

#[track_caller]
fn changed(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Decryption, "{error}");
    let text = error.to_string();
    let (_, date) = text.split_once("first seen at ").expect(&text);
    assert!(humantime::parse_rfc3339(date).is_ok(), "{text}");
    assert!(error.advice().unwrap().contains("--accept-new-key"));
}

#[test]
fn the_keys_of_an_environment_are_remembered_and_others_are_refused() {
    let first = [("1", "2"), ("3", "4")];
    for other in [
        world([first[0], ("5", "4")], &[]),
        // A server could wrap a salt of its own, and make digests with it.
        world([first[0], ("3", "6")], &[]),
        // New ids do not make it another environment.
        world([first[0], ("5", "6")], &["A", "B"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (server, number) = serve(vec![world(first, &[]), other]);
        let ours = || trusting(&server, folder.path(), false);
        run(&ours(), &["HOST"]).unwrap();
        run(&ours(), &["HOST"]).unwrap();
        number.store(1, Ordering::SeqCst);
        let before = server.requests().len();
        let root = Folder::root();
        let change = Change {
            value: Some(value("hunter2")),
            ..Change::default()
        };
        let client = ours();
        changed(run(&client, &["HOST"]));
        changed(wait(client.list(&Scope::new(web().app, "development"))).map(drop));
        changed(wait(client.create(&web(), &new("NEW", "hunter2"))));
        changed(wait(client.update(&web(), &root, "HOST", &change)));
        changed(wait(client.delete(&web(), &root, "HOST")).map(drop));
        let asked = server.requests().split_off(before);
        assert!(asked.iter().all(|request| request.method == "GET"));
        let accepting = trusting(&server, folder.path(), true);
        run(&accepting, &["HOST"]).unwrap();
        // It is remembered in the place of the first.
        run(&ours(), &["HOST"]).unwrap();
        number.store(0, Ordering::SeqCst);
        changed(run(&ours(), &["HOST"]));
    }
}

/// How somebody asks for the environment.
type Ask<'a> = &'a dyn Fn(&Client) -> Scope;

#[test]
fn they_are_the_same_by_whichever_name_or_id_one_asks_for_the_environment() {
    let first = [("1", "2"), ("3", "4")];
    let forged = [first[0], ("5", "6")];
    let by_name = |_: &Client| Scope::new(App::Name("web".into()), "development");
    let by_id = |client: &Client| {
        let apps = wait(client.apps()).unwrap();
        let web = apps.into_iter().find(|app| app.name == "web").unwrap();
        Scope::new(App::Id(web.id), "development")
    };
    let renamed = |_: &Client| Scope::new(App::Name("web".into()), "renamed");
    let beside = world(forged, &["A"]).app("WEB", Sse::Off);
    let cases: [(Ask<'_>, Ask<'_>, Phase); 5] = [
        (&by_name, &by_name, beside.environment("Development")),
        (&by_name, &by_id, world(forged, &[])),
        (&by_name, &by_id, world(forged, &["A", "B"])),
        (&by_id, &by_name, world(forged, &["A", "B"])),
        (&by_name, &renamed, world_of("Renamed", forged, &[])),
    ];
    for (before, after, other) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (server, number) = serve(vec![world(first, &[]), other]);
        let ours = || trusting(&server, folder.path(), false);
        let ask = |client: &Client, scope: Ask<'_>| run_in(client, &scope(client), &["HOST"]);
        ask(&ours(), before).unwrap();
        number.store(1, Ordering::SeqCst);
        changed(ask(&ours(), after));
        ask(&trusting(&server, folder.path(), true), after).unwrap();
        ask(&ours(), after).unwrap();
        // What was accepted counts by all that the environment is known by.
        number.store(0, Ordering::SeqCst);
        changed(ask(&ours(), before));
    }
}

#[test]
fn two_apps_of_one_name_are_told_apart_by_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let seeds = ["3", "5"].map(|seed| seed.repeat(64));
    let mut phase = Phase::default();
    for seed in &seeds {
        phase = phase
            .app("twin", Sse::Off)
            .environment_of("Development", seed, &"4".repeat(64))
            .secret("HOST", "h");
    }
    let (server, _) = serve(vec![phase]);
    let apps = wait(trusting(&server, folder.path(), false).apps()).unwrap();
    let twins: Vec<_> = apps.into_iter().filter(|app| app.name == "twin").collect();
    assert_eq!(twins.len(), 2);
    for twin in twins.iter().chain(&twins) {
        let scope = Scope::new(App::Id(twin.id.clone()), "development");
        run_in(&trusting(&server, folder.path(), false), &scope, &["HOST"]).unwrap();
    }
}

#[test]
fn other_letters_in_a_name_make_no_other_environment() {
    let world = |strangers: &[&str], app: &str, environment: &str, seed: &str| {
        let phase = Phase::default().app("other", Sse::Off);
        let phase = phase.environments(strangers).app(app, Sse::Off);
        phase
            .environment_of(environment, &seed.repeat(64), &"4".repeat(64))
            .secret("HOST", "h")
    };
    for (app, environment) in [("WEB", "Development"), ("web", "DEVELOPMENT")] {
        let folder = tempfile::tempdir().unwrap();
        let first = world(&[], "web", "Development", "3");
        // With other ids too.
        let other = world(&["A", "B"], app, environment, "5");
        let (server, number) = serve(vec![first, other]);
        let client = || trusting(&server, folder.path(), false);
        run(&client(), &["HOST"]).unwrap();
        number.store(1, Ordering::SeqCst);
        changed(run(&client(), &["HOST"]));
    }
}

#[test]
fn so_are_those_of_environments_that_are_referred_to() {
    let folder = tempfile::tempdir().unwrap();
    let worlds = [("1", "2"), ("5", "2")].map(|api| world([api, ("3", "4")], &[]));
    let (server, number) = serve(worlds.into());
    let client = || trusting(&server, folder.path(), false);
    run(&client(), &["URL"]).unwrap();
    number.store(1, Ordering::SeqCst);
    run(&client(), &["HOST"]).unwrap();
    changed(run(&client(), &["URL"]));
}

#[test]
fn what_is_remembered_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = serve(vec![world([("1", "2"), ("3", "4")], &[])]);
    run(&trusting(&server, folder.path(), false), &["HOST"]).unwrap();
    let kinds = fs::read_dir(folder.path()).unwrap();
    let entries = kinds.flat_map(|kind| fs::read_dir(kind.unwrap().path()).unwrap());
    let texts = entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let texts: Vec<String> = texts.collect();
    assert_eq!(texts.len(), 3, "by two ids and by the name");
    for secret in [
        "3333",
        "4444",
        "HOST",
        &Phase::default().token(Kind::User).full,
    ] {
        let holds = |text: &String| text.contains(secret);
        assert!(!texts.iter().any(holds), "{texts:?}");
    }
}

#[test]
fn where_nothing_can_be_remembered_every_use_is_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let worlds = ["3", "5"].map(|web| world([("1", "2"), (web, "4")], &[]));
    let (server, number) = serve(worlds.into());
    for turn in [0, 1] {
        number.store(turn, Ordering::SeqCst);
        run(&trusting(&server, &file, false), &["HOST"]).unwrap();
    }
}

#[test]
fn what_was_remembered_and_cannot_be_read_fails_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = serve(vec![world([("1", "2"), ("3", "4")], &[])]);
    let client = || trusting(&server, folder.path(), false);
    run(&client(), &["HOST"]).unwrap();
    let kind = fs::read_dir(folder.path()).unwrap().next().unwrap();
    let entry = fs::read_dir(kind.unwrap().path()).unwrap().next().unwrap();
    fs::write(entry.unwrap().path(), "{}").unwrap();
    let error = run(&client(), &["HOST"]).unwrap_err();
    assert!(all_text(&error).contains(".json"), "{error:?}");
}
