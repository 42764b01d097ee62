//! The answers that are none.

use serde_json::{Value, json};

use super::super::{Reply, Request};
use super::Version;

/// A status and what is said with it.
#[derive(Debug)]
pub(super) struct Refusal {
    body: Value,
    /// Whether it came before requests are counted.
    early: bool,
    headers: Vec<(&'static str, String)>,
    status: u16,
}

/// An answer, or why there is none.
pub(super) type Answer<T = Reply> = Result<T, Refusal>;

impl Refusal {
    /// A status with a text.
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        let error = match status {
            400 => "BadRequest",
            401 => "UnauthorizedError",
            403 => "ForbiddenError",
            404 => "NotFound",
            429 => "RateLimitExceeded",
            _ => "InternalServerError",
        };
        Self::named(status, error, text)
    }

    /// A status with a text, under a name of its own.
    pub(super) fn named(status: u16, error: &str, text: impl Into<String>) -> Self {
        Self::with(status, error, &Value::String(text.into()))
    }

    /// A token that is good for nothing.
    pub(super) fn token(text: &str) -> Self {
        Self::named(403, "TokenError", text).before_counting()
    }

    /// Nobody of this kind may ask that.
    pub(super) fn closed(request: &Request) -> Self {
        let error = format!("Forbidden access to {}", request.target);
        let text = "You are not allowed to access this resource";
        Self::named(403, &error, text).before_counting()
    }

    /// Somebody known who may not do that, and what he may instead.
    pub(super) fn denied(action: &str, subject: &str, instead: Vec<Value>) -> Self {
        let text = format!("You are not allowed to {action} on {subject}");
        let mut refusal = Self::named(403, "PermissionDenied", text);
        refusal.body["details"] = instead.into();
        refusal
    }

    /// References to what may not be read, and each of them in its own words.
    pub(super) fn unreadable(details: Vec<String>) -> Self {
        let mut refusal = Self::new(403, "Failed to expand one or more secret references");
        refusal.body["details"] = details.into();
        refusal
    }

    /// What a request says does not fit, as zod says it.
    pub(super) fn invalid(issues: Vec<Value>) -> Self {
        Self::with(422, "ValidationFailure", &issues.into())
    }

    /// Something that the server did not foresee; `error` is what it was at.
    pub(super) fn unforeseen(error: &str) -> Self {
        Self::named(500, error, "Something went wrong")
    }

    /// A body that cannot be read.
    pub(super) fn unreadable_body() -> Self {
        Self::unforeseen("InternalServerError").before_counting()
    }

    /// A route that there is not, as the framework says it.
    pub(super) fn route(request: &Request) -> Self {
        let text = format!("Route {}:{} not found", request.method, request.target);
        Self {
            body: json!({"message": text, "error": "Not Found", "statusCode": 404}),
            early: true,
            headers: Vec::new(),
            status: 404,
        }
    }

    fn with(status: u16, error: &str, message: &Value) -> Self {
        let body = json!({
            "reqId": "req-5d41402abc4b", "statusCode": status, "message": message, "error": error,
        });
        Self {
            body,
            early: false,
            headers: Vec::new(),
            status,
        }
    }

    /// The same, said before the request was counted.
    pub(super) fn before_counting(self) -> Self {
        Self {
            early: true,
            ..self
        }
    }

    /// The same with another header.
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// The same, said after it.
    pub(super) fn after_counting(self) -> Self {
        Self {
            early: false,
            ..self
        }
    }

    pub(super) fn is_early(&self) -> bool {
        self.early
    }

    /// As a server of that version sends it.
    pub(super) fn reply(mut self, version: Version) -> Reply {
        if version.is_old() {
            let body = self.body.as_object_mut().unwrap();
            body.remove("details");
            body.remove("reqId");
            // The first version of this had a status that means something else.
            if self.status == 422 {
                self.status = 401;
                body.insert("statusCode".to_owned(), 401.into());
            }
        }
        let reply = reply(self.status, &self.body);
        let add = |reply: Reply, (name, value): (&str, String)| reply.header(name, &value);
        self.headers.into_iter().fold(reply, add)
    }
}

/// One thing that does not fit.
pub(super) fn issue(mut kind: Value, path: &[Value], text: &str) -> Value {
    kind["path"] = path.into();
    kind["message"] = text.into();
    kind
}

/// JSON as it is sent.
pub(super) fn reply(status: u16, body: &Value) -> Reply {
    Reply::typed(status, "application/json; charset=utf-8", body.to_string())
}
