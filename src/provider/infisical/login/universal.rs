//! Universal auth: a client's id and secret.

use super::{Attempt, Body, Granted, Way};
use crate::error::Result;
use crate::secret::SecretValue;

const WAY: Way = Way {
    name: "universal auth",
    route: "universal-auth",
};

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    client_id: &str,
    client_secret: &SecretValue,
) -> Result<Granted> {
    let client_secret = client_secret.expose().trim();
    let body = Body {
        client_id: Some(client_id.trim()),
        client_secret: Some(client_secret),
        ..Body::default()
    };
    attempt.send(WAY, body, &[client_secret]).await
}
