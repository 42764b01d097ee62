//! Certificates and keys in files, which may be pipes: `--ca-cert <(…)`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result, plain};
use crate::named_file::{self, NamedFile};

/// More bytes than any bundle of root certificates has.
const LARGEST: usize = 1 << 24;

type Certificates = Vec<CertificateDer<'static>>;

/// Why there is nothing from a file.
struct Unread {
    file: PathBuf,
    why: Why,
}

enum Why {
    Io(io::Error),
    Pem(PemError),
}

/// The root certificates of a PEM file, or those of the files in a folder. There is at
/// least one.
///
/// # Errors
///
/// [`ErrorKind::Configuration`]; [`ErrorKind::Timeout`] for a pipe that does not end
/// before `until`.
pub(super) fn roots(path: &Path, until: Instant) -> Result<Certificates> {
    let found = if path.is_dir() {
        in_folder(path, until)
    } else {
        in_file(path, until)
    };
    any(found, path).map_err(|unread| unread.error(path, "root certificates", "certificate"))
}

/// The certificates by which a client shows who it is. There is at least one.
///
/// # Errors
///
/// As for [`roots`].
pub(super) fn chain(path: &Path, until: Instant) -> Result<Certificates> {
    any(in_file(path, until), path)
        .map_err(|unread| unread.error(path, "client certificate", "client certificate"))
}

/// The first private key of a PEM file.
///
/// # Errors
///
/// As for [`roots`].
pub(super) fn private_key(path: &Path, until: Instant) -> Result<PrivateKeyDer<'static>> {
    let key = bytes(path, until).and_then(|bytes| {
        PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| Unread::of(path, Why::Pem(error)))
    });
    key.map_err(|unread| unread.error(path, "private key", "private key"))
}

fn any(found: Result<Certificates, Unread>, path: &Path) -> Result<Certificates, Unread> {
    let found = found?;
    if found.is_empty() {
        return Err(Unread::of(path, Why::Pem(PemError::NoItemsFound)));
    }
    Ok(found)
}

/// Each once, though a folder of OpenSSL's holds links to all of them.
fn in_folder(folder: &Path, until: Instant) -> Result<Certificates, Unread> {
    let unread = |error| Unread::of(folder, Why::Io(error));
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for entry in fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let file = match path.metadata() {
            Ok(file) => file,
            // A link that leads nowhere.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Unread::of(&path, Why::Io(error))),
        };
        if file.is_file() && seen.insert((file.dev(), file.ino())) {
            found.extend(in_file(&path, until)?);
        }
    }
    Ok(found)
}

fn in_file(file: &Path, until: Instant) -> Result<Certificates, Unread> {
    CertificateDer::pem_slice_iter(&bytes(file, until)?)
        .collect::<Result<_, _>>()
        .map_err(|error| Unread::of(file, Why::Pem(error)))
}

fn bytes(file: &Path, until: Instant) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let read = named_file::bytes(file, LARGEST, until);
    read.map(|(bytes, _)| bytes)
        .map_err(|error| Unread::of(file, Why::Io(error)))
}

impl Unread {
    fn of(file: &Path, why: Why) -> Self {
        Self {
            file: file.to_owned(),
            why,
        }
    }

    /// That there is no `what` from `path`, which should hold a `thing`, without a word
    /// of what it holds.
    fn error(self, path: &Path, what: &str, thing: &str) -> Error {
        let file = self.file.display().to_string();
        let why = match self.why {
            Why::Io(error) => match NamedFile::late(&file, &error) {
                Some(late) => return late,
                None => plain(&error),
            },
            Why::Pem(PemError::MissingSectionEnd { .. }) => {
                format!("its {thing} ends in the middle")
            }
            Why::Pem(PemError::NoItemsFound) => format!("it holds no {thing} in PEM form"),
            Why::Pem(_) => "its PEM form is broken".to_owned(),
        };
        let why = if self.file == path {
            why
        } else {
            format!("{file}: {why}")
        };
        let message = format!("no {what} from {}", path.display());
        Error::new(ErrorKind::Configuration, message).with_source(why)
    }
}
