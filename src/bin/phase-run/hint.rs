//! What one run remembers for the next: ids of environments, and no secrets.
//!
//! Nothing here can fail a run. Without it a run takes a round trip more.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use phase_run::Place;

use crate::settings::{ProcessContext, Settings, variable_path};

/// A fingerprint and an id are much shorter.
const LONGEST: u64 = 400;

/// Where the hint for one place and one holder of credentials lies.
#[derive(Debug)]
pub(crate) struct Hint {
    file: PathBuf,
    /// Tells these credentials from others, and nothing more about them.
    holder: String,
}

impl Hint {
    /// None where there is nothing to remember, or no folder for it.
    pub(crate) fn new(
        settings: &Settings,
        place: &Place,
        process: &ProcessContext<'_>,
    ) -> Option<Self> {
        let (connection, holder) = settings.access.holder()?;
        let mut hasher = DefaultHasher::new();
        (&connection.host, place).hash(&mut hasher);
        let name = format!("environment-{:016x}", hasher.finish());
        Some(Self {
            file: folder(process)?.join(name),
            holder,
        })
    }

    /// What was remembered for these credentials.
    pub(crate) fn read(&self) -> Option<String> {
        let mut text = String::new();
        // Whatever else lies there could keep us waiting.
        let file = fs::metadata(&self.file).ok().filter(fs::Metadata::is_file);
        let file = file.and_then(|_| fs::File::open(&self.file).ok())?;
        file.take(LONGEST).read_to_string(&mut text).ok()?;
        let (holder, id) = text.trim_end().split_once(' ')?;
        (holder == self.holder).then(|| id.to_owned())
    }

    /// Remembers `hint`, or that there is none, unless that was known.
    pub(crate) fn keep(&self, hint: Option<&str>, known: Option<&str>) {
        if hint == known {
            return;
        }
        let kept = match hint {
            Some(hint) => self.write(hint),
            None => fs::remove_file(&self.file),
        };
        if let Err(error) = kept {
            tracing::debug!(file = %self.file.display(), %error, "nothing is remembered");
        }
    }

    fn write(&self, hint: &str) -> io::Result<()> {
        let folder = self.file.parent().unwrap_or(&self.file);
        let mut maker = fs::DirBuilder::new();
        maker.recursive(true).mode(0o700).create(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{} {hint}", self.holder)?;
        file.persist(&self.file)?;
        Ok(())
    }
}

/// The cache folder: systemd's for a service, else the user's.
fn folder(process: &ProcessContext<'_>) -> Option<PathBuf> {
    let variable = |name| variable_path(process.variables, name);
    // systemd names several, the first of them ours.
    let first = |folders: PathBuf| env::split_paths(&folders).next();
    if let Some(folder) = variable("CACHE_DIRECTORY").and_then(first) {
        return Some(folder);
    }
    let cache = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(variable("HOME")?.join(".cache")))?;
    Some(cache.join("phase-run"))
}
