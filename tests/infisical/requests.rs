//! What is asked, in which order, and how often.

use phase_run::{App, Connection, Folders, Place, Plan, Scope};
use serde_json::json;

use super::{Lab, body, client, client_over, demo, pairs, resolve, these, universal, value, wait};
use crate::shown;
use crate::support::server::infisical::{CLIENT_ID, CLIENT_SECRET};
use crate::support::server::{Infisical, Reply, Request, Server};

/// The query of a list, in its order.
fn query(request: &Request) -> Vec<String> {
    let pairs = request.query.iter();
    pairs.map(|(name, text)| format!("{name}={text}")).collect()
}

#[test]
fn a_project_by_its_id_takes_a_login_and_a_list_over_one_connection() {
    let lab = Lab::new(demo().secret("HOST", "h").secret("PORT", "80"));
    let resolution = resolve(&lab.client(), &lab.scope()).unwrap();
    assert_eq!(pairs(&resolution), ["HOST=h", "PORT=80"]);
    let Place { app, environment } = resolution.place;
    assert_eq!((app, environment), (lab.place().app, "dev".to_owned()));

    let asked = ["POST /v1/auth/universal-auth/login", "GET /v4/secrets"];
    assert_eq!(lab.asked(), asked);
    assert_eq!(lab.server.connections(), 1);
    let [login, list] = &lab.server.requests()[..] else {
        panic!("two requests")
    };
    let sent = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
    assert_eq!(body(login), sent);
    assert_eq!(login.header("content-type"), Some("application/json"));
    assert_eq!(login.header("authorization"), None);
    let project = lab.infisical.project_id("demo");
    let expected = [
        &format!("projectId={project}"),
        "environment=dev",
        "secretPath=/",
        "viewSecretValue=true",
        "expandSecretReferences=false",
        "recursive=false",
        "include_imports=true",
        "includeImports=true",
        "includePersonalOverrides=true",
    ];
    assert_eq!(query(list), expected);
    let bearer = list.header("authorization").unwrap();
    assert!(bearer.starts_with("Bearer ey"), "{bearer}");
    assert_eq!(list.header("accept"), Some("application/json"));
    assert!(list.body.is_empty());
}

#[test]
fn a_project_by_its_slug_takes_one_request_more() {
    let lab = Lab::new(demo().secret("HOST", "h"));
    let scope = Scope::new(App::Name("demo".into()), "dev");
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["HOST=h"]);
    assert_eq!(resolution.place.app, App::Name("demo".into()));
    let asked = [
        "POST /v1/auth/universal-auth/login",
        "GET /v1/projects/slug/demo",
        "GET /v4/secrets",
    ];
    assert_eq!(lab.asked(), asked);
    assert_eq!(lab.server.connections(), 1);
    let project = lab.infisical.project_id("demo");
    assert_eq!(lab.list().parameter("projectId"), Some(&*project));
}

#[test]
fn no_environment_means_dev() {
    let lab = Lab::new(demo().secret("HOST", "h"));
    let scope = Scope::new(lab.place().app, "");
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["HOST=h"]);
    assert_eq!(resolution.place.environment, "dev");
    assert_eq!(lab.asked().len(), 2);
}

#[test]
fn several_folders_are_asked_for_each_by_itself_after_one_login() {
    let lab = Lab::new(
        demo()
            .folder("/a b")
            .secret("A", "1")
            .folder("/c/d&e")
            .secret("B", "2")
            .folder("/")
            .secret("C", "3"),
    );
    let scope = lab.scope().in_folders(these(&["/", "/a b", "/c/d&e"]));
    let all = pairs(&resolve(&lab.client(), &scope).unwrap());
    assert_eq!(all, ["A=1", "B=2", "C=3"]);
    let lists = lab.lists();
    let mut paths: Vec<_> = lists
        .iter()
        .map(|list| list.parameter("secretPath").unwrap())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/", "/a b", "/c/d&e"]);
    assert!(
        lists
            .iter()
            .all(|list| list.parameter("recursive") == Some("false"))
    );
    assert_eq!(lab.asked().len(), 4);
    assert_eq!(lab.logins(), 1);
}

#[test]
fn many_folders_are_no_reason_for_many_logins() {
    let paths: Vec<String> = (0..20).map(|number| format!("/f{number}")).collect();
    let fill = |infisical: Infisical, path: &String| infisical.folder(path).secret("X", path);
    let lab = Lab::new(paths.iter().fold(demo(), fill));
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let scope = lab.scope().in_folders(these(&paths));
    let resolution = resolve(&lab.client(), &scope).unwrap();
    assert_eq!(pairs(&resolution), ["X=/f19"], "the last one wins");
    assert_eq!((lab.logins(), lab.lists().len()), (1, 20));
}

#[test]
fn all_folders_are_one_list_from_the_root() {
    let lab = Lab::new(demo().secret("A", "1").folder("/x/y").secret("B", "2"));
    let scope = lab.scope().in_folders(Folders::All);
    assert_eq!(
        pairs(&resolve(&lab.client(), &scope).unwrap()),
        ["A=1", "B=2"]
    );
    let list = lab.list();
    assert_eq!(list.parameter("secretPath"), Some("/"));
    assert_eq!(list.parameter("recursive"), Some("true"));
}

