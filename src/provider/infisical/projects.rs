//! From what was typed to a project and an environment.

use std::time::Instant;

use serde::Deserialize;

use super::Infisical;
use super::api::segment;
use super::found::Found;
use super::refusal::ApiError;
use super::wire::{Project, ServiceToken};
use crate::credentials::InfisicalLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request};
use crate::outside::shown;
use crate::pick::{Picked, listed, pick};
use crate::provider::note;
use crate::scope::{App, Place};

/// The environment of those who name none, as everywhere in Infisical.
const DEFAULT_ENVIRONMENT: &str = "dev";

/// A project, in any of the wrappings that servers give it.
#[derive(Deserialize)]
struct Wrapped {
    #[serde(default, alias = "workspace")]
    project: Option<Project>,
}

/// A list of them.
#[derive(Deserialize)]
struct Projects {
    #[serde(alias = "workspaces")]
    projects: Vec<Project>,
}

impl Infisical {
    /// The project and the environment of `place`, which are taken as they were
    /// typed where that will do: asking first would cost every run a round trip.
    pub(super) async fn find(&self, place: &Place, until: Instant) -> Result<Found> {
        let whole = matches!(place.app, App::Id(_)) && !place.environment.is_empty();
        let token = if self.has_service_token() && !whole {
            Some(self.service_token(until).await?)
        } else {
            None
        };
        let mut found = match (&place.app, &token) {
            (App::Id(id), Some(token)) if token.workspace != *id => {
                return Err(another_project(id, &token.workspace));
            }
            (App::Id(id), _) => Found::at(id.clone()),
            (App::Name(wanted), Some(token)) => {
                self.named_to_token(wanted, &token.workspace, until).await?
            }
            (App::Name(wanted), None) => self.named(wanted, until).await?,
            (App::Only, Some(token)) => Found::at(token.workspace.clone()),
            (App::Only, None) => self.only(until).await?,
        };
        if !place.environment.is_empty() {
            place.environment.clone_into(&mut found.environment);
            return Ok(found);
        }
        let mut scopes = token.map(|token| token.scopes).unwrap_or_default();
        scopes.sort_unstable_by(|a, b| a.environment.cmp(&b.environment));
        scopes.dedup_by(|a, b| a.environment == b.environment);
        found.environment = match &scopes[..] {
            [] => DEFAULT_ENVIRONMENT.to_owned(),
            [scope] => scope.environment.clone(),
            several => {
                let names = listed(several.iter().map(|scope| scope.environment.as_str()));
                let message = "the service token is for several environments, and none was named";
                return Err(Error::new(ErrorKind::Ambiguous, message)
                    .help(format!("give --env: there are {names}")));
            }
        };
        Ok(found)
    }

    pub(super) fn has_service_token(&self) -> bool {
        matches!(&self.api.service.login, InfisicalLogin::Token(token) if token.expose().starts_with("st."))
    }

    /// What the service token is for.
    pub(super) async fn service_token(&self, until: Instant) -> Result<ServiceToken> {
        let request = Request::get("/api/v2/service-token");
        let answer = self.ask(&request, "the service token", until).await?;
        answer.json("what the service token may see")
    }

    /// The service token's project, whose id is `id`, if `wanted` means it: service
    /// tokens can have no other looked up.
    async fn named_to_token(&self, wanted: &str, id: &str, until: Instant) -> Result<Found> {
        let project = match self.project(id, until).await {
            Err(error) if error.kind() == ErrorKind::Denied => {
                let message = format!(
                    "the service token is for project {id}, and whether that is {:?} it may not see",
                    shown(wanted)
                );
                return Err(Error::new(ErrorKind::Denied, message)
                    .with_source(error.with_cause_text())
                    .help(format!("leave --app out, or give --app-id {id}")));
            }
            project => project?,
        };
        let name = project.slug.clone();
        picked(vec![project], wanted).map_err(|_| another_project(wanted, &name))
    }

    /// The project with the slug `wanted`, or else the one that is called so, or has
    /// it for a part of either.
    async fn named(&self, wanted: &str, until: Instant) -> Result<Found> {
        if is_slug(wanted) {
            match self.by_slug(wanted, until).await {
                Err(ApiError::Missing(_)) => {}
                project => return Ok(Found::of(project?)),
            }
        }
        match self.projects(until).await {
            Err(ApiError::Closed(error)) => {
                let message = format!("there is no project with the slug {:?}", shown(wanted));
                Err(Error::new(ErrorKind::Missing, message)
                    .with_source(error.with_cause_text())
                    .help("give --app the project's slug, as the console's settings of the project show it, or --app-id its id"))
            }
            projects => picked(projects?, wanted),
        }
    }

    async fn by_slug(&self, slug: &str, until: Instant) -> Result<Project, ApiError> {
        let about = format!("project {:?}", shown(slug));
        let slug = segment("a project's slug", slug)?;
        let newer = format!("/api/v1/projects/slug/{slug}");
        let older = format!("/api/v2/workspace/{slug}");
        match self.ask_either(&newer, &older, &about, until).await {
            // There are slugs that no project can have.
            Err(ApiError::Invalid(error)) => Err(ApiError::Missing(error)),
            answer => Ok(project(&answer?)?),
        }
    }

    /// The only project there is.
    async fn only(&self, until: Instant) -> Result<Found> {
        let mut projects = self.projects(until).await?;
        match projects.len() {
            1 => Ok(Found::of(projects.remove(0))),
            0 => Err(
                Error::new(ErrorKind::Missing, "these credentials reach no project")
                    .help("give the identity a role in the project, or name it with --app-id"),
            ),
            _ => {
                let names = listed(projects.iter().map(|project| project.slug.as_str()));
                let message = "these credentials reach several projects, and none was named";
                Err(Error::new(ErrorKind::Ambiguous, message)
                    .help(format!("give --app or --app-id: there are {names}")))
            }
        }
    }

