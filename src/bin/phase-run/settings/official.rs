//! The login of Phase's own command line tool.
//!
//! It stands in a file, and its token in the keyring, or in the same file
//! where there was no keyring when it logged in.

use std::path::{Path, PathBuf};

use phase_run::SecretValue;
use serde::Deserialize;

use super::source;
use crate::exit::{Failure, Reason};

/// What of the file is used.
#[derive(Deserialize)]
struct Content {
    #[serde(default, rename = "default-user")]
    default_user: Option<String>,
    #[serde(default, rename = "phase-users")]
    users: Option<Vec<User>>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    host: Option<String>,
    id: String,
    #[serde(default, deserialize_with = "source::secret")]
    token: Option<SecretValue>,
}

/// Its login.
#[derive(Debug)]
pub(super) struct Official {
    pub(super) host: String,
    pub(super) path: PathBuf,
    /// What its entry of the keyring is called.
    pub(super) service: String,
    /// `None` where it lies in the keyring.
    pub(super) token: Option<SecretValue>,
}

/// The user's name in its entries of the keyring.
pub(super) const USERNAME: &str = "pss";

/// Where it stands.
pub(super) fn path(home: &Path) -> PathBuf {
    home.join(".phase/secrets/config.json")
}

/// The login in force in `home`, if there is one.
///
/// # Errors
///
/// A file that cannot be read or understood.
pub(super) fn find(home: &Path, warnings: &mut Vec<String>) -> Result<Option<Official>, Failure> {
    let path = path(home);
    let misused = |why: &str| {
        let text = format!("{} cannot be used: {why}", path.display());
        Failure::new(Reason::Configuration, text)
            .help("it is the login of Phase's own CLI: log in there again, or here with `phase-run auth login`")
    };
    let read = source::json::<Content>(&path).map_err(|why| misused(&why))?;
    let Some((content, mode)) = read else {
        return Ok(None);
    };
    let Some(id) = content.default_user.filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let mut users = content.users.unwrap_or_default().into_iter();
    let user = users
        .find(|user| user.id == id)
        .ok_or_else(|| misused("its default user is not among its users"))?;
    let host = user.host.filter(|host| !host.trim().is_empty());
    let host = host.ok_or_else(|| misused("its default user has no host"))?;
    if user.token.is_some() {
        warnings.extend(source::exposed_by(mode, &path));
    }
    Ok(Some(Official {
        host,
        service: format!("phase-cli-user-{id}"),
        token: user.token,
        path,
    }))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn found(text: &str) -> Result<Option<Official>, Failure> {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".phase/secrets");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.json"), text).unwrap();
        find(home.path(), &mut Vec::new())
    }

    const TWO: &str = r#"{
        "default-user": "2",
        "phase-users": [
            {"id": "1", "host": "https://one.example", "token": "pss_1"},
            {"id": "2", "host": "https://two.example/", "email": null, "wrapped_key_share": null}
        ]
    }"#;

    #[test]
    fn of_several_users_the_default_one_counts() {
        let login = found(TWO).unwrap().unwrap();
        assert_eq!(login.host, "https://two.example/");
        assert_eq!(login.service, "phase-cli-user-2");
        assert!(login.token.is_none(), "it lies in the keyring");
        let login = found(&TWO.replace("\"2\",", "\"1\",")).unwrap().unwrap();
        assert_eq!(login.token.unwrap().expose(), "pss_1");
    }

    #[test]
    fn nobody_is_logged_in_without_a_default_user() {
        for text in [
            "{}",
            r#"{"default-user": null, "phase-users": null}"#,
            r#"{"default-user": "", "phase-users": []}"#,
        ] {
            assert!(found(text).unwrap().is_none(), "{text}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(find(empty.path(), &mut Vec::new()).unwrap().is_none());
    }

    #[test]
    fn a_file_that_makes_no_sense_is_named_and_not_shown() {
        for text in [
            "{",
            "[1]",
            r#"{"default-user": "3", "phase-users": []}"#,
            r#"{"default-user": "3", "phase-users": [{"id": "3", "token": "pss_x"}]}"#,
            r#"{"default-user": "3", "phase-users": [{"id": "3", "token": {"pss_x": 1}}]}"#,
            r#"{"default-user": {"pss_x": 1}}"#,
        ] {
            let failure = found(text).unwrap_err();
            assert_eq!(failure.reason(), Reason::Configuration);
            assert!(failure.to_string().contains("config.json"), "{failure}");
            assert!(!failure.to_string().contains("pss_x"), "{failure}");
        }
    }
}
