//! What a recorded server held before a conversation: what the answers show that was not
//! made in it, and what can only be told.

use std::collections::HashMap;

use serde_json::Value;

use super::compare::is_id;
use super::people::add_people;
use super::{Step, Talk};
use crate::support::server::Infisical;
use crate::support::server::infisical::{ORGANISATION, Seed, Version};

/// Values that were only ever shown with their references followed: the conversation, the
/// name, and the value as it must have been.
const RAW: [(&str, &str, &str); 12] = [
    ("imports", "CI_A", "${CI_B}a"),
    ("imports", "CI_B", "${CI_A}b"),
    ("override-of-imported", "GAMMA", "<${ALPHA}>"),
    ("references-in-imports", "ABS", "<${staging.risrc.ALPHA}>"),
    ("references-in-imports", "BOTH", "<${ALPHA}>"),
    ("references-in-imports", "CI_A", "${CI_B}a"),
    ("references-in-imports", "CI_B", "${CI_A}b"),
    ("references-in-imports", "LOST", "<${NOPE}>"),
    ("references-in-imports", "LOSTPATH", "<${dev.nope.X}>"),
    ("references-in-imports", "MIX", "${BETA}${NOPE}"),
    ("references-in-imports", "ONLYSRC", "<${BETA}>"),
    ("references-in-imports", "REMPTY", "[${IEMPTY}]"),
];

/// Secrets that are never shown, or not where they were first: the conversation, the
/// environment, the folder, the id or any, the name and the value.
const UNSHOWN: [(&str, &str, &str, &str, &str, &str); 7] = [
    (
        "move",
        "dev",
        "/mv1",
        "77b0fb71-bd7b-4b03-b16e-c08319b5c60d",
        "ALPHA",
        "1",
    ),
    (
        "move",
        "dev",
        "/mv1",
        "8d0da593-765d-4c4f-93d5-a819ed0fa7af",
        "BETA",
        "1",
    ),
    (
        "move",
        "dev",
        "/mv1",
        "141565fc-eb24-46ac-bcdf-80f1d0ba38b0",
        "GAMMA",
        "1",
    ),
    (
        "move",
        "dev",
        "/mv2",
        "fde7d21d-51f5-4ecb-9a97-72fa04ef59ad",
        "BETA",
        "0",
    ),
    ("new rate-limit", "dev", "/", "", "PLAIN", "p"),
    ("references", "dev", "/refs/sub", "", "S", "b-2"),
    ("references", "staging", "/refs", "", "T", "stg"),
];

/// Secrets that the recorder made on the way: the conversation, and the first step that
/// shows them.
const LATE: [(&str, u64); 2] = [("etag", 9), ("imports", 16)];

/// The imports that stand where no answer says it: the conversation, the folder that
/// imports, and the one that is imported, all of `dev`.
const IMPORTS: [(&str, &str, &str); 1] = [("paths-spelled", "/sw", "/swsrc")];

/// A project that was there before the recorder came.
pub(super) const DEMO: &str = "demo-proj";

/// A secret that an answer shows.
struct Shown<'a> {
    path: String,
    row: &'a Value,
    slug: &'a str,
}

/// The server before the conversation.
pub(super) fn build(talk: &[Step], all: &[Step]) -> Talk {
    let old = talk[0].is_old();
    let version = if old {
        Version::WithoutV4
    } else {
        Version::Current
    };
    let infisical = Infisical::default()
        .version(version)
        .without_licence()
        .organisations(&["acme-he-dy"]);
    let infisical = match talk[0].subject() {
        "rate-limit" => infisical.limited(),
        _ => infisical,
    };
    let mut lab = Talk {
        ids: HashMap::new(),
        infisical,
    };
    let server = |step: &&Step| step.server == talk[0].server;
    for step in all.iter().filter(server) {
        visit("", &step.response["body"], &mut |name, value| {
            if let ("orgId", Some(id)) = (name, value.as_str()) {
                lab.ids.insert(id.to_owned(), ORGANISATION.to_owned());
            }
        });
    }
    let slugs = add_projects(&mut lab, talk, all);
    add_folders(&lab, talk);
    for shown in shown(talk) {
        let late = LATE.iter().find(|(case, _)| *case == talk[0].subject());
        let first = first_step(talk, id(shown.row));
        if late.is_none_or(|(_, step)| first < *step) {
            add_secret(&lab, talk, &shown);
        }
    }
    add_unshown(&lab, talk);
    add_imports(&lab, talk);
    add_people(&mut lab, talk, &slugs);
    lab
}

