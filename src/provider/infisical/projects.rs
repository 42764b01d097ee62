//! From what was typed to a project and an environment.

use std::fmt;
use std::time::Instant;

use serde::Deserialize;

use super::Infisical;
use super::api::segment;
use super::refusal::Trouble;
use super::wire::{Project, ServiceToken};
use crate::credentials::InfisicalLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request};
use crate::notice::Notice;
use crate::pick::{listed, pick};
use crate::provider::note;
use crate::scope::{App, Place};

/// The environment of those who name none, as everywhere in Infisical.
const DEFAULT_ENVIRONMENT: &str = "dev";

/// A project, as the server is asked for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Target {
    Id(String),
    /// On servers that are too old to give the id for it, and know it themselves.
    Slug(String),
}

impl Target {
    /// What names it in a request of version 3, if `old`, or 4.
    pub(super) fn parameter(&self, old: bool) -> (&'static str, &str) {
        match self {
            Self::Id(id) if old => ("workspaceId", id),
            Self::Id(id) => ("projectId", id),
            Self::Slug(slug) => ("workspaceSlug", slug),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Id(name) | Self::Slug(name)) = self;
        write!(f, "project {name}")
    }
}

/// A place, as far as it has been found out.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) environment: String,
    pub(super) notices: Vec<Notice>,
    /// The project, where the server has described it.
    pub(super) project: Option<Project>,
    pub(super) target: Target,
}

impl Found {
    fn of(project: Project) -> Self {
        Self {
            environment: String::new(),
            notices: Vec::new(),
            target: Target::Id(project.id.clone()),
            project: Some(project),
        }
    }

    fn at(target: Target) -> Self {
        Self {
            environment: String::new(),
            notices: Vec::new(),
            project: None,
            target,
        }
    }

    /// Project and environment, as far as they have been found out.
    pub(super) fn place(&self) -> Place {
        let app = match (&self.target, &self.project) {
            (Target::Id(_), Some(project)) if !project.slug.is_empty() => {
                App::Name(project.slug.clone())
            }
            (Target::Id(id), _) => App::Id(id.clone()),
            (Target::Slug(slug), _) => App::Name(slug.clone()),
        };
        Place {
            app,
            environment: self.environment.clone(),
        }
    }
}

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
        let service_token = self.service_token();
        let mut scopes = Vec::new();
        let mut found = match &place.app {
            App::Id(id) => Found::at(Target::Id(id.clone())),
            App::Name(wanted) => self.named(wanted, until).await?,
            App::Only if service_token => {
                let token = self.scopes(until).await?;
                scopes = token.scopes;
                Found::at(Target::Id(token.workspace))
            }
            App::Only => self.only(until).await?,
        };
        if !place.environment.is_empty() {
            place.environment.clone_into(&mut found.environment);
            return Ok(found);
        }
        if service_token && scopes.is_empty() {
            scopes = self.scopes(until).await?.scopes;
        }
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

    fn service_token(&self) -> bool {
        matches!(&self.api.service.login, InfisicalLogin::Token(token) if token.expose().starts_with("st."))
    }

    pub(super) async fn scopes(&self, until: Instant) -> Result<ServiceToken> {
        let request = Request::get("/api/v2/service-token");
        let answer = self.ask(&request, "the service token", until).await?;
        answer.json("what the service token may see")
    }

    /// The project with the slug `wanted`, or else the one that is called so.
    async fn named(&self, wanted: &str, until: Instant) -> Result<Found> {
        if is_slug(wanted) {
            let path = format!("/api/v1/projects/slug/{}", segment(wanted)?);
            let about = format!("project {wanted:?}");
            match self.ask(&Request::get(&path), &about, until).await {
                Ok(answer) => return Ok(Found::of(project(&answer)?)),
                // Older than version 4 of the routes for secrets, and version 3 takes slugs.
                Err(Trouble::NoRoute(_)) => {
                    self.api.is_old();
                    return Ok(Found::at(Target::Slug(wanted.to_owned())));
                }
                Err(Trouble::Missing(_)) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        let mut projects = self.projects(until).await?;
        let slugs: Vec<&str> = projects.iter().map(|one| one.slug.as_str()).collect();
        let names: Vec<&str> = projects.iter().map(|one| one.name.as_str()).collect();
        let picked = match pick("project", "--app", wanted, &names) {
            Err(error) if error.kind() == ErrorKind::Missing => {
                pick("project", "--app", wanted, &slugs)?
            }
            picked => picked?,
        };
        let mut found = Found::of(projects.swap_remove(picked.index));
        if let Some(project) = &found.project {
            let name = project.name.clone();
            note(&mut found.notices, picked.partial, "project", wanted, &name);
        }
        Ok(found)
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

    /// The projects that these credentials reach.
    pub(super) async fn projects(&self, until: Instant) -> Result<Vec<Project>> {
        let about = "the list of projects";
        let answer = match self
            .ask(&Request::get("/api/v1/projects"), about, until)
            .await
        {
            Err(Trouble::NoRoute(_)) => {
                self.ask(&Request::get("/api/v1/workspace"), about, until)
                    .await?
            }
            answer => answer?,
        };
        Ok(answer.json::<Projects>("a list of projects")?.projects)
    }

    /// The project, with its environments.
    pub(super) async fn described(&self, target: &Target, until: Instant) -> Result<Project> {
        let about = target.to_string();
        let id = match target {
            Target::Id(id) => segment(id)?,
            Target::Slug(slug) => {
                let projects = self.projects(until).await?;
                let found = projects.into_iter().find(|project| project.slug == *slug);
                return found
                    .ok_or_else(|| Error::new(ErrorKind::Missing, format!("there is no {about}")));
            }
        };
        let path = format!("/api/v1/projects/{id}");
        let answer = match self.ask(&Request::get(&path), &about, until).await {
            Err(Trouble::NoRoute(_)) => {
                let path = format!("/api/v1/workspace/{id}");
                self.ask(&Request::get(&path), &about, until).await?
            }
            answer => answer?,
        };
        project(&answer)
    }

    /// Puts the environment's own name in the place of what was typed, and says
    /// whether that is another. The project's own description tells a missing
    /// environment from a missing folder.
    pub(super) async fn correct(&self, found: &mut Found, until: Instant) -> Result<bool> {
        let project = match found.project.take() {
            Some(project) if !project.environments.is_empty() => project,
            _ => self.described(&found.target, until).await?,
        };
        let slugs = project.environments.iter().map(|one| one.slug.as_str());
        let slugs: Vec<&str> = slugs.collect();
        let wanted = found.environment.clone();
        let picked = pick("environment", "--env", &wanted, &slugs)?;
        let chosen = slugs[picked.index].to_owned();
        note(
            &mut found.notices,
            picked.partial,
            "environment",
            &wanted,
            &chosen,
        );
        found.project = Some(project);
        found.environment = chosen;
        Ok(found.environment != wanted)
    }

    async fn ask(
        &self,
        request: &Request<'_>,
        about: &str,
        until: Instant,
    ) -> Result<Answer, Trouble> {
        self.api.service.ask(request, about, &[], until).await
    }
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
