//! The requests of the REST API, one function each.

use std::time::{Duration, Instant};

use reqwest::Method;
use zeroize::Zeroizing;

use super::wire::{App, Environment, List, secret};
use crate::error::Result;
use crate::http::{Answer, Effect, Request, json};
use crate::lease::Lease;
use crate::provider::phase::dynamic::{Dynamic, Dynamics};
use crate::provider::phase::refusal::ApiError;
use crate::provider::phase::service::{Matter, Service};
use crate::provider::phase::wire::{Batch, Row};
use crate::provider::phase::{LEASES, effect_of};
use crate::scope::Folder;
use crate::secret::{Change, NewSecret, Secret};

const APPS: &str = "/service/public/v1/apps/";
const ENVIRONMENTS: &str = "/service/public/v1/environments/";
const SECRETS: &str = "/service/public/v1/secrets/";

/// The API of one server.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) service: Service,
}

/// What a list of secrets holds.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) dynamic: Vec<Dynamic>,
    pub(super) secrets: Vec<Secret>,
}

impl Rows {
    /// Those of `answer`; `asked` is the folder that was asked for, if one was.
    pub(super) fn of(answer: &Answer, asked: Option<&Folder>) -> Result<Self> {
        let mut rows = Self::default();
        for row in answer.json::<Vec<Row<'_>>>("a list of secrets")? {
            if row.is_dynamic() {
                rows.dynamic.push(Dynamic::new(row, asked)?);
            } else {
                rows.secrets.push(secret(row, asked)?);
            }
        }
        Ok(rows)
    }
}

/// An environment of an app, as the server is asked for it.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// The app's id.
    pub(super) app: &'a str,
    /// The environment's whole name.
    pub(super) environment: &'a str,
}

impl Target<'_> {
    fn about(&self) -> String {
        format!("environment {:?} of app {}", self.environment, self.app)
    }

    fn query(&self) -> [(&str, &str); 2] {
        [("app_id", self.app), ("env", self.environment)]
    }
}

impl Api {
    /// The apps, in the server's order.
    pub(super) async fn apps(&self, until: Instant) -> Result<Vec<App>, ApiError> {
        let answer = self
            .get(APPS, &[], Effect::Nothing, "the list of apps", until)
            .await?;
        Ok(answer.json::<List<App>>("a list of apps")?.data)
    }

    /// The names of the environments of `app` that the token reaches, in the
    /// server's order.
    pub(super) async fn environments(
        &self,
        app: &str,
        until: Instant,
    ) -> Result<Vec<String>, ApiError> {
        let about = format!("the environments of app {app}");
        let answer = self
            .get(
                ENVIRONMENTS,
                &[("app_id", app)],
                Effect::Nothing,
                &about,
                until,
            )
            .await?;
        let list: List<Environment> = answer.json("a list of environments")?;
        Ok(list
            .data
            .into_iter()
            .map(|environment| environment.name)
            .collect())
    }

