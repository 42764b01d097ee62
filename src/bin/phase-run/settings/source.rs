//! Where credentials lie: variables, files, systemd's folder.

use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use phase_run::outside::{looks_like_token, trimmed_text, without_newline};
use phase_run::{NamedFile, SecretValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer};
use zeroize::Zeroizing;

use super::layers::{Layers, Origin};
use super::owners::is_absence;
use crate::args::Context;
use crate::exit::{Failure, Reason};

/// A credential, and where it is.
pub(super) struct Source {
    /// Whether somebody chose it, so that every character counts.
    is_chosen: bool,
    place: Place,
}

enum Place {
    /// A file, what names it, and how long it may keep us waiting.
    File(PathBuf, Origin, Duration),
    Text(Zeroizing<String>, &'static str),
}

impl Source {
    fn file(path: PathBuf, origin: Origin, layers: &Layers<'_>) -> Self {
        Self::in_file(path, origin, layers.patience)
    }

    /// The file `path`, which `origin` names and which may keep us waiting for `patience`.
    pub(super) fn in_file(path: PathBuf, origin: Origin, patience: Duration) -> Self {
        Self {
            is_chosen: false,
            place: Place::File(path, origin, patience),
        }
    }

    fn chosen(self) -> Self {
        Self {
            is_chosen: true,
            ..self
        }
    }

    pub(super) fn origin(&self) -> Origin {
        match &self.place {
            Place::File(path, ..) => Origin::File(path.clone()),
            Place::Text(_, name) => Origin::Variable(name),
        }
    }

    /// What names it: a flag, a variable, or nothing.
    pub(super) fn named_by(&self) -> Origin {
        match &self.place {
            Place::File(_, origin, _) => origin.clone(),
            Place::Text(_, name) => Origin::Variable(name),
        }
    }

    /// The text: a file's without the space around it, or, if it was chosen,
    /// without a newline at its end.
    pub(super) fn read(&self, warnings: &mut Vec<String>) -> Result<Zeroizing<String>, Failure> {
        let (path, origin, patience) = match &self.place {
            Place::Text(text, _) => return Ok(text.clone()),
            Place::File(path, origin, patience) => (path, origin, *patience),
        };
        let failed = |why: &str| {
            let shown = shown(path, origin);
            Failure::new(
                Reason::Credentials,
                format!("{shown} cannot be read: {why}"),
            )
        };
        let file = NamedFile::read(path, patience).map_err(|error| {
            let late = NamedFile::late(&shown(path, origin), &error);
            late.map_or_else(|| failed(&error.to_string()), Failure::from)
        })?;
        warnings.extend(exposed_by(file.mode, path));
        let text = if self.is_chosen {
            without_newline(file.text.expose())
        } else {
            trimmed_text(file.text.expose())
        };
        if text.is_empty() {
            return Err(failed("it is empty"));
        }
        Ok(Zeroizing::new(text.to_owned()))
    }

