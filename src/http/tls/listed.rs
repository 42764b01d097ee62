//! Servers that show a certificate which we were given as such.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::certificate::Certificate;

/// Believes a certificate that is in the list, be it an authority's, its own or
/// anybody's, if its name and its dates are right; and all others if a root vouches
/// for them. Either way the server must prove that it holds the key.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) roots: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Listed {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.certificates.contains(shown) {
            let roots = &self.roots;
            return roots.verify_server_cert(shown, others, server, ocsp_response, now);
        }
        let certificate = Certificate::read(shown).ok_or(CertificateError::BadEncoding)?;
        certificate.check_dates(now)?;
        let parsed = ParsedCertificate::try_from(shown)?;
        if certificate.has_names {
            verify_server_name(&parsed, server)?;
        } else {
            // What `openssl req -x509` makes has no more unless it is told to.
            certificate.check_common_name(server)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.supported_verify_schemes()
    }
}
