//! Projects, their environments, tags and folders.

use serde_json::{Value, json};

use super::{by, demo, json, refusal, with};
use crate::support::server::Reply;
use crate::support::server::infisical::Infisical;

fn ask(infisical: &Infisical, target: &str) -> Reply {
    infisical.answer(&by(&infisical.token(), "GET", target))
}

fn tell(infisical: &Infisical, method: &str, target: &str, body: &Value) -> Reply {
    infisical.answer(&with(by(&infisical.token(), method, target), body))
}

#[test]
fn a_project_is_found_by_either_name_by_its_id_and_by_its_slug() {
    let infisical = demo().project("other").environment("test");
    let id = infisical.project_id("demo");
    for (target, many, one) in [
        ("/api/v1/workspace", "workspaces", "workspace"),
        ("/api/v1/projects", "projects", "project"),
    ] {
        let found = json(200, &ask(&infisical, target));
        assert_eq!(found[many][0]["slug"], "demo");
        assert_eq!(found[many][1]["environments"][0]["slug"], "test");
        let found = json(200, &ask(&infisical, &format!("{target}/{id}")));
        assert_eq!(found[one]["id"], id);
        assert_eq!(found[one]["environments"][2]["name"], "Development");
        refusal(404, &ask(&infisical, &format!("{target}/x")));
    }
    for target in ["/api/v1/projects/slug", "/api/v2/workspace"] {
        assert_eq!(
            json(200, &ask(&infisical, &format!("{target}/demo")))["id"],
            id
        );
        refusal(404, &ask(&infisical, &format!("{target}/x")));
    }
}

#[test]
fn an_older_server_knows_projects_as_workspaces_alone() {
    let infisical = demo().without_projects();
    json(200, &ask(&infisical, "/api/v1/workspace"));
    json(200, &ask(&infisical, "/api/v2/workspace/demo"));
    for target in ["/api/v1/projects", "/api/v1/projects/slug/demo"] {
        let (_, text) = refusal(404, &ask(&infisical, target));
        assert_eq!(text, format!("Route GET:{target} not found"));
    }
}

#[test]
fn tags_are_listed_made_and_found_by_their_slugs() {
    let infisical = demo().secret("A", "1").tags(&["x"]);
    let tags = format!("/api/v1/projects/{}/tags", infisical.project_id("demo"));
    let made = json(
        200,
        &tell(
            &infisical,
            "POST",
            &tags,
            &json!({"slug": "y", "color": "#fff"}),
        ),
    );
    let again = json!({"slug": "y", "color": ""});
    refusal(400, &tell(&infisical, "POST", &tags, &again));
    json(422, &tell(&infisical, "POST", &tags, &json!({"slug": "z"})));
    let found = json(200, &ask(&infisical, &format!("{tags}/slug/y")));
    assert_eq!(found["tag"]["id"], made["tag"]["id"]);
    let all = json(200, &ask(&infisical, &tags));
    assert_eq!(
        (&all["tags"][0]["slug"], &all["tags"][1]),
        (&json!("x"), &made["tag"])
    );
    refusal(404, &ask(&infisical, &format!("{tags}/slug/z")));
}

#[test]
fn folders_are_made_listed_renamed_and_removed_with_all_that_is_in_them() {
    for (version, name) in [("v1", "workspaceId"), ("v2", "projectId")] {
        let infisical = demo().folder("/a/b").secret("A", "1");
        let project = infisical.project_id("demo");
        let base = format!("/api/{version}/folders");
        let tell = |method: &str, target: &str, path: &str, folder: &str| {
            let body = json!({
                name: project, "environment": "dev", "path": path, "name": folder,
                "forceDelete": true,
            });
            json(
                200,
                &tell(&infisical, method, &format!("{base}{target}"), &body),
            )
        };
        let list = |rest: &str| {
            let target = format!("{base}?{name}={project}&environment=dev&{rest}");
            let found = json(200, &ask(&infisical, &target));
            let names = found["folders"].as_array().unwrap().iter();
            let name = |row: &Value| {
                let way = row["relativePath"].as_str();
                way.or(row["name"].as_str()).unwrap().to_owned()
            };
            names.map(name).collect::<Vec<_>>()
        };
        assert_eq!(list(""), ["a"]);
        assert_eq!(list("recursive=True"), ["/a", "/a/b"]);
        assert_eq!(list("path=/a"), ["b"]);
        // What is missing above it is made too.
        let made = tell("POST", "/", "/x/y", "z");
        assert_eq!(made["folder"]["path"], "/x/y/z");
        assert_eq!(list("directory=/x&recursive=true"), ["/y", "/y/z"]);
        let id = made["folder"]["id"].as_str().unwrap();
        let found = json(200, &ask(&infisical, &format!("{base}/{id}")));
        assert_eq!(found["folder"]["environment"]["envSlug"], "dev");
        tell("PATCH", "/a", "/", "c");
        assert_eq!(infisical.stored("dev", "/c/b")[0].key, "A");
        tell("DELETE", "/x", "/", "");
        assert_eq!(list("recursive=true"), ["/c", "/c/b"]);
        refusal(404, &ask(&infisical, &format!("{base}/{id}")));
    }
}

#[test]
fn a_folder_has_a_plain_name() {
    let infisical = demo();
    let body = json!({
        "projectId": infisical.project_id("demo"), "environment": "dev", "name": "a b",
    });
    let answer = json(422, &tell(&infisical, "POST", "/api/v2/folders", &body));
    assert_eq!(answer["message"][0]["path"], json!(["name"]));
}
