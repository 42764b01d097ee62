//! What two real servers were asked, one of July 2026 and one of October 2024, is answered
//! with the same status and the same shape, and with the same words where these are stable.

mod compare;
mod people;
mod unmodelled;
mod world;

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::server::{Infisical, Reply, Request};

use unmodelled::reason;

/// One exchange.
struct Step {
    case: String,
    note: String,
    number: u64,
    request: Value,
    response: Value,
    server: String,
}

/// What happened between two questions.
enum Event {
    /// That much time went by.
    Pass(Duration),
    /// The question was asked before, so often.
    Repeat(usize),
}

/// A conversation, as far as it has come.
struct Talk {
    /// Recorded ids, tokens and tags, and ours.
    ids: HashMap<String, String>,
    infisical: Infisical,
}

impl Step {
    fn read(line: &str) -> Self {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        Self {
            case: text("case"),
            note: text("note"),
            number: row["step"].as_u64().unwrap(),
            request: row["request"].clone(),
            response: row["response"].clone(),
            server: text("server"),
        }
    }

    fn is_old(&self) -> bool {
        self.server == "infisical-old"
    }

    /// What it is about, whatever names and values stand in it.
    fn subject(&self) -> &str {
        let (subject, _) = self.case.split_once('.').unwrap_or((&self.case, ""));
        subject
    }

    fn asked(&self, name: &str) -> &str {
        self.request[name].as_str().unwrap_or_default()
    }

    fn status(&self) -> u64 {
        self.response["status"].as_u64().unwrap()
    }

    /// What came before it.
    fn event(&self) -> Option<Event> {
        match (self.server.as_str(), self.subject(), self.number) {
            ("infisical-new", "token-lifetimes", 5) | ("infisical-old", "tokens", 11) => {
                Some(Event::Pass(Duration::from_secs(4)))
            }
            ("infisical-new", "service-tokens", 40) | ("infisical-old", "service-tokens", 22) => {
                Some(Event::Pass(Duration::from_secs(3)))
            }
            ("infisical-new", "rate-limit", 10) => Some(Event::Pass(Duration::from_mins(1))),
            (_, "rate-limit", 2) => Some(Event::Repeat(39)),
            _ => None,
        }
    }
}

impl Talk {
    /// Asks again what was asked there.
    fn ask(&self, step: &Step) -> Reply {
        let mut target = self.ours(step.asked("path"));
        let query = step.request["query"].as_object().unwrap();
        if !query.is_empty() {
            let mut encoded = form_urlencoded::Serializer::new(String::new());
            for (name, value) in query {
                encoded.append_pair(name, &self.ours(value.as_str().unwrap()));
            }
            target = format!("{target}?{}", encoded.finish());
        }
        let mut request = Request::to(step.asked("method"), &target);
        for (name, value) in step.request["headers"].as_object().unwrap() {
            request = request.with(name, &self.ours(value.as_str().unwrap()));
        }
        if let Some(body) = self.body(step) {
            request = request.carrying(body);
        }
        self.infisical.answer(&request)
    }

