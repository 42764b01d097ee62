//! What a request says, in its query or its body, field by field.

use serde_json::{Map, Value, json};

use super::super::Request;
use super::refusal::{Answer, Refusal};

/// Fields and their values. Those of a query or a form are texts.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Those of the query, or of the body of anything but a `GET`.
    pub(super) fn read(request: &Request) -> Answer<Self> {
        if request.method == "GET" {
            return Ok(texts(request.query.iter().rev().cloned()));
        }
        let kind = request.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match kind {
            _ if request.body.is_empty() => Ok(Self(Map::new())),
            "application/json" => match serde_json::from_slice(&request.body) {
                Ok(Value::Object(fields)) => Ok(Self(fields)),
                Ok(_) => Ok(Self(Map::new())),
                Err(_) => Err(Refusal::new(400, "Body is not valid JSON")),
            },
            "application/x-www-form-urlencoded" => {
                let pairs = form_urlencoded::parse(&request.body);
                Ok(texts(
                    pairs.map(|(name, value)| (name.into(), value.into())),
                ))
            }
            other => Err(Refusal::new(
                415,
                format!("Unsupported Media Type: {other}"),
            )),
        }
    }

    /// A value of a list in another field.
    pub(super) fn of(value: &Value) -> Self {
        Self(value.as_object().cloned().unwrap_or_default())
    }

    /// A text that must be there. One that is empty counts as missing.
    pub(super) fn text(&self, name: &str) -> Answer<String> {
        let text = self.optional(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| missing(name))
    }

    /// A text that may be missing.
    pub(super) fn optional(&self, name: &str) -> Answer<Option<String>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(unfit(name, "string")),
        }
    }

    /// `true` or `false`, in these letters.
    pub(super) fn flag(&self, name: &str, default: bool) -> Answer<bool> {
        match self.optional(name)?.as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => {
                let issue = json!({
                    "code": "invalid_enum_value", "received": other, "options": ["true", "false"],
                });
                let text =
                    format!("Invalid enum value. Expected 'true' | 'false', received '{other}'");
                Err(Refusal::invalid(issue, name, &text))
            }
        }
    }

    /// A boolean of JSON, which may be null.
    pub(super) fn boolean(&self, name: &str) -> Answer<Option<bool>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(unfit(name, "boolean")),
        }
    }

    /// A list of JSON.
    pub(super) fn list(&self, name: &str) -> Answer<Option<&Vec<Value>>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(_) => Err(unfit(name, "array")),
        }
    }

    /// An object of JSON that must be there.
    pub(super) fn object(&self, name: &str) -> Answer<Self> {
        match self.0.get(name) {
            None => Err(missing(name)),
            Some(Value::Object(fields)) => Ok(Self(fields.clone())),
            Some(_) => Err(unfit(name, "object")),
        }
    }
}

fn texts(pairs: impl Iterator<Item = (String, String)>) -> Fields {
    Fields(pairs.map(|(name, value)| (name, value.into())).collect())
}

/// What is said of a field that must be there.
pub(super) fn missing(name: &str) -> Refusal {
    let issue = json!({"code": "invalid_type", "expected": "string", "received": "undefined"});
    Refusal::invalid(issue, name, "Required")
}

fn unfit(name: &str, wanted: &str) -> Refusal {
    let issue = json!({"code": "invalid_type", "expected": wanted});
    Refusal::invalid(issue, name, &format!("Expected {wanted}"))
}
