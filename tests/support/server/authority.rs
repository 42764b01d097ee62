//! A certificate authority for one test.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tempfile::NamedTempFile;

/// An authority whose root certificate lies in a file.
pub(crate) struct Authority {
    file: NamedTempFile,
    issuer: Issuer<'static, KeyPair>,
    /// Whether its certificates have expired.
    past: bool,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority for tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let mut file = NamedTempFile::with_suffix(".pem").unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        Self {
            file,
            issuer: Issuer::new(params, key),
            past: false,
        }
    }

    /// The same, but what it certifies has expired.
    pub(crate) fn of_the_past(self) -> Self {
        Self { past: true, ..self }
    }

    /// The file with its root certificate, PEM.
    pub(crate) fn file(&self) -> &Path {
        self.file.path()
    }

    /// A certificate for a client, and its key, PEM.
    pub(crate) fn client(&self) -> (String, String) {
        let params = CertificateParams::new(vec!["client".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A server's settings with a certificate for `names`.
    pub(super) fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        self.configured(names, Arc::new(NoClientAuth))
    }

    /// The same, where clients show a certificate too.
    pub(super) fn server_for_clients(&self, names: &[&str]) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        let found = CertificateDer::from_pem_file(self.file()).unwrap();
        roots.add(found).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        self.configured(names, verifier.build().unwrap())
    }

    fn configured(
        &self,
        names: &[&str],
        clients: Arc<dyn ClientCertVerifier>,
    ) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        if self.past {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}
