//! A project and an environment, as far as they have been found out.

use std::fmt;

use super::wire::Project;
use crate::notice::Notice;
use crate::outside::shown;
use crate::scope::{App, Place};

/// A project's id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ProjectId(pub(super) String);

impl ProjectId {
    /// What names it in a request of version 3, if `old`, or 4.
    pub(super) fn parameter(&self, old: bool) -> (&'static str, &str) {
        let name = if old { "workspaceId" } else { "projectId" };
        (name, &self.0)
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "project {}", shown(&self.0))
    }
}

/// A place, as far as it has been found out.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) environment: String,
    pub(super) id: ProjectId,
    pub(super) notices: Vec<Notice>,
    /// The project, where the server has described it.
    pub(super) project: Option<Project>,
}

impl Found {
    pub(super) fn of(project: Project) -> Self {
        Self {
            id: ProjectId(project.id.clone()),
            project: Some(project),
            ..Self::at(String::new())
        }
    }

    pub(super) fn at(id: String) -> Self {
        Self {
            environment: String::new(),
            id: ProjectId(id),
            notices: Vec::new(),
            project: None,
        }
    }

    /// Project and environment as the server is asked for them.
    pub(super) fn canonical(&self) -> Place {
        Place {
            app: App::Id(self.id.0.clone()),
            environment: self.environment.clone(),
        }
    }

    /// Project and environment, as far as they have been found out.
    pub(super) fn place(&self) -> Place {
        match &self.project {
            Some(project) if !project.slug.is_empty() => Place {
                app: App::Name(project.slug.clone()),
                environment: self.environment.clone(),
            },
            _ => self.canonical(),
        }
    }
}
