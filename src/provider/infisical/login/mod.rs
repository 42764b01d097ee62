//! Logins: what proves who we are, and the access token that it gives.

mod alicloud;
mod aws_iam;
mod azure;
mod gcp;
mod gcp_iam;
mod github;
mod jwt;
mod ldap;
mod oci;
mod refused;
mod session;
mod tls_certificate;
mod universal;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Serialize;

use super::session::Service;
use super::wire;
use crate::credentials::{IdentityProof, InfisicalLogin};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request, json};
use crate::identity::{MachineIdentity, Search, Surroundings};
use crate::secret::SecretValue;

/// An access token, and how long it is good for if that is known.
pub(super) struct Granted {
    pub(super) lifetime: Option<Duration>,
    pub(super) token: SecretValue,
}

/// One attempt to log in. What the server refuses is not tried again: some
/// methods lock an identity out after three failures.
struct Attempt<'a> {
    service: &'a Service,
    until: Instant,
}

/// An auth method of an identity.
#[derive(Clone, Copy)]
struct Way {
    /// As the console calls it.
    name: &'static str,
    /// Its part of the route.
    route: &'static str,
}

/// What is sent, whatever the method. Unknown keys do no harm, so that the
/// organisation is sent to old servers too.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are the server's")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<oci::Headers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iam_http_request_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iam_request_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iam_request_headers: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_slug: Option<&'a str>,
    /// Of a request to another service, by their names there.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_ocid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
}

impl InfisicalLogin {
    /// Whether another token can be had when the one in use has ended.
    pub(super) fn can_repeat(&self) -> bool {
        match self {
            Self::Identity { .. } | Self::Universal { .. } => true,
            Self::Session { .. } | Self::Token(_) => false,
        }
    }
}

/// Logs in, unless there is a token already.
pub(super) async fn log_in(service: &Service, until: Instant) -> Result<Granted> {
    let attempt = Attempt { service, until };
    match &service.login {
        InfisicalLogin::Token(token) => Ok(Granted {
            lifetime: None,
            token: bearer(token),
        }),
        InfisicalLogin::Session {
            organisation,
            token,
        } => session::token(&attempt, token, organisation.as_deref()).await,
        InfisicalLogin::Universal {
            client_id,
            client_secret,
        } => universal::log_in(&attempt, client_id, client_secret).await,
        InfisicalLogin::Identity { id, proof } => by_proof(&attempt, id, proof).await,
    }
}

/// Logs in as the identity `id`, for which `proof` vouches.
async fn by_proof(attempt: &Attempt<'_>, id: &str, proof: &IdentityProof) -> Result<Granted> {
    match proof {
        IdentityProof::AliCloud(surroundings) => alicloud::log_in(attempt, id, surroundings).await,
        IdentityProof::Cloud(MachineIdentity::Aws {
            region,
            surroundings,
        }) => {
            let search = attempt.search(surroundings);
            aws_iam::log_in(attempt, id, &search, region.as_deref()).await
        }
        IdentityProof::Cloud(MachineIdentity::Azure {
            resource,
            surroundings,
        }) => azure::log_in(attempt, id, &attempt.search(surroundings), resource).await,
        IdentityProof::Gcp(surroundings) => {
            gcp::log_in(attempt, id, &attempt.search(surroundings)).await
        }
        IdentityProof::GcpKey { key, surroundings } => {
            gcp_iam::log_in(attempt, id, &attempt.search(surroundings), key).await
        }
        IdentityProof::GitHub {
            audience,
            surroundings,
        } => {
            let search = attempt.search(surroundings);
            github::log_in(attempt, id, &search, audience.as_deref()).await
        }
        IdentityProof::Jwt { kind, token } => jwt::log_in(attempt, id, *kind, token).await,
        IdentityProof::Ldap { password, username } => {
            ldap::log_in(attempt, id, username, password).await
        }
        IdentityProof::Oci(surroundings) => oci::log_in(attempt, id, surroundings).await,
        IdentityProof::TlsCertificate => tls_certificate::log_in(attempt, id).await,
    }
}

/// The part of a service token that servers still want: `st.<id>.<secret>`. What
/// may follow was the key of an encryption that has gone.
fn bearer(token: &SecretValue) -> SecretValue {
    let text = token.expose();
    match text.match_indices('.').nth(2) {
        Some((end, _)) if text.starts_with("st.") => SecretValue::new(text[..end].to_owned()),
        _ => token.clone(),
    }
}

impl Attempt<'_> {
    /// A search for what a cloud says of this machine.
    fn search<'a>(&'a self, surroundings: &'a Surroundings) -> Search<'a> {
        Search {
            connection: &self.service.connection,
            surroundings,
            until: self.until,
        }
    }

    /// Sends `body`, which holds the secrets `hidden`.
    async fn send(&self, way: Way, body: Body<'_>, hidden: &[&str]) -> Result<Granted> {
        granted(self.post(way, body).await?, way, hidden)
    }

    async fn post(&self, way: Way, body: Body<'_>) -> Result<Answer> {
        let path = format!("/api/v1/auth/{}/login", way.route);
        let body = Body {
            organization_slug: self.service.organisation.as_deref(),
            ..body
        };
        let request = Request {
            body: Some(json(&body)?),
            method: Method::POST,
            ..Request::get(&path)
        };
        self.service.http.send(&request, self.until).await
    }
}

/// What `answer` grants, if it does. `hidden` are texts that must not be repeated.
fn granted(answer: Answer, way: Way, hidden: &[&str]) -> Result<Granted> {
    let answer = refused::check(answer, way, hidden)?;
    let wire::Granted {
        access_token,
        expires_in,
    } = answer.json("an access token")?;
    if access_token.as_str().is_empty() {
        let message = format!("the server gave an empty token for {}", way.name);
        return Err(Error::new(ErrorKind::Protocol, message));
    }
    tracing::info!("logged in by {}", way.name);
    Ok(Granted {
        lifetime: expires_in.and_then(lifetime),
        token: access_token.into_value(),
    })
}

/// So many seconds, unless it does not end.
fn lifetime(seconds: f64) -> Option<Duration> {
    let lifetime = Duration::try_from_secs_f64(seconds).ok();
    lifetime.filter(|lifetime| !lifetime.is_zero())
}
