//! The requests of the encrypted API, one function each. Where they are about,
//! they say in headers.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Serialize;
use zeroize::Zeroizing;

use super::account::Located;
use super::wire::Batch;
use crate::credentials::PhaseToken;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Http, Request, json};
use crate::lease::Lease;
use crate::provider::phase::LEASES;
use crate::provider::phase::dynamic::{Dynamics, NO_KEY};
use crate::provider::phase::refusal::{Trouble, check};
use crate::provider::phase::token::{TOKENS, TokenAnswer};
use crate::scope::Folder;

const SECRETS: &str = "/service/secrets/";

/// One server, and the token for it.
#[derive(Debug)]
pub(super) struct Api {
    http: Http,
    pub(super) token: PhaseToken,
}

impl Api {
    pub(super) fn new(http: Http, token: PhaseToken) -> Self {
        Self { http, token }
    }

    /// All that the token reaches.
    pub(super) async fn token(&self, until: Instant) -> Result<TokenAnswer, Trouble> {
        let answer = self.get(TOKENS, &[], true, "this token", until).await?;
        Ok(answer.json("what the token reaches")?)
    }

    /// The secrets of all folders of the environment with that id, or those
    /// called `digest`; `about` says which it is in messages.
    pub(super) async fn secrets(
        &self,
        environment: &str,
        about: &str,
        digest: Option<&str>,
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<Answer, Trouble> {
        let mut headers = vec![("environment", environment)];
        headers.extend(digest.map(|digest| ("keydigest", digest)));
        if dynamics == Dynamics::Shown {
            headers.push(("dynamic", "true"));
        }
        self.get(SECRETS, &headers, true, about, until).await
    }

    /// The dynamic secrets of one folder, each with a lease that is made now.
    /// This is asked once, whatever happens: each time makes more of them.
    pub(super) async fn lease(
        &self,
        place: &Located<'_>,
        folder: &Folder,
        ttl: Option<Duration>,
        until: Instant,
    ) -> Result<Answer, Trouble> {
        if !folder
            .as_str()
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte))
        {
            // The server reads the header as Latin-1.
            let text = format!(
                "the dynamic secrets of {folder} cannot be leased: the server takes no path that is not ASCII"
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
        self.get(SECRETS, &headers, false, &place.about(), until)
            .await
    }

    /// Sends changes of secrets.
    pub(super) async fn change(
        &self,
        method: Method,
        place: &Located<'_>,
        rows: Vec<impl Serialize>,
        until: Instant,
    ) -> Result<(), Trouble> {
        let body = json(&Batch { secrets: rows })?;
        let headers = [("environment", place.ids().1)];
        self.send(SECRETS, method, &headers, body, &place.about(), until)
            .await
    }

    /// Ends a lease.
    pub(super) async fn revoke(&self, lease: &Lease, until: Instant) -> Result<(), Trouble> {
        let body = json(&serde_json::json!({ "lease_id": lease.id }))?;
        let headers = [("environment", lease.target.1.as_str())];
        let about = format!("the lease of {:?}", lease.name);
        self.send(LEASES, Method::DELETE, &headers, body, &about, until)
            .await
    }

    async fn get(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        repeatable: bool,
        about: &str,
        until: Instant,
    ) -> Result<Answer, Trouble> {
        let authorization = self.token.authorization();
        let request = Request {
            authorization: Some(&authorization),
            body: None,
            headers,
            method: Method::GET,
            path,
            query: &[],
            repeatable,
        };
        check(
            self.http.send(&request, until).await?,
            about,
            &[self.token.id()],
        )
    }

    async fn send(
        &self,
        path: &str,
        method: Method,
        headers: &[(&'static str, &str)],
        body: Zeroizing<Vec<u8>>,
        about: &str,
        until: Instant,
    ) -> Result<(), Trouble> {
        let authorization = self.token.authorization();
        let request = Request {
            authorization: Some(&authorization),
            body: Some(body),
            headers,
            method,
            path,
            query: &[],
            repeatable: false,
        };
        let answer = self.http.send(&request, until).await?;
        let answer = check(answer, about, &[self.token.id()])?;
        // Success is an empty answer here; a page of some other server is none.
        if !answer.is_empty() {
            answer.json::<serde::de::IgnoredAny>("a confirmation")?;
        }
        Ok(())
    }
}
