//! LDAP auth: the name and the password of an account.

use super::{Attempt, Body, Granted, Way};
use crate::error::Result;
use crate::secret::SecretValue;

const WAY: Way = Way {
    name: "LDAP auth",
    route: "ldap-auth",
};

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    username: &str,
    password: &SecretValue,
) -> Result<Granted> {
    let body = Body {
        identity_id: Some(identity),
        password: Some(password.expose()),
        username: Some(username),
        ..Body::default()
    };
    attempt.send(WAY, body, &[password.expose()]).await
}
