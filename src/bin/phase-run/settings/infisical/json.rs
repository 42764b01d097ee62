//! `.infisical.json`, the project file of Infisical's own command line tool.
//!
//! Read for context where there is no `phase-run.toml` and no project is given.
//! The first one above the working directory counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use phase_run::FileOwners;
use serde::Deserialize;

use super::branch::branch;
use crate::exit::Failure;
use crate::settings::phase_json::{meant, parsed};
use crate::settings::project::{OF_INFISICAL, Projects};

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
/// One that cannot be read, is not JSON of the right shape, or is somebody else's.
pub(in crate::settings) fn find(
    directory: &Path,
    projects: &Projects,
) -> Result<Option<InfisicalJson>, Failure> {
    for path in projects.places(directory, OF_INFISICAL) {
        let Some(opened) = projects.open(&path)? else {
            continue;
        };
        projects.admit(&path, &opened)?;
        let content: Content = parsed(&opened.bytes, &path)?;
        let environment = match mapped(&content, directory, &projects.owners) {
            Some(mapped) => Some(mapped),
            None => content.default_environment,
        };
        return Ok(Some(InfisicalJson {
            domain: meant(content.domain, &path)?,
            environment: meant(environment, &path)?,
            project: meant(content.workspace_id, &path)?,
            path,
        }));
    }
    Ok(None)
}

/// The environment of the branch that is checked out: by its whole name, or by
/// what follows its last slash.
fn mapped(content: &Content, directory: &Path, owners: &FileOwners) -> Option<String> {
    let map = content.git_branch_to_environment_mapping.as_ref()?;
    if map.is_empty() {
        return None;
    }
    let branch = branch(directory, owners)?;
    let last = branch.rsplit('/').next().unwrap_or(&branch);
    let found = map.get(&branch).or_else(|| map.get(last))?;
    Some(found.clone()).filter(|environment| !environment.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::settings::owners::owners;
    use crate::settings::project::Choice;

    fn find(directory: &Path) -> Result<Option<InfisicalJson>, Failure> {
        let projects = Projects {
            choice: Choice::Search,
            owners: owners(None, &[]),
        };
        super::find(directory, &projects)
    }

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
    fn somebody_elses_is_an_error_whoever_owns_the_directory() {
        let (top, inner) = project("main", MAPPED);
        let file = top.path().join(".infisical.json");
        // Only root can give a file away.
        let given = |path: &Path| std::os::unix::fs::chown(path, Some(4242), None).is_ok();
        if given(&file) && given(&inner) {
            let failure = find(&inner).unwrap_err();
            assert!(failure.to_string().contains("4242"), "{failure}");
        }
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
