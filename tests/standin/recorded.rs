//! Conversations with the real server, held again with ours: each answer has the same
//! status and the same shape, and texts that cannot differ are the same.

use std::collections::HashMap;

use serde_json::Value;

use super::alike::Alike;
use crate::support::server::{ACCOUNT, Kind, Limit, Phase, Reply, Request, Sse, Token};

/// Ids of the recorded apps and of one environment, which come first in requests.
const KNOWN: [(&str, &str); 3] = [
    ("5369ca0e-10a9-409a-99c3-9608ce9cb47c", "web-id"),
    ("90917f19-1fb3-4635-8e6e-07f4b3fa842a", "backend_api-id"),
    ("1f39c1fc-1194-4c48-82a0-572737cc5499", "vault-e2ee-id"),
];
const DEVELOPMENT: &str = "37a9f5b7-b2cd-4490-912b-9c1e473f0f33";

/// The recorded organisation, and how far its conversation has come.
struct Lab {
    alike: Alike,
    label: String,
    phase: Phase,
    tokens: HashMap<String, Token>,
}

impl Lab {
    fn new() -> Self {
        let vectors: Value =
            serde_json::from_str(include_str!("../fixtures/phase/vectors.json")).unwrap();
        let text = |name: &str| vectors["interop_live"][name].as_str().unwrap();
        let phase = Phase::default()
            .app("web", Sse::On)
            .environment_of("Development", text("env_seed"), text("env_salt"))
            .environments(&["Staging", "Production"])
            .app("backend_api", Sse::On)
            .environments(&["Development", "Production"])
            .app("vault-e2ee", Sse::Off)
            .environment("Development");
        let ids = KNOWN.map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()));
        let mut ids = HashMap::from(ids);
        ids.insert(
            DEVELOPMENT.to_owned(),
            phase.environment_id("web/Development"),
        );
        let admit = |kind, places: &[&str], limit| {
            let token = phase.admit(kind, places);
            if let Some(limit) = limit {
                phase.limit(&token, limit);
            }
            token
        };
        let one = &["web/Development"];
        let account = Kind::ServiceAccount;
        let tokens = [
            ("Service", admit(Kind::Service, one, None)),
            ("ServiceAccount", phase.token(account)),
            ("User", phase.token(Kind::User)),
            ("deleted member", admit(Kind::User, &[], Some(Limit::Left))),
            ("deleted sa token", admit(account, one, Some(Limit::Dead))),
            ("expired", admit(Kind::User, one, Some(Limit::Dead))),
            ("ip blocked", admit(account, one, Some(Limit::Address))),
            (
                "sa role w/o Secrets:read",
                admit(account, one, Some(Limit::Without("read"))),
            ),
            ("sa without env key", admit(account, &[], None)),
            ("user without env key", admit(Kind::User, &[], None)),
        ];
        let tokens = tokens.map(|(name, token)| (name.to_owned(), token));
        phase.direct(true);
        Self {
            alike: Alike::knowing(ids),
            label: String::new(),
            phase,
            tokens: HashMap::from(tokens),
        }
    }

    /// Asks again what was asked there.
    fn ask(&self, row: &Value) -> Reply {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let mut request = Request::to(text("method"), &self.alike.ours(text("path")));
        for (name, value) in row["query"].as_object().into_iter().flatten() {
            let pair = (name.clone(), self.alike.ours(value.as_str().unwrap()));
            request.query.push(pair);
        }
        for (name, value) in row["headers"].as_object().into_iter().flatten() {
            request = request.with(name, &self.alike.ours(value.as_str().unwrap()));
        }
        if let Some(auth) = row["auth"].as_str() {
            request = request.with("Authorization", &self.authorization(auth));
        }
        let body = match row["raw"].as_str() {
            Some(raw) => raw.to_owned(),
            None if row["body"].is_null() => String::new(),
            None => self.alike.ours(&row["body"].to_string()),
        };
        self.phase.answer(&request.carrying(body))
    }

    fn authorization(&self, auth: &str) -> String {
        let scenario = self
            .label
            .split_once(": ")
            .map_or(auth, |(_, scenario)| scenario);
        if let Some(token) = self.tokens.get(scenario) {
            return format!("Bearer {}", token.rest);
        }
        let unknown = self.label.ends_with("unknown") || self.label == "unknown token";
        let id = if unknown {
            "0".repeat(64)
        } else {
            ACCOUNT.to_owned()
        };
        auth.replace("<hex>", &id)
    }
}

#[test]
fn every_recorded_request_is_answered_alike() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/phase/exchanges.json")).unwrap();
    assert_eq!(rows.len(), 192);
    let mut lab = Lab::new();
    for row in &rows {
        row["label"].as_str().unwrap().clone_into(&mut lab.label);
        if lab.label == "sse dyn" {
            let names = [
                "AWS_IAM_USERNAME",
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
            ];
            let _ = lab
                .phase
                .clone()
                .within("web/Development")
                .dynamic("AWS creds", &names);
        }
        let reply = lab.ask(row);
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        assert_eq!(
            u64::from(reply.status()),
            row["status"],
            "{}: {text}",
            lab.label
        );
        assert_eq!(
            reply.said("Content-Type"),
            row["content_type"].as_str(),
            "{}",
            lab.label
        );
        if let Some(answer) = row.get("answer") {
            let ours = serde_json::from_str(&text).unwrap();
            lab.alike.cut = row["cut"] == true;
            let verdict = lab.alike.compare(answer, &ours);
            verdict.unwrap_or_else(|text| panic!("{}: {text}", lab.label));
        }
    }
}
