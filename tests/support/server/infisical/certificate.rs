//! Certificates, as far as one client library reads them: there is one, and it is nobody's.

use serde_json::{Value, json};

use super::super::{Reply, Request};
use super::refusal::{Answer, Refusal, reply};
use super::store::World;

const SERIAL: &str = "01";

impl World {
    /// `/api/v2/workspace/SLUG/certificates`.
    pub(super) fn certificate_list(&mut self, request: &Request) -> Answer {
        self.actor(request)?;
        let row = self.certificate();
        Ok(reply(200, &json!({"certificates": [row], "totalCount": 1})))
    }

    /// `/api/v1/pki/certificates/` and what follows.
    pub(super) fn certificates(&mut self, request: &Request, rest: &[&str]) -> Answer {
        self.actor(request)?;
        let signed = json!({
            "certificate": "PEM", "issuingCaCertificate": "PEM", "issuingCACertificate": "PEM",
            "certificateChain": "PEM", "serialNumber": SERIAL,
        });
        let shown =
            json!({"certificate": "PEM", "certificateChain": "PEM", "serialNumber": SERIAL});
        let body = match (request.method.as_str(), rest) {
            ("POST", ["sign-certificate"]) => signed,
            ("POST", ["issue-certificate"]) => with_key(signed),
            ("POST", [SERIAL, "revoke"]) => json!({
                "message": "Successfully revoked certificate", "serialNumber": SERIAL,
                "revokedAt": self.stamp(),
            }),
            ("GET", [SERIAL, "bundle"]) => with_key(shown),
            ("GET", [SERIAL, "certificate"]) => shown,
            // Not JSON, whatever it says.
            ("GET", [SERIAL, "private-key"]) => {
                return Ok(Reply::json(200, "PRIVATE KEY PEM"));
            }
            ("DELETE", [SERIAL]) => json!({"certificate": self.certificate()}),
            _ => return Err(Refusal::route(request)),
        };
        Ok(reply(200, &body))
    }

    fn certificate(&mut self) -> Value {
        let (id, now) = (self.fresh_id(), self.stamp());
        json!({
            "id": id, "caId": "ca", "caCertId": "cacert", "serialNumber": SERIAL,
            "status": "active", "friendlyName": "f", "commonName": "c", "altNames": null,
            "notBefore": now, "notAfter": now, "keyUsages": [], "extendedKeyUsages": [],
            "revokedAt": null, "revocationReason": null, "certificateTemplateId": null,
            "createdAt": now, "updatedAt": now,
        })
    }
}

fn with_key(mut body: Value) -> Value {
    body["privateKey"] = "PEM".into();
    body
}
