//! What a request says, in its query or its body, field by field.

use serde_json::{Map, Value, json};

use super::super::Request;
use super::refusal::{Answer, Refusal, issue};

/// How long a body may be.
const MOST: usize = 1 << 20;

/// Fields and their values. Those of a query or a form are texts.
pub(super) struct Fields {
    values: Map<String, Value>,
    /// Where they stand in the body.
    way: Vec<Value>,
}

impl Fields {
    /// Those of the query, or of the body of anything but a `GET`.
    pub(super) fn read(request: &Request) -> Answer<Self> {
        if request.method == "GET" {
            return Ok(texts(request.query.iter().rev().cloned()));
        }
        if request.body.len() > MOST {
            return Err(Refusal::unreadable_body());
        }
        let kind = request.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let value = match kind {
            "application/json" => {
                serde_json::from_slice(&request.body).map_err(|_| Refusal::unreadable_body())?
            }
            "application/x-www-form-urlencoded" => {
                let pairs = form_urlencoded::parse(&request.body);
                return Ok(texts(
                    pairs.map(|(name, value)| (name.into(), value.into())),
                ));
            }
            "text/plain" => Value::String(String::new()),
            _ if request.body.is_empty() => Value::Null,
            _ => return Err(Refusal::unreadable_body()),
        };
        Self::at(&value, Vec::new())
    }

    /// Those of an object, which is said to be at that place.
    pub(super) fn at(value: &Value, way: Vec<Value>) -> Answer<Self> {
        match value {
            Value::Object(values) => Ok(Self {
                values: values.clone(),
                way,
            }),
            _ => Err(Refusal::invalid(vec![unfit(&way, "object", value)])),
        }
    }

    /// Fails unless all of these are texts, and says which are not.
    pub(super) fn require(&self, names: &[&str]) -> Answer<()> {
        let issues: Vec<Value> = names
            .iter()
            .filter_map(|name| match self.values.get(*name) {
                None => Some(self.missing(name, "string")),
                Some(Value::String(_)) => None,
                Some(other) => Some(unfit(&self.way(name), "string", other)),
            })
            .collect();
        if issues.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid(issues))
        }
    }

    /// A text that must be there.
    pub(super) fn text(&self, name: &str) -> Answer<String> {
        self.require(&[name])?;
        Ok(self.optional(name)?.unwrap_or_default())
    }

    /// A text that may be missing.
    pub(super) fn optional(&self, name: &str) -> Answer<Option<String>> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.unfit(name, "string", other)),
        }
    }

    /// One of these words, if it is there.
    pub(super) fn word(&self, name: &str, words: &[&str]) -> Answer<Option<String>> {
        let Some(text) = self.optional(name)? else {
            return Ok(None);
        };
        if words.contains(&text.as_str()) {
            return Ok(Some(text));
        }
        let kind = json!({"code": "invalid_enum_value", "received": text, "options": words});
        let known: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let said = format!(
            "Invalid enum value. Expected {}, received '{text}'",
            known.join(" | ")
        );
        Err(self.wrong(name, kind, &said))
    }

    /// `true` or `false`, in these letters.
    pub(super) fn flag(&self, name: &str, default: bool) -> Answer<bool> {
        let word = self.word(name, &["true", "false"])?;
        Ok(word.map_or(default, |word| word == "true"))
    }

    /// A boolean of JSON, which may be null.
    pub(super) fn boolean(&self, name: &str) -> Answer<Option<bool>> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(self.unfit(name, "boolean", other)),
        }
    }

    /// A number of seconds, which may be null.
    pub(super) fn seconds(&self, name: &str) -> Answer<Option<u64>> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.unfit(name, "number", value)),
            },
        }
    }

    /// A list of JSON.
    pub(super) fn list(&self, name: &str) -> Answer<Option<&Vec<Value>>> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(other) => Err(self.unfit(name, "array", other)),
        }
    }

    /// An object of JSON that must be there.
    pub(super) fn object(&self, name: &str) -> Answer<Self> {
        match self.values.get(name) {
            None => Err(Refusal::invalid(vec![self.missing(name, "object")])),
            Some(value) => Self::at(value, self.way(name)),
        }
    }

    /// What is said of a field that fits no rule.
    pub(super) fn wrong(&self, name: &str, kind: Value, text: &str) -> Refusal {
        Refusal::invalid(vec![issue(kind, &self.way(name), text)])
    }

    fn unfit(&self, name: &str, wanted: &str, value: &Value) -> Refusal {
        Refusal::invalid(vec![unfit(&self.way(name), wanted, value)])
    }

    fn missing(&self, name: &str, wanted: &str) -> Value {
        let kind = json!({"code": "invalid_type", "expected": wanted, "received": "undefined"});
        issue(kind, &self.way(name), "Required")
    }

    fn way(&self, name: &str) -> Vec<Value> {
        let mut way = self.way.clone();
        way.push(name.into());
        way
    }
}

fn texts(pairs: impl Iterator<Item = (String, String)>) -> Fields {
    Fields {
        values: pairs.map(|(name, value)| (name, value.into())).collect(),
        way: Vec::new(),
    }
}

fn unfit(way: &[Value], wanted: &str, value: &Value) -> Value {
    let received = match value {
        Value::Array(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        Value::String(_) => "string",
    };
    let kind = json!({"code": "invalid_type", "expected": wanted, "received": received});
    issue(
        kind,
        way,
        &format!("Expected {wanted}, received {received}"),
    )
}
