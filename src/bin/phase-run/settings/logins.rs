//! Our own logins: at which hosts, and where their tokens lie.
//!
//! They stand in one file of the user's configuration, the last one first. A
//! token stands there too only where that was asked for; else it lies in the
//! keyring, under [`SERVICE`] and the host.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use phase_run::SecretValue;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::host;
use super::source;
use crate::exit::{Failure, Reason};

/// What our entries of the keyring are called.
pub(crate) const SERVICE: &str = "phase-run";

/// The shape of the file that we write.
const VERSION: u32 = 1;

/// So long another process may keep the file locked.
const PATIENCE: Duration = Duration::from_secs(30);

/// A login at one host.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Login {
    /// The account's id.
    pub(crate) account: Option<String>,
    pub(crate) email: Option<String>,
    /// The only server that gets the token.
    pub(crate) host: String,
    /// `None` where it lies in the keyring.
    #[serde(default, deserialize_with = "source::secret")]
    pub(crate) token: Option<SecretValue>,
}

#[derive(Deserialize)]
struct Content {
    logins: Vec<Login>,
    version: u32,
}

/// The file of logins.
#[derive(Clone, Debug)]
pub(crate) struct Logins {
    file: PathBuf,
}

impl Logins {
    /// The one in the user's configuration folder.
    pub(super) fn new(configuration: &Path) -> Self {
        Self {
            file: configuration.join("logins.json"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file
    }

    /// All logins, the last one first.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or understood.
    pub(crate) fn read(&self, warnings: &mut Vec<String>) -> Result<Vec<Login>, Failure> {
        let read = source::json::<Content>(&self.file).map_err(|why| self.misused(&why))?;
        let Some((content, mode)) = read else {
            return Ok(Vec::new());
        };
        if content.version != VERSION {
            return Err(self.misused("it is of another version of phase-run"));
        }
        if content.logins.iter().any(|login| login.token.is_some()) {
            warnings.extend(source::exposed_by(mode, &self.file));
        }
        Ok(content.logins)
    }

    /// Changes the logins, and keeps others from doing so meanwhile. After a
    /// crash the file is the old one or the new one.
    ///
    /// # Errors
    ///
    /// Those of `change`, and of reading and writing the file.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Login>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder);
        made.map_err(|error| failed("make", folder, &error))?;
        let _lock = self.lock()?;
        let mut logins = self.read(&mut Vec::new())?;
        let result = change(&mut logins)?;
        self.write(&logins)
            .map_err(|error| failed("write", &self.file, &error))?;
        Ok(result)
    }

    /// The file itself cannot be the lock: each write puts another in its place.
    fn lock(&self) -> Result<File, Failure> {
        let path = self.file.with_extension("lock");
        let end = Instant::now() + PATIENCE;
        let lock = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            // Nothing is made where a link leads, and no pipe keeps us waiting.
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(&path)
            .map_err(|error| failed("lock", &path, &error))?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if Instant::now() < end => {}
                Err(TryLockError::WouldBlock) => {
                    let text = format!("another process keeps {} locked", path.display());
                    return Err(Failure::new(Reason::Timeout, text)
                        .help("it may be waiting for the keyring's password"));
                }
                Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Only under the lock: the new file always has the same name, so that one
    /// that was left by a killed process is written over.
    fn write(&self, logins: &[Login]) -> io::Result<()> {
        let rows: Vec<_> = logins.iter().map(row).collect();
        let content = serde_json::json!({ "version": VERSION, "logins": rows });
        let text = Zeroizing::new(serde_json::to_string_pretty(&content)? + "\n");
        let new = self.file.with_extension("new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.file)?;
        match self.file.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    fn misused(&self, why: &str) -> Failure {
        let path = self.file.display();
        let text = format!("{path} cannot be used: {why}");
        Failure::new(Reason::Configuration, text).help(format!(
            "remove it, and log in again with `phase-run auth login`: rm {path}"
        ))
    }
}

impl Login {
    /// What its entry of the keyring is called, besides [`SERVICE`].
    pub(crate) fn username(&self) -> String {
        host::plain(&self.host)
    }
}

/// Puts `login` in the place of the one at its host, before all others.
pub(crate) fn put(logins: &mut Vec<Login>, login: Login) {
    logins.retain(|other| !host::same(&other.host, &login.host));
    logins.insert(0, login);
}

fn row(login: &Login) -> serde_json::Value {
    let mut row = serde_json::json!({
        "host": login.host, "account": login.account, "email": login.email,
    });
    if let Some(token) = &login.token {
        row["token"] = token.expose().into();
    }
    row
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> Failure {
    let text = format!("cannot {verb} {}: {error}", path.display());
    Failure::new(Reason::System, text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn login(host: &str, token: Option<&str>) -> Login {
        Login {
            account: Some("42".to_owned()),
            email: None,
            host: host.to_owned(),
            token: token.map(|text| SecretValue::new(text.to_owned())),
        }
    }

    #[test]
    fn the_last_login_stands_first_and_replaces_the_one_at_its_host() {
        let top = tempfile::tempdir().unwrap();
        let logins = Logins::new(&top.path().join("a/b"));
        for host in ["https://a", "https://b", "https://A/"] {
            let change = |all: &mut Vec<Login>| {
                put(all, login(host, Some("t")));
                Ok(())
            };
            logins.change(change).unwrap();
        }
        let read = logins.read(&mut Vec::new()).unwrap();
        let hosts: Vec<_> = read.iter().map(|login| login.host.as_str()).collect();
        assert_eq!(hosts, ["https://A/", "https://b"]);
        assert_eq!(read[0].token.as_ref().unwrap().expose(), "t");
    }

    #[test]
    fn only_the_owner_reads_the_file_and_who_widens_that_is_warned() {
        let top = tempfile::tempdir().unwrap();
        let logins = Logins::new(top.path());
        let change = |all: &mut Vec<Login>| {
            put(all, login("https://a", Some("t")));
            Ok(())
        };
        logins.change(change).unwrap();
        let mode = || fs::metadata(logins.path()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        let mut warnings = Vec::new();
        logins.read(&mut warnings).unwrap();
        assert!(warnings.is_empty());
        fs::set_permissions(logins.path(), fs::Permissions::from_mode(0o644)).unwrap();
        logins.read(&mut warnings).unwrap();
        assert_eq!(warnings.len(), 1);
        logins.change(|_| Ok(())).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn nothing_is_made_where_a_link_in_place_of_the_lock_leads() {
        let top = tempfile::tempdir().unwrap();
        let logins = Logins::new(top.path());
        let elsewhere = top.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, top.path().join("logins.lock")).unwrap();
        let failure = logins.change(|_| Ok(())).unwrap_err();
        assert!(failure.to_string().contains("logins.lock"), "{failure}");
        assert!(!elsewhere.exists());
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let top = tempfile::tempdir().unwrap();
        let logins = Logins::new(top.path());
        let failing = |all: &mut Vec<Login>| -> Result<(), Failure> {
            put(all, login("https://a", None));
            Err(Failure::new(Reason::System, "no"))
        };
        logins.change(failing).unwrap_err();
        assert!(logins.read(&mut Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_named_and_not_shown() {
        let top = tempfile::tempdir().unwrap();
        let logins = Logins::new(top.path());
        for text in [
            "{",
            "[]",
            r#"{"version": 2, "logins": []}"#,
            r#"{"version": 1, "logins": [{"host": "https://a", "token": {"pss_x": 1}}]}"#,
            r#"{"version": 1, "logins": ["pss_x"]}"#,
        ] {
            fs::write(logins.path(), text).unwrap();
            let failure = logins.read(&mut Vec::new()).unwrap_err();
            assert_eq!(failure.reason(), Reason::Configuration);
            assert!(failure.to_string().contains("logins.json"), "{failure}");
            assert!(!failure.to_string().contains("pss_x"), "{failure}");
            logins.change(|_| Ok(())).unwrap_err();
        }
    }
}
