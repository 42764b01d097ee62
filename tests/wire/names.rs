//! Names that are there already, stand twice, are sealed or in lower case: over both APIs.

use phase_run::ErrorKind::{Ambiguous, Configuration, Conflict, Denied, Missing, TooLarge};
use phase_run::{
    App, Change, Client, Connection, Credentials, Error, Folder, PhaseApi, PhaseToken, Plan, Scope,
    SecretType,
};

use super::{folders, place, value, wait};
use crate::support::server::{Kind, Phase, Reply, Server, Sse};

const APIS: [PhaseApi; 2] = [PhaseApi::Encrypted, PhaseApi::Rest];

fn lab() -> Phase {
    Phase::default()
        .app("web", Sse::On)
        .environment("Development")
}

pub(super) fn client(phase: &Phase, server: &Server, api: PhaseApi) -> Client {
    let credentials = Credentials::Phase {
        api,
        connection: Connection::new(server.url()),
        token: PhaseToken::parse(&phase.token(Kind::User).full).unwrap(),
    };
    Client::new(credentials).unwrap()
}

fn folder(path: &str) -> Folder {
    Folder::new(path).unwrap()
}

fn update(client: &Client, path: &str, name: &str, change: &Change) -> Result<(), Error> {
    wait(client.update(&place(), &folder(path), name, change))
}

fn to(path: &str) -> Change {
    Change {
        folder: Some(folder(path)),
        ..Change::default()
    }
}

fn valued(text: &str) -> Change {
    Change {
        value: Some(value(text)),
        ..Change::default()
    }
}

/// What lies in the store, in order: `/db/HOST=h`.
fn stored(phase: &Phase) -> Vec<String> {
    let rows = phase.stored("web/Development").into_iter();
    let mut rows: Vec<String> = rows
        .map(|row| {
            let path = row.path.trim_end_matches('/');
            format!("{path}/{}={}", row.key, row.value)
        })
        .collect();
    rows.sort();
    rows
}

fn writes(server: &Server) -> usize {
    let requests = server.requests();
    requests.iter().filter(|one| one.method != "GET").count()
}

#[test]
fn a_move_onto_a_name_that_is_there_is_a_conflict_and_both_stay() {
    for api in APIS {
        for name in ["HOST", "mixedCase"] {
            let phase = lab().secret(name, "1").folder("/db").secret(name, "2");
            let server = phase.serve();
            let before = stored(&phase);
            let client = client(&phase, &server, api);
            let error = update(&client, "/", name, &to("/db")).unwrap_err();
            assert_eq!(error.kind(), Conflict, "{error}");
            assert_eq!(error.to_string(), format!("{name} is already in /db"));
            assert_eq!(stored(&phase), before);
        }
    }
}

#[test]
fn a_move_to_a_free_folder_keeps_name_and_value() {
    for api in APIS {
        for name in ["HOST", "mixedCase"] {
            let phase = lab().secret(name, "1").folder("/db").secret("OTHER", "2");
            let server = phase.serve();
            update(&client(&phase, &server, api), "/", name, &to("/db")).unwrap();
            assert_eq!(stored(&phase).len(), 2);
            assert!(stored(&phase).contains(&format!("/db/{name}=1")));
        }
    }
}

#[test]
fn a_name_in_the_root_is_no_conflict_for_one_in_a_folder() {
    for api in APIS {
        let phase = lab().secret("HOST", "1").folder("/db").secret("HOST", "2");
        let server = phase.serve();
        update(&client(&phase, &server, api), "/db", "HOST", &valued("3")).unwrap();
        assert_eq!(stored(&phase), ["/HOST=1", "/db/HOST=3"]);
    }
}

#[test]
fn whatever_changes_is_sent_with_the_name_its_digest_and_the_folder() {
    let change = Change {
        comment: Some("note".into()),
        ..Change::default()
    };
    for (api, fields) in [
        (PhaseApi::Encrypted, &["key", "keyDigest"][..]),
        (PhaseApi::Rest, &["key"]),
    ] {
        let phase = lab().folder("/db").secret("HOST", "1");
        let server = phase.serve();
        update(&client(&phase, &server, api), "/db", "HOST", &change).unwrap();
        let requests = server.requests();
        let sent = requests.iter().find(|one| one.method == "PUT").unwrap();
        let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        let row = &body["secrets"][0];
        for field in fields {
            assert!(row[*field].is_string(), "{api:?}: {field}");
        }
        assert_eq!(row["path"], "/db", "{api:?}");
    }
}

