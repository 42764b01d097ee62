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

/// A folder that is asked for, which may be missing.
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) place: Option<Place>,
    /// The slug of the environment.
    pub(super) slug: String,
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
    pub(super) fn read_place(&self, api: Api, fields: &Fields, actor: Actor) -> Answer<Asked> {
        if let Some((project, (slug, path))) = self.only_scope(actor) {
            // Whatever is asked for.
            return self.asked(self.project_of_secrets(project)?, slug, path, actor);
        }
        let id = fields.optional(api.project())?;
        let old = self.settings.version.is_old();
        // An older server takes it of machine identities alone.
        let taken = api == Api::V3 && (!old || matches!(actor, Actor::Machine(_)));
        let slug = fields.optional("workspaceSlug")?.filter(|_| taken);
        let environment = fields.optional("environment")?;
        let missing = match (old, api, &id, &slug, actor) {
            (true, ..) => "Missing workspace id or environment",
            (_, Api::V3, None, None, Actor::Machine(_) | Actor::User) => {
                "You must provide projectSlug or workspaceId"
            }
            _ => "Missing project id or environment",
        };
        let (project, environment) = match (id, slug, environment) {
            (Some(id), _, Some(environment)) => (self.project_of_secrets(&id)?, environment),
            (None, Some(slug), Some(environment)) => (self.project_called(&slug)?, environment),
            _ => return Err(Refusal::new(400, missing)),
        };
        let path = trimmed(&fields.optional("secretPath")?.unwrap_or_default());
        self.asked(project, &environment, &path, actor)
    }

    fn asked(&self, project: usize, slug: &str, path: &str, actor: Actor) -> Answer<Asked> {
        self.enter(actor, project)?;
        Ok(Asked {
            path: path.to_owned(),
            place: self.folder(project, slug, path),
            slug: slug.to_owned(),
        })
    }

    /// The folder whose secrets are changed; `task` is what the server calls that.
    pub(super) fn write_place(
        &self,
        api: Api,
        fields: &Fields,
        actor: Actor,
        task: &str,
    ) -> Answer<Place> {
        let environment = fields.text("environment")?;
        let id = match api {
            Api::V3 => fields.optional("workspaceId")?,
            Api::Early | Api::V4 => Some(fields.text("projectId")?),
        };
        let project = match (id, fields.optional("projectSlug")?) {
            (Some(id), _) => self.project_of_secrets(&id)?,
            (None, Some(slug)) => self.project_called(&slug)?,
            (None, None) => {
                return Err(Refusal::new(400, "Must provide projectId or projectSlug"));
            }
        };
        self.enter(actor, project)?;
        let action = match task {
            "CreateSecret" => "create",
            "UpdateSecret" => "edit",
            _ => "delete",
        };
        self.may_write(actor, action, "secrets")?;
        let path = trimmed(&fields.optional("secretPath")?.unwrap_or_default());
        let place = self.folder(project, &environment, &path);
        let place = place.ok_or_else(|| no_folder(task, &environment, &path))?;
        if !self.may_describe(actor, place) {
            return Err(Refusal::denied(action, "secrets", Vec::new()));
        }
        Ok(place)
    }

    /// The project and the only folder that an older service token is good for.
    fn only_scope(&self, actor: Actor) -> Option<(&str, &(String, String))> {
        let Actor::Service(number) = actor else {
            return None;
        };
        let service = &self.services[number];
        let scope = service.scopes.first()?;
        let only = service.scopes.len() == 1 && !scope.1.contains('*');
        only.then_some((&service.project, scope))
    }
}

/// What is said of a folder that is not there, by whoever looked for it.
pub(super) fn no_folder(task: &str, slug: &str, path: &str) -> Refusal {
    let text = format!("Folder with path '{path}' in environment with slug '{slug}' not found");
    Refusal::named(404, task, text)
}
