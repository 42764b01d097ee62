//! What is asked, how often, and what is made of the answers.

use phase_run::{Client, Connection, Credentials, ErrorKind, Folders, PhaseApi, SecretType};

use super::{WEB, client, client_of, folders, names, recorded, scope, token, wait};
use crate::shown;
use crate::support::server::{Authority, Reply, Server};

#[test]
fn one_folder_takes_one_request_that_carries_the_token_in_its_header_alone() {
    let server = Server::start(|_| recorded("root folder"));
    let secrets = wait(client(&server.url()).list(&scope()));
    assert_eq!(names(&secrets)[..3], ["A B-C.D=E", "EMPTY", "NULV"]);
    let [request] = &server.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/service/public/v1/secrets/");
    let query: Vec<(&str, &str)> = request
        .query
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(
        query,
        [("app_id", WEB), ("env", "development"), ("path", "/")]
    );
    let id = super::ID;
    assert_eq!(
        request.header("authorization").unwrap(),
        format!("Bearer ServiceAccount {id}")
    );
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    assert!(
        request
            .header("user-agent")
            .unwrap()
            .starts_with("phase-run/")
    );
    assert!(!request.target.contains(id));
}

#[test]
fn every_field_of_a_row_arrives_over_tls_too() {
    let authority = Authority::new();
    let server = Server::start_tls(&authority, &["127.0.0.1"], |_| {
        recorded("all, service account")
    });
    let mut connection = Connection::new(server.url());
    connection.roots = Some(authority.file().to_owned());
    let all = scope().in_folders(Folders::All);
    let secrets = wait(client_of("ServiceAccount", connection).list(&all)).unwrap();
    let find = |name| secrets.iter().find(|secret| secret.name == name).unwrap();
    let host = find("DB_HOST");
    assert_eq!(shown(host.value.as_ref()), "localhost");
    assert_eq!(host.comment, "hi");
    assert_eq!(host.folder.as_str(), "/backend/x");
    assert_eq!(host.id, "144b5f07-2628-4b08-a94d-3a21b4eb2a72");
    assert_eq!(host.kind, SecretType::Config);
    assert_eq!(host.tags, ["db", "aws", "new"]);
    assert_eq!(host.updated, "2026-11-21T01:08:43.686428Z");
    assert_eq!(host.version, 1);
    assert!(host.personal.is_none());
    assert_eq!(shown(find("EMPTY").value.as_ref()), "");
    assert_eq!(shown(find("UNI").value.as_ref()), "日本語🔐\nline2");
    assert_eq!(shown(find("NULV").value.as_ref()), "a\0b");
    assert_eq!(find("SEALED").kind, SecretType::Sealed);
    assert_eq!(shown(find("SEALED").value.as_ref()), "topsecret");
    assert_eq!(
        server.requests()[0].parameter("path"),
        None,
        "all folders are one request"
    );
}

#[test]
fn an_answer_that_is_packed_is_unpacked() {
    let server = Server::start(|_| recorded("root folder").gzip());
    assert_eq!(
        names(&wait(client(&server.url()).list(&scope())))[1],
        "EMPTY"
    );
}

#[test]
fn several_folders_are_one_request_each_at_the_same_time() {
    let arrived = std::sync::Barrier::new(3);
    let server = Server::start(move |request| {
        // Nobody is answered before all three have asked.
        arrived.wait();
        match request.parameter("path").unwrap() {
            "/backend/x" => recorded("folder /backend/x"),
            "/bücher" => recorded("folder /bücher"),
            _ => recorded("none"),
        }
    });
    let scope = scope().in_folders(folders(&["/", "/backend/x", "/bücher"]));
    assert_eq!(
        names(&wait(client(&server.url()).list(&scope))),
        ["BUCH", "DB_HOST"]
    );
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn two_requests_after_each_other_share_a_connection() {
    let server = Server::start(|_| recorded("root folder"));
    let client = client(&server.url());
    wait(async {
        client.list(&scope()).await.unwrap();
        client.list(&scope()).await.unwrap();
    });
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].connection, requests[1].connection);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_row_that_comes_twice_counts_once() {
    let server = Server::start(|_| recorded("folder /backend/x"));
    let scope = scope().in_folders(folders(&["/backend/x", "/backend/x"]));
    assert_eq!(
        names(&wait(client(&server.url()).list(&scope))),
        ["DB_HOST"]
    );
    let server = Server::start(|_| recorded("twice in one batch"));
    let scope = scope.in_folders(Folders::All);
    assert_eq!(
        names(&wait(client(&server.url()).list(&scope))),
        ["TWICE", "TWICE"]
    );
}

