//! `.phase.json`, the project file of Phase's own command line tool.
//!
//! Read for context where there is no `phase-run.toml` and no app is given. In
//! the working directory, then in its parents; in a parent only where the file
//! says that it is meant for the folders below.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::file::{contents, misused};
use crate::exit::Failure;

/// What of it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhaseJson {
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
/// One in `directory` itself that cannot be read or is no JSON. Those in
/// parents are passed over.
pub(crate) fn find(
    directory: &Path,
    depth: usize,
) -> Result<Option<(PathBuf, PhaseJson)>, Failure> {
    for (level, at) in directory.ancestors().take(depth + 1).enumerate() {
        let path = at.join(".phase.json");
        let bytes = match contents(&path) {
            Ok(Some(bytes)) => bytes,
            Err(error) if level == 0 => return Err(misused(&path, &error.to_string())),
            Ok(None) | Err(_) => continue,
        };
        match serde_json::from_slice::<PhaseJson>(&bytes) {
            Ok(json) if level == 0 || json.monorepo_support => return Ok(Some((path, json))),
            Err(error) if level == 0 => {
                return Err(misused(
                    &path,
                    &format!("line {}: it is not JSON of the right shape", error.line()),
                ));
            }
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
}
