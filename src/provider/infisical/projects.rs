//! From what was typed to a project and an environment.

use std::time::Instant;

use serde::Deserialize;

use super::Infisical;
use super::api::segment;
use super::found::{Found, Target};
use super::refusal::Trouble;
use super::wire::{Project, ServiceToken};
use crate::credentials::InfisicalLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request};
use crate::notice::Notice;
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
            if self.api.is_old() {
                return Ok(Found::at(Target::Slug(wanted.to_owned())));
            }
            let path = format!("/api/v1/projects/slug/{}", segment(wanted)?);
            let about = format!("project {wanted:?}");
            match self.ask(&Request::get(&path), &about, until).await {
                Ok(answer) => return Ok(Found::of(project(&answer)?)),
                // Older than version 4 of the routes for secrets, and version 3 takes slugs.
                Err(Trouble::NoRoute(_)) => {
                    self.api.remember_old();
                    return Ok(Found::at(Target::Slug(wanted.to_owned())));
                }
                Err(Trouble::Missing(_)) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        let (project, notices) = self.called(wanted, until).await?;
        Ok(Found {
            notices,
            ..Found::of(project)
        })
    }

    /// The same on servers that are too old for `/api/v1/projects`, which let
    /// identities list no projects.
    async fn by_slug(&self, wanted: &str, until: Instant) -> Result<(Project, Vec<Notice>)> {
        let called = self.called(wanted, until).await;
        if !matches!(&called, Err(error) if error.kind() == ErrorKind::Denied) {
            return called;
        }
        let path = format!("/api/v2/workspace/{}", segment(wanted)?);
        let about = format!("project {wanted:?}");
        let answer = self.ask(&Request::get(&path), &about, until).await?;
        Ok((project(&answer)?, Vec::new()))
    }

    /// The project with the slug `wanted`, or else the one that is called so, or has
    /// it for a part of either.
    async fn called(&self, wanted: &str, until: Instant) -> Result<(Project, Vec<Notice>)> {
        let mut projects = self.projects(until).await?;
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
        let mut notice = Vec::new();
        note(
            &mut notice,
            picked.partial,
            "project",
            wanted,
            &project.name,
        );
        Ok((project, notice))
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
        let about = format!("project {id}");
        let id = segment(id)?;
        let path = format!("/api/v1/projects/{id}");
        let mut answer = self.ask(&Request::get(&path), &about, until).await;
        if matches!(answer, Err(Trouble::NoRoute(_))) {
            let path = format!("/api/v1/workspace/{id}");
            answer = self.ask(&Request::get(&path), &about, until).await;
        }
        let answer = answer.map_err(|trouble| match trouble {
            Trouble::Missing(error) => {
                error.help("check --app-id, which is the project's id; its slug is for --app")
            }
            trouble => trouble.into(),
        })?;
        project(&answer)
    }

    /// Sees that the project is known by its id, and described with its environments.
    pub(super) async fn describe<'a>(
        &self,
        found: &'a mut Found,
        until: Instant,
    ) -> Result<&'a Project> {
        let project = match (&found.target, found.project.take()) {
            (Target::Id(_), Some(project)) if !project.environments.is_empty() => project,
            (Target::Id(id), _) => self.project(id, until).await?,
            (Target::Slug(slug), _) => {
                let (project, notice) = self.by_slug(slug, until).await?;
                found.notices.extend(notice);
                found.target = Target::Id(project.id.clone());
                project
            }
        };
        Ok(found.project.insert(project))
    }

    /// After something was missing: puts the names of the project and the
    /// environment in the place of what was typed, and says whether that is
    /// another. The project's own description tells a missing environment from a
    /// missing folder; where it may not be looked at, nothing is corrected.
    pub(super) async fn correct(&self, found: &mut Found, until: Instant) -> Result<bool> {
        let typed = (found.target.clone(), found.environment.clone());
        let project = match self.describe(found, until).await {
            Err(error) if matches!(error.kind(), ErrorKind::Credentials | ErrorKind::Denied) => {
                return Ok(false);
            }
            project => project?,
        };
        let slugs = project.environments.iter().map(|one| one.slug.as_str());
        let slugs: Vec<&str> = slugs.collect();
        let wanted = &typed.1;
        let picked = pick("environment", "--env", wanted, &slugs)?;
        let chosen = slugs[picked.index].to_owned();
        note(
            &mut found.notices,
            picked.partial,
            "environment",
            wanted,
            &chosen,
        );
        found.environment = chosen;
        Ok((&found.target, &found.environment) != (&typed.0, &typed.1))
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
