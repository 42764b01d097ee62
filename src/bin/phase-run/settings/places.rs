//! Where a user's own files are, and the keyring.

use std::env;
use std::path::PathBuf;

use super::layers::{Variables, variable_path};
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
    /// The folder of what is remembered about stores, if there is a place for it.
    pub(super) state: Option<PathBuf>,
}

impl Places {
    pub(super) fn find(variables: Variables<'_>) -> Self {
        let variable = |name: &str| variable_path(variables, name);
        let home = variable("HOME");
        let ours = |name: &str, usual: &str| {
            variable(name)
                .filter(|path| path.is_absolute())
                .or_else(|| home.as_ref().map(|home| home.join(usual)))
                .map(|folder| folder.join("phase-run"))
        };
        let configuration = ours("XDG_CONFIG_HOME", ".config");
        // systemd names several, the first of them ours.
        let service = variable("STATE_DIRECTORY")
            .and_then(|folders| env::split_paths(&folders).next())
            .filter(|path| path.is_absolute());
        let state = service.or_else(|| ours("XDG_STATE_HOME", ".local/state"));
        Self {
            logins: configuration.as_deref().map(Logins::new),
            configuration,
            state,
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
