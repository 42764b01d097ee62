//! Certificates that nobody has signed but their own key.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tempfile::NamedTempFile;

/// A self-signed certificate, which lies in a file too.
pub(crate) struct SelfSigned {
    certificate: CertificateDer<'static>,
    file: NamedTempFile,
    key: PrivateKeyDer<'static>,
}

impl SelfSigned {
    /// One for `names`, as `change` will have it.
    pub(crate) fn new(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::with(&KeyPair::generate().unwrap(), names, change)
    }

    /// The same with a key that is there already.
    pub(crate) fn with(
        key: &KeyPair,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.self_signed(key).unwrap();
        Self::of(&certificate.pem(), &key.serialize_pem())
    }

    /// What `openssl req -x509` makes of these further arguments, and of these lines
    /// instead of the usual settings.
    pub(crate) fn by_openssl(arguments: &[&str], settings: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-nodes", "-days", "2"]);
        command.arg("-keyout").arg(file("key"));
        command.arg("-out").arg(file("certificate"));
        command.args(arguments);
        if let Some(settings) = settings {
            fs::write(file("settings"), settings).unwrap();
            command.arg("-config").arg(file("settings"));
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        let read = |name: &str| fs::read_to_string(file(name)).unwrap();
        Self::of(&read("certificate"), &read("key"))
    }

    fn of(certificate: &str, key: &str) -> Self {
        let mut file = NamedTempFile::with_suffix(".pem").unwrap();
        file.write_all(certificate.as_bytes()).unwrap();
        Self {
            certificate: CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap(),
            file,
            key: PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        }
    }

    /// The file with it, PEM.
    pub(crate) fn file(&self) -> &Path {
        self.file.path()
    }

    /// It, and nothing of its key.
    pub(crate) fn der(&self) -> &[u8] {
        &self.certificate
    }

    /// A server's settings: it shows this certificate, whether or not the key
    /// that it uses, that of `other`, is the right one.
    pub(super) fn server(
        &self,
        other: &Self,
        version: &'static SupportedProtocolVersion,
    ) -> Arc<ServerConfig> {
        let provider = ring::default_provider();
        let key = provider
            .key_provider
            .load_private_key(other.key.clone_key());
        let shown = CertifiedKey::new(vec![self.certificate.clone()], key.unwrap());
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(Arc::new(shown))));
        Arc::new(config)
    }
}

/// Shows this, whoever asks.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
