//! What three clients of Infisical asked is answered with the same status, and with what
//! stands in both answers the same: theirs came from a model, which knew the server's sources
//! and not what it says.

use std::collections::HashMap;

use serde_json::Value;

use crate::support::server::infisical::{CLIENT_ID, CLIENT_SECRET, Identity, Infisical};
use crate::support::server::{Reply, Request};

const PROJECT: &str = "11111111-2222-4333-8444-555555555555";

/// Ids of the recorder that are none.
const PLACEHOLDERS: [&str; 2] = ["ds-pg", "f"];

/// What the model did not know: the ends of ways through an answer.
const UNKNOWN: [&str; 6] = [
    ".error",
    ".folder.version",
    ".imports.secrets.workspace",
    ".lastSecretModified",
    ".message",
    // After a change, nothing is shown that was not said.
    ".secret.secretComment",
];

/// A value that a real server shows without its reference, which leads nowhere.
const LOST: &str = "x-${NOPE}-y";

/// What is as it happens to be.
const FREE: [&str; 4] = ["DB_PASSWORD", "DB_USERNAME", "externalEntityId", "reqId"];

/// The recorded organisation, and how far its conversation has come.
struct Lab {
    /// Recorded ids and tokens, and ours.
    ids: HashMap<String, String>,
    /// What differs.
    faults: Vec<String>,
    infisical: Infisical,
    label: String,
}

impl Lab {
    fn new() -> Self {
        let infisical = seeded();
        let time = humantime::parse_rfc3339("2026-11-21T01:29:12Z").unwrap();
        infisical.wall_clock(time);
        infisical.know("static-user-token");
        let ids = [
            ("fake-client-id", CLIENT_ID.to_owned()),
            ("fake-client-secret", CLIENT_SECRET.to_owned()),
            ("static-identity-token", infisical.token()),
            (PROJECT, infisical.project_id("demo-proj")),
        ];
        Self {
            ids: ids.map(|(theirs, ours)| (theirs.to_owned(), ours)).into(),
            faults: Vec::new(),
            infisical,
            label: String::new(),
        }
    }

    /// Does what was done to the server before it was asked this.
    fn prepare(&mut self, row: &Value) {
        let (_, step) = self.label.split_once(':').unwrap();
        match step {
            "after-revoke (no re-login?)" => {
                self.infisical.revoke_all();
                let again = self.infisical.token();
                self.ids.insert("static-identity-token".to_owned(), again);
                self.infisical.know("static-user-token");
            }
            "429" => {
                let body = row["answer"]["body"].to_string();
                let reply = Reply::typed(429, "application/json; charset=utf-8", body);
                self.infisical.fails(1, reply.header("Retry-After", "3"));
            }
            "file-vault" => {
                let header = row["headers"]["authorization"].as_str().unwrap();
                self.infisical.know(header.trim_start_matches("Bearer "));
            }
            _ => {}
        }
    }

    /// Asks again what was asked there.
    fn ask(&self, row: &Value) -> Reply {
        let text = |name: &str| self.ours(row[name].as_str().unwrap_or_default());
        let mut request = Request::to(&text("method"), &text("target")).carrying(text("body"));
        for (name, value) in row["headers"].as_object().into_iter().flatten() {
            request = request.with(name, &self.ours(value.as_str().unwrap()));
        }
        self.infisical.answer(&request)
    }

    /// A text with our ids for theirs.
    fn ours(&self, text: &str) -> String {
        let replace = |text: String, (theirs, ours): (&String, &String)| text.replace(theirs, ours);
        self.ids.iter().fold(text.to_owned(), replace)
    }

    /// Fails unless ours is like theirs. Ids and tokens are learnt on the way.
    fn compare(&mut self, way: &str, theirs: &Value, ours: &Value) {
        match (theirs, ours) {
            _ if UNKNOWN.iter().any(|end| way.ends_with(end)) => {}
            (Value::Object(wanted), Value::Object(found)) => {
                for (name, value) in wanted {
                    if let Some(found) = found.get(name) {
                        self.compare(&format!("{way}.{name}"), value, found);
                    }
                }
            }
            (Value::Array(wanted), Value::Array(found)) => {
                let length = (wanted.len(), found.len());
                if length.0 != length.1 {
                    self.faults
                        .push(format!("{}: {way}: {length:?}", self.label));
                }
                // The model had an order of its own.
                let place = |row: &&Value| {
                    let names = ["secretKey", "secretPath", "type"];
                    names.map(|name| row[name].to_string())
                };
                let [mut wanted, mut found] =
                    [wanted, found].map(|rows| rows.iter().collect::<Vec<_>>());
                wanted.sort_by_key(place);
                found.sort_by_key(place);
                for (wanted, found) in wanted.into_iter().zip(found) {
                    self.compare(way, wanted, found);
                }
            }
            (Value::String(wanted), Value::String(found)) => {
                self.compare_texts(way, wanted, found);
            }
            _ if theirs == ours => {}
            _ => self
                .faults
                .push(format!("{}: {way}: {theirs} {ours}", self.label)),
        }
    }

