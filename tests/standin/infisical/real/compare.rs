//! Whether an answer is like the recorded one.

use serde_json::{Map, Value};

use super::{Step, Talk};

/// What is as it happens to be.
const FREE: [&str; 6] = [
    "email",
    "inviteOnlySignup",
    "lastSecretModified",
    "reqId",
    "secretHash",
    "user",
];

/// Where tokens stand.
const TOKENS: [&str; 4] = ["accessToken", "refreshToken", "serviceToken", "token"];

impl Talk {
    /// Says how ours differs from theirs. Ids and tokens are learnt on the way.
    pub(super) fn compare(
        &mut self,
        way: &str,
        step: &Step,
        theirs: &Value,
        ours: &Value,
    ) -> Result<(), String> {
        let name = way.rsplit('.').next().unwrap_or_default();
        match (theirs, ours) {
            _ if FREE.contains(&name) => Ok(()),
            (Value::Object(theirs), Value::Object(ours)) => {
                let (theirs_only, ours_only) = (more(theirs, ours), more(ours, theirs));
                if !theirs_only.is_empty() || !ours_only.is_empty() {
                    return Err(format!("{way}: lacks {theirs_only:?}, adds {ours_only:?}"));
                }
                for (name, theirs) in theirs {
                    self.compare(&format!("{way}.{name}"), step, theirs, &ours[name])?;
                }
                Ok(())
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                self.compare_lists(way, step, theirs, ours)
            }
            (Value::String(theirs), Value::String(ours)) => {
                self.compare_texts(way, name, theirs, ours)
            }
            _ if theirs == ours => Ok(()),
            _ => Err(format!("{way}: {theirs} is {ours}")),
        }
    }

    fn compare_lists(
        &mut self,
        way: &str,
        step: &Step,
        theirs: &[Value],
        ours: &[Value],
    ) -> Result<(), String> {
        let (mut theirs, mut ours) = (theirs.to_vec(), ours.to_vec());
        if way.ends_with("secrets") {
            let keys = |rows: &[Value]| -> Vec<Value> {
                rows.iter().map(|row| row["secretKey"].clone()).collect()
            };
            // Whatever order it was in there: older servers have none, nor has what was
            // changed.
            let ordered = step.asked("method") == "GET" && !step.is_old();
            if ordered && keys(&theirs) != keys(&ours) {
                return Err(format!("{way}: {:?} is {:?}", keys(&theirs), keys(&ours)));
            }
            theirs.sort_by_key(place);
            ours.sort_by_key(place);
        }
        if theirs.len() != ours.len() {
            let (theirs, ours) = (Value::from(theirs), Value::from(ours));
            return Err(format!("{way}: {theirs} is {ours}"));
        }
        for (number, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
            self.compare(&format!("{way}[{number}]"), step, theirs, ours)?;
        }
        Ok(())
    }

    fn compare_texts(
        &mut self,
        way: &str,
        name: &str,
        theirs: &str,
        ours: &str,
    ) -> Result<(), String> {
        let both = |is: fn(&str) -> bool| is(theirs) && is(ours);
        if TOKENS.contains(&name) {
            self.ids.insert(theirs.to_owned(), ours.to_owned());
            if let Some((good, _)) = ours.rsplit_once('.')
                && name == "serviceToken"
            {
                // Of the right id, with another secret.
                for label in ["<service_token_2>", "<service_token_4>"] {
                    self.ids.insert(label.to_owned(), format!("{good}.wrong"));
                }
            }
            return Ok(());
        }
        if both(is_id) {
            let known = self.ids.entry(theirs.to_owned()).or_insert(ours.to_owned());
            if known == ours {
                return Ok(());
            }
        }
        let long = theirs.strip_suffix(" characters>");
        let long = long.and_then(|text| text.strip_prefix('<')?.parse::<usize>().ok());
        let seconds = |text: &str| {
            let (before, after) = text.split_once("try again in ")?;
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            Some(format!("{before}{after}"))
        };
        // In which order a query was, the recording does not keep.
        let route = |text: &str| {
            let (before, after) = text.split_once('?')?;
            let (_, after) = after.split_once(' ')?;
            Some(format!("{before} {after}"))
        };
        let theirs_here = self.ours(theirs);
        if both(is_time)
            || (route(&theirs_here).is_some() && route(&theirs_here) == route(ours))
            || long == Some(ours.len())
            || theirs_here == ours
            || (seconds(theirs).is_some() && seconds(theirs) == seconds(ours))
        {
            return Ok(());
        }
        Err(format!("{way}: {theirs:?} is {ours:?}"))
    }
}

/// The names that another object lacks.
fn more<'a>(one: &'a Map<String, Value>, other: &Map<String, Value>) -> Vec<&'a String> {
    one.keys()
        .filter(|name| !other.contains_key(*name))
        .collect()
}

/// What tells secrets of a list apart.
fn place(row: &Value) -> String {
    let names = [
        "secretKey",
        "environment",
        "secretPath",
        "type",
        "version",
        "secretValue",
    ];
    names.map(|name| row[name].to_string()).join(" ")
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == 36 && text.matches('-').count() == 4
}

fn is_time(text: &str) -> bool {
    text.len() == 24 && text.ends_with('Z')
}