    /// The secrets of one folder, or of all; with `key` only those of that name,
    /// but all the dynamic ones.
    pub(super) async fn secrets(
        &self,
        target: Target<'_>,
        folder: Option<&Folder>,
        key: Option<&str>,
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<Rows, ApiError> {
        let mut more = Vec::new();
        more.extend(key.map(|key| ("key", key)));
        if dynamics == Dynamics::Shown {
            more.push(("dynamic", "true"));
        }
        let answer = self
            .rows(target, folder, &more, Effect::Nothing, until)
            .await?;
        Ok(Rows::of(&answer, folder)?)
    }

    /// The dynamic secrets of one folder, each with a lease that is made now.
    /// This is asked once, whatever happens: each time makes more of them. No
    /// other secret is called `name`, so that only they come.
    pub(super) async fn lease(
        &self,
        target: Target<'_>,
        folder: &Folder,
        name: &str,
        ttl: Option<Duration>,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let ttl = ttl.map(|ttl| ttl.as_secs().to_string());
        let mut more = vec![("key", name), ("dynamic", "true"), ("lease", "true")];
        more.extend(ttl.as_deref().map(|ttl| ("lease_ttl", ttl)));
        self.rows(target, Some(folder), &more, Effect::Lease, until)
            .await
    }

    async fn rows(
        &self,
        target: Target<'_>,
        folder: Option<&Folder>,
        more: &[(&str, &str)],
        effect: Effect,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let mut query = target.query().to_vec();
        query.extend(folder.map(|folder| ("path", folder.as_str())));
        query.extend(more);
        self.get(SECRETS, &query, effect, &target.about(), until)
            .await
    }

    /// All leases of the dynamic secret with that id.
    pub(super) async fn leases(
        &self,
        target: Target<'_>,
        id: &str,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let mut query = target.query().to_vec();
        query.push(("secret_id", id));
        self.get(LEASES, &query, Effect::Nothing, "its leases", until)
            .await
    }

    /// Ends a lease.
    pub(super) async fn revoke(&self, lease: &Lease, until: Instant) -> Result<(), ApiError> {
        let (app, environment) = &lease.target;
        let target = Target { app, environment };
        let body = json(&serde_json::json!({ "lease_id": lease.id }))?;
        let about = format!("the lease of {:?}", lease.name);
        self.change(
            LEASES,
            Method::DELETE,
            target,
            body,
            (&*about).into(),
            until,
        )
        .await
    }

    /// Adds a secret.
    pub(super) async fn create(
        &self,
        target: Target<'_>,
        secret: &NewSecret,
        until: Instant,
    ) -> Result<(), ApiError> {
        let values = [Some(&secret.value), secret.personal.as_ref()];
        let about = format!("folder {} of {}", secret.folder, target.about());
        let body = json(&Batch::creation(secret))?;
        let matter = Matter {
            about: &about,
            secret: Some(secret.name.as_str()),
            tagged: !secret.tags.is_empty(),
            values: &values,
        };
        self.change(SECRETS, Method::POST, target, body, matter, until)
            .await
    }

    /// Changes the secret `stored`.
    pub(super) async fn update(
        &self,
        target: Target<'_>,
        stored: &Secret,
        change: &Change,
        until: Instant,
    ) -> Result<(), ApiError> {
        let values = [change.value.as_ref(), change.personal.as_ref()];
        let body = json(&Batch::change(stored, change))?;
        let matter = Matter {
            about: &target.about(),
            secret: Some(&stored.name),
            tagged: change.tags.as_ref().is_some_and(|tags| !tags.is_empty()),
            values: &values,
        };
        self.change(SECRETS, Method::PUT, target, body, matter, until)
            .await
    }

    /// Removes the secrets with these ids, all called `name`.
    pub(super) async fn delete(
        &self,
        target: Target<'_>,
        name: &str,
        ids: Vec<&str>,
        until: Instant,
    ) -> Result<(), ApiError> {
        let body = json(&Batch::removal(ids))?;
        let matter = Matter {
            about: &target.about(),
            secret: Some(name),
            ..Matter::default()
        };
        self.change(SECRETS, Method::DELETE, target, body, matter, until)
            .await
    }

    async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        effect: Effect,
        about: &str,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let request = Request {
            effect,
            query,
            ..Request::get(path)
        };
        self.service.ask(request, about.into(), until).await
    }

    async fn change(
        &self,
        path: &str,
        method: Method,
        target: Target<'_>,
        body: Zeroizing<Vec<u8>>,
        matter: Matter<'_>,
        until: Instant,
    ) -> Result<(), ApiError> {
        let request = Request {
            body: Some(body),
            effect: effect_of(path),
            method,
            query: &target.query(),
            ..Request::get(path)
        };
        let answer = self.service.ask(request, matter, until).await?;
        // A page of some other server with status 200 is no success.
        answer.json::<serde::de::IgnoredAny>("a confirmation")?;
        Ok(())
    }
}
