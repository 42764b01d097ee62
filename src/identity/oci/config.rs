//! What stands in `~/.oci/config`, and in the variables of Oracle's own tools.

use std::path::Path;
use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::identity::EnvSnapshot;
use crate::identity::ini::File;
use crate::outside;

/// The variable with the key itself.
pub(super) const KEY_CONTENT: &str = "OCI_CLI_KEY_CONTENT";

/// The profile that is used unless another is named. The others have its entries
/// where they have none of their own.
const DEFAULT: &str = "DEFAULT";

/// An entry of a profile, or the variable that stands in for it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    Fingerprint,
    KeyFile,
    Region,
    Tenancy,
    User,
}

impl Entry {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Fingerprint => ("fingerprint", "OCI_CLI_FINGERPRINT"),
            Self::KeyFile => ("key_file", "OCI_CLI_KEY_FILE"),
            Self::Region => ("region", "OCI_CLI_REGION"),
            Self::Tenancy => ("tenancy", "OCI_CLI_TENANCY"),
            Self::User => ("user", "OCI_CLI_USER"),
        }
    }
}

/// The chosen profile.
pub(super) struct Config<'a> {
    file: File,
    profile: &'a str,
    env: &'a EnvSnapshot,
}

impl<'a> Config<'a> {
    /// Reads the file, if there is one.
    pub(super) fn read(env: &'a EnvSnapshot, until: Instant) -> Result<Self> {
        let named = ["OCI_CLI_CONFIG_FILE", "OCI_CONFIG_FILE"];
        let named = named.iter().find_map(|name| env.file(name));
        let usual = || env.at_home(Path::new("~/.oci/config"));
        let file = File::read(named.unwrap_or_else(usual), until)?;
        let mut profile = None;
        for name in ["OCI_CLI_PROFILE", "OCI_CONFIG_PROFILE"] {
            profile = profile.or(env.text(name)?);
        }
        if let Some(profile) = profile
            && file.sections(|name| name == profile) == 0
        {
            let message = format!(
                "there is no OCI profile {:?} in {}",
                outside::shown(profile),
                file.path.display()
            );
            return Err(Error::new(ErrorKind::Configuration, message).help(
                "OCI_CLI_PROFILE or OCI_CONFIG_PROFILE names it: name another, or unset it",
            ));
        }
        let config = Self {
            file,
            profile: profile.unwrap_or(DEFAULT),
            env,
        };
        config.refuse_session()?;
        Ok(config)
    }

    /// Fails for a profile that `oci session authenticate` has written: what it
    /// signs with is not the user's key.
    fn refuse_session(&self) -> Result<()> {
        if self.own("security_token_file").is_none() {
            return Ok(());
        }
        let message = format!("OCI profile {:?} is a session of a person's", self.profile);
        Err(Error::new(ErrorKind::Configuration, message)
            .help("name a profile with an API key: `oci setup config` writes one"))
    }

    /// An entry, which must be there.
    pub(super) fn get(&self, entry: Entry) -> Result<&str> {
        let (name, variable) = entry.names();
        if let Some(text) = self.env.text(variable)? {
            return Ok(text);
        }
        self.in_file(name).ok_or_else(|| {
            let (profile, path) = (self.profile, self.file.path.display());
            let message = format!("no {name} for OCI: profile {profile:?} in {path} has none");
            Error::new(ErrorKind::Credentials, message)
                .help(format!("run `oci setup config`, or set {variable}"))
        })
    }

    /// An entry that becomes a part of a header and of a path.
    pub(super) fn word(&self, entry: Entry) -> Result<&str> {
        let text = self.get(entry)?;
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_');
        if text.bytes().all(fits) {
            return Ok(text);
        }
        let (name, variable) = entry.names();
        let message = format!("the {name} for OCI cannot be {text:?}");
        Err(Error::new(ErrorKind::Configuration, message).help(format!(
            "see profile {:?} in {}, and {variable}",
            self.profile,
            self.file.path.display()
        )))
    }

    fn in_file(&self, wanted: &str) -> Option<&str> {
        let inherited = || self.file.entry(|name| name == DEFAULT, wanted);
        self.own(wanted).or_else(inherited)
    }

    fn own(&self, wanted: &str) -> Option<&str> {
        self.file.entry(|name| name == self.profile, wanted)
    }
}
