//! The requests of the encrypted API, one function each. Where they are about,
//! they say in headers.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Serialize;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::account::Located;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Effect, Request, json};
use crate::lease::Lease;
use crate::provider::phase::dynamic::{Dynamics, NO_KEY};
use crate::provider::phase::refusal::ApiError;
use crate::provider::phase::service::{Matter, Service};
use crate::provider::phase::wire::Batch;
use crate::provider::phase::{LEASES, effect_of};
use crate::scope::Folder;

/// The most requests for secrets at the same time.
const AT_ONCE: usize = 8;

const SECRETS: &str = "/service/secrets/";

/// Which rows of an environment are asked for.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// Those of the secrets called so; none stands for all.
    pub(super) digest: Option<&'a str>,
    pub(super) dynamics: Dynamics,
    /// Those in this folder; none stands for all.
    pub(super) folder: Option<&'a Folder>,
}

/// The API of one server.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) service: Service,
    /// For as many requests at the same time, whoever asks.
    turns: Semaphore,
}

impl Api {
    pub(super) fn new(service: Service) -> Self {
        Self {
            service,
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// Secrets of the environment with that id; `about` says which it is in messages.
    pub(super) async fn secrets(
        &self,
        environment: &str,
        about: &str,
        question: Question<'_>,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        // It is never closed.
        let _turn = self.turns.acquire().await;
        let mut headers = vec![("environment", environment)];
        headers.extend(question.digest.map(|digest| ("keydigest", digest)));
        headers.extend(question.folder.map(|folder| ("path", folder.as_str())));
        if question.dynamics == Dynamics::Shown {
            headers.push(("dynamic", "true"));
        }
        self.get(&headers, Effect::Nothing, about, until).await
    }

    /// The dynamic secrets of one folder, each with a lease that is made now.
    /// This is asked once, whatever happens: each time makes more of them.
    pub(super) async fn lease(
        &self,
        place: &Located<'_>,
        folder: &Folder,
        ttl: Option<Duration>,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        if !fits_header(folder) {
            let text = format!(
                "the dynamic secrets of {folder} cannot be leased: the server takes no path that is not ASCII, or ends in a space"
            );
            return Err(Error::new(ErrorKind::Configuration, text)
                .help("move them to another folder, or give --leases skip")
                .into());
        }
        let ttl = ttl.map(|ttl| ttl.as_secs().to_string());
        let mut headers = vec![
            ("environment", place.ids().1),
            ("path", folder.as_str()),
            ("keydigest", NO_KEY),
            ("dynamic", "true"),
            ("lease", "true"),
        ];
        headers.extend(ttl.as_deref().map(|ttl| ("lease-ttl", ttl)));
        self.get(&headers, Effect::Lease, &place.about(), until)
            .await
    }

    /// All leases of the dynamic secret with that id.
    pub(super) async fn leases(
        &self,
        place: &Located<'_>,
        id: &str,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let request = Request {
            headers: &[("environment", place.ids().1)],
            query: &[("secret_id", id)],
            ..Request::get(LEASES)
        };
        self.service.ask(request, "its leases".into(), until).await
    }

    /// Sends changes of secrets, all called `name`; `tagged` is whether they have tags.
    pub(super) async fn change(
        &self,
        method: Method,
        place: &Located<'_>,
        rows: Vec<impl Serialize>,
        (name, tagged): (&str, bool),
        until: Instant,
    ) -> Result<(), ApiError> {
        let body = json(&Batch { secrets: rows })?;
        let headers = [("environment", place.ids().1)];
        let matter = Matter {
            about: &place.about(),
            secret: Some(name),
            tagged,
            values: &[],
        };
        self.send(SECRETS, method, &headers, body, matter, until)
            .await
    }

    /// Ends a lease.
    pub(super) async fn revoke(&self, lease: &Lease, until: Instant) -> Result<(), ApiError> {
        let body = json(&serde_json::json!({ "lease_id": lease.id }))?;
        let headers = [("environment", lease.target.1.as_str())];
        let about = format!("the lease of {:?}", lease.name);
        let matter = (&*about).into();
        self.send(LEASES, Method::DELETE, &headers, body, matter, until)
            .await
    }

    async fn get(
        &self,
        headers: &[(&'static str, &str)],
        effect: Effect,
        about: &str,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let request = Request {
            effect,
            headers,
            ..Request::get(SECRETS)
        };
        self.service.ask(request, about.into(), until).await
    }

    async fn send(
        &self,
        path: &str,
        method: Method,
        headers: &[(&'static str, &str)],
        body: Zeroizing<Vec<u8>>,
        matter: Matter<'_>,
        until: Instant,
    ) -> Result<(), ApiError> {
        let request = Request {
            body: Some(body),
            effect: effect_of(path),
            headers,
            method,
            ..Request::get(path)
        };
        let answer = self.service.ask(request, matter, until).await?;
        // Success is an empty answer here; a page of some other server is none.
        if !answer.is_empty() {
            answer.json::<serde::de::IgnoredAny>("a confirmation")?;
        }
        Ok(())
    }
}

/// Whether the server can be asked for this folder alone: it reads the header as
/// Latin-1, and spaces around it are lost on the way.
pub(super) fn fits_header(folder: &Folder) -> bool {
    let path = folder.as_str();
    path.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !path.ends_with(' ')
}
