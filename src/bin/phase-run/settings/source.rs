//! Where credentials lie: variables, files, systemd's folder.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use phase_run::SecretValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer};
use zeroize::Zeroizing;

use super::layers::{Layers, Origin};
use crate::args::Context;
use crate::exit::{Failure, Reason};

/// More than any token or identity has.
const LARGEST: u64 = 1 << 20;

/// Where a credential is.
pub(super) enum Source {
    File(PathBuf, Origin),
    Text(Zeroizing<String>, &'static str),
}

impl Source {
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::File(path, _) => Origin::File(path.clone()),
            Self::Text(_, name) => Origin::Variable(name),
        }
    }

    /// What names it: a flag, a variable, or nothing.
    pub(super) fn named_by(&self) -> Origin {
        match self {
            Self::File(_, origin) => origin.clone(),
            Self::Text(_, name) => Origin::Variable(name),
        }
    }

    /// The text, without a newline at its end.
    pub(super) fn read(&self, warnings: &mut Vec<String>) -> Result<Zeroizing<String>, Failure> {
        let (path, origin) = match self {
            Self::Text(text, _) => return Ok(text.clone()),
            Self::File(path, origin) => (path, origin),
        };
        // What has no slash may be the credential itself, in the wrong place.
        let shown = if path.as_os_str().as_bytes().contains(&b'/') {
            format!("{} ({origin})", path.display())
        } else {
            format!("the file that {origin} names")
        };
        let failed = |why: String| {
            Failure::new(
                Reason::Credentials,
                format!("{shown} cannot be read: {why}"),
            )
        };
        let contents = contents(path).map_err(|error| failed(error.to_string()))?;
        warnings.extend(contents.exposed(path));
        let mut text = contents.text;
        let end = text.trim_end_matches(['\n', '\r']).len();
        text.truncate(end);
        if text.is_empty() {
            return Err(failed("it is empty".to_owned()));
        }
        Ok(text)
    }

    pub(super) fn secret(&self, warnings: &mut Vec<String>) -> Result<SecretValue, Failure> {
        let text = self.read(warnings)?;
        Ok(SecretValue::new(text.as_str().to_owned()))
    }
}

/// The warning that others can read the credential in `path`, if they can.
pub(super) fn exposed(path: &Path) -> Option<String> {
    let mode = path.metadata().ok()?.permissions().mode();
    let text = Zeroizing::default();
    Contents { mode, text }.exposed(path)
}

/// What a file says that may hold a credential.
pub(super) struct Contents {
    mode: u32,
    text: Zeroizing<String>,
}

impl Contents {
    /// The warning that others can read `path`, or write to it, if they can.
    pub(super) fn exposed(&self, path: &Path) -> Option<String> {
        let (can, rights) = match self.mode & 0o006 {
            0 => return None,
            0o002 => ("written to", "w"),
            0o004 => ("read", "r"),
            _ => ("read and written to", "rw"),
        };
        let path = path.display();
        Some(format!(
            "{path} can be {can} by others: chmod o-{rights} {path}"
        ))
    }
}

fn contents(path: &Path) -> io::Result<Contents> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(Contents { mode, text })
}

/// What the JSON file `path` says, if it is there. The error quotes nothing of it.
pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<(T, Contents)>, String> {
    let contents = match contents(path) {
        Ok(contents) => contents,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    // The whole error would quote what it did not expect.
    let content = serde_json::from_str(&contents.text)
        .map_err(|error| format!("line {}: it is not JSON of the right shape", error.line()))?;
    Ok(Some((content, contents)))
}

/// A secret in such a file; an empty one is none.
pub(super) fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SecretValue>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    Ok(text.filter(|text| !text.is_empty()).map(SecretValue::new))
}

/// A variable as a credential; bytes that are not UTF-8 make none that is any good.
fn text(layers: &Layers<'_>, name: &'static str) -> Option<Source> {
    let text = layers.variable_os(name)?.to_string_lossy().into_owned();
    Some(Source::Text(Zeroizing::new(text), name))
}

fn named_file(layers: &Layers<'_>, name: &'static str) -> Option<Source> {
    let path = layers.variable_os(name)?.into();
    Some(Source::File(path, Origin::Variable(name)))
}

/// A file that systemd put there for this service.
fn systemd(layers: &Layers<'_>, name: &str) -> Option<Source> {
    let path = PathBuf::from(layers.variable_os("CREDENTIALS_DIRECTORY")?).join(name);
    path.exists()
        .then(|| Source::File(path, Origin::Variable("CREDENTIALS_DIRECTORY")))
}

/// The token of Phase: in `file`, which is that of a flag, or where it is kept.
pub(super) fn token(file: Option<&PathBuf>, layers: &Layers<'_>) -> Option<Source> {
    file.map(|path| Source::File(path.clone(), Origin::Flag("--token-file")))
        .or_else(|| text(layers, "PHASE_SERVICE_TOKEN"))
        .or_else(|| named_file(layers, "PHASE_SERVICE_TOKEN_FILE"))
        .or_else(|| systemd(layers, "phase-token"))
}

pub(super) fn passphrase(layers: &Layers<'_>) -> Option<Source> {
    text(layers, "PHASE_RUN_VAULT_PASSPHRASE")
        .or_else(|| named_file(layers, "PHASE_RUN_VAULT_PASSPHRASE_FILE"))
}

pub(super) fn identity(
    args: &Context,
    layers: &Layers<'_>,
    usual: Option<&Path>,
) -> Option<Source> {
    let flag = |path: &PathBuf| Source::File(path.clone(), Origin::Flag("--identity"));
    let variable = || match text(layers, "PHASE_RUN_IDENTITY")? {
        source @ Source::Text(..) if holds_identity(&source) => Some(source),
        _ => named_file(layers, "PHASE_RUN_IDENTITY"),
    };
    let at_home = || {
        let usual = usual.filter(|usual| usual.exists())?;
        Some(Source::File(usual.to_owned(), Origin::Default))
    };
    args.identity
        .as_ref()
        .map(flag)
        .or_else(variable)
        .or_else(|| systemd(layers, "age-identity"))
        .or_else(at_home)
}

/// Whether it is an identity, or some other key, and not the name of a file.
fn holds_identity(source: &Source) -> bool {
    let is_key =
        |text: &str| text.contains('\n') || text.to_uppercase().contains("AGE-SECRET-KEY-");
    matches!(source, Source::Text(text, _) if is_key(text))
}
