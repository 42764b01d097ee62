//! Which folder a request for secrets means, and whether whoever asks may look there.

use super::Version;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::store::{Place, World, trimmed};
use super::token::Actor;

/// Which of the two APIs for secrets is spoken, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Api {
    /// `/api/v4` as it was at first.
    Early,
    V3,
    V4,
}

impl Api {
    /// The one that `word` in a URL means, if the server has it.
    pub(super) fn of(word: &str, version: Version) -> Option<Self> {
        match (word, version) {
            ("v3", _) => Some(Self::V3),
            ("v4", Version::Current) => Some(Self::V4),
            ("v4", Version::Early) => Some(Self::Early),
            _ => None,
        }
    }

    /// What a project's id is called.
    pub(super) fn project(self) -> &'static str {
        match self {
            Self::V3 => "workspaceId",
            Self::Early | Self::V4 => "projectId",
        }
    }
}

impl World {
    /// The folder whose secrets are read.
    pub(super) fn read_place(&self, api: Api, fields: &Fields, actor: &Actor) -> Answer<Place> {
        if let Some((project, (environment, path))) = only_scope(actor) {
            // Whatever is asked for.
            return self.folder(self.project(project)?, environment, path);
        }
        let id = fields.optional(api.project())?;
        let slug = fields.optional("workspaceSlug")?.filter(|_| api == Api::V3);
        let environment = fields.optional("environment")?;
        let (project, environment) = match (id, slug, environment) {
            (Some(id), _, Some(environment)) => (self.project(&id)?, environment),
            (None, Some(slug), Some(environment)) => (self.project_called(&slug)?, environment),
            _ => return Err(Refusal::new(400, "Missing project id or environment")),
        };
        self.place(project, &environment, fields, actor)
    }

    /// The folder whose secrets are changed.
    pub(super) fn write_place(&self, api: Api, fields: &Fields, actor: &Actor) -> Answer<Place> {
        let environment = fields.text("environment")?;
        let id = match api {
            Api::V3 => fields.optional("workspaceId")?,
            Api::Early | Api::V4 => Some(fields.text("projectId")?),
        };
        let project = match (id, fields.optional("projectSlug")?) {
            (Some(id), _) => self.project(&id)?,
            (None, Some(slug)) => self.project_called(&slug)?,
            (None, None) => {
                return Err(Refusal::new(400, "Must provide projectId or projectSlug"));
            }
        };
        if matches!(actor, Actor::Service(..)) {
            return Err(Refusal::denied("create", "secrets"));
        }
        self.place(project, &environment, fields, actor)
    }

    fn place(&self, project: usize, slug: &str, fields: &Fields, actor: &Actor) -> Answer<Place> {
        let path = trimmed(&fields.optional("secretPath")?.unwrap_or_default());
        self.root(project, slug)?;
        if !self.covers(actor, project, slug, &path) {
            return Err(Refusal::denied("read", "secrets"));
        }
        let place = self.folder(project, slug, &path)?;
        self.refuse_forbidden(place)?;
        Ok(place)
    }

    /// Fails if nobody may look there.
    pub(super) fn refuse_forbidden(&self, place: Place) -> Answer<()> {
        if self.at(place).forbidden {
            return Err(Refusal::denied("describeSecret", "secrets"));
        }
        Ok(())
    }

    /// Whether an older service token is good for that folder.
    fn covers(&self, actor: &Actor, project: usize, slug: &str, path: &str) -> bool {
        let Actor::Service(id, scopes) = actor else {
            return true;
        };
        let fits = |(environment, pattern): &(String, String)| {
            environment == slug
                && glob::Pattern::new(pattern).is_ok_and(|found| found.matches(path))
        };
        self.projects[project].id == *id && scopes.iter().any(fits)
    }
}

/// The project and the only folder that an older service token is good for.
fn only_scope(actor: &Actor) -> Option<(&str, &(String, String))> {
    match actor {
        Actor::Service(project, scopes) if scopes.len() == 1 && !scopes[0].1.contains('*') => {
            Some((project, &scopes[0]))
        }
        _ => None,
    }
}