#[test]
fn tags_are_matched_here_and_not_sent() {
    let server = Server::start(|_| recorded("all, service account"));
    for (tag, found) in [("DB", 1), ("ew", 1), ("aws", 1), ("nope", 0)] {
        let scope = scope()
            .in_folders(Folders::All)
            .tagged(vec![tag.to_owned()]);
        assert_eq!(
            wait(client(&server.url()).list(&scope)).unwrap().len(),
            found,
            "{tag}"
        );
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.parameter("tags").is_none())
    );
}

#[test]
fn a_personal_override_comes_beside_the_shared_value() {
    let server = Server::start(|_| recorded("override of a user"));
    let client = client_of("User", Connection::new(server.url()));
    let secrets = wait(client.list(&scope())).unwrap();
    let personal = secrets[0].personal.as_ref().unwrap();
    assert_eq!(shown(secrets[0].value.as_ref()), "1");
    assert_eq!(shown(personal.value.as_ref()), "mine");
    assert!(personal.active);
}

#[test]
fn a_dynamic_secret_is_never_asked_for_and_never_an_empty_value() {
    let server = Server::start(|_| recorded("with a dynamic secret"));
    assert_eq!(names(&wait(client(&server.url()).list(&scope()))), ["HOST"]);
    assert!(
        server.requests()[0]
            .query
            .iter()
            .all(|(name, _)| !name.contains("dynamic"))
    );
}

#[test]
fn an_older_server_that_sends_fewer_fields_and_a_newer_one_that_sends_more_will_do() {
    let server = Server::always(Reply::json(
        200,
        r#"[{"id": "1", "key": "OLD", "value": "v"},
            {"id": "2", "key": "NEW", "value": "w", "path": "/", "type": "quantum", "lifecycle": "eternal",
             "comment": null, "tags": [], "override": null, "version": 7, "extra": {"deep": [1, {"er": null}]}}]"#,
    ));
    let secrets = wait(client(&server.url()).list(&scope()));
    assert_eq!(names(&secrets), ["NEW", "OLD"]);
    assert_eq!(secrets.unwrap()[0].kind, SecretType::Secret);
}

#[test]
fn a_host_may_have_a_prefix_and_a_slash_at_its_end() {
    let server = Server::start(|_| recorded("none"));
    wait(client(&format!("{}/phase/", server.url())).list(&scope())).unwrap();
    assert_eq!(
        server.requests()[0].path,
        "/phase/service/public/v1/secrets/"
    );
}

#[test]
fn a_host_that_cannot_be_used_is_refused_at_once_and_a_password_is_not_repeated() {
    for host in [
        "",
        "console.phase.dev",
        "localhost:8000",
        "ftp://phase.dev",
        "https://",
        "https://user:hunter2@phase.dev",
        "https://phase.dev/?x=1",
        "https://phase.dev/#x",
    ] {
        let credentials = Credentials::Phase {
            api: PhaseApi::Auto,
            connection: Connection::new(host),
            token: token("User"),
        };
        let error = Client::new(credentials).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{host}");
        assert!(!super::all_text(&error).contains("hunter2"), "{error}");
    }
}

#[test]
fn only_http_to_another_machine_is_plain() {
    for (host, plain) in [
        ("http://phase.example", true),
        ("http://10.0.0.1:8000", true),
        ("http://localhost:8000", false),
        ("http://phase.localhost", false),
        ("http://127.1.2.3", false),
        ("http://[::1]:80", false),
        ("https://phase.example", false),
    ] {
        assert_eq!(Connection::new(host).is_plain(), plain, "{host}");
    }
}
