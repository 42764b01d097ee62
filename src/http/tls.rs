//! Whom we believe: root certificates, and the way round them.

mod certificate;
mod files;
mod listed;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::failure::Words;
use super::{ClientCertificate, Connection};
use crate::error::{Error, ErrorKind, Result};
use listed::Listed;

/// The TLS settings for `connection`. Certificates are only read where they are
/// `needed`, and no longer waited for than until the instant `until`.
pub(super) fn config(
    connection: &Connection,
    needed: bool,
    until: Instant,
) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(not_set_up)?;
    let builder = if !connection.verify {
        let verifier = Arc::new(Anyone { provider });
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    } else if needed {
        let (roots, certificates) = roots(connection, until)?;
        if certificates.is_empty() {
            builder.with_root_certificates(roots)
        } else {
            let roots = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
            let roots = roots.build().map_err(not_set_up)?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Listed {
                    certificates,
                    roots,
                }))
        }
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    let mut config = match &connection.certificate {
        Some(files) if needed => {
            let ClientCertificate { certificates, key } = files;
            let chain = files::chain(certificates, until)?;
            let config = builder.with_client_auth_cert(chain, files::private_key(key, until)?);
            config.map_err(|error| unusable(files, &error))?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn not_set_up(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Configuration, "TLS cannot be set up").with_source(error)
}

/// The certificate and the key of a client do not fit, or are of a kind that is not known.
fn unusable(files: &ClientCertificate, error: &rustls::Error) -> Error {
    let ClientCertificate { certificates, key } = files;
    let message = format!(
        "the client certificate {} cannot be used with the key {}",
        certificates.display(),
        key.display()
    );
    let why = match error {
        // What the key is not.
        rustls::Error::General(_) => "the key is neither of RSA nor of ECDSA or EdDSA".to_owned(),
        error => Words::of_tls(error).why,
    };
    Error::new(ErrorKind::Configuration, message).with_source(why)
}

/// The roots, and those certificates that we were given.
fn roots(
    connection: &Connection,
    until: Instant,
) -> Result<(RootCertStore, Vec<CertificateDer<'static>>)> {
    let mut store = RootCertStore::empty();
    let mut given = Vec::new();
    match &connection.bundle {
        Some(bundle) => given.extend(add(&mut store, bundle, until)?),
        None => add_system(&mut store, BUNDLES, until)?,
    }
    if let Some(more) = &connection.roots {
        given.extend(add(&mut store, more, until)?);
    }
    if let Some(more) = &connection.roots_text {
        given.extend(add_text(&mut store, more)?);
    }
    Ok((store, given))
}

/// Adds the certificates of a PEM file, or those of a folder, which it returns.
fn add(
    store: &mut RootCertStore,
    file: &Path,
    until: Instant,
) -> Result<Vec<CertificateDer<'static>>> {
    let found = files::roots(file, until).and_then(|found| {
        if add_usable(store, &found) {
            return Ok(found);
        }
        let message = format!("no root certificates from {}", file.display());
        Err(Error::new(ErrorKind::Configuration, message)
            .with_source("none of its certificates can be read"))
    });
    found.map_err(|error| match error.kind() {
        ErrorKind::Timeout => error,
        _ => error.help("a PEM file is wanted, with -----BEGIN CERTIFICATE-----, by --ca-cert, PHASE_RUN_CA_CERT and SSL_CERT_FILE"),
    })
}

/// Adds the certificates of a PEM text, which it returns.
fn add_text(store: &mut RootCertStore, text: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(text.as_bytes());
    let found: Vec<_> = found.filter_map(std::result::Result::ok).collect();
    if add_usable(store, &found) {
        return Ok(found);
    }
    let message = "no root certificates from the text that was given";
    Err(Error::new(ErrorKind::Configuration, message)
        .with_source("it holds no certificate that can be read")
        .help("INFISICAL_SSL_CERTIFICATE wants PEM: -----BEGIN CERTIFICATE-----"))
}

/// Adds what can be read, if there is any. A bundle may hold a few certificates
/// that are too odd to use, but not only such.
fn add_usable(store: &mut RootCertStore, found: &[CertificateDer<'_>]) -> bool {
    let found = found.iter().map(|found| CertificateDer::from(&**found));
    store.add_parsable_certificates(found).0 > 0
}

/// Adds the roots of the system, which are in the first of `bundles` that is
/// there; if none is, as in an image made from scratch, those that Mozilla trusts.
#[cfg(not(target_os = "macos"))]
fn add_system(store: &mut RootCertStore, bundles: &[&str], until: Instant) -> Result<()> {
    if let Some(bundle) = bundles.iter().map(Path::new).find(|file| file.exists()) {
        return add(store, bundle, until).map(drop);
    }
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(())
}

/// Adds the roots of the keychain.
#[cfg(target_os = "macos")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere there is a file that may be unusable"
)]
fn add_system(store: &mut RootCertStore, _: &[&str], _: Instant) -> Result<()> {
    let found = rustls_native_certs::load_native_certs().certs;
    if store.add_parsable_certificates(found).0 == 0 {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(())
}

/// Where distributions keep all roots in one file. Reading the directory of
/// single files beside it would take ten times as long.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine, Arch, Gentoo, NixOS
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL, Amazon Linux
    "/etc/pki/tls/certs/ca-bundle.crt",   // older releases of these
    "/var/lib/ca-certificates/ca-bundle.pem", // openSUSE
    "/etc/ssl/ca-bundle.pem",             // SUSE
    "/etc/ssl/cert.pem",                  // Alpine without ca-certificates
];

/// Takes any certificate (`--insecure`). The peer must still hold its key.
#[derive(Debug)]
struct Anyone {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(all(test, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_a_certificate_store_trusts_the_roots_that_are_built_in() {
        let mut store = RootCertStore::empty();
        add_system(&mut store, &["/nonexistent/bundle.pem"], Instant::now()).unwrap();
        assert_eq!(store.len(), webpki_roots::TLS_SERVER_ROOTS.len());
        assert!(store.len() > 100);
    }

    #[test]
    fn a_store_that_is_there_but_empty_is_an_error_that_names_it() {
        let mut store = RootCertStore::empty();
        let error = add_system(&mut store, &["/dev/null"], Instant::now()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("/dev/null"), "{error}");
    }
}
