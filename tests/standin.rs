//! The Phase and the Infisical of the tests are like the real ones.

mod alike;
mod conversations;
mod identity;
mod infisical;
mod laboratory;
mod lease;
mod official;
mod recorded;
mod reference;
mod store;
mod vectors;

use serde_json::Value;

use crate::support::server::{Phase, Reply, Request, Sse, Token};

/// An app with two environments. Secrets go into `Development` next.
fn web() -> Phase {
    Phase::default()
        .app("web", Sse::On)
        .environments(&["Development", "Staging"])
        .within("web/Development")
}

/// A request by the owner of `token`.
fn by(token: &Token, method: &str, target: &str) -> Request {
    Request::to(method, target).with("Authorization", &format!("Bearer {}", token.rest))
}

/// The JSON of an answer with that status.
#[track_caller]
fn json(status: u16, reply: &Reply) -> Value {
    let text = String::from_utf8_lossy(reply.body());
    assert_eq!(reply.status(), status, "{text}");
    assert_eq!(
        reply.said("Content-Type"),
        Some("application/json"),
        "{text}"
    );
    serde_json::from_str(&text).unwrap()
}
