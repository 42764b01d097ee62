//! Whole conversations with the real server, held again with ours, step by step. What ours
//! does not do is listed, with the reason.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::alike::Alike;
use super::laboratory::{Place, built};
use crate::support::server::crypto::{self, KeyPair};
use crate::support::server::{ACCOUNT, Phase, Request, Token};

const RECORDING: &str = include_str!("../fixtures/phase/conversations.jsonl");

/// Steps of conversations, in all their variants, that go otherwise here, and why.
const OTHERWISE: &[(&str, &[u64], &str)] = &[
    (
        "external-identity-login",
        &[1, 6],
        "the recorded server could not look up the name of AWS's service; ours knows it",
    ),
    (
        "methods-and-urls",
        &[16, 17],
        "SCIM is how others manage people: no client of secrets asks for it",
    ),
    (
        "methods-and-urls",
        &[21],
        "a page of the framework for people, of which ours has the first lines",
    ),
    (
        "methods-and-urls",
        &[25],
        "service accounts are managed there: no client of secrets asks for it",
    ),
];

/// Where the recorder has kept the beginning of a list.
const CUT: &str = "leases of the secret";

/// One request of a conversation, and its answer.
pub(super) struct Step(Value);

impl Step {
    /// The conversation, with its variant.
    pub(super) fn case(&self) -> &str {
        self.0["case"].as_str().unwrap()
    }

    fn number(&self) -> u64 {
        self.0["step"].as_u64().unwrap()
    }

    fn note(&self) -> &str {
        self.0["note"].as_str().unwrap()
    }

    fn asked(&self, name: &str) -> &Value {
        &self.0["request"][name]
    }

    /// The body of the answer.
    pub(super) fn answer(&self) -> &Value {
        &self.0["response"]["body"]
    }

    /// The secrets that the request is to make.
    pub(super) fn made(&self, places: &[Place]) -> Vec<Value> {
        if self.asked("method") != "POST" {
            return Vec::new();
        }
        let body: Value = serde_json::from_str(&self.body(places)).unwrap_or_default();
        body["secrets"].as_array().cloned().unwrap_or_default()
    }

    /// The body of the request, whole.
    fn body(&self, places: &[Place]) -> String {
        match self.asked("body") {
            Value::Null => String::new(),
            Value::String(text) => self.lengthened(text, places),
            body => encoded(body).to_string(),
        }
    }

    /// A body with the long value that the recorder has only described.
    fn lengthened(&self, text: &str, places: &[Place]) -> String {
        let Some(described) = between(text, "") else {
            return text.to_owned();
        };
        let mut words = described.split(' ');
        let length = words.find_map(|word| word.parse().ok()).unwrap();
        let value = "x".repeat(length);
        if described.starts_with("x repeated") {
            return text.replace(&format!("<{described}>"), &value);
        }
        if described.starts_with("value of") {
            return json!({"secrets": [{"key": "DB_URL", "value": value}]}).to_string();
        }
        let place = places.iter().find(|place| self.is_for(place)).unwrap();
        let sender = KeyPair::of(&[1; 32]);
        let encrypted = |text: &str| crypto::encrypt(text, &place.keys.public, &sender, &[2; 24]);
        let digest = crypto::digest("DB_URL", &place.salt);
        let item = json!({
            "key": encrypted("DB_URL"), "keyDigest": digest, "value": encrypted(&value),
            "path": "/rec0/big", "tags": [], "comment": "",
        });
        json!({"secrets": [item]}).to_string()
    }

    fn is_for(&self, place: &Place) -> bool {
        self.asked("headers")["Environment"] == place.id()
    }

    /// Why this step goes otherwise here, if it does.
    fn excuse(&self) -> Option<&'static str> {
        let base = self.case().split(".v").next().unwrap_or_default();
        let fits = |(case, steps, _): &&(&str, &[u64], &str)| {
            *case == base && steps.contains(&self.number())
        };
        OTHERWISE.iter().find(fits).map(|(.., reason)| *reason)
    }
}

/// A body whose signed headers, if it has any, are base64 again.
fn encoded(body: &Value) -> Value {
    let mut body = body.clone();
    let headers = body["awsIam"]["httpRequestHeaders"].as_str();
    if let Some(headers) = headers.and_then(|text| between(text, "base64 of ")) {
        let headers = STANDARD.encode(headers.replace('\'', "\""));
        body["awsIam"]["httpRequestHeaders"] = json!(headers);
    }
    body
}

