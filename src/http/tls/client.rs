//! The certificate that a client shows.

use std::path::Path;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::problem;
use crate::error::{Error, ErrorKind, Result};
use crate::http::ClientCertificate;

/// The certificates, and the key.
pub(super) fn read(
    files: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let ClientCertificate { certificates, key } = files;
    let unread = |file: &Path, what, error: PemError| {
        let message = format!("no {what} from {}", file.display());
        Error::new(ErrorKind::Configuration, message).because(problem(&error, what))
    };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|found| {
            if found.is_empty() {
                return Err(PemError::NoItemsFound);
            }
            Ok(found)
        })
        .map_err(|error| unread(certificates, "client certificate", error))?;
    let key =
        PrivateKeyDer::from_pem_file(key).map_err(|error| unread(key, "private key", error))?;
    Ok((chain, key))
}

/// The certificate and the key do not fit, or are of a kind that is not known.
pub(super) fn unusable(files: &ClientCertificate, error: rustls::Error) -> Error {
    let ClientCertificate { certificates, key } = files;
    let message = format!(
        "the client certificate {} cannot be used with the key {}",
        certificates.display(),
        key.display()
    );
    Error::new(ErrorKind::Configuration, message).because(error)
}