#[test]
fn all_below_some_folders_is_one_list_for_each() {
    let infisical = demo().secret("A", "1");
    let infisical = infisical.folder("/x/y").secret("B", "2");
    let lab = Lab::new(infisical.folder("/z").secret("C", "3"));
    let scope = lab.scope().in_folders(super::below(&["/x", "/z"]));
    assert_eq!(
        pairs(&resolve(&lab.client(), &scope).unwrap()),
        ["B=2", "C=3"]
    );
    let lists = lab.lists();
    assert_eq!(lists.len(), 2);
    assert!(
        lists
            .iter()
            .all(|list| list.parameter("recursive") == Some("true"))
    );
}

#[test]
fn tags_go_to_the_server_with_commas_between_them() {
    let infisical = demo().secret("A", "1").tags(&["db"]);
    let infisical = infisical.secret("B", "2").tags(&["web", "aws"]);
    let lab = Lab::new(infisical.secret("C", "3"));
    let scope = lab.scope().tagged(vec!["db".into(), " aws ".into()]);
    assert_eq!(
        pairs(&resolve(&lab.client(), &scope).unwrap()),
        ["A=1", "B=2"]
    );
    assert_eq!(lab.list().parameter("tagSlugs"), Some("db,aws"));
}

#[test]
fn what_the_plan_leaves_out_is_not_asked_for() {
    let infisical = demo().secret("A", "${B}").secret("B", "2").own("mine");
    let infisical = infisical.within("staging").secret("C", "3");
    let lab = Lab::new(infisical.within("dev").import("staging", "/"));
    let client = lab.user();
    for (name, plan, expected) in [
        ("", Plan::default(), ["A=mine", "B=mine", "C=3"].as_slice()),
        (
            "includeImports",
            Plan {
                imports: false,
                ..Plan::default()
            },
            &["A=mine", "B=mine"],
        ),
        (
            "",
            Plan {
                expand: false,
                ..Plan::default()
            },
            &["A=${B}", "B=mine", "C=3"],
        ),
        (
            "includePersonalOverrides",
            Plan {
                personal: false,
                ..Plan::default()
            },
            &["A=2", "B=2", "C=3"],
        ),
    ] {
        let resolution = wait(client.resolve(&lab.scope(), &plan)).unwrap();
        assert_eq!(pairs(&resolution), expected, "{name}");
        let list = lab.lists().pop().unwrap();
        let off: Vec<_> = query(&list)
            .into_iter()
            .filter(|pair| pair.ends_with("=false"))
            .filter(|pair| !pair.starts_with("recursive") && !pair.starts_with("expand"))
            .collect();
        match name {
            "" => assert!(off.is_empty(), "{off:?}"),
            "includeImports" => {
                assert_eq!(off, ["include_imports=false", "includeImports=false"]);
            }
            _ => assert_eq!(off, [format!("{name}=false")]),
        }
    }
}

#[test]
fn a_list_for_looking_at_is_as_stored_and_takes_one_request() {
    let infisical = demo().secret("A", "${B}").secret("B", "2");
    let infisical = infisical.within("staging").secret("C", "3");
    let lab = Lab::new(infisical.within("dev").import("staging", "/"));
    let secrets = wait(lab.at_hand().list(&lab.scope())).unwrap();
    let values: Vec<_> = secrets
        .iter()
        .map(|secret| shown(secret.value.as_ref()))
        .collect();
    assert_eq!(values, ["${B}", "2"]);
    let list = lab.list();
    for name in [
        "expandSecretReferences",
        "includeImports",
        "includePersonalOverrides",
    ] {
        assert_eq!(list.parameter(name), Some("false"), "{name}");
    }
}

#[test]
fn a_host_may_end_in_api_and_a_slash_or_have_a_prefix() {
    for (suffix, prefix) in [("/api", ""), ("/api/", ""), ("/", ""), ("/a/b/api", "/a/b")] {
        let server = Server::always(Reply::json(200, r#"{"secrets": []}"#));
        let url = format!("{}{suffix}", server.url());
        let client = client(&url, super::token("t"));
        wait(client.list(&Scope::new(App::Id("p".into()), "dev"))).unwrap();
        let path = server.requests()[0].path.clone();
        assert_eq!(path, format!("{prefix}/api/v4/secrets"), "{suffix}");
    }
}

#[test]
fn headers_of_the_connection_go_with_every_request_and_the_organisation_with_the_login() {
    let lab = Lab::new(demo().secret("A", "1"));
    let mut connection = Connection::new(lab.server.url());
    connection.headers = vec![("X-Gate".into(), value("open"))];
    let client = client_over(connection, universal(), Some("acme-x4k2"));
    let scope = Scope::new(App::Name("demo".into()), "dev");
    resolve(&client, &scope).unwrap();
    let requests = lab.server.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(request.header("x-gate"), Some("open"), "{}", request.target);
    }
    assert_eq!(body(&requests[0])["organizationSlug"], "acme-x4k2");
}
