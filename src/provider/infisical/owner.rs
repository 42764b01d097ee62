//! Whose token is in use.

use std::time::Instant;

use super::Infisical;
use super::wire::Project;
use crate::error::Result;
use crate::jwt::Claims;
use crate::owner::{AppSummary, Owner, OwnerKind};

impl Infisical {
    /// Whether the token may be a user's: only users have overrides.
    pub(super) async fn may_have_overrides(&self, until: Instant) -> Result<bool> {
        let session = self.api.service.session(None, until).await?;
        let claims = Claims::of(session.token.expose());
        Ok(claims.is_some_and(|claims| claims.user_id.is_some()))
    }

    /// The owner of the token, and what it reaches.
    pub(super) async fn whose(&self, until: Instant) -> Result<Owner> {
        let session = self.api.service.session(None, until).await?;
        if session.token.expose().starts_with("st.") {
            let token = self.scopes(until).await?;
            let mut environments: Vec<_> = token
                .scopes
                .into_iter()
                .map(|scope| scope.environment)
                .collect();
            environments.sort_unstable();
            environments.dedup();
            return Ok(Owner {
                apps: vec![AppSummary {
                    environments,
                    id: token.workspace.clone(),
                    name: token.workspace,
                }],
                expires: token.expires_at.unwrap_or_default(),
                id: None,
                kind: OwnerKind::Service,
                organisation: None,
            });
        }
        let projects = self.projects(until).await?;
        let claims = Claims::of(session.token.expose()).unwrap_or_default();
        let kind = match (&claims.identity_id, &claims.user_id) {
            (None, Some(_)) => OwnerKind::User,
            _ => OwnerKind::Identity,
        };
        Ok(Owner {
            apps: projects.into_iter().map(summary).collect(),
            expires: claims.end().map_or_else(String::new, |ends| {
                humantime::format_rfc3339_seconds(ends).to_string()
            }),
            id: claims.identity_id.or(claims.user_id),
            kind,
            organisation: None,
        })
    }
}

/// A project in our terms.
pub(super) fn summary(project: Project) -> AppSummary {
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
