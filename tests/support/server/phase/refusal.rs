//! The answers that are none.

use serde_json::{Value, json};

use super::super::Reply;

/// A status and what is said with it.
#[derive(Debug)]
pub(super) struct Refusal {
    body: Value,
    /// Whether it says how to ask, where nobody was known.
    challenge: bool,
    retry_after: Option<u64>,
    status: u16,
}

/// An answer, or why there is none.
pub(super) type Answer<T = Reply> = Result<T, Refusal>;

impl Refusal {
    /// A status with a text.
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self::with(status, json!({"error": text}))
    }

    /// A status with more than a text.
    pub(super) fn with(status: u16, body: Value) -> Self {
        Self {
            body,
            challenge: true,
            retry_after: None,
            status,
        }
    }

    /// What a fault of the server looks like.
    pub(super) fn internal() -> Self {
        Self::new(500, "Internal server error.")
    }

    /// Too many requests, for so many seconds more.
    pub(super) fn throttled(seconds: u64) -> Self {
        let text = format!("Request was throttled. Expected available in {seconds} seconds.");
        Self {
            retry_after: Some(seconds),
            ..Self::new(429, text)
        }
    }

    /// The same with its body changed.
    pub(super) fn map(self, change: impl FnOnce(Value) -> Value) -> Self {
        let body = change(self.body);
        Self { body, ..self }
    }

    /// The same without a word on how to ask.
    pub(super) fn unchallenged(self) -> Self {
        let challenge = false;
        Self { challenge, ..self }
    }

    /// As it is sent.
    pub(super) fn reply(&self) -> Reply {
        let reply = Reply::json(self.status, self.body.to_string());
        match (self.status, self.retry_after) {
            (401, _) if self.challenge => reply.header("WWW-Authenticate", "Bearer"),
            (_, Some(seconds)) => reply.header("Retry-After", &seconds.to_string()),
            _ => reply,
        }
    }
}
