//! Auth methods that take a token which somebody else signed.

use zeroize::Zeroizing;

use super::{Attempt, Body, Granted, Way};
use crate::credentials::{JwtKind, SecretSource};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::token_in;

impl JwtKind {
    pub(super) fn way(self) -> Way {
        let (name, route) = match self {
            Self::Jwt => ("JWT auth", "jwt-auth"),
            Self::Kubernetes => ("Kubernetes auth", "kubernetes-auth"),
            Self::Oidc => ("OIDC auth", "oidc-auth"),
            Self::Spiffe => ("SPIFFE auth", "spiffe-auth"),
        };
        Way { name, route }
    }
}

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    kind: JwtKind,
    token: &SecretSource,
) -> Result<Granted> {
    let token = match token {
        SecretSource::File(file) => token_in(file, attempt.until).map_err(|error| {
            error.help(match kind {
                JwtKind::Kubernetes => "outside a pod, or where its token lies elsewhere, name the file with --token-file",
                _ => "name another file with --token-file",
            })
        })?,
        SecretSource::Value(token) => Zeroizing::new(token.expose().trim().to_owned()),
    };
    let way = kind.way();
    if token.is_empty() {
        let message = format!("the token for {} is empty", way.name);
        return Err(Error::new(ErrorKind::Credentials, message));
    }
    by_token(attempt, way, identity, &token).await
}

/// Logs in with `token`, which any of several methods may take.
pub(super) async fn by_token(
    attempt: &Attempt<'_>,
    way: Way,
    identity: &str,
    token: &str,
) -> Result<Granted> {
    let body = Body {
        identity_id: Some(identity),
        jwt: Some(token),
        ..Body::default()
    };
    attempt.send(way, body, &[token]).await
}
