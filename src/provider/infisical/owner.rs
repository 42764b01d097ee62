//! Whose token is in use.

use std::collections::BTreeSet;
use std::time::Instant;

use reqwest::Method;
use serde::Serialize;

use super::Infisical;
use super::refusal::{ApiError, check};
use super::wire::{Project, ServiceToken};
use crate::credentials::InfisicalLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Request, json};
use crate::jwt::Claims;
use crate::owner::{AppSummary, Owner, OwnerKind};
use crate::provider::no_log_out;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Revocation<'a> {
    access_token: &'a str,
}

impl Infisical {
    /// Whether the token is a user's, if it says whose it is: only users have
    /// overrides.
    pub(super) async fn is_users(&self, until: Instant) -> Result<Option<bool>> {
        let session = self.api.service.session(None, until).await?;
        let token = session.token.expose();
        if token.starts_with("st.") {
            return Ok(Some(false));
        }
        let claims = Claims::of(token).unwrap_or_default();
        Ok(match (claims.identity_id, claims.user_id) {
            (Some(_), _) => Some(false),
            (None, user) => user.map(|_| true),
        })
    }

    /// # Errors
    ///
    /// There can be no overrides: the token is not a user's.
    pub(super) async fn only_for_users(&self, until: Instant) -> Result<()> {
        if self.is_users(until).await? != Some(false) {
            return Ok(());
        }
        let message = "only users have personal overrides, and these credentials are not a user's";
        Err(Error::new(ErrorKind::Configuration, message)
            .help("log in with `infisical login`, or write the value that is everybody's"))
    }

    /// Ends the access token that was given.
    pub(super) async fn end_token(&self, until: Instant) -> Result<()> {
        let service = &self.api.service;
        let token = match &service.login {
            InfisicalLogin::Token(token) if !token.expose().starts_with("st.") => token,
            InfisicalLogin::Token(_) => {
                return Err(no_log_out("delete the service token in the console"));
            }
            InfisicalLogin::Session { .. } => {
                return Err(no_log_out("end the session with `infisical reset`"));
            }
            InfisicalLogin::Identity { .. } | InfisicalLogin::Universal { .. } => {
                return Err(no_log_out(
                    "with this login each run gets a token of its own, and nothing is kept",
                ));
            }
        };
        let body = Revocation {
            access_token: token.expose(),
        };
        let request = Request {
            body: Some(json(&body)?),
            method: Method::POST,
            ..Request::get("/api/v1/auth/token/revoke")
        };
        let answer = service.http.send(&request, until).await?;
        check(answer, "the access token", &[token.expose()])?;
        Ok(())
    }

    /// The projects that these credentials reach, in our terms.
    pub(super) async fn reachable(&self, until: Instant) -> Result<Vec<AppSummary>> {
        if self.has_service_token() {
            let token = self.service_token(until).await?;
            return Ok(vec![self.project_of(&token, until).await?]);
        }
        Ok(summaries(self.projects(until).await?))
    }

    /// The project of a service token, with the environments that the token is for. It
    /// goes by its id where the token may not look at it.
    async fn project_of(&self, token: &ServiceToken, until: Instant) -> Result<AppSummary> {
        let scopes = token.scopes.iter();
        let environments: BTreeSet<_> = scopes.map(|scope| scope.environment.clone()).collect();
        let summary = match self.project(&token.workspace, until).await {
            Ok(project) => summary(project),
            Err(error) if matches!(error.kind(), ErrorKind::Denied | ErrorKind::Missing) => {
                AppSummary {
                    environments: Vec::new(),
                    id: token.workspace.clone(),
                    name: token.workspace.clone(),
                }
            }
            Err(error) => return Err(error),
        };
        Ok(AppSummary {
            environments: environments.into_iter().collect(),
            ..summary
        })
    }

    /// The owner of the token, and what it reaches.
    pub(super) async fn whose(&self, until: Instant) -> Result<Owner> {
        let session = self.api.service.session(None, until).await?;
        if session.token.expose().starts_with("st.") {
            let token = self.service_token(until).await?;
            return Ok(Owner {
                apps: vec![self.project_of(&token, until).await?],
                expires: token.expires_at.unwrap_or_default(),
                id: None,
                kind: OwnerKind::Service,
                organisation: None,
            });
        }
        let projects = match self.projects(until).await {
            // They are unknown, and the token is good all the same.
            Err(ApiError::Closed(_)) => Vec::new(),
            projects => projects?,
        };
        let claims = Claims::of(session.token.expose()).unwrap_or_default();
        let kind = match (&claims.identity_id, &claims.user_id) {
            (None, Some(_)) => OwnerKind::User,
            _ => OwnerKind::Identity,
        };
        Ok(Owner {
            apps: summaries(projects),
            expires: claims.end().map_or_else(String::new, |ends| {
                humantime::format_rfc3339_seconds(ends).to_string()
            }),
            id: claims.identity_id.or(claims.user_id),
            kind,
            organisation: None,
        })
    }
}

/// Projects in our terms, by name.
fn summaries(projects: Vec<Project>) -> Vec<AppSummary> {
    let mut apps: Vec<_> = projects.into_iter().map(summary).collect();
    apps.sort_unstable_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    apps
}

fn summary(project: Project) -> AppSummary {
    let environments = project.environments.into_iter();
    AppSummary {
        environments: environments.map(|environment| environment.slug).collect(),
        name: if project.slug.is_empty() {
            project.name
        } else {
            project.slug
        },
        id: project.id,
    }
}