/// What stands between `<` with this after it, and `>`.
fn between<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{before}"))? + 1 + before.len();
    Some(&text[start..start + text[start..].rfind('>')?])
}

/// The recorded organisation, and how far its conversations have come.
struct Lab {
    alike: Alike,
    phase: Phase,
    places: Vec<Place>,
    tokens: HashMap<String, Token>,
}

impl Lab {
    fn new(header: &Value, steps: &[Step]) -> Self {
        let places = Place::all(header, steps);
        let (phase, alike, tokens) = built(&places, steps);
        Self {
            alike,
            phase,
            places,
            tokens,
        }
    }

    /// What had changed on the server before this step, as its note says.
    fn arrange(&mut self, step: &Step) {
        self.alike.cut = step.note() == CUT;
        self.phase.direct(step.note().starts_with("past nginx"));
        if let ("rate-limit", number) = (step.case(), step.number()) {
            let seconds = match number {
                3..=5 => Some(59),
                9..=11 => Some(60),
                _ => None,
            };
            self.phase.throttle(seconds);
        }
    }

    fn request(&self, step: &Step) -> Request {
        let text = |value: &Value| self.alike.ours(value.as_str().unwrap());
        let method = step.asked("method").as_str().unwrap();
        let mut request = Request::to(method, &text(step.asked("path")));
        for (name, value) in step.asked("query").as_object().into_iter().flatten() {
            request.query.push((name.clone(), text(value)));
        }
        for (name, value) in step.asked("headers").as_object().into_iter().flatten() {
            // What nobody had there is a token here.
            let mut value = text(value).replace(ACCOUNT, &"0".repeat(64));
            for (label, token) in &self.tokens {
                let id = token.rest.split(' ').nth(1).unwrap();
                value = value.replace(label, id);
            }
            if step.note().contains("in UTF-8") {
                // What the server makes of it.
                value = value.bytes().map(char::from).collect();
            }
            request = request.with(name, &value);
        }
        request.carrying(self.alike.ours(&step.body(&self.places)))
    }

    /// Holds one step again, and says where it goes otherwise.
    fn hold(&mut self, step: &Step) -> Result<(), String> {
        self.arrange(step);
        let reply = self.phase.answer(&self.request(step));
        let text = String::from_utf8_lossy(reply.body());
        let theirs = &step.0["response"];
        if theirs["status"] != reply.status() {
            return Err(format!(
                "{} for {}: {text}",
                reply.status(),
                theirs["status"]
            ));
        }
        for name in ["Content-Type", "Retry-After", "WWW-Authenticate"] {
            let (ours, theirs) = (reply.said(name), &theirs["headers"][name.to_lowercase()]);
            if ours != theirs.as_str() {
                return Err(format!("{name}: {ours:?} for {theirs}"));
            }
        }
        let ours = match theirs["body"] {
            Value::Null if text.is_empty() => Value::Null,
            Value::String(_) => json!(text),
            _ => serde_json::from_str(&text).map_err(|_| format!("no JSON: {text:?}"))?,
        };
        self.alike.compare(&theirs["body"], &ours)
    }
}

#[test]
fn every_recorded_conversation_goes_alike() {
    let mut lines = RECORDING
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let header: Value = lines.next().unwrap();
    let steps: Vec<Step> = lines.map(Step).collect();
    assert_eq!(steps.len(), 732);
    let mut lab = Lab::new(&header, &steps);
    let mut wrong = Vec::new();
    for step in &steps {
        let name = format!("{} {}", step.case(), step.number());
        match (lab.hold(step), step.excuse()) {
            (Err(text), None) => wrong.push(format!("{name}, {}: {text}", step.note())),
            (Ok(()), Some(reason)) => wrong.push(format!("{name} goes alike, but: {reason}")),
            _ => {}
        }
    }
    for (case, numbers, _) in OTHERWISE {
        for number in *numbers {
            let is = |step: &Step| step.case() == *case && step.number() == *number;
            assert!(steps.iter().any(is), "{case} has no step {number}");
        }
    }
    assert!(
        wrong.is_empty(),
        "{} steps:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
