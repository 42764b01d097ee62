//! TLS certificate auth: the certificate of the connection says it all.

use super::{Attempt, Body, Granted, Way};
use crate::error::{Error, ErrorKind, Result};

const WAY: Way = Way {
    name: "TLS certificate auth",
    route: "tls-cert-auth",
};

pub(super) async fn log_in(attempt: &Attempt<'_>, identity: &str) -> Result<Granted> {
    if attempt.service.connection.certificate.is_none() {
        let message = "TLS certificate auth needs a client certificate, and none is given";
        return Err(Error::new(ErrorKind::Configuration, message)
            .help("give --client-cert and --client-key; Infisical Cloud takes them at port 8443"));
    }
    let body = Body {
        identity_id: Some(identity),
        ..Body::default()
    };
    attempt.send(WAY, body, &[]).await
}
