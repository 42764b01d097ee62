//! A small Phase: apps, environments and secrets over REST, kept in memory.
//! It does what was seen of console v2.73.2, as far as the tests need it.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::{Reply, Request};

/// The store behind a [`Server`](super::Server): `Server::start(move |request| phase.answer(request))`.
#[derive(Default)]
pub(crate) struct Phase {
    apps: Vec<App>,
    rows: Mutex<Rows>,
}

struct App {
    environments: Vec<String>,
    id: String,
    name: String,
    sse: bool,
}

#[derive(Default)]
struct Rows {
    made: u64,
    /// App id, environment, and the row as it is sent.
    rows: Vec<(String, String, Value)>,
}

impl Phase {
    /// The same with an app.
    pub(crate) fn app(mut self, id: &str, name: &str, sse: bool, environments: &[&str]) -> Self {
        self.apps.push(App {
            environments: environments.iter().map(|&name| name.to_owned()).collect(),
            id: id.to_owned(),
            name: name.to_owned(),
            sse,
        });
        self
    }

    /// The same with a secret in a folder of an environment.
    pub(crate) fn secret(
        self,
        app: &str,
        environment: &str,
        path: &str,
        key: &str,
        value: &str,
    ) -> Self {
        let new = json!({"key": key, "value": value, "path": path});
        self.rows.lock().unwrap().add(app, environment, &new, true);
        self
    }

    /// Answers as the server does.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        self.respond(request).unwrap_or_else(|(status, text)| {
            Reply::json(status, json!({"error": text}).to_string())
        })
    }

    fn respond(&self, request: &Request) -> Result<Reply, (u16, String)> {
        let authorization = request.header("authorization");
        let authorization = authorization.ok_or((
            401,
            "Authentication credentials were not provided.".to_owned(),
        ))?;
        if request.path == "/service/public/v1/apps/" {
            let apps = self
                .apps
                .iter()
                .map(|app| json!({"id": app.id, "name": app.name, "sseEnabled": app.sse}));
            return Ok(listed(&apps.collect()));
        }
        let id = request.parameter("app_id").unwrap_or_default();
        let app = self.apps.iter().find(|app| app.id == id);
        let app = app.ok_or_else(|| (404, format!("App with ID {id} not found")))?;
        if !app.sse {
            return Err((400, "SSE is not enabled for this App".to_owned()));
        }
        if request.path == "/service/public/v1/environments/" {
            let names = app.environments.iter().map(|name| json!({"name": name}));
            return Ok(listed(&names.collect()));
        }
        let wanted = request.parameter("env").unwrap_or_default();
        let fits = |name: &&String| name.eq_ignore_ascii_case(wanted);
        let environment = app
            .environments
            .iter()
            .find(fits)
            .ok_or_else(|| (404, format!("Environment '{wanted}' not found in App {id}")))?;
        let user = authorization.starts_with("Bearer User ");
        self.rows
            .lock()
            .unwrap()
            .respond(request, id, environment, user)
    }
}

fn listed(items: &Value) -> Reply {
    Reply::json(200, json!({"data": items}).to_string())
}

impl Rows {
    fn respond(
        &mut self,
        request: &Request,
        app: &str,
        environment: &str,
        user: bool,
    ) -> Result<Reply, (u16, String)> {
        if request.method == "GET" {
            return Ok(self.list(request, app, environment));
        }
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|_| (400, "Request body must be valid JSON.".to_owned()))?;
        let item = body["secrets"][0].clone();
        match request.method.as_str() {
            "POST" => {
                let row = self.add(app, environment, &item, user);
                row.ok_or((409, "Duplicate secret found".to_owned()))
            }
            "PUT" => {
                let id = item["id"].as_str().unwrap_or_default();
                let row = self.rows.iter_mut().find(|(.., row)| row["id"] == id);
                let row = row.ok_or_else(|| (404, format!("Secret not found: {id}")))?;
                Ok(change(&mut row.2, &item, user))
            }
            _ => {
                let known = self.rows.len();
                self.rows.retain(|(.., row)| row["id"] != item);
                if self.rows.len() == known {
                    return Err((
                        404,
                        format!("Secret(s) not found in this environment: {item}"),
                    ));
                }
                Ok(json!({"message": "Deleted 1 secret"}))
            }
        }
        .map(|body| Reply::json(200, json!([body]).to_string()))
    }

    fn list(&self, request: &Request, app: &str, environment: &str) -> Reply {
        let path = request.parameter("path").filter(|path| !path.is_empty());
        let key = request.parameter("key").map(str::to_uppercase);
        let rows = self.rows.iter().filter(|(row_app, row_environment, row)| {
            row_app == app
                && row_environment == environment
                && path.is_none_or(|path| row["path"] == path)
                && key.as_ref().is_none_or(|key| row["key"] == key.as_str())
        });
        let rows: Vec<&Value> = rows.map(|(.., row)| row).collect();
        Reply::json(200, json!(rows).to_string())
    }

    fn add(&mut self, app: &str, environment: &str, item: &Value, user: bool) -> Option<Value> {
        let key = item["key"].as_str().unwrap().to_uppercase();
        let path = item["path"].as_str().unwrap_or("/");
        let same = |row: &Value| row["key"] == key.as_str() && row["path"] == path;
        if self
            .rows
            .iter()
            .any(|(a, e, row)| a == app && e == environment && same(row))
        {
            return None;
        }
        self.made += 1;
        let kind = item["type"].as_str().unwrap_or("secret");
        let mut row = json!({
            "id": format!("id-{}", self.made), "key": key, "value": item["value"], "path": path,
            "comment": item["comment"].as_str().unwrap_or_default(), "type": kind,
            "tags": item["tags"].as_array().cloned().unwrap_or_default(), "override": null,
            "lifecycle": "static", "version": 1, "updatedAt": "2026-11-21T01:08:43.686428Z",
        });
        if user && item["override"].is_object() {
            // What was said of `isActive` is not looked at.
            row["override"] = json!({"value": item["override"]["value"], "isActive": true});
        }
        self.rows
            .push((app.to_owned(), environment.to_owned(), row.clone()));
        Some(row)
    }
}

/// Changes what is given; the rest stays.
fn change(row: &mut Value, item: &Value, user: bool) -> Value {
    for (name, value) in item.as_object().unwrap() {
        if name != "override" || user {
            row[name] = value.clone();
        }
    }
    row["version"] = json!(row["version"].as_u64().unwrap() + 1);
    row.clone()
}
