//! The system's keyring, where tokens lie encrypted while nobody needs them.
//!
//! On Linux that is whoever offers the Secret Service on the session bus, on
//! macOS the login keychain. It is asked for what nothing else has: each
//! question costs milliseconds, and may make it ask the user for its password.

#[cfg(not(any(feature = "keyring", target_os = "macos")))]
mod absent;
#[cfg(any(target_os = "macos", test))]
mod encoding;
#[cfg(all(feature = "keyring", not(target_os = "macos")))]
mod secret_service;
#[cfg(target_os = "macos")]
mod security;

use std::ffi::OsString;
use std::path::PathBuf;

use phase_run::SecretValue;

#[cfg(not(any(feature = "keyring", target_os = "macos")))]
use absent as os;
#[cfg(all(feature = "keyring", not(target_os = "macos")))]
use secret_service as os;
#[cfg(target_os = "macos")]
use security as os;

/// Where the keyring is. Nothing is opened before it is asked something.
///
/// What it answers instead of an answer is why there is none, to be put behind
/// a colon.
#[derive(Clone, Debug)]
pub(crate) struct Keyring {
    /// The address of the session bus; macOS needs none.
    #[cfg_attr(
        any(target_os = "macos", not(feature = "keyring")),
        expect(dead_code, reason = "only the Secret Service is on a bus")
    )]
    bus: Option<String>,
}

/// What an entry is found by, and by nothing else: other programs add more.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(feature = "keyring", target_os = "macos")),
    expect(dead_code, reason = "nobody is asked")
)]
pub(crate) struct Entry<'a> {
    pub(crate) service: &'a str,
    pub(crate) username: &'a str,
}

impl Keyring {
    /// The one that the environment leads to.
    pub(crate) fn find(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let usual = || {
            let bus = PathBuf::from(set("XDG_RUNTIME_DIR")?).join("bus");
            Some(format!("unix:path={}", bus.to_str()?))
        };
        let named = set("DBUS_SESSION_BUS_ADDRESS").and_then(|name| name.into_string().ok());
        Self {
            bus: named.or_else(usual),
        }
    }

    /// What `entry` holds; of several the one changed last.
    pub(crate) fn read(&self, entry: Entry<'_>) -> Result<Option<SecretValue>, String> {
        os::read(self, entry)
    }

    /// Puts `secret` into `entry`, in the place of what was there.
    pub(crate) fn write(
        &self,
        entry: Entry<'_>,
        label: &str,
        secret: &SecretValue,
    ) -> Result<(), String> {
        os::write(self, entry, label, secret)
    }

    /// Removes `entry`, and says whether it was there.
    pub(crate) fn delete(&self, entry: Entry<'_>) -> Result<bool, String> {
        os::delete(self, entry)
    }
}