/// What the recorder did to the server before a step.
pub(super) fn add_late(lab: &Talk, talk: &[Step], step: &Step) {
    if LATE.contains(&(step.subject(), step.number)) {
        for shown in shown(talk) {
            add_secret(lab, talk, &shown);
        }
    }
}

/// Every value below this one, with the name it has.
fn visit<'a>(name: &'a str, value: &'a Value, seen: &mut impl FnMut(&'a str, &'a Value)) {
    seen(name, value);
    match value {
        Value::Array(rows) => rows.iter().for_each(|row| visit(name, row, seen)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| visit(name, value, seen)),
        _ => {}
    }
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_default()
}

/// A path with a slash before each name and nowhere else.
fn plain(path: &str) -> String {
    let names: Vec<&str> = path
        .trim()
        .split('/')
        .filter(|name| !name.is_empty())
        .collect();
    format!("/{}", names.join("/"))
}

/// What a request says, wherever it does.
fn said<'a>(step: &'a Step, names: &[&str]) -> Option<&'a str> {
    let sources = [&step.request["query"], &step.request["body"]];
    let mut texts = sources
        .into_iter()
        .flat_map(|source| names.iter().map(|name| source[*name].as_str()));
    texts.find_map(|text| text)
}

fn project_of(step: &Step) -> Option<&str> {
    said(step, &["projectId", "workspaceId"])
}

/// The projects that the conversation is about, and their tags. The slugs of those that the
/// recorder made.
fn add_projects(lab: &mut Talk, talk: &[Step], all: &[Step]) -> Vec<String> {
    let server = |step: &&Step| step.server == talk[0].server;
    let mut known: Vec<&Value> = Vec::new();
    for step in all.iter().filter(server) {
        visit("", &step.response["body"], &mut |_, value| {
            if value["environments"][0]["id"].is_string() {
                known.push(value);
            }
        });
    }
    let texts: Vec<String> = talk
        .iter()
        .map(|step| format!("{} {}", step.request, step.response))
        .collect();
    let mut about: Vec<&str> = talk.iter().filter_map(project_of).collect();
    about.retain(|id| is_id(id) && !id.starts_with("00000000"));
    for row in &known {
        let named = texts
            .iter()
            .any(|text| text.contains(id(row)) || text.contains(row["slug"].as_str().unwrap()));
        if named {
            about.push(id(row));
        }
    }
    // A project that is named by its slug alone tells its id where it lets nobody in.
    let marked = texts
        .iter()
        .filter_map(|text| text.split_once("project with ID "));
    let marked = marked.map(|(_, text)| &text.trim_start_matches('\'')[..36]);
    about.extend(marked.filter(|id| is_id(id)));
    let place = |about: &&str| {
        let row = known.iter().find(|row| id(row) == *about);
        row.map_or("9", |row| row["createdAt"].as_str().unwrap())
    };
    about.sort_by_key(place);
    let slug = talk
        .iter()
        .find_map(|step| said(step, &["projectSlug", "workspaceSlug"]));
    let known_alone = texts.iter().all(|text| !text.contains("rec-"));
    let mut slugs = Vec::new();
    for about in about {
        let row = known.iter().find(|row| id(row) == about);
        let field = |name: &str| row.and_then(|row| row[name].as_str());
        let kind = field("type").unwrap_or("secret-manager");
        let slug = field("slug").or(slug).unwrap_or("a-project");
        let name = field("name").unwrap_or("Rec One");
        lab.infisical.seed_project(about, slug, name, kind);
        if kind == "secret-manager" && (slug != DEMO || known_alone) {
            lab.ids
                .entry("<project>".to_owned())
                .or_insert(about.to_owned());
        }
        add_tags(lab, talk, all, about);
        slugs.push(slug.to_owned());
    }
    slugs.retain(|slug| slug != DEMO);
    slugs
}

fn add_tags(lab: &Talk, talk: &[Step], all: &[Step], project: &str) {
    let made: Vec<&str> = talk
        .iter()
        .filter(|step| step.asked("method") == "POST")
        .map(|step| id(&step.response["body"]["tag"]))
        .collect();
    for step in all.iter().filter(|step| step.server == talk[0].server) {
        visit("", &step.response["body"], &mut |name, row| {
            let listed = row["projectId"] == project;
            let here = listed || (name == "tags" && project_of(step) == Some(project));
            if let (true, Some(slug)) = (here && row["color"].is_string(), row["slug"].as_str())
                && !made.contains(&id(row))
            {
                lab.infisical.seed_tag(project, id(row), slug);
            }
        });
    }
    // One that is only ever taken away again.
    for step in talk.iter().filter(|step| project_of(step) == Some(project)) {
        let ids = step.request["body"]["tagIds"].as_array();
        for id in ids.into_iter().flatten().filter_map(Value::as_str) {
            if !id.starts_with("00000000") {
                lab.infisical.seed_tag(project, id, "frontend");
            }
        }
    }
}

