//! Answers of the real server and ours, compared: they have the same shape, and the same
//! texts wherever these cannot differ.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::support::server::crypto::{KeyPair, decrypt};

/// What is as it happens to be.
const FREE: [&str; 3] = ["wrapped_key_share", "wrapped_salt", "wrapped_seed"];

/// Where the recorder left something out.
const SHORTENED: &str = "<shortened>";

/// What is known of the recorded world while its conversations are held again.
#[derive(Default)]
pub(super) struct Alike {
    /// Whether theirs is only the beginning.
    pub(super) cut: bool,
    /// Recorded ids, and ours.
    pub(super) ids: HashMap<String, String>,
    /// The keys of recorded environments, by their ids. With them our salts are theirs too.
    pub(super) keys: HashMap<String, KeyPair>,
    /// The ids that the last comparison has taught.
    learnt: Vec<String>,
    /// The keys of the environment whose secrets are looked at.
    opening: Option<KeyPair>,
}

impl Alike {
    /// With these ids, theirs and ours.
    pub(super) fn knowing(ids: HashMap<String, String>) -> Self {
        Self {
            ids,
            ..Self::default()
        }
    }

    /// A text with our ids for theirs.
    pub(super) fn ours(&self, text: &str) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let id = rest.get(..36).filter(|text| is_id(text));
            let step = id.map_or(first.len_utf8(), str::len);
            let here = &rest[..step];
            result.push_str(self.ids.get(here).map_or(here, String::as_str));
            rest = &rest[step..];
        }
        result
    }

    /// Says where ours is unlike theirs. Ids are learnt from answers that are alike.
    pub(super) fn compare(&mut self, theirs: &Value, ours: &Value) -> Result<(), String> {
        self.learnt.clear();
        let verdict = self.values("", theirs, ours);
        if verdict.is_err() {
            for id in &self.learnt {
                self.ids.remove(id);
            }
        }
        verdict
    }

    fn values(&mut self, way: &str, theirs: &Value, ours: &Value) -> Result<(), String> {
        match (theirs, ours) {
            (Value::String(text), _) if text == SHORTENED => Ok(()),
            (Value::Object(wanted), Value::Object(found)) => self.objects(way, wanted, found),
            (Value::Array(wanted), Value::Array(found)) => self.arrays(way, wanted, found),
            (Value::String(wanted), Value::String(found)) => self.texts(way, wanted, found),
            _ if theirs == ours => Ok(()),
            _ => Err(format!("{way}: {ours} for {theirs}")),
        }
    }

    fn objects(
        &mut self,
        way: &str,
        wanted: &Map<String, Value>,
        found: &Map<String, Value>,
    ) -> Result<(), String> {
        if let Some(Value::String(id)) = wanted.get("environment") {
            self.opening = self.keys.get(id).copied();
        }
        let names = |value: &Map<String, Value>| {
            let mut names: Vec<_> = value.keys().cloned().collect();
            names.sort();
            names
        };
        let (wanted_names, found_names) = (names(wanted), names(found));
        if wanted_names != found_names {
            return Err(format!("{way}: {found_names:?} for {wanted_names:?}"));
        }
        for (name, value) in wanted {
            self.values(&format!("{way}.{name}"), value, &found[name])?;
        }
        Ok(())
    }

    fn arrays(&mut self, way: &str, wanted: &[Value], found: &[Value]) -> Result<(), String> {
        let enough = wanted.len() == found.len() || (self.cut && wanted.len() < found.len());
        if !enough {
            return Err(format!("{way}: {} for {}", found.len(), wanted.len()));
        }
        for (place, value) in wanted.iter().enumerate() {
            let twin = self.twin(place, value, found).unwrap_or(&found[place]);
            self.values(&format!("{way}[{place}]"), value, twin)?;
        }
        Ok(())
    }

    /// The row of ours that is this one of theirs: rows and tags come in any order.
    fn twin<'a>(&self, place: usize, theirs: &Value, ours: &'a [Value]) -> Option<&'a Value> {
        let id = theirs["id"].as_str().and_then(|id| self.ids.get(id));
        let alike = |row: &Value, names: &[&str]| {
            let mut names = names.iter();
            names.all(|name| theirs[name].is_string() && row[name] == theirs[name])
        };
        let same = |row: &&Value| match id {
            _ if theirs.is_string() => *row == theirs,
            Some(id) => row["id"] == id.as_str(),
            None if theirs["environment"].is_object() => {
                row["environment"]["name"] == theirs["environment"]["name"]
            }
            None if theirs["path"].is_string() && theirs["key"].is_string() => {
                ["key", "key_digest", "keyDigest"]
                    .iter()
                    .any(|name| alike(row, &["path", name]))
            }
            None => alike(row, &["name"]),
        };
        let here = ours.get(place).filter(same);
        here.or_else(|| ours.iter().find(same))
    }

    fn texts(&mut self, way: &str, theirs: &str, ours: &str) -> Result<(), String> {
        let both = |is: fn(&str) -> bool| is(theirs) && is(ours);
        let name = way.rsplit('.').next().unwrap_or_default();
        let free = FREE.contains(&name) || (name == "value" && way.contains(".credentials["));
        let length = theirs
            .strip_prefix('<')
            .and_then(|text| text.strip_suffix(" characters>"));
        let alike = if is_id(theirs) {
            self.learn(theirs, ours)
        } else if let Some(length) = length {
            length == ours.len().to_string()
        } else if both(is_digest) && self.keys.is_empty() {
            true
        } else if both(is_encrypted) {
            let open = |text| self.opening.map(|keys| decrypt(text, &keys));
            free || theirs == ours || open(theirs) == open(ours)
        } else {
            free || both(is_time) || timeless(&self.ours(theirs)) == timeless(ours)
        };
        if alike {
            return Ok(());
        }
        let shown = |text: &str| {
            let opened = self.opening.and_then(|keys| decrypt(text, &keys));
            opened.unwrap_or_else(|| text.to_owned())
        };
        Err(format!("{way}: {:?} for {:?}", shown(ours), shown(theirs)))
    }

    fn learn(&mut self, theirs: &str, ours: &str) -> bool {
        let known = self.ids.get(theirs);
        let new = known.is_none();
        let alike = known.is_none_or(|known| known == ours);
        if new {
            self.ids.insert(theirs.to_owned(), ours.to_owned());
            self.learnt.push(theirs.to_owned());
        }
        alike
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_encrypted(text: &str) -> bool {
    text.starts_with("ph:v1:")
}

fn is_id(text: &str) -> bool {
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, u8)| match byte {
        b'-' => hyphen(at),
        other => !hyphen(at) && other.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

fn is_time(text: &str) -> bool {
    text.len() == 27 && text.ends_with('Z')
}

/// A text without the moments in it, as Python prints them.
fn timeless(text: &str) -> String {
    let moment = |word: &str| {
        let date = word.len() == 10 && word.starts_with("20") && word.matches('-').count() == 2;
        date || word.ends_with("+00:00")
    };
    let words = text
        .split(' ')
        .map(|word| if moment(word) { "" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