#[test]
fn a_name_that_stands_twice_is_neither_changed_nor_removed_until_one_is_moved_away() {
    for api in APIS {
        let phase = lab().secret("HOST", "old").secret("HOST", "new");
        let server = phase.serve();
        let client = client(&phase, &server, api);
        let delete = |path: &str| wait(client.delete(&place(), &folder(path), "HOST"));
        for error in [
            update(&client, "/", "HOST", &valued("x")).unwrap_err(),
            delete("/").unwrap_err(),
        ] {
            assert_eq!(error.kind(), Ambiguous, "{error}");
            assert!(
                error.to_string().contains("HOST stands 2 times in /"),
                "{error}"
            );
            assert!(error.advice().unwrap().contains("--move-to"), "{error:?}");
        }
        assert_eq!(writes(&server), 0);
        // The way out that is named.
        update(&client, "/", "HOST", &to("/aside")).unwrap();
        assert_eq!(stored(&phase), ["/HOST=old", "/aside/HOST=new"]);
        assert!(delete("/").unwrap());
        update(&client, "/aside", "HOST", &to("/")).unwrap();
        assert_eq!(stored(&phase), ["/HOST=new"]);
    }
}

#[test]
fn a_new_value_of_a_sealed_secret_is_refused_before_anything_is_sent() {
    for api in APIS {
        let phase = lab().secret("HOST", "1").kind("sealed");
        let server = phase.serve();
        let client = client(&phase, &server, api);
        let unsealed = Change {
            kind: Some(SecretType::Config),
            ..Change::default()
        };
        for change in [valued("hunter2"), unsealed] {
            let error = update(&client, "/", "HOST", &change).unwrap_err();
            assert_eq!(error.kind(), Configuration, "{error}");
            assert!(
                error.to_string().starts_with("HOST is of type sealed"),
                "{error}"
            );
            assert!(error.advice().unwrap().contains("delete it"), "{error:?}");
        }
        assert_eq!(writes(&server), 0);
        // What the server keeps may change.
        let kept = Change {
            comment: Some("note".into()),
            kind: Some(SecretType::Sealed),
            personal: Some(value("mine")),
            ..Change::default()
        };
        update(&client, "/", "HOST", &kept).unwrap();
        let rows = phase.stored("web/Development");
        assert_eq!((&*rows[0].comment, &*rows[0].value), ("note", "1"));
    }
}

#[test]
fn a_name_in_lower_case_is_changed_and_removed_as_it_is_spelt() {
    for api in APIS {
        let phase = lab().secret("mixedCase", "low").secret("MIXEDCASE", "up");
        let server = phase.serve();
        let client = client(&phase, &server, api);
        update(&client, "/", "mixedCase", &valued("low 2")).unwrap();
        assert_eq!(stored(&phase), ["/MIXEDCASE=up", "/mixedCase=low 2"]);
        assert!(wait(client.delete(&place(), &folder("/"), "mixedCase")).unwrap());
        assert_eq!(stored(&phase), ["/MIXEDCASE=up"]);
        // Where nothing is spelt so, it means the one in upper case.
        update(&client, "/", "mixedCase", &valued("up 2")).unwrap();
        assert_eq!(stored(&phase), ["/MIXEDCASE=up 2"]);
    }
}

#[test]
fn a_rotating_secret_is_left_to_phase_and_that_is_said() {
    for api in APIS {
        let phase = lab().secret("HOST", "1").rotating();
        let server = phase.serve();
        let error = update(&client(&phase, &server, api), "/", "HOST", &valued("2")).unwrap_err();
        assert_eq!(error.kind(), Denied, "{error}");
        assert!(error.to_string().contains("rotating"), "{error}");
    }
}

#[test]
fn a_body_that_a_proxy_finds_too_large_is_told_as_such() {
    for api in APIS {
        let phase = lab().secret("HOST", "1");
        let answers = phase.clone();
        let server = Server::start(move |request| match request.method.as_str() {
            "PUT" => Reply::typed(
                413,
                "text/html",
                "<html>413 Request Entity Too Large</html>",
            ),
            _ => answers.answer(request),
        });
        let error = update(&client(&phase, &server, api), "/", "HOST", &valued("2")).unwrap_err();
        assert_eq!(error.kind(), TooLarge, "{error}");
    }
}

#[test]
fn an_absent_folder_holds_nothing_and_an_absent_app_or_environment_is_missing() {
    let plan = Plan {
        allow_empty: true,
        ..Plan::default()
    };
    for api in APIS {
        let phase = lab().secret("HOST", "1");
        let server = phase.serve();
        let client = client(&phase, &server, api);
        let scope = |app: &str, environment: &str| {
            let scope = Scope::new(App::Name(app.into()), environment);
            scope.in_folders(folders(&["/nope"]))
        };
        let there = scope("web", "development");
        assert!(wait(client.list(&there)).unwrap().is_empty());
        assert!(
            wait(client.resolve(&there, &plan))
                .unwrap()
                .secrets
                .is_empty()
        );
        let by_id = Scope::new(App::Id("nope".into()), "development");
        for absent in [scope("nope", "development"), scope("web", "qa"), by_id] {
            let error = wait(client.list(&absent)).unwrap_err();
            assert_eq!(error.kind(), Missing, "{error}");
            let error = wait(client.resolve(&absent, &plan)).unwrap_err();
            assert_eq!(error.kind(), Missing, "{error}");
        }
    }
}