/// The folders that are there, as far as anything shows it.
fn add_folders(lab: &Talk, talk: &[Step]) {
    for step in talk.iter().filter(|step| step.status() == 200) {
        let (Some(project), Some(slug)) = (project_of(step), said(step, &["environment"])) else {
            continue;
        };
        let path = plain(said(step, &["secretPath", "path"]).unwrap_or_default());
        let body = &step.response["body"];
        if !step.asked("path").contains("/folders") {
            // An older server knows every folder, and shows nothing in it.
            let there =
                !step.is_old() || step.asked("method") != "GET" || body["secrets"][0].is_object();
            if there {
                lab.infisical.seed_folder(project, slug, &path, None);
            }
        } else if step.asked("method") == "GET" && step.request["query"]["recursive"].is_null() {
            for row in body["folders"].as_array().into_iter().flatten() {
                if made_in(talk, id(row)) {
                    continue;
                }
                lab.infisical
                    .seed_folder(project, slug, &path, row["parentId"].as_str());
                let path = format!(
                    "{}/{}",
                    path.trim_end_matches('/'),
                    row["name"].as_str().unwrap()
                );
                lab.infisical
                    .seed_folder(project, slug, &path, Some(id(row)));
            }
        }
    }
}

/// Whether something was made in the conversation.
fn made_in(talk: &[Step], wanted: &str) -> bool {
    let mut writes = talk.iter().filter(|step| step.asked("method") != "GET");
    writes.any(|step| {
        let upserts = step.request["body"]["mode"] == "upsert";
        let mut found = false;
        visit("", &step.response["body"], &mut |_, value| {
            let new = step.asked("method") == "POST" || (upserts && value["version"] == 1);
            found |= new && id(value) == wanted;
        });
        found
    })
}

/// All secrets that answers show and that were not made in the conversation, each once, and
/// at best with its value as it is.
fn shown(talk: &[Step]) -> Vec<Shown<'_>> {
    let mut found: Vec<(u8, Shown)> = Vec::new();
    if talk[0].subject() == "move" {
        return Vec::new();
    }
    for step in talk.iter().filter(|step| step.asked("method") == "GET") {
        let body = &step.response["body"];
        let v4 = step.asked("path").starts_with("/api/v4/");
        let expanded = match step.request["query"]["expandSecretReferences"].as_str() {
            None => v4,
            Some(word) => word == "true",
        };
        let mut add = |rank: u8, row: &'_ Value, slug, path: String| {
            let hidden = row["secretValueHidden"] == true;
            let rank = if hidden { 9 } else { rank };
            let known = found.iter().position(|(_, shown)| id(shown.row) == id(row));
            match known {
                Some(place) if found[place].0 <= rank => {}
                Some(place) => {
                    let path = std::mem::take(&mut found[place].1.path);
                    let slug = found[place].1.slug;
                    found[place] = (
                        rank,
                        Shown {
                            path,
                            row: find(body, id(row)),
                            slug,
                        },
                    );
                }
                None => found.push((
                    rank,
                    Shown {
                        path,
                        row: find(body, id(row)),
                        slug,
                    },
                )),
            }
        };
        for row in body["secrets"].as_array().into_iter().flatten() {
            let slug = find(body, id(row))["environment"].as_str().unwrap();
            let path = plain(row["secretPath"].as_str().unwrap_or_default());
            add(u8::from(expanded), row, slug, path);
        }
        for import in body["imports"].as_array().into_iter().flatten() {
            for row in import["secrets"].as_array().into_iter().flatten() {
                let slug = find(body, id(row))["environment"].as_str().unwrap();
                let path = if import["environment"] == slug {
                    plain(import["secretPath"].as_str().unwrap())
                } else {
                    import_of(talk, slug)
                };
                add(2, row, slug, path);
            }
        }
    }
    let mut found: Vec<Shown> = found.into_iter().map(|(_, shown)| shown).collect();
    found.retain(|shown| !made_in(talk, id(shown.row)));
    found
}

