//! Who asked a recorded server, what they might do there, and by what they were known.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::world::DEMO;
use super::{Step, Talk};
use crate::support::server::infisical::{ClientSecret, Lifetime, MachineSeed, Rights, Rule};

/// All who ask, and what they are known by.
pub(super) fn add_people(lab: &mut Talk, talk: &[Step], slugs: &[String]) {
    let subject = talk[0].subject();
    for (number, (role, client_id)) in clients(talk).iter().enumerate() {
        let mut rights = rights(role, subject);
        if rights.projects.is_none() && subject != "rate-limit" {
            rights.projects = Some(slugs.to_vec());
        }
        lab.infisical.seed_machine(MachineSeed {
            client_id: client_id.clone(),
            id: format!("00000000-0000-4000-9000-{number:012}"),
            lifetime: lifetime(role),
            name: role.clone(),
            rights,
            secrets: vec![ClientSecret {
                expires: (role == "shortsecret").then_some(SystemTime::UNIX_EPOCH),
                revoked: role == "delsecret",
                text: format!("<client_secret_of_{role}>"),
                uses: (role == "oneuse").then_some(1),
            }],
        });
        let method = if role == "tokauth" {
            "token"
        } else {
            "universal"
        };
        for label in labels(role) {
            let token = lab.infisical.machine_token(client_id, method);
            lab.ids.insert(format!("<{label}>"), token);
        }
    }
    let main = &lab.ids["<main>"];
    let (signed, _) = main.rsplit_once('.').unwrap();
    let forged = format!("{signed}.A");
    let tokens = [
        ("<user>", lab.infisical.user_token()),
        ("<session_no_org>", lab.infisical.session()),
        // Of the right form, and nobody's.
        (
            "<service_token_1>",
            format!("st.{}.abc", "00000000-0000-4000-8000-000000000000"),
        ),
        ("<jwt_14>", forged.clone()),
        ("<jwt_15>", "eyJhbGciOiJub25lIn0.e30.".to_owned()),
        ("<jwt_16>", forged.clone()),
        ("<jwt_46>", forged),
    ];
    lab.ids
        .extend(tokens.map(|(label, token)| (label.to_owned(), token)));
}

/// The machine identities of the conversation and their client ids.
fn clients(talk: &[Step]) -> Vec<(String, String)> {
    let mut clients: Vec<(String, String)> = Vec::new();
    for step in talk {
        let body = match &step.request["body"] {
            Value::String(form) => {
                let pairs = form_urlencoded::parse(form.as_bytes());
                let pairs = pairs.into_owned();
                pairs
                    .map(|(name, value)| (name, Value::from(value)))
                    .collect()
            }
            Value::Object(fields) => fields.clone(),
            _ => continue,
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let role = text("clientSecret")
            .trim()
            .strip_prefix("<client_secret_of_");
        if let Some(role) = role.and_then(|role| role.strip_suffix('>')) {
            clients.push((role.to_owned(), text("clientId").trim().to_owned()));
        }
    }
    for role in ROLES {
        if !clients.iter().any(|(known, _)| known == role) {
            clients.push(((*role).to_owned(), format!("the client of {role}")));
        }
    }
    clients
}

/// The machine identities that there always are.
const ROLES: &[&str] = &[
    "certs",
    "describer",
    "main",
    "member",
    "noproj",
    "noread2",
    "nostaging",
    "onefolder",
    "partial",
    "pki",
    "tokauth",
    "viewer",
];

/// The tokens that belong to one from the beginning.
fn labels(role: &str) -> Vec<&str> {
    match role {
        "tokauth" => vec!["token_auth_token", "token_auth_token_2"],
        "viewer" => vec!["viewer", "t1", "t3"],
        role => vec![role],
    }
}

fn rights(role: &str, subject: &str) -> Rights {
    let all = Rights::all();
    let within = |path: Option<&str>| vec![Rule::new("dev", path)];
    match role {
        "describer" => Rights {
            reads: Vec::new(),
            writes: false,
            ..all
        },
        "noproj" => Rights {
            projects: Some(Vec::new()),
            ..all
        },
        "noread2" => Rights {
            describes: within(Some("/tree")),
            reads: within(Some("/tree")),
            writes: false,
            ..all
        },
        "nostaging" => Rights {
            describes: within(None),
            reads: within(None),
            ..all
        },
        "onefolder" => {
            let rules = vec![
                Rule::new("dev", Some("/app")),
                Rule::new("dev", Some("/app/**")),
            ];
            Rights {
                describes: rules.clone(),
                reads: rules,
                ..all
            }
        }
        "partial" => Rights {
            describes: within(None),
            reads: within(Some("/tree")),
            writes: false,
            ..all
        },
        "tokauth" => Rights {
            projects: Some(vec![DEMO.to_owned()]),
            ..all
        },
        // Where requests were counted, it was another one.
        "viewer" if subject != "rate-limit" => Rights {
            writes: false,
            ..all
        },
        _ => all,
    }
}

fn lifetime(role: &str) -> Lifetime {
    let seconds = Duration::from_secs;
    let usual = Lifetime {
        max_ttl: seconds(7200),
        period: Duration::ZERO,
        ttl: seconds(3600),
        uses: None,
    };
    match role {
        "periodic" => Lifetime {
            max_ttl: Duration::ZERO,
            period: seconds(3600),
            ..usual
        },
        "short" => Lifetime {
            max_ttl: seconds(3),
            ttl: seconds(3),
            ..usual
        },
        "tokauth" => Lifetime {
            max_ttl: seconds(720_000),
            ttl: seconds(360_000),
            ..usual
        },
        "ttl0" => Lifetime {
            max_ttl: Duration::ZERO,
            ttl: Duration::ZERO,
            ..usual
        },
        "uses" => Lifetime {
            uses: Some(2),
            ..usual
        },
        _ => usual,
    }
}