    fn compare_texts(&mut self, way: &str, theirs: &str, ours: &str) {
        let both = |is: fn(&str) -> bool| is(theirs) && is(ours);
        let name = way.rsplit('.').next().unwrap_or_default();
        let free = FREE.contains(&name)
            || theirs == LOST
            || (PLACEHOLDERS.contains(&theirs) && is_id(ours));
        if both(is_id) || both(is_token) {
            let learnt = || ours.to_owned();
            let known = self.ids.entry(theirs.to_owned()).or_insert_with(learnt);
            if known != ours {
                self.faults
                    .push(format!("{}: {way}: {known} {ours}", self.label));
            }
        } else if !(free || both(is_time)) && self.ours(theirs) != ours {
            self.faults
                .push(format!("{}: {way}: {theirs} {ours}", self.label));
        }
    }

    /// A request that AWS would not have taken, whatever the recorder's model did: it names a
    /// header that it lacks. What comes next stands on a log-in, which is made otherwise.
    fn is_badly_signed(&mut self, row: &Value, reply: &Reply) -> bool {
        let bad = self.label.ends_with(":aws-iam-login(no session token)");
        let token = row["answer"]["body"]["accessToken"]
            .as_str()
            .filter(|_| bad);
        let Some(token) = token else {
            return false;
        };
        assert_eq!(reply.status(), 401);
        let ours = self.infisical.token();
        self.ids.insert(token.to_owned(), ours);
        true
    }
}

/// An Infisical that holds what the recorded one did.
fn seeded() -> Infisical {
    let token = |method, token: &str| {
        let token = token.to_owned();
        Identity::Token { method, token }
    };
    Infisical::default()
        .project("demo-proj")
        .environments(&["staging", "prod"])
        .secret("SHARED_ONE", "from-prod")
        .secret("PROD_ONLY", "p")
        .within("staging")
        .secret("SHARED_ONE", "from-staging")
        .secret("API_KEY", "staging-api-key")
        .environment("dev")
        .secret(
            "DATABASE_URL",
            "postgres://${DB_USER}:${dev.db.DB_PASS}@db/app",
        )
        .secret("DB_USER", "app")
        .secret("API_KEY", "root-api-key")
        .tags(&["backend"])
        .comment("a comment")
        .own("my-personal-key")
        .secret("MULTI", "line1\nline2\n")
        .multiline()
        .secret("UNICODE", "caf\u{e9} \u{2603} \u{1f600}")
        .secret("EMPTY", "")
        .secret("PATH", "/should/not/override")
        .secret("MISSING_REF", "x-${NOPE}-y")
        .import("staging", "/")
        .import("prod", "/")
        .dynamic("pg", &["DB_USERNAME", "DB_PASSWORD"])
        .folder("/db")
        .secret("DB_PASS", "s3cr3t")
        .secret("API_KEY", "db-folder-api-key")
        .folder("/db/deep")
        .secret("DEEP", "deep-value")
        .identity(token("kubernetes", "ey.fake.k8sjwt"))
        .identity(token("oidc", "ey.oidc.jwt"))
        .identity(Identity::Ldap {
            username: "user".to_owned(),
            password: "pw".to_owned(),
        })
        .identity(Identity::Aws {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        })
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.matches('-').count() == 4
}

fn is_time(text: &str) -> bool {
    text.len() == 24 && text.ends_with('Z')
}

fn is_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() == 2
}

#[test]
fn every_recorded_request_is_answered_alike() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../../fixtures/infisical/exchanges.json")).unwrap();
    assert_eq!(rows.len(), 77);
    let mut lab = Lab::new();
    for row in &rows {
        row["label"].as_str().unwrap().clone_into(&mut lab.label);
        lab.prepare(row);
        let reply = lab.ask(row);
        if lab.is_badly_signed(row, &reply) {
            continue;
        }
        let (text, answer) = (String::from_utf8_lossy(reply.body()), &row["answer"]);
        if answer["status"] != reply.status() {
            let fault = format!("{}: {} is {text}", lab.label, answer["status"]);
            lab.faults.push(fault);
        }
        // One answer is no JSON.
        match (serde_json::from_str(&text), answer["body"].as_str()) {
            (Ok(ours), _) => lab.compare("", &answer["body"], &ours),
            (Err(_), theirs) => assert_eq!(Some(&*text), theirs, "{}", lab.label),
        }
    }
    let faults = lab.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}