/// The secret with that id in an answer.
fn find<'a>(body: &'a Value, wanted: &str) -> &'a Value {
    let mut found = &Value::Null;
    visit("", body, &mut |_, value| {
        if id(value) == wanted && value["secretKey"].is_string() {
            found = value;
        }
    });
    found
}

/// The folder of an environment that something imports, which imports it only in turn.
fn import_of(talk: &[Step], slug: &str) -> String {
    let mut imports = talk.iter().map(|step| &step.request["body"]["import"]);
    let found = imports.find(|import| import["environment"] == slug);
    plain(
        found
            .and_then(|import| import["path"].as_str())
            .unwrap_or_default(),
    )
}

/// The first step that shows a secret.
fn first_step(talk: &[Step], wanted: &str) -> u64 {
    let shows = |step: &&Step| find(&step.response["body"], wanted).is_object();
    talk.iter().find(shows).map_or(0, |step| step.number)
}

fn add_secret(lab: &Talk, talk: &[Step], shown: &Shown) {
    let row = shown.row;
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let raw = RAW
        .iter()
        .find(|(case, key, _)| (*case, *key) == (talk[0].subject(), text("secretKey")));
    let pairs = row["secretMetadata"].as_array().into_iter().flatten();
    let pair = |pair: &Value| {
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        (text("key"), text("value"))
    };
    let tags = row["tags"].as_array().into_iter().flatten();
    let seed = Seed {
        comment: text("secretComment"),
        created: row["createdAt"]
            .as_str()
            .unwrap_or("2026-11-30T18:00:00.000Z"),
        id: id(row),
        key: text("secretKey"),
        metadata: pairs.map(pair).collect(),
        multiline: row["skipMultilineEncoding"] == true,
        personal: row["type"] == "personal",
        tags: tags.map(|tag| id(tag).to_owned()).collect(),
        updated: row["updatedAt"]
            .as_str()
            .unwrap_or("2026-11-30T18:00:00.000Z"),
        value: raw.map_or(text("secretValue"), |(_, _, value)| value),
        version: row["version"].as_u64().unwrap(),
    };
    // What is imported does not say it.
    let project = match text("workspace") {
        "" => &lab.ids["<project>"],
        project => project,
    };
    lab.infisical
        .seed_folder(project, shown.slug, &shown.path, None);
    lab.infisical
        .seed_secret(project, shown.slug, &shown.path, &seed);
}

fn add_unshown(lab: &Talk, talk: &[Step]) {
    let project = &lab.ids.get("<project>").cloned().unwrap_or_default();
    let label = format!("{} {}", talk[0].server, talk[0].subject());
    let rows = UNSHOWN.iter().enumerate();
    for (number, (_, slug, path, id, key, value)) in rows.filter(|(_, row)| label.ends_with(row.0))
    {
        let made = format!("00000000-0000-4000-8000-{number:012}");
        let seed = Seed {
            comment: "",
            created: "2026-11-30T18:00:00.000Z",
            id: if id.is_empty() { &made } else { id },
            key,
            metadata: Vec::new(),
            multiline: false,
            personal: false,
            tags: Vec::new(),
            updated: "2026-11-30T18:00:00.000Z",
            value,
            version: 1,
        };
        lab.infisical.seed_folder(project, slug, path, None);
        lab.infisical.seed_secret(project, slug, path, &seed);
    }
}

/// The imports that were there, unless the conversation makes some itself.
fn add_imports(lab: &Talk, talk: &[Step]) {
    let made = |step: &Step| step.asked("path").contains("/secret-imports");
    if talk.iter().any(made) {
        return;
    }
    for step in talk
        .iter()
        .filter(|step| step.request["query"]["recursive"].is_null())
    {
        let (Some(project), Some(slug)) = (project_of(step), said(step, &["environment"])) else {
            continue;
        };
        let path = plain(said(step, &["secretPath"]).unwrap_or_default());
        let imports = step.response["body"]["imports"].as_array();
        for import in imports.into_iter().flatten() {
            let text = |name: &str| import[name].as_str().unwrap();
            let from = (text("environment"), text("secretPath"));
            let id = import["folderId"].as_str();
            lab.infisical.seed_folder(project, from.0, from.1, id);
            lab.infisical.seed_import(project, slug, &path, from);
        }
    }
    for (case, path, from) in IMPORTS {
        if case == talk[0].subject() {
            let project = &lab.ids["<project>"];
            lab.infisical.seed_folder(project, "dev", path, None);
            lab.infisical.seed_folder(project, "dev", from, None);
            lab.infisical
                .seed_import(project, "dev", path, ("dev", from));
        }
    }
}
