//! Profiles: what stands in `~/.aws/config` and `~/.aws/credentials`.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::identity::Search;
use crate::identity::ini::File;
use crate::outside;

/// The two files, and which profile of theirs is chosen.
pub(super) struct Profiles {
    config: File,
    credentials: File,
    /// The profile that a variable names.
    named: Option<String>,
}

impl Profiles {
    /// Reads the files, where there are any.
    pub(super) fn read(search: &Search<'_>) -> Result<Self> {
        let env = search.env;
        let file = |variable, usual| {
            let path = env.file(variable);
            let usual = || env.at_home(Path::new(usual));
            File::read(path.unwrap_or_else(usual), search.until)
        };
        let named = match env.text("AWS_PROFILE")? {
            None => env.text("AWS_DEFAULT_PROFILE")?,
            named => named,
        };
        Ok(Self {
            config: file("AWS_CONFIG_FILE", "~/.aws/config")?,
            credentials: file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")?,
            named: named.map(str::to_owned),
        })
    }

    /// The profile to use.
    pub(super) fn chosen(&self) -> &str {
        self.named.as_deref().unwrap_or("default")
    }

    /// The chosen profile, if it is there. One that was asked for must be.
    pub(super) fn find(&self) -> Result<Option<&str>> {
        let chosen = self.chosen();
        if self.has(chosen) {
            return Ok(Some(chosen));
        }
        match self.named {
            None => Ok(None),
            Some(_) => Err(self
                .absent(chosen)
                .help("AWS_PROFILE names it: name another one, or unset it")),
        }
    }

    /// Whether either file has the profile.
    pub(super) fn has(&self, profile: &str) -> bool {
        self.config.sections(|name| names(name, profile)) > 0
            || self.credentials.sections(|name| name == profile) > 0
    }

    /// An entry of a profile. Of two, the one in the file of credentials counts.
    pub(super) fn get(&self, profile: &str, name: &str) -> Option<&str> {
        let found = self.credentials.entry(|section| section == profile, name);
        found.or_else(|| self.config.entry(|section| names(section, profile), name))
    }

    /// That there is no such profile.
    pub(super) fn absent(&self, profile: &str) -> Error {
        let message = format!(
            "there is no AWS profile {:?} in {}",
            outside::shown(profile),
            self.places()
        );
        Error::new(ErrorKind::Configuration, message)
    }

    /// The files, as messages name them.
    pub(super) fn places(&self) -> String {
        format!(
            "{} and {}",
            self.config.path.display(),
            self.credentials.path.display()
        )
    }
}

/// Whether a section of the configuration is about `profile`: `[profile web]`,
/// `[profile "web"]`, `[default]`.
fn names(section: &str, profile: &str) -> bool {
    let name = section
        .strip_prefix("profile")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map(str::trim);
    match name {
        None => section == "default" && profile == "default",
        Some(name) => [name.trim_matches('"'), name.trim_matches('\'')].contains(&profile),
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn profiles(config: &str, credentials: &str) -> Profiles {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            text: Zeroizing::new(text.to_owned()),
        };
        Profiles {
            config: file("config", config),
            credentials: file("credentials", credentials),
            named: None,
        }
    }

    #[test]
    fn a_profile_has_its_name_in_either_file() {
        let profiles = profiles(
            "[default]\na=1\n[profile web]\nb=2\n[profile \"two words\"]\nc=3\n[web]\nb=9\n[profiles x]\nd=4",
            "[web]\nb=5\n[profile web]\ne=6\n[other]",
        );
        for (profile, name, value) in [
            ("default", "a", Some("1")),
            ("web", "B", Some("5")),
            ("web", "e", None),
            ("two words", "c", Some("3")),
            ("x", "d", None),
            ("other", "a", None),
        ] {
            assert_eq!(profiles.get(profile, name), value, "{profile} {name}");
        }
        for (profile, there) in [
            ("default", true),
            ("other", true),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(profiles.has(profile), there, "{profile}");
        }
    }

    #[test]
    fn the_last_entry_of_a_name_counts() {
        let profiles = profiles(
            "[default]\na=1\n[profile default]\na=2\n[default]\nb=\n",
            "",
        );
        assert_eq!(profiles.get("default", "a"), Some("2"));
        assert_eq!(profiles.get("default", "b"), None);
    }
}
