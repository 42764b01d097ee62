//! The answers that are none.

use serde_json::{Value, json};

use super::super::{Reply, Request};

/// A status and what is said with it.
#[derive(Debug)]
pub(super) struct Refusal {
    body: Value,
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
            _ => "InternalServerError",
        };
        let text: String = text.into();
        Self::named(status, error, &text.into())
    }

    /// A token that is good for nothing.
    pub(super) fn token(text: &str) -> Self {
        Self::named(403, "TokenError", &text.into())
    }

    /// Somebody known who may not do that. It is said which rule is missing.
    pub(super) fn denied(action: &str, subject: &str) -> Self {
        let text = format!("You are not allowed to {action} on {subject}");
        let mut refusal = Self::named(403, "PermissionDenied", &text.into());
        refusal.body["details"] = json!([{"action": [action], "subject": [subject]}]);
        refusal
    }

    /// A field that does not fit, as zod says it.
    pub(super) fn invalid(mut issue: Value, field: &str, text: &str) -> Self {
        issue["path"] = json!([field]);
        issue["message"] = text.into();
        Self::named(422, "ValidationFailure", &json!([issue]))
    }

    /// A route that there is not, as the framework says it.
    pub(super) fn route(request: &Request) -> Self {
        let text = format!("Route {}:{} not found", request.method, request.target);
        let body = json!({"message": text, "error": "Not Found", "statusCode": 404});
        Self { body, status: 404 }
    }

    fn named(status: u16, error: &str, message: &Value) -> Self {
        let body = json!({
            "reqId": "req-5d41402abc4b", "statusCode": status, "message": message, "error": error,
        });
        Self { body, status }
    }

    /// Whether something was not found.
    pub(super) fn is_missing(&self) -> bool {
        self.status == 404
    }

    /// As it is sent.
    pub(super) fn reply(&self) -> Reply {
        reply(self.status, &self.body)
    }
}

/// JSON as it is sent.
pub(super) fn reply(status: u16, body: &Value) -> Reply {
    Reply::typed(status, "application/json; charset=utf-8", body.to_string())
}
