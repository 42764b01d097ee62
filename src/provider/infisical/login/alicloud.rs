//! Alibaba Cloud auth: a signed request to STS, which the server sends on.

use super::{Attempt, Body, Granted, Way};
use crate::error::Result;
use crate::identity::{EnvSnapshot, alicloud_request};

const WAY: Way = Way {
    name: "Alibaba Cloud auth",
    route: "alicloud-auth",
};

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    env: &EnvSnapshot,
) -> Result<Granted> {
    let parameters = alicloud_request(env)?;
    let body = Body {
        identity_id: Some(identity),
        parameters: Some(&parameters),
        ..Body::default()
    };
    attempt.send(WAY, body, &[&parameters["Signature"]]).await
}
