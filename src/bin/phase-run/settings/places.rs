//! Where a user's own files are, and the keyring.

use std::ffi::OsString;
use std::path::PathBuf;

use super::logins::Logins;
use super::official;
use crate::keyring::Keyring;

/// What the environment says of them.
#[derive(Debug)]
pub(crate) struct Places {
    /// The configuration folder, such as `~/.config/phase-run`, if there is one.
    pub(super) configuration: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
    pub(crate) keyring: Keyring,
    /// Our own logins, unless there is no place for them.
    pub(crate) logins: Option<Logins>,
}

impl Places {
    pub(super) fn find(variables: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let variable = |name: &str| variables(name).filter(|value| !value.is_empty());
        let home = variable("HOME").map(PathBuf::from);
        let configuration = variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| home.as_ref().map(|home| home.join(".config")))
            .map(|folder| folder.join("phase-run"));
        Self {
            logins: configuration.as_deref().map(Logins::new),
            configuration,
            home,
            keyring: Keyring::find(variables),
        }
    }

    /// The file in which Phase's own command line tool keeps its login, if it is there.
    pub(crate) fn official_login(&self) -> Option<PathBuf> {
        let path = official::path(self.home.as_deref()?);
        path.exists().then_some(path)
    }
}
