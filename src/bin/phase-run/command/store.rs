//! The store that a command works on.

use phase_run::{Client, Folder, Folders, Plan, Resolution, Scope};

use super::settings;
use crate::args;
use crate::exit::{Failure, Reason};
use crate::fetch::fetch;
use crate::report::Report;
use crate::settings::World;

/// A store that is reached, and what of it is meant.
pub(super) struct Store {
    pub(super) client: Client,
    pub(super) personal: bool,
    report: Report,
    pub(super) scope: Scope,
}

impl Store {
    pub(super) fn open(
        context: &args::Context,
        world: &World<'_>,
        report: Report,
    ) -> Result<Self, Failure> {
        let settings = settings(context, world, report)?;
        Ok(Self {
            client: settings.client()?,
            personal: settings.personal,
            report,
            scope: settings.scope()?.clone(),
        })
    }

    pub(super) fn resolve(&self, plan: &Plan<'_>) -> Result<Resolution, Failure> {
        let resolution = fetch(self.client.resolve(&self.scope, plan))?;
        for notice in &resolution.notices {
            self.report.warn(&notice.to_string());
        }
        Ok(resolution)
    }

    /// The one folder to write to.
    pub(super) fn folder(&self) -> Result<&Folder, Failure> {
        match &self.scope.folders {
            Folders::These(folders) if folders.len() == 1 => Ok(&folders[0]),
            _ => Err(Failure::new(
                Reason::Usage,
                "a secret lies in one folder, and several are meant",
            )
            .help("give one --path")),
        }
    }

    pub(super) fn missing(&self, name: &str) -> Failure {
        let place = &self.scope.place;
        let text = format!(
            "there is no secret {name:?} in {} of {}",
            place.environment, place.app
        );
        Failure::new(Reason::Missing, text)
            .help("look at --env and --path, or `phase-run secrets list --all-paths`")
    }
}