    /// The projects that these credentials reach. On older servers machine identities
    /// reach some, and cannot have them listed.
    pub(super) async fn projects(&self, until: Instant) -> Result<Vec<Project>, ApiError> {
        let about = "the list of projects";
        let answer = self.ask_either("/api/v1/projects", "/api/v1/workspace", about, until);
        let answer = answer.await.map_err(|trouble| match trouble {
            ApiError::Closed(error) => {
                let message = "this server lists projects for users alone";
                ApiError::Closed(
                    Error::new(ErrorKind::Denied, message)
                        .with_source(error.with_cause_text())
                        .help("the console shows its slug, for --app, and its id, for --app-id"),
                )
            }
            trouble => trouble,
        })?;
        let mut projects = answer.json::<Projects>("a list of projects")?.projects;
        // The server lists those of its other products too.
        projects.retain(|one| {
            one.kind
                .as_deref()
                .is_none_or(|kind| kind == "secret-manager")
        });
        Ok(projects)
    }

    /// The project with that id, with its environments.
    pub(super) async fn project(&self, id: &str, until: Instant) -> Result<Project> {
        let about = format!("project {}", shown(id));
        let id = segment("a project's id", id)?;
        let newer = format!("/api/v1/projects/{id}");
        let older = format!("/api/v1/workspace/{id}");
        let answer = self.ask_either(&newer, &older, &about, until).await;
        let answer = answer.map_err(|trouble| match trouble {
            ApiError::Missing(error) => {
                error.help("check --app-id, which is the project's id; its slug is for --app")
            }
            trouble => trouble.into(),
        })?;
        project(&answer)
    }

    /// Sees that the project is described, with its environments.
    pub(super) async fn describe<'a>(
        &self,
        found: &'a mut Found,
        until: Instant,
    ) -> Result<&'a Project> {
        let project = match found.project.take() {
            Some(project) if !project.environments.is_empty() => project,
            _ => self.project(&found.id.0, until).await?,
        };
        Ok(found.project.insert(project))
    }

    /// After something was missing: puts the name of the environment in the place
    /// of what was typed, and says whether that is another. The project's own
    /// description tells a missing environment from a missing folder; where it may
    /// not be looked at, nothing is corrected.
    pub(super) async fn correct(&self, found: &mut Found, until: Instant) -> Result<bool> {
        let typed = found.environment.clone();
        let project = match self.describe(found, until).await {
            Err(error) if matches!(error.kind(), ErrorKind::Credentials | ErrorKind::Denied) => {
                return Ok(false);
            }
            project => project?,
        };
        let slugs = project.environments.iter().map(|one| one.slug.as_str());
        let slugs: Vec<&str> = slugs.collect();
        let picked = pick("environment", "--env", &typed, &slugs)?;
        let chosen = slugs[picked.index].to_owned();
        note(
            &mut found.notices,
            picked.partial,
            "environment",
            &typed,
            &chosen,
        );
        found.environment = chosen;
        Ok(found.environment != typed)
    }

    /// The answer by the `newer` path, or by the `older` one of servers that do not
    /// know it. These have no version 4 of the routes for secrets, too.
    pub(super) async fn ask_either(
        &self,
        newer: &str,
        older: &str,
        about: &str,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        if !self.api.is_old() {
            match self.ask(&Request::get(newer), about, until).await {
                Err(ApiError::NoRoute(_)) => self.api.remember_old(),
                answer => return answer,
            }
        }
        self.ask(&Request::get(older), about, until).await
    }

    async fn ask(
        &self,
        request: &Request<'_>,
        about: &str,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        self.api.service.ask(request, about, &[], until).await
    }
}

/// The one of `projects` with the slug `wanted`, or else the one that is called so, or
/// has it for a part of either.
fn picked(mut projects: Vec<Project>, wanted: &str) -> Result<Found> {
    let slugs: Vec<&str> = projects.iter().map(|one| one.slug.as_str()).collect();
    let names: Vec<&str> = projects.iter().map(|one| one.name.as_str()).collect();
    let of_slugs = pick("project", "--app", wanted, &slugs);
    let picked = match of_slugs {
        Ok(Picked { partial: false, .. }) => of_slugs?,
        _ => match pick("project", "--app", wanted, &names) {
            Err(error) if error.kind() == ErrorKind::Missing => of_slugs?,
            picked => picked?,
        },
    };
    let project = projects.swap_remove(picked.index);
    let name = project.name.clone();
    let mut found = Found::of(project);
    note(&mut found.notices, picked.partial, "project", wanted, &name);
    Ok(found)
}

/// That a service token is for the project `own`, and not for the one that was wanted.
fn another_project(wanted: &str, own: &str) -> Error {
    let message = format!(
        "the service token is for project {own:?}, and not for {:?}",
        shown(wanted)
    );
    Error::new(ErrorKind::Denied, message)
        .help("leave --app and --app-id out, or use a token of the project that is meant")
}

fn project(answer: &Answer) -> Result<Project> {
    match answer.json::<Wrapped>("a project")?.project {
        Some(project) => Ok(project),
        None => answer.json("a project"),
    }
}

/// Whether the server could have given a project such a slug.
fn is_slug(text: &str) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    text.len() <= 64 && !text.is_empty() && text.bytes().all(fits)
}
