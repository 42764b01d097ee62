//! Dynamic secrets, and the leases that they give credentials for.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Infisical;
use super::api::segment;
use super::found::Found;
use super::refusal::ApiError;
use super::wire::Project;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Effect, Request, json};
use crate::lease::{Lease, Leases};
use crate::notice::Notice;
use crate::provider::text::Text;
use crate::provider::{FetchRequest, join};
use crate::scope::Folder;
use crate::secret::{Secret, SecretType, SecretValue};

const LEASES: &str = "/api/v1/dynamic-secrets/leases";

/// The dynamic secrets of a folder.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    dynamic_secrets: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Credentials that were made.
#[derive(Deserialize)]
struct Made<'a> {
    /// An object, unless something is wrong: then the lease is there all the same.
    #[serde(default)]
    data: Value,
    #[serde(borrow)]
    lease: LeaseRow<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeaseRow<'a> {
    #[serde(borrow, default)]
    created_at: Text<'a>,
    #[serde(borrow, default)]
    expire_at: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
}

/// What is asked of a lease, or for one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    dynamic_secret_name: Option<&'a str>,
    environment_slug: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_forced: Option<bool>,
    path: &'a str,
    project_slug: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
}

impl Infisical {
    /// The folders and the names of the dynamic secrets of a scope, if they are
    /// wanted.
    pub(super) async fn dynamics(
        &self,
        found: &mut Found,
        FetchRequest { plan, scope }: FetchRequest<'_>,
        until: Instant,
    ) -> Result<Vec<(Folder, String)>> {
        if plan.leases == Leases::Skip {
            return Ok(Vec::new());
        }
        let Project { id, slug, .. } = self.describe(found, until).await?.clone();
        let folders = self.folders(&id, found, scope, until).await?;
        let place = (slug.as_str(), found.environment.as_str());
        let lists = folders
            .iter()
            .map(|folder| self.dynamics_in(place, folder, until));
        let lists = join::all(lists).await?;
        let lists = folders.into_iter().zip(lists);
        let named = |(folder, names): (Folder, Vec<String>)| {
            let names = names.into_iter();
            names.map(move |name| (folder.clone(), name))
        };
        Ok(lists.flat_map(named).collect())
    }

    /// What `dynamics` give, if leases are to be made. Which names that will be
    /// nobody can tell before: a lease that gives none that is wanted is ended at
    /// once.
    pub(super) async fn leased(
        &self,
        found: &mut Found,
        dynamics: Vec<(Folder, String)>,
        FetchRequest { plan, scope }: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Vec<Secret>> {
        let Leases::Generate { ttl } = plan.leases else {
            let untold = |(_, name)| Notice::Dynamic {
                name,
                keys: Vec::new(),
            };
            found.notices.extend(dynamics.into_iter().map(untold));
            return Ok(Vec::new());
        };
        if dynamics.is_empty() {
            return Ok(Vec::new());
        }
        let slug = self.describe(found, until).await?.slug.clone();
        let place = (slug.as_str(), found.environment.as_str());
        let mut secrets = Vec::new();
        for (folder, name) in dynamics {
            let given = self.lease(place, &folder, &name, ttl, made, until).await?;
            let wanted = given.iter().any(|secret| (plan.wanted)(&secret.name));
            if let (false, Some(lease)) = (wanted, made.last()) {
                self.end(lease, until).await?;
                made.pop();
            }
            secrets.extend(given.into_iter().map(|secret| Secret {
                // They carry none, and are meant whatever tags are asked for.
                tags: scope.tags.clone(),
                ..secret
            }));
        }
        Ok(secrets)
    }

    /// The names of the dynamic secrets in `folder`.
    async fn dynamics_in(
        &self,
        (project, environment): (&str, &str),
        folder: &Folder,
        until: Instant,
    ) -> Result<Vec<String>> {
        let query = [
            ("projectSlug", project),
            ("environmentSlug", environment),
            ("path", folder.as_str()),
        ];
        let request = Request {
            query: &query,
            ..Request::get("/api/v1/dynamic-secrets")
        };
        let about = format!("the dynamic secrets in {folder}");
        let answer = match self.api.service.ask(&request, &about, &[], until).await {
            // A folder that is not there, and may count as an empty one.
            Err(ApiError::Missing(_)) => return Ok(Vec::new()),
            answer => answer?,
        };
        let list: List = answer.json("a list of dynamic secrets")?;
        let mut names: Vec<_> = list
            .dynamic_secrets
            .into_iter()
            .map(|one| one.name)
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Has credentials made. This is asked once, whatever happens: each time
    /// makes more of them.
    async fn lease(
        &self,
        (project, environment): (&str, &str),
        folder: &Folder,
        name: &str,
        ttl: Option<Duration>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Vec<Secret>> {
        let body = Asked {
            dynamic_secret_name: Some(name),
            environment_slug: environment,
            is_forced: None,
            path: folder.as_str(),
            project_slug: project,
            ttl: ttl.map(|ttl| format!("{}s", ttl.as_secs())),
        };
        let request = Request {
            body: Some(json(&body)?),
            effect: Effect::Lease,
            method: Method::POST,
            ..Request::get(LEASES)
        };
        let about = format!("a lease of dynamic secret {name:?}");
        let answer = self.api.service.ask(&request, &about, &[], until).await?;
        let Made { data, lease } = answer.json("a lease")?;
        let id = lease.id.into_string();
        made.push(Lease {
            expires: lease.expire_at.into_string(),
            folder: folder.clone(),
            id: id.clone(),
            name: name.to_owned(),
            target: (project.to_owned(), environment.to_owned()),
        });
        let Value::Object(data) = data else {
            let message = format!("{about} came without credentials");
            return Err(Error::new(ErrorKind::Protocol, message));
        };
        let updated = lease.created_at.into_string();
        let secret = |(key, value)| Some(given(key, text(value)?, &id, folder, &updated));
        Ok(data.into_iter().filter_map(secret).collect())
    }

    /// Ends a lease. One that has ended is no error.
    pub(super) async fn end(&self, lease: &Lease, until: Instant) -> Result<()> {
        let (project, environment) = &lease.target;
        let body = Asked {
            dynamic_secret_name: None,
            environment_slug: environment,
            is_forced: Some(false),
            path: lease.folder.as_str(),
            project_slug: project,
            ttl: None,
        };
        let path = format!("{LEASES}/{}", segment("a lease's id", &lease.id)?);
        let request = Request {
            body: Some(json(&body)?),
            method: Method::DELETE,
            ..Request::get(&path)
        };
        let about = format!("the lease of {:?}", lease.name);
        match self.api.service.ask(&request, &about, &[], until).await {
            Ok(_) | Err(ApiError::Missing(_)) => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }
}

/// A value as text; `null` is none.
fn text(value: Value) -> Option<SecretValue> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(SecretValue::new(text)),
        other => Some(SecretValue::new(other.to_string())),
    }
}

fn given(name: String, value: SecretValue, lease: &str, folder: &Folder, updated: &str) -> Secret {
    Secret {
        comment: String::new(),
        folder: folder.clone(),
        id: format!("{lease}/{name}"),
        kind: SecretType::Secret,
        metadata: Vec::new(),
        name,
        personal: None,
        tags: Vec::new(),
        updated: updated.to_owned(),
        value: Some(value),
        version: 1,
    }
}
