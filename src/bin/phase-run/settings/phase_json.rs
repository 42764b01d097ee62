//! `.phase.json`, the project file of Phase's own command line tool.
//!
//! Read for context where there is no `phase-run.toml` and no app is given. In
//! the working directory, then in its parents; in a parent only where the file
//! says that it is meant for the folders below.

use std::path::{Path, PathBuf};

use phase_run::outside::trimmed_text;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::content::misused;
use super::parse::name;
use super::project::{OF_PHASE, Projects};
use crate::exit::Failure;

/// What of it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhaseJson {
    #[serde(default)]
    pub(crate) app_id: Option<String>,
    #[serde(default)]
    pub(crate) default_env: Option<String>,
    #[serde(default)]
    monorepo_support: bool,
}

/// How many parents are searched unless said otherwise.
pub(crate) const DEPTH: usize = 8;

/// The file that counts for `directory`, and where it is.
///
/// # Errors
///
/// One in `directory` itself that cannot be read or is no JSON, and one that is
/// somebody else's. Those in parents that are of no use are passed over.
pub(super) fn find(
    directory: &Path,
    depth: usize,
    projects: &Projects,
) -> Result<Option<(PathBuf, PhaseJson)>, Failure> {
    let places = projects
        .places(directory, OF_PHASE)
        .take(depth.saturating_add(1));
    for (level, path) in places.enumerate() {
        let opened = match projects.open(&path) {
            Ok(Some(opened)) => opened,
            Err(failure) if level == 0 => return Err(failure),
            Ok(None) | Err(_) => continue,
        };
        match read(&opened.bytes, &path) {
            Ok(json) if level == 0 || json.monorepo_support => {
                projects.admit(&path, &opened)?;
                return Ok(Some((path, json)));
            }
            Err(failure) if level == 0 => {
                projects.admit(&path, &opened)?;
                return Err(failure);
            }
            _ => {}
        }
    }
    Ok(None)
}

/// The nearest such file for `directory`, and why it names no app: nobody else does.
pub(super) fn unused(
    directory: &Path,
    depth: usize,
    projects: &Projects,
) -> Option<(PathBuf, &'static str)> {
    for (level, path) in projects.places(directory, OF_PHASE).enumerate() {
        let opened = match projects.open(&path) {
            Ok(Some(opened)) => opened,
            Ok(None) => continue,
            Err(_) => return Some((path, "does not count: it cannot be read")),
        };
        // What strangers put there is nothing to point at.
        projects.admit(&path, &opened).ok()?;
        let why = match read(&opened.bytes, &path) {
            Err(_) => "does not count: it is not JSON of the right shape",
            Ok(json) if json.app_id.is_none() => "names no app: it has no `appId`",
            Ok(json) if level > 0 && !json.monorepo_support => {
                "counts in its own folder alone: for the folders below it has to say `\"monorepoSupport\": true`"
            }
            Ok(_) if level > depth => {
                "lies too far above: PHASE_CONFIG_PARENT_DIR_SEARCH_DEPTH says how many folders up count"
            }
            Ok(_) => "does not count here",
        };
        return Some((path, why));
    }
    None
}

fn read(bytes: &[u8], path: &Path) -> Result<PhaseJson, Failure> {
    let mut json: PhaseJson = parsed(bytes, path)?;
    for text in [&mut json.app_id, &mut json.default_env] {
        *text = meant(text.take(), path)?;
    }
    Ok(json)
}

/// What the JSON `bytes` of the file `path` say. The error quotes nothing of it.
pub(super) fn parsed<T: DeserializeOwned>(bytes: &[u8], path: &Path) -> Result<T, Failure> {
    // An editor's byte order mark is no part of the text.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let why = format!("line {line}, column {column}: it is not JSON of the right shape");
        misused(path, &why)
    })
}

/// A name in such a file; what is blank is none.
pub(super) fn meant(text: Option<String>, path: &Path) -> Result<Option<String>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    match trimmed_text(&text) {
        "" => Ok(None),
        text => name(text)
            .map(Some)
            .map_err(|expected| misused(path, &format!("a text in it must be {expected}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::settings::owners::owners;
    use crate::settings::project::Choice;

    fn find(directory: &Path, depth: usize) -> Result<Option<(PathBuf, PhaseJson)>, Failure> {
        let projects = Projects {
            choice: Choice::Search,
            owners: owners(None, &[]),
        };
        super::find(directory, depth, &projects)
    }

    const PLAIN: &str = r#"{"version":"2","phaseApp":"web","appId":"1","defaultEnv":"Staging"}"#;

    #[test]
    fn a_parents_file_counts_only_if_it_says_so() {
        let top = tempfile::tempdir().unwrap();
        let inner = top.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(top.path().join("a/.phase.json"), PLAIN).unwrap();
        assert!(find(&inner, DEPTH).unwrap().is_none());
        let shared = PLAIN
            .replace('}', r#","monorepoSupport":true}"#)
            .replace("\"1\"", "\"2\"");
        fs::write(top.path().join(".phase.json"), shared).unwrap();
        let (path, json) = find(&inner, DEPTH).unwrap().unwrap();
        assert_eq!(path, top.path().join(".phase.json"));
        assert_eq!(json.app_id.as_deref(), Some("2"));
        assert!(find(&inner, 1).unwrap().is_none());
        let (_, json) = find(&top.path().join("a"), 0).unwrap().unwrap();
        assert_eq!(json.default_env.as_deref(), Some("Staging"));
    }

    #[test]
    fn one_that_is_no_json_is_an_error_here_and_passed_over_above() {
        let top = tempfile::tempdir().unwrap();
        let inner = top.path().join("a");
        fs::create_dir(&inner).unwrap();
        fs::write(top.path().join(".phase.json"), "{").unwrap();
        assert!(find(top.path(), DEPTH).is_err());
        assert!(find(&inner, DEPTH).unwrap().is_none());
        fs::create_dir(inner.join(".phase.json")).unwrap();
        assert!(find(&inner, DEPTH).is_err(), "a folder cannot be read");
    }

    #[test]
    fn somebody_elses_is_an_error_where_it_would_count() {
        let top = tempfile::tempdir().unwrap();
        let inner = top.path().join("a");
        fs::create_dir(&inner).unwrap();
        let file = top.path().join(".phase.json");
        fs::write(&file, PLAIN).unwrap();
        // Only root can give a file away.
        if std::os::unix::fs::chown(&file, Some(4242), None).is_err() {
            return;
        }
        assert!(
            find(&inner, DEPTH).unwrap().is_none(),
            "it is not for the folders below"
        );
        let failure = find(top.path(), DEPTH).unwrap_err();
        assert!(failure.to_string().contains("4242"), "{failure}");
    }

    #[test]
    fn what_is_blank_is_not_said_and_a_token_is_not_repeated() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join(".phase.json");
        fs::write(
            &file,
            "\u{feff}{\"appId\": \" 1\\r\\n\", \"defaultEnv\": \" \"}",
        )
        .unwrap();
        let (_, json) = find(top.path(), DEPTH).unwrap().unwrap();
        assert_eq!(
            (json.app_id.as_deref(), json.default_env),
            (Some("1"), None)
        );
        fs::write(&file, r#"{"appId": "pss_service:v2:hunter2"}"#).unwrap();
        let failure = find(top.path(), DEPTH).unwrap_err();
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
    }
}
