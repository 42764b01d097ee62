//! `.infisical.json`, the project file of Infisical's own command line tool.
//!
//! Read for context where there is no `phase-run.toml` and no project is given.
//! The first one above the working directory counts. One that belongs to somebody
//! else is passed over: what lies in a shared folder such as `/tmp` is anybody's.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use serde::Deserialize;

use super::branch::branch;
use crate::exit::Failure;
use crate::settings::file::{contents, misused};

/// What of it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    #[serde(default)]
    default_environment: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    git_branch_to_environment_mapping: Option<BTreeMap<String, String>>,
    #[serde(default)]
    workspace_id: Option<String>,
}

/// What it says here and now.
#[derive(Debug)]
pub(in crate::settings) struct InfisicalJson {
    /// The server, as somebody else's text names it.
    pub(in crate::settings) domain: Option<String>,
    pub(in crate::settings) environment: Option<String>,
    pub(in crate::settings) path: PathBuf,
    pub(in crate::settings) project: Option<String>,
}

/// The file that counts for `directory`.
///
/// # Errors
///
/// One that cannot be read or is not JSON of the right shape.
pub(in crate::settings) fn find(directory: &Path) -> Result<Option<InfisicalJson>, Failure> {
    for at in directory.ancestors() {
        let path = at.join(".infisical.json");
        if is_foreign(&path, directory) {
            tracing::debug!(path = %path.display(), "passed over: it is somebody else's");
            continue;
        }
        let bytes = contents(&path).map_err(|error| misused(&path, &error.to_string()))?;
        let Some(bytes) = bytes else {
            continue;
        };
        // The whole error would quote what it did not expect.
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| {
            misused(
                &path,
                &format!("line {}: it is not JSON of the right shape", error.line()),
            )
        })?;
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        let environment = mapped(&content, directory).or(set(content.default_environment));
        return Ok(Some(InfisicalJson {
            domain: set(content.domain),
            environment,
            path,
            project: set(content.workspace_id),
        }));
    }
    Ok(None)
}

/// Whether `path` belongs neither to us nor to root, nor to whose `directory` is.
fn is_foreign(path: &Path, directory: &Path) -> bool {
    let owner = |path: &Path| path.symlink_metadata().ok().map(|found| found.uid());
    let known = [Some(0), Some(geteuid().as_raw()), owner(directory)];
    owner(path).is_some_and(|owner| !known.contains(&Some(owner)))
}

/// The environment of the branch that is checked out: by its whole name, or by
/// what follows its last slash.
fn mapped(content: &Content, directory: &Path) -> Option<String> {
    let map = content.git_branch_to_environment_mapping.as_ref()?;
    if map.is_empty() {
        return None;
    }
    let branch = branch(directory)?;
    let last = branch.rsplit('/').next().unwrap_or(&branch);
    let found = map.get(&branch).or_else(|| map.get(last))?;
    Some(found.clone()).filter(|environment| !environment.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn project(branch: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let top = tempfile::tempdir().unwrap();
        let inner = top.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::create_dir(top.path().join(".git")).unwrap();
        let head = format!("ref: refs/heads/{branch}\n");
        fs::write(top.path().join(".git/HEAD"), head).unwrap();
        fs::write(top.path().join(".infisical.json"), text).unwrap();
        (top, inner)
    }

    const MAPPED: &str = r#"{"workspaceId":"1","defaultEnvironment":"staging",
        "gitBranchToEnvironmentMapping":{"main":"prod","x":"dev","y/z":"qa"}}"#;

    #[test]
    fn the_branch_chooses_the_environment_before_the_default_does() {
        for (branch, environment) in [
            ("main", "prod"),
            ("feature/x", "dev"),
            ("y/z", "qa"),
            ("other", "staging"),
        ] {
            let (_top, inner) = project(branch, MAPPED);
            let found = find(&inner).unwrap().unwrap();
            assert_eq!(found.environment.as_deref(), Some(environment), "{branch}");
            assert_eq!(found.project.as_deref(), Some("1"));
        }
    }

    #[test]
    fn somebody_elses_is_passed_over_but_not_that_of_the_directorys_owner() {
        let (top, inner) = project("main", MAPPED);
        let file = top.path().join(".infisical.json");
        // Only root can give a file away, and whoever else runs this owns it.
        let given = |path: &Path, user| std::os::unix::fs::chown(path, Some(user), None).is_ok();
        if given(&file, 4242) {
            assert!(find(&inner).unwrap().is_none());
            assert!(given(&inner, 4242));
        }
        assert!(find(&inner).unwrap().is_some());
    }

    #[test]
    fn what_it_leaves_open_stays_open() {
        let text =
            r#"{"workspaceId":"","defaultEnvironment":"","gitBranchToEnvironmentMapping":null}"#;
        let (_top, inner) = project("main", text);
        let found = find(&inner).unwrap().unwrap();
        assert_eq!(
            (found.project, found.environment, found.domain),
            (None, None, None)
        );
    }

    #[test]
    fn one_that_is_no_such_json_is_named_and_not_shown() {
        for text in ["{", r#"{"workspaceId":{"hunter2":1}}"#] {
            let (_top, inner) = project("main", text);
            let failure = find(&inner).unwrap_err().to_string();
            assert!(failure.contains(".infisical.json"), "{failure}");
            assert!(!failure.contains("hunter2"), "{failure}");
        }
    }
}
