//! What stands inside the age files: JSON documents.
//!
//! Reading is strict, because everything is written back: a field that this
//! program does not know would be lost, so that it is refused instead.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fields;
use super::keys::VaultRecipient;
use super::record::Record;
use super::revision::Revision;
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Folder;

/// The version that this program reads and writes.
pub(super) const VERSION: u64 = 1;

/// A document that is kept in an age file.
pub(super) trait Document: DeserializeOwned + Serialize {
    /// The word by which it says what it is.
    const FORMAT: &'static str;

    /// Sorts what is looked up, and says whether each thing is there once.
    fn sort(&mut self) -> bool;
}

/// The vault.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    format: String,
    version: u64,
    /// Grows with each write, so that an older copy is known as one.
    #[serde(default)]
    pub(super) revision: Revision,
    /// Who can open it; nobody if it has a passphrase. The age header does not
    /// tell, and a rewrite has to know.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "fields::recipients"
    )]
    pub(super) recipients: Vec<VaultRecipient>,
    pub(super) apps: Vec<App>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    pub(super) name: String,
    pub(super) environments: Vec<Environment>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    pub(super) name: String,
    pub(super) secrets: Vec<Record>,
}

impl Default for Vault {
    fn default() -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            version: VERSION,
            revision: Revision::default(),
            recipients: Vec::new(),
            apps: Vec::new(),
        }
    }
}

impl Document for Vault {
    const FORMAT: &'static str = "phase-run vault";

    fn sort(&mut self) -> bool {
        let mut once = sorted(&mut self.apps, |a, b| a.name.cmp(&b.name));
        // They stay in their order.
        let recipients: HashSet<_> = self.recipients.iter().collect();
        once &= recipients.len() == self.recipients.len();
        for app in &mut self.apps {
            once &= sorted(&mut app.environments, |a, b| a.name.cmp(&b.name));
            for environment in &mut app.environments {
                once &= sorted(&mut environment.secrets, |a, b| a.key().cmp(&b.key()));
            }
        }
        once
    }
}

impl Environment {
    /// The place of a secret, or where it belongs.
    pub(super) fn find(&self, folder: &Folder, name: &str) -> Result<usize, usize> {
        self.secrets
            .binary_search_by(|record| record.key().cmp(&(folder, name)))
    }
}

/// Sorts `items`, and says whether no two are equal.
pub(super) fn sorted<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) -> bool {
    items.sort_by(&order);
    items
        .windows(2)
        .all(|pair| order(&pair[0], &pair[1]).is_ne())
}

/// The document in `bytes`, sorted. `file` is its name for messages.
///
/// # Errors
///
/// [`ErrorKind::Protocol`]. What the parser says is not repeated, as it quotes values.
pub(super) fn parse<T: Document>(bytes: &[u8], file: &Path) -> Result<T> {
    #[derive(Deserialize)]
    struct Marker {
        format: String,
        version: u64,
    }
    let marker: Marker = serde_json::from_slice(bytes).map_err(|error| malformed(file, &error))?;
    if marker.format != T::FORMAT {
        return Err(protocol(
            file,
            &format!("does not hold a document of format {:?}", T::FORMAT),
        ));
    }
    if marker.version != VERSION {
        let what = format!(
            "has format version {}, and this program reads version {VERSION}",
            marker.version
        );
        return Err(protocol(file, &what).help("install a newer phase-run"));
    }
    let mut document: T = serde_json::from_slice(bytes).map_err(|error| malformed(file, &error))?;
    if document.sort() {
        Ok(document)
    } else {
        Err(protocol(
            file,
            "names an app, an environment, a recipient or a secret twice",
        )
        .help("restore it from git or from a backup"))
    }
}

/// Writes `document`, with line breaks for those who look at it with `age -d`.
pub(super) fn write(document: &impl Document, mut to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut to, document)?;
    to.write_all(b"\n")
}

fn malformed(file: &Path, error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    protocol(
        file,
        &format!("does not hold what a vault holds, at line {line}, column {column} of its text"),
    )
    .help("was it edited by hand, or written by a newer phase-run?")
}

fn protocol(file: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("{} {what}", file.display()))
}
