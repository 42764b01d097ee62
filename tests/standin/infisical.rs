//! The Infisical of the tests is like the real one.

mod answer;
mod batch;
mod change;
mod folder;
mod identity;
mod lease;
mod login;
mod official;
mod read;
mod real;
mod recorded;
mod reference;
mod token;

use serde_json::Value;

use crate::support::server::{Infisical, Reply, Request};

/// A project with three environments. Secrets go into `dev` next.
fn demo() -> Infisical {
    Infisical::default()
        .project("demo")
        .environments(&["prod", "staging", "dev"])
}

/// A request by the owner of a token.
fn by(token: &str, method: &str, target: &str) -> Request {
    Request::to(method, target).with("Authorization", &format!("Bearer {token}"))
}

/// The same with JSON.
fn with(request: Request, body: &Value) -> Request {
    let request = request.with("Content-Type", "application/json");
    request.carrying(body.to_string())
}

/// The JSON of an answer with that status.
#[track_caller]
fn json(status: u16, reply: &Reply) -> Value {
    let text = String::from_utf8_lossy(reply.body());
    assert_eq!(reply.status(), status, "{text}");
    let kind = reply.said("Content-Type");
    assert_eq!(kind, Some("application/json; charset=utf-8"), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// What is said of an error: its name, and its text.
#[track_caller]
fn refusal(status: u16, reply: &Reply) -> (String, String) {
    let body = json(status, reply);
    assert_eq!(body["statusCode"], status, "{body}");
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("error"), text("message"))
}

/// The secrets of an answer, as `KEY=value`.
fn pairs(rows: &Value) -> Vec<String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| format!("{}={}", text(row, "secretKey"), text(row, "secretValue")))
        .collect()
}
