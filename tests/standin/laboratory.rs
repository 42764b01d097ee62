//! The organisation in which the conversations with the real server were recorded, built
//! again: its apps and keys stand in the recording's first line, its accounts here, and the
//! secrets that were there before are those that are shown before anybody made them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::alike::Alike;
use super::conversations::Step;
use crate::support::server::crypto::{self, KeyPair};
use crate::support::server::{Identity, Kind, Limit, Phase, Sse, Token};

const CI: &str = "<sa_ci>";
const OWNER: &str = "<pat_owner>";

/// The others who ask: by their labels, with what they reach and what they lack.
const ACCOUNTS: &[(&str, Kind, &[&str], &[Limit])] = &[
    ("<pat_deleted>", Kind::User, &["web"], &[Limit::Dead]),
    ("<pat_expired>", Kind::User, &["web"], &[Limit::Dead]),
    ("<pat_gone>", Kind::User, &["web"], &[Limit::Left]),
    (
        "<pat_dev>",
        Kind::User,
        &["vault/Development", "store", "web/Development"],
        &[],
    ),
    (
        "<sa_deleted>",
        Kind::ServiceAccount,
        &["web"],
        &[Limit::Dead],
    ),
    ("<sa_empty>", Kind::ServiceAccount, &[], &[]),
    (
        "<sa_expired>",
        Kind::ServiceAccount,
        &["web"],
        &[Limit::Dead],
    ),
    ("<sa_ip>", Kind::ServiceAccount, &["web"], &[Limit::Address]),
    (
        "<sa_limited>",
        Kind::ServiceAccount,
        &["web/Development"],
        &[],
    ),
    (
        "<sa_noapps>",
        Kind::ServiceAccount,
        &["store"],
        &[Limit::WithoutApps],
    ),
    (
        "<sa_nocreate>",
        Kind::ServiceAccount,
        &["store"],
        &[Limit::Without("create")],
    ),
    (
        "<sa_nodelete>",
        Kind::ServiceAccount,
        &["store"],
        &[Limit::Without("delete")],
    ),
    (
        "<sa_noread>",
        Kind::ServiceAccount,
        &["web"],
        &[Limit::Without("create"), Limit::Without("read")],
    ),
    (
        "<sa_noupdate>",
        Kind::ServiceAccount,
        &["store"],
        &[Limit::Without("update")],
    ),
    (
        "<sa_reader>",
        Kind::ServiceAccount,
        &["web"],
        &[Limit::Without("create")],
    ),
    ("<sa_secretsonly>", Kind::ServiceAccount, &["web"], &[]),
    ("<st_expired>", Kind::Service, &["web"], &[Limit::Dead]),
    ("<st_vault>", Kind::Service, &["vault"], &[]),
    (
        "<st_web>",
        Kind::Service,
        &["web/Development", "web/Staging"],
        &[],
    ),
];

/// What is never shown, only referred to: where, its name and its value.
const REFERRED: [(&str, &str, &str, &str); 2] = [
    ("shared/Development", "/", "SHKEY", "sh-v"),
    ("shared/Development", "/deep", "K", "deepk"),
];

/// What the provider of one dynamic secret says.
const REFUSING: (&str, &str) = (
    "AWS bad",
    "An error occurred (LimitExceeded) when calling the CreateUser operation: Cannot exceed \
     quota for UsersPerAccount: 5000",
);

/// When somebody logged in by a cloud.
const LOGIN: &str = "2026-11-30T18:32:03Z";

/// An environment of the recording.
pub(super) struct Place {
    app: App,
    id: String,
    index: u64,
    pub(super) keys: KeyPair,
    name: String,
    pub(super) salt: String,
    seed: String,
}

/// An app of the recording.
#[derive(Clone)]
struct App {
    created: String,
    id: String,
    name: String,
    sse: Sse,
}

/// A secret that was there before.
struct Found {
    key: String,
    /// As it was shown first.
    row: Value,
    value: String,
}

impl Place {
    /// The environments whose keys the recording's first line tells, in the order of their making.
    pub(super) fn all(header: &Value, steps: &[Step]) -> Vec<Self> {
        let answer = |case: &str| {
            let step = steps.iter().find(|step| step.case() == case);
            step.unwrap().answer().clone()
        };
        let listed = answer("same-named-apps")["data"].clone();
        let apps = answer("tokens-answer-of-ci")["apps"].clone();
        let mut places = Vec::new();
        for app in apps.as_array().unwrap() {
            let keys = app["environment_keys"].as_array().unwrap().iter();
            let mut listed = listed.as_array().unwrap().iter();
            let listed = listed.find(|listed| listed["id"] == app["id"]).unwrap();
            let app = App {
                created: text(&listed["createdAt"]),
                id: text(&app["id"]),
                name: text(&app["name"]),
                sse: if app["encryption"] == "SSE" {
                    Sse::On
                } else {
                    Sse::Off
                },
            };
            places.extend(keys.map(|key| Self::new(&app, &key["environment"], header)));
        }
        places.sort_by_key(|place| (place.app.created.clone(), place.index));
        places
    }

