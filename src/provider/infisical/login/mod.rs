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

use self::refused::Sent;
use super::session::Service;
use super::{refusal, wire};
use crate::credentials::{IdentityProof, InfisicalLogin};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request, json};
use crate::identity::{EnvSnapshot, MachineIdentity, Search};
use crate::secret::SecretValue;

/// How long a proof is sent before it is made anew: clouds take signatures of the
/// last five minutes, by their own clocks.
const FRESH: Duration = Duration::from_mins(4);

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
        InfisicalLogin::Identity { id, proof } => by_fresh(&attempt, id, proof, FRESH).await,
    }
}

/// The same as [`by_proof`], and what vouches is looked for again after `fresh`:
/// while a server could not be reached, a signature has grown old.
async fn by_fresh(
    attempt: &Attempt<'_>,
    id: &str,
    proof: &IdentityProof,
    fresh: Duration,
) -> Result<Granted> {
    loop {
        let part = Attempt {
            service: attempt.service,
            until: attempt.until.min(Instant::now() + fresh),
        };
        match by_proof(&part, id, proof).await {
            Err(error) if part.until < attempt.until && part.was_cut_off(&error) => {
                tracing::debug!("proving anew who this machine is");
            }
            result => return result,
        }
    }
}

/// Logs in as the identity `id`, for which `proof` vouches.
async fn by_proof(attempt: &Attempt<'_>, id: &str, proof: &IdentityProof) -> Result<Granted> {
    match proof {
        IdentityProof::AliCloud(env) => alicloud::log_in(attempt, id, env).await,
        IdentityProof::Cloud(MachineIdentity::Aws { region, env }) => {
            let search = attempt.search(env);
            aws_iam::log_in(attempt, id, &search, region.as_deref()).await
        }
        IdentityProof::Cloud(MachineIdentity::Azure { resource, env }) => {
            azure::log_in(attempt, id, &attempt.search(env), resource).await
        }
        IdentityProof::Gcp(env) => gcp::log_in(attempt, id, &attempt.search(env)).await,
        IdentityProof::GcpKey { key, env } => {
            gcp_iam::log_in(attempt, id, &attempt.search(env), key).await
        }
        IdentityProof::GitHub { audience, env } => {
            let search = attempt.search(env);
            github::log_in(attempt, id, &search, audience.as_deref()).await
        }
        IdentityProof::Jwt { kind, token } => jwt::log_in(attempt, id, *kind, token).await,
        IdentityProof::Ldap { password, username } => {
            ldap::log_in(attempt, id, username, password).await
        }
        IdentityProof::Oci(env) => oci::log_in(attempt, id, env).await,
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
    /// Whether it could have gone on but for its end: a request is not sent again
    /// when the wait before that would take too long.
    fn was_cut_off(&self, error: &Error) -> bool {
        const WAIT: Duration = Duration::from_secs(5);
        let passing = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unreachable);
        passing && Instant::now() + WAIT >= self.until
    }

    /// A search for what a cloud says of this machine.
    fn search<'a>(&'a self, env: &'a EnvSnapshot) -> Search<'a> {
        Search {
            connection: &self.service.connection,
            env,
            until: self.until,
        }
    }

    /// Sends `body`, which holds the secrets `hidden`.
    async fn send(&self, way: Way, body: Body<'_>, hidden: &[&str]) -> Result<Granted> {
        let sent = self.sent(way, body.identity_id, hidden);
        granted(self.post(way, body).await?, sent)
    }

    /// What is sent by `way` as `identity`, with the secrets `hidden` in it.
    fn sent<'b>(&'b self, way: Way, identity: Option<&'b str>, hidden: &'b [&'b str]) -> Sent<'b> {
        Sent {
            hidden,
            identity,
            organisation: self.service.organisation.as_deref(),
            way,
        }
    }

    async fn post(&self, way: Way, body: Body<'_>) -> Result<Answer> {
        let path = format!("/api/v1/auth/{}/login", way.route);
        let body = Body {
            organization_slug: self.service.organisation.as_deref(),
            ..body
        };
        let text = json(&body)?;
        let length = text.len();
        let is_last_word = |answer: &Answer| {
            refused::is_last_word(answer, body.identity_id) || refusal::is_last_word(answer, length)
        };
        let request = Request {
            body: Some(text),
            is_last_word: &is_last_word,
            method: Method::POST,
            ..Request::get(&path)
        };
        let answer = self.service.http.send(&request, self.until).await?;
        refusal::unless_too_long(answer, length, way.name).map_err(|error| {
            error.help("look at what proves the identity: the file of its token may be another")
        })
    }
}

/// What `answer` to what was `sent` grants, if it does.
fn granted(answer: Answer, sent: Sent<'_>) -> Result<Granted> {
    let Sent { way, .. } = sent;
    let answer = refused::check(answer, sent)?;
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::credentials::{JwtKind, SecretSource};
    use crate::http::Connection;

    #[test]
    fn a_proof_that_has_grown_old_before_the_server_answered_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "old").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let proof = IdentityProof::Jwt {
            kind: JwtKind::Jwt,
            token: SecretSource::File(file.clone()),
        };
        let server = thread::spawn(move || {
            let mut olds = 0;
            loop {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"}") {
                    let mut part = [0; 4096];
                    let length = stream.read(&mut part).unwrap();
                    request.extend_from_slice(&part[..length]);
                }
                if String::from_utf8(request).unwrap().contains("\"old\"") {
                    // Without an answer.
                    fs::write(&file, "new").unwrap();
                    olds += 1;
                    continue;
                }
                let body = r#"{"accessToken":"t"}"#;
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
                write!(stream, "{head}: {}\r\n\r\n{body}", body.len()).unwrap();
                return olds;
            }
        });
        let login = InfisicalLogin::Identity {
            id: "i".to_owned(),
            proof: proof.clone(),
        };
        let service = Service::new(Connection::new(host), login, None).unwrap();
        let attempt = Attempt {
            service: &service,
            until: Instant::now() + Duration::from_mins(1),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let granted = by_fresh(&attempt, "i", &proof, Duration::from_millis(100));
        let granted = runtime.block_on(granted).unwrap();
        assert_eq!(granted.token.expose(), "t");
        assert!(server.join().unwrap() > 0);
    }
}
