//! The requests of the REST API, one function each.

use std::time::Instant;

use reqwest::Method;
use serde::Serialize;
use zeroize::Zeroizing;

use super::refusal::{Trouble, check};
use super::token::PhaseToken;
use super::wire::{App, Batch, Environment, Item, List, Row};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Http, Request};
use crate::notice::Notice;
use crate::scope::Folder;
use crate::secret::{Change, NewSecret, Secret, SecretValue};

const APPS: &str = "/service/public/v1/apps/";
const ENVIRONMENTS: &str = "/service/public/v1/environments/";
const SECRETS: &str = "/service/public/v1/secrets/";

/// One server, and the token for it.
#[derive(Debug)]
pub(super) struct Api {
    http: Http,
    pub(super) token: PhaseToken,
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
    pub(super) fn new(http: Http, token: PhaseToken) -> Self {
        Self { http, token }
    }

    /// The apps, in the server's order.
    pub(super) async fn apps(&self, until: Instant) -> Result<Vec<App>, Trouble> {
        let answer = self.get(APPS, &[], "the list of apps", until).await?;
        Ok(answer.json::<List<App>>("a list of apps")?.data)
    }

    /// The names of the environments of `app` that the token reaches, in the
    /// server's order.
    pub(super) async fn environments(
        &self,
        app: &str,
        until: Instant,
    ) -> Result<Vec<String>, Trouble> {
        let about = format!("the environments of app {app}");
        let answer = self
            .get(ENVIRONMENTS, &[("app_id", app)], &about, until)
            .await?;
        let list: List<Environment> = answer.json("a list of environments")?;
        Ok(list
            .data
            .into_iter()
            .map(|environment| environment.name)
            .collect())
    }

    /// The secrets of one folder, or of all; with `key` only those of that name.
    pub(super) async fn secrets(
        &self,
        target: Target<'_>,
        folder: Option<&Folder>,
        key: Option<&str>,
        until: Instant,
    ) -> Result<(Vec<Secret>, Vec<Notice>), Trouble> {
        let mut query = target.query().to_vec();
        query.extend(folder.map(|folder| ("path", folder.as_str())));
        query.extend(key.map(|key| ("key", key)));
        let answer = self.get(SECRETS, &query, &target.about(), until).await?;
        let rows: Vec<Row<'_>> = answer.json("a list of secrets")?;
        let (mut secrets, mut notices) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            match row.into_item(folder)? {
                Item::Dynamic(notice) => notices.push(notice),
                Item::Secret(secret) => secrets.push(secret),
            }
        }
        Ok((secrets, notices))
    }

    /// Adds a secret.
    pub(super) async fn create(
        &self,
        target: Target<'_>,
        secret: &NewSecret,
        until: Instant,
    ) -> Result<(), Trouble> {
        let values = [Some(&secret.value), secret.personal.as_ref()];
        let about = format!("folder {} of {}", secret.folder, target.about());
        let body = json(&Batch::creation(secret))?;
        self.change(Method::POST, target, body, &about, &values, until)
            .await
    }

    /// Changes the secret `stored`.
    pub(super) async fn update(
        &self,
        target: Target<'_>,
        stored: &Secret,
        change: &Change,
        until: Instant,
    ) -> Result<(), Trouble> {
        let values = [change.value.as_ref(), change.personal.as_ref()];
        let body = json(&Batch::change(stored, change))?;
        self.change(Method::PUT, target, body, &target.about(), &values, until)
            .await
    }

    /// Removes the secrets with these ids.
    pub(super) async fn delete(
        &self,
        target: Target<'_>,
        ids: Vec<&str>,
        until: Instant,
    ) -> Result<(), Trouble> {
        let body = json(&Batch::removal(ids))?;
        self.change(Method::DELETE, target, body, &target.about(), &[], until)
            .await
    }

    async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        about: &str,
        until: Instant,
    ) -> Result<Answer, Trouble> {
        let authorization = self.token.authorization();
        let request = Request {
            authorization: &authorization,
            body: None,
            method: Method::GET,
            path,
            query,
        };
        check(
            self.http.send(&request, until).await?,
            about,
            &[self.token.id()],
        )
    }

    async fn change(
        &self,
        method: Method,
        target: Target<'_>,
        body: Zeroizing<Vec<u8>>,
        about: &str,
        values: &[Option<&SecretValue>],
        until: Instant,
    ) -> Result<(), Trouble> {
        let authorization = self.token.authorization();
        let request = Request {
            authorization: &authorization,
            body: Some(body),
            method,
            path: SECRETS,
            query: &target.query(),
        };
        let mut hidden = vec![self.token.id()];
        hidden.extend(values.iter().flatten().map(|value| value.expose()));
        let answer = check(self.http.send(&request, until).await?, about, &hidden)?;
        // A page of some other server with status 200 is no success.
        answer.json::<serde::de::IgnoredAny>("a confirmation")?;
        Ok(())
    }
}

fn json(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(body)
        .map(Zeroizing::new)
        .map_err(|error| {
            Error::new(ErrorKind::System, "the request cannot be written as JSON").because(error)
        })
}
