//! OCI auth: a signed question for a user, which the server sends on.

use serde::Serialize;

use super::{Attempt, Body, Granted, Way};
use crate::error::Result;
use crate::identity::{EnvSnapshot, OciRequest, oci_request};

const WAY: Way = Way {
    name: "OCI auth",
    route: "oci-auth",
};

/// The headers that are signed, and the signature.
#[derive(Serialize)]
pub(super) struct Headers<'a> {
    authorization: &'a str,
    date: &'a str,
    host: &'a str,
}

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    env: &EnvSnapshot,
) -> Result<Granted> {
    let OciRequest {
        authorization,
        date,
        host,
        user,
    } = oci_request(env, attempt.until)?;
    let headers = Headers {
        authorization: authorization.expose(),
        date: &date,
        host: &host,
    };
    let body = Body {
        headers: Some(headers),
        identity_id: Some(identity),
        user_ocid: Some(&user),
        ..Body::default()
    };
    attempt.send(WAY, body, &[authorization.expose()]).await
}
