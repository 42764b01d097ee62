//! A project and an environment, as far as they have been found out.

use std::fmt;

use super::wire::Project;
use crate::notice::Notice;
use crate::scope::{App, Place};

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
    pub(super) fn of(project: Project) -> Self {
        Self {
            environment: String::new(),
            notices: Vec::new(),
            target: Target::Id(project.id.clone()),
            project: Some(project),
        }
    }

    pub(super) fn at(target: Target) -> Self {
        Self {
            environment: String::new(),
            notices: Vec::new(),
            project: None,
            target,
        }
    }

    /// Project and environment as the server is asked for them.
    pub(super) fn settled(&self) -> Place {
        let app = match &self.target {
            Target::Id(id) => App::Id(id.clone()),
            Target::Slug(slug) => App::Name(slug.clone()),
        };
        Place {
            app,
            environment: self.environment.clone(),
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