    fn new(app: &App, environment: &Value, header: &Value) -> Self {
        let id = text(&environment["id"]);
        let said = &header["keys"]["environments"][&id];
        let seed = crypto::unhex(&text(&said["env_seed"])).unwrap();
        Self {
            app: app.clone(),
            id,
            index: environment["index"].as_u64().unwrap(),
            keys: KeyPair::of(&seed.try_into().unwrap()),
            name: text(&environment["name"]),
            salt: text(&said["env_salt"]),
            seed: text(&said["env_seed"]),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn path(&self) -> String {
        format!("{}/{}", self.app.name, self.name)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The organisation, our ids for its, and the tokens behind the labels.
pub(super) fn built(places: &[Place], steps: &[Step]) -> (Phase, Alike, HashMap<String, Token>) {
    let mut alike = Alike::default();
    let phase = with_apps(places, &mut alike);
    with_secrets(&phase, places, steps);
    let mut tokens = HashMap::from([
        (OWNER.to_owned(), phase.token(Kind::User)),
        (CI.to_owned(), phase.token(Kind::ServiceAccount)),
    ]);
    for (label, kind, places, limits) in ACCOUNTS {
        let token = phase.admit(*kind, places);
        for limit in *limits {
            phase.limit(&token, *limit);
        }
        tokens.insert((*label).to_owned(), token);
    }
    let identity = Identity::Aws {
        access_key: String::new(),
        endpoint: "https://sts.eu-central-1.amazonaws.com".to_owned(),
        secret_key: String::new(),
        trusted: true,
    };
    phase.know(&tokens[CI], identity);
    phase.wall_clock(humantime::parse_rfc3339(LOGIN).unwrap());
    (phase, alike, tokens)
}

fn with_apps(places: &[Place], alike: &mut Alike) -> Phase {
    let mut phase = Phase::default()
        .organisation("acme-lab")
        .doubled_tag("twice-tag");
    let mut known = HashSet::new();
    for place in places {
        if known.insert(&place.app.id) {
            phase = phase.app(&place.app.name, place.app.sse);
        }
        phase = phase.environment_of(&place.name, &place.seed, &place.salt);
        let (app, environment) = phase.here();
        alike.ids.insert(place.app.id.clone(), app);
        alike.ids.insert(place.id.clone(), environment);
        alike.keys.insert(place.id.clone(), place.keys);
    }
    phase
}

fn with_secrets(phase: &Phase, places: &[Place], steps: &[Step]) {
    for (environment, folder, key, value) in REFERRED {
        let within = phase.clone().within(environment).folder(folder);
        let _ = within.secret(key, value);
    }
    for found in found(places, steps) {
        let Found { key, row, value } = found;
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let place = place(places, &row).unwrap();
        let within = phase.clone().within(&place.path()).folder(text("path"));
        if row["type"] == "dynamic" {
            let keys = row["keyMap"].as_array().unwrap().iter();
            let keys: Vec<&str> = keys.filter_map(|key| key["keyName"].as_str()).collect();
            let made = within.dynamic(text("name"), &keys);
            let made = made.lasting(Duration::from_hours(1), Duration::from_hours(2));
            if text("name") == REFUSING.0 {
                let _ = made.failing(REFUSING.1);
            }
            continue;
        }
        let tags = row["tags"].as_array().unwrap().iter();
        let tags: Vec<&str> = tags.filter_map(Value::as_str).collect();
        let made = within.secret(&key, &value).tags(&tags).kind(text("type"));
        let made = made.version(row["version"].as_u64().unwrap());
        let made = if text("comment").is_empty() {
            made
        } else {
            made.comment(text("comment"))
        };
        if row["lifecycle"] == "rotating" {
            let _ = made.rotating();
        }
    }
}

/// The secrets that are shown before anybody made one of that name in that folder. Values are
/// those that lie in the store wherever these are shown, too.
fn found(places: &[Place], steps: &[Step]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut known: HashMap<String, Option<usize>> = HashMap::new();
    let mut made: HashSet<(String, String)> = HashSet::new();
    for step in steps {
        for item in step.made(places) {
            let path = item["path"].as_str().unwrap_or("/");
            let names = ["key", "keyDigest"].map(|name| item[name].as_str());
            for name in names.into_iter().flatten() {
                made.insert((path.to_owned(), name.to_uppercase()));
            }
        }
        for row in step.answer().as_array().into_iter().flatten() {
            let (Some(id), Some(place)) = (row["id"].as_str(), place(places, row)) else {
                continue;
            };
            let open = |name: &str| {
                let text = row[name].as_str().unwrap_or_default();
                crypto::decrypt(text, &place.keys).unwrap_or_else(|| text.to_owned())
            };
            let sealed = row.get("key_digest").is_some();
            let digest = row["keyDigest"].as_str().or(row["key_digest"].as_str());
            let path = row["path"].as_str().unwrap_or_default();
            let is_made = |name: &str| made.contains(&(path.to_owned(), name.to_uppercase()));
            let number = *known.entry(id.to_owned()).or_insert_with(|| {
                if is_made(&open("key")) || digest.is_some_and(is_made) {
                    return None;
                }
                let mut row = row.clone();
                row["comment"] = json!(open("comment"));
                found.push(Found {
                    key: open("key"),
                    row,
                    value: open("value"),
                });
                Some(found.len() - 1)
            });
            if let (Some(number), true) = (number, sealed) {
                found[number].value = open("value");
            }
        }
    }
    found
}

fn place<'a>(places: &'a [Place], row: &Value) -> Option<&'a Place> {
    let id = row["environment"].as_str()?;
    places.iter().find(|place| place.id == id)
}
