//! Who this machine is, by the word of the cloud it runs in.
//!
//! Nobody is asked and nothing is kept: what proves it lies in the environment,
//! in files, or with the metadata service of the cloud. A source that is set up
//! and fails ends the search, since the next one may speak for somebody else.

mod alicloud;
mod aws;
mod azure;
mod env_snapshot;
mod gcp;
mod github;
mod ini;
mod oci;
mod rsa;

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::http::{Connection, Http};

pub(crate) use alicloud::alicloud_request;
pub(crate) use aws::{CallerIdentity, Sts, caller_identity};
pub(crate) use azure::access_token;
pub use env_snapshot::EnvSnapshot;
pub(crate) use env_snapshot::{password as password_in, text as text_in, token as token_in};
pub(crate) use gcp::{ServiceAccount, id_token};
pub(crate) use github::run_token;
pub(crate) use oci::{OciRequest, oci_request};

/// The identity that a cloud gave to this machine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MachineIdentity {
    /// What AWS's own tools would act as, found as they find it: environment,
    /// profile, web identity, container, instance.
    Aws {
        /// The region whose STS answers for it. If `None`, the one that the
        /// environment names, or else `us-east-1`; for Infisical, the region of
        /// the instance before that, if its role is the identity.
        region: Option<String>,
        /// Where it is looked for.
        env: EnvSnapshot,
    },
    /// An application or a managed identity of Entra ID, found as Azure's own
    /// tools find it: client secret, workload identity, managed identity.
    Azure {
        /// Whom the token is for, such as [`AZURE_RESOURCE`](Self::AZURE_RESOURCE).
        resource: String,
        /// Where it is looked for.
        env: EnvSnapshot,
    },
}

impl MachineIdentity {
    /// The resource that secrets managers expect unless they are told another.
    pub const AZURE_RESOURCE: &'static str = "https://management.azure.com/";
}

/// A search for what proves the identity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search<'a> {
    /// Whose root certificates and user agent serve for the cloud's hosts too.
    pub(crate) connection: &'a Connection,
    pub(crate) env: &'a EnvSnapshot,
    pub(crate) until: Instant,
}

impl Search<'_> {
    /// The time a metadata service has to say that it is there.
    const MOMENT: Duration = Duration::from_secs(1);

    /// A client for the metadata service at `url`, which the variable `name` may
    /// have named.
    fn metadata(&self, url: &str, name: &str) -> Result<Http> {
        Http::for_metadata(&self.to(url)).map_err(|error| failed(unusable(name), &error))
    }

    /// A client for a service of the cloud that gets secrets, at `url`, which the
    /// variable `name` may have named.
    fn login(&self, url: &str, name: &str) -> Result<Http> {
        let connection = self.to(url);
        if connection.is_plain() {
            let message = format!("{}: secrets would go there without TLS", unusable(name));
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("give a URL that begins with https://"));
        }
        Http::new(&connection).map_err(|error| failed(unusable(name), &error))
    }

    /// The way to `url`, which is not the user's server: its certificate is
    /// always checked.
    fn to(&self, url: &str) -> Connection {
        Connection {
            host: url.to_owned(),
            certificate: None,
            headers: Vec::new(),
            verify: true,
            ..self.connection.clone()
        }
    }

    /// When to give up a metadata service that may not be there.
    fn soon(&self) -> Instant {
        self.until.min(Instant::now() + Self::MOMENT)
    }
}

/// What one source came to.
#[derive(Debug)]
enum Found<T> {
    /// What was looked for.
    It(T),
    /// The source is not set up: how that shows.
    Nothing(String),
}

/// The sources that had nothing, in their order.
#[derive(Debug, Default)]
struct Tried(Vec<String>);

impl Tried {
    /// What `source` had, unless that is nothing.
    fn take<T>(&mut self, source: &str, found: Found<T>) -> Option<T> {
        match found {
            Found::It(it) => {
                tracing::info!(source, "found who this machine is");
                Some(it)
            }
            Found::Nothing(reason) => {
                self.0.push(format!("{source} ({reason})"));
                None
            }
        }
    }

    /// The error that lists them.
    fn missing(self, what: &str) -> Error {
        Error::new(
            ErrorKind::Credentials,
            format!("this machine has no {what}"),
        )
        .help(format!("tried: {}", self.0.join(", ")))
    }
}

fn unusable(name: &str) -> String {
    format!("{name} cannot be used")
}

/// `error` as the cause of what `message` says. Its advice was for another server.
fn failed(message: impl Into<String>, error: &Error) -> Error {
    Error::new(error.kind(), message).with_source(error.with_cause_text())
}

/// `pairs` as the body of a form. It is written in one piece, so that it leaves
/// no copies behind.
fn form(pairs: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let longest = pairs
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2)
        .sum();
    let mut body = Zeroizing::new(Vec::with_capacity(longest));
    for (name, value) in pairs {
        if !body.is_empty() {
            body.push(b'&');
        }
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        for part in form_urlencoded::byte_serialize(value.as_bytes()) {
            body.extend_from_slice(part.as_bytes());
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_and_never_moves() {
        let body = form(&[("Action", "A b"), ("Token", "ä+/=&")]);
        assert_eq!(&**body, b"Action=A+b&Token=%C3%A4%2B%2F%3D%26");
        let worst = "ä".repeat(1000);
        let body = form(&[("x", &worst)]);
        assert_eq!(body.len(), 2 + 6 * 1000);
        assert!(body.capacity() < body.len() + 16, "it has grown");
    }
}