    /// The body that was sent, of which long ones were only described.
    fn body(&self, step: &Step) -> Option<String> {
        let text = match &step.request["body"] {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let long = text.strip_suffix(" times>");
        let Some(long) = long.and_then(|text| text.rsplit_once("z repeated ")) else {
            return Some(self.ours(&text));
        };
        let value = "z".repeat(long.1.parse().unwrap());
        let project = &self.ids["<project>"];
        let mut body = json!({
            "projectId": project, "workspaceId": project, "environment": "dev",
            "secretPath": "/", "secretValue": value,
        });
        if step.asked("path").ends_with("/batch") {
            body["secrets"] = json!([{"secretKey": "BIG", "secretValue": value}]);
        }
        Some(body.to_string())
    }

    /// A text with our ids for theirs.
    fn ours(&self, text: &str) -> String {
        let replace = |text: String, (theirs, ours): (&String, &String)| text.replace(theirs, ours);
        self.ids.iter().fold(text.to_owned(), replace)
    }

    /// Takes one step, and says how the answer differs.
    fn take(&mut self, step: &Step) -> Result<(), String> {
        match step.event() {
            Some(Event::Pass(time)) => self.infisical.pass(time),
            Some(Event::Repeat(times)) => {
                for _ in 0..times {
                    self.ask(step);
                }
            }
            None => {}
        }
        let reply = self.ask(step);
        let text = String::from_utf8_lossy(reply.body());
        if u64::from(reply.status()) != step.status() {
            let theirs = &step.response["body"];
            let status = step.status();
            return Err(format!("{status} {theirs} is {} {text}", reply.status()));
        }
        self.compare_headers(step, &reply)?;
        match serde_json::from_str::<Value>(&text) {
            Ok(ours) => {
                self.compare("", step, &step.response["body"], &ours)?;
                compare_claims(step, &ours)
            }
            Err(_) if text.is_empty() && step.response["body"].is_null() => Ok(()),
            Err(_) => Err(format!("no JSON: {text}")),
        }
    }

    /// Headers that a client reads are there, or are not.
    fn compare_headers(&mut self, step: &Step, reply: &Reply) -> Result<(), String> {
        let theirs = step.response["headers"].as_object().unwrap();
        for name in [
            "Content-Type",
            "ETag",
            "Retry-After",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ] {
            let theirs = theirs.get(&name.to_lowercase()).and_then(Value::as_str);
            let ours = reply.said(name);
            // What is sent again without a body has no type here.
            let typed = name == "Content-Type" && reply.status() == 304;
            let alike = match name {
                "Content-Type" | "X-RateLimit-Limit" => theirs == ours,
                _ => theirs.is_some() == ours.is_some(),
            };
            if !alike && !typed {
                return Err(format!("{name}: {theirs:?} is {ours:?}"));
            }
            if let ("ETag", Some(theirs), Some(ours)) = (name, theirs, ours) {
                self.ids.insert(theirs.to_owned(), ours.to_owned());
            }
        }
        Ok(())
    }
}

/// Fails unless a token says as much as theirs, which the recorder has read.
fn compare_claims(step: &Step, ours: &Value) -> Result<(), String> {
    let Some((_, theirs)) = step.note.split_once("JWT payload: ") else {
        return Ok(());
    };
    let theirs: Value = serde_json::from_str(theirs).unwrap();
    let token = ours["accessToken"].as_str().or(ours["token"].as_str());
    let claims = token.and_then(|token| URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok());
    let ours: Value = serde_json::from_slice(&claims.unwrap_or_default()).unwrap_or_default();
    let names = |claims: &Value| {
        let mut names: Vec<String> = claims.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    if names(&theirs) == names(&ours) {
        Ok(())
    } else {
        Err(format!("claims {theirs} are {ours}"))
    }
}

fn steps() -> Vec<Step> {
    let lines = include_str!("../../fixtures/infisical/real.jsonl").lines();
    // The first line says what the others are.
    lines.skip(1).map(Step::read).collect()
}

#[test]
fn every_exchange_with_a_real_server_goes_alike() {
    let steps = steps();
    assert_eq!(steps.len(), 945);
    let mut talks = 0;
    let mut excused = 0;
    let mut faults = Vec::new();
    let same = |one: &Step, other: &Step| (&one.server, &one.case) == (&other.server, &other.case);
    for talk in steps.chunk_by(same) {
        talks += 1;
        let mut lab = world::build(talk, &steps);
        for step in talk {
            world::add_late(&lab, talk, step);
            let label = format!("{} {} {}", step.server, step.case, step.number);
            match (lab.take(step), reason(step)) {
                (Ok(()), None) => {}
                (Ok(()), Some(why)) => faults.push(format!("{label} needs no excuse: {why}")),
                (Err(_), Some(_)) => excused += 1,
                (Err(fault), None) => faults.push(format!("{label} ({}): {fault}", step.note)),
            }
        }
    }
    assert_eq!(talks, 58);
    let (count, faults) = (faults.len(), faults.join("\n"));
    assert!(
        faults.is_empty(),
        "{count} faults, {excused} excused\n{faults}"
    );
    assert!(excused * 100 < steps.len() * 15, "{excused} are excused");
}