    pub(super) fn secret(&self, warnings: &mut Vec<String>) -> Result<SecretValue, Failure> {
        let text = self.read(warnings)?;
        Ok(SecretValue::new(text.as_str().to_owned()))
    }
}

/// The file `path` as messages name it. What has no slash, or looks like a token, may
/// be the credential itself, in the wrong place.
fn shown(path: &Path, origin: &Origin) -> String {
    let is_path = path.as_os_str().as_bytes().contains(&b'/');
    if is_path && !looks_like_token(&path.to_string_lossy()) {
        format!("{} ({origin})", path.display())
    } else {
        format!("the file that {origin} names")
    }
}

/// The warning that others can read the credential in `path`, if they can.
pub(super) fn exposed(path: &Path) -> Option<String> {
    let found = path.metadata().ok()?;
    // A pipe is gone when anybody could look.
    let is_file = found.is_file();
    is_file.then(|| exposed_by(found.permissions().mode(), path))?
}

/// The warning that others can read `path`, or write to it, if `mode` lets them.
pub(super) fn exposed_by(mode: u32, path: &Path) -> Option<String> {
    let (can, rights) = match mode & 0o006 {
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

/// What the JSON file `path` says, and its mode, if it is there. The error quotes
/// nothing of it.
pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<(T, u32)>, String> {
    let file = match NamedFile::read(path, Duration::ZERO) {
        Ok(file) => file,
        Err(error) if is_absence(&error, path) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::TimedOut => {
            return Err("it is not a regular file".to_owned());
        }
        Err(error) => return Err(error.to_string()),
    };
    // The whole error would quote what it did not expect.
    let content = serde_json::from_str(trimmed_text(file.text.expose())).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("line {line}, column {column}: it is not JSON of the right shape")
    })?;
    Ok(Some((content, file.mode)))
}

/// A secret in such a file; an empty one is none.
pub(super) fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SecretValue>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    Ok(text.filter(|text| !text.is_empty()).map(SecretValue::new))
}

/// A variable as a credential; bytes that are not UTF-8 make none that is any good.
fn text(layers: &Layers<'_>, name: &'static str) -> Option<Source> {
    let text = layers.variable_os(name)?.to_string_lossy().into_owned();
    Some(Source {
        is_chosen: false,
        place: Place::Text(Zeroizing::new(text), name),
    })
}

fn named_file(layers: &Layers<'_>, name: &'static str) -> Option<Source> {
    let path = layers.variable_path(name)?;
    Some(Source::file(path, Origin::Variable(name), layers))
}

/// A file that systemd put there for this service.
fn systemd(layers: &Layers<'_>, name: &str) -> Option<Source> {
    const FOLDER: &str = "CREDENTIALS_DIRECTORY";
    let path = layers.variable_path(FOLDER)?.join(name);
    path.exists()
        .then(|| Source::file(path, Origin::Variable(FOLDER), layers))
}

/// The token of Phase: in `file`, which is that of a flag, or where it is kept.
pub(super) fn token(file: Option<&PathBuf>, layers: &Layers<'_>) -> Option<Source> {
    let flag = |path: &PathBuf| Source::file(path.clone(), Origin::Flag("--token-file"), layers);
    file.map(flag)
        .or_else(|| text(layers, "PHASE_SERVICE_TOKEN"))
        .or_else(|| named_file(layers, "PHASE_SERVICE_TOKEN_FILE"))
        .or_else(|| systemd(layers, "phase-token"))
}

pub(super) fn passphrase(layers: &Layers<'_>) -> Option<Source> {
    text(layers, "PHASE_RUN_VAULT_PASSPHRASE")
        .or_else(|| named_file(layers, "PHASE_RUN_VAULT_PASSPHRASE_FILE"))
        .map(Source::chosen)
}

pub(super) fn identity(
    args: &Context,
    layers: &Layers<'_>,
    usual: Option<&Path>,
) -> Option<Source> {
    let flag = |path: &PathBuf| Source::file(path.clone(), Origin::Flag("--identity"), layers);
    let variable = || match text(layers, "PHASE_RUN_IDENTITY")? {
        source if source.holds_identity() => Some(source),
        _ => named_file(layers, "PHASE_RUN_IDENTITY"),
    };
    let at_home = || {
        let usual = usual.filter(|usual| usual.exists())?;
        Some(Source::file(usual.to_owned(), Origin::Default, layers))
    };
    args.identity
        .as_ref()
        .map(flag)
        .or_else(variable)
        .or_else(|| systemd(layers, "age-identity"))
        .or_else(at_home)
}

impl Source {
    /// Whether it is an identity, or some other key, and not the name of a file.
    fn holds_identity(&self) -> bool {
        let is_key =
            |text: &str| text.contains('\n') || text.to_uppercase().contains("AGE-SECRET-KEY-");
        matches!(&self.place, Place::Text(text, _) if is_key(text))
    }
}
