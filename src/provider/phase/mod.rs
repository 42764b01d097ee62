//! Phase, over REST: the server decrypts and follows references.

mod api;
mod found;
#[cfg(fuzzing)]
pub mod fuzz;
mod join;
mod refusal;
mod wire;

use std::time::Instant;

use super::{AppSummary, Backend, Listing, References};
use crate::credentials::{Holder, PhaseToken};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Connection, Http};
use crate::scope::{Folder, Folders, Place, Scope};
use crate::secret::{Change, NewSecret};
use api::Api;
use refusal::Trouble;

/// The most requests under way at the same time.
const AT_ONCE: usize = 8;

/// The back-end.
#[derive(Debug)]
pub(crate) struct Phase {
    api: Api,
}

impl Backend for Phase {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing> {
        let mut found = self.find(&scope.place, until).await?;
        let folders = match &scope.folders {
            Folders::All => vec![None],
            Folders::These(folders) => folders.iter().map(Some).collect(),
        };
        let secrets = self.fetch(&mut found, &folders, None, until).await?;
        Ok(Listing {
            place: Place {
                app: found.app,
                environment: found.environment,
            },
            secrets,
            whole: scope.folders == Folders::All,
            notices: found.notices,
        })
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        self.require_owner(secret.personal.is_some())?;
        let mut found = self.find(place, until).await?;
        let mut result = self.api.create(found.target(), secret, until).await;
        if let Err(Trouble::NoEnvironment(_)) = result {
            self.correct(&mut found, until).await?;
            result = self.api.create(found.target(), secret, until).await;
        }
        match result {
            Err(trouble) => match self.explain(trouble, &found.id, until).await {
                error if error.kind() == ErrorKind::Conflict => Err(Error::new(
                    ErrorKind::Conflict,
                    format!("{} is already in {}", secret.name, secret.folder),
                )
                .help(
                    "update it, or choose another name or folder; Phase stores names in upper case",
                )),
                error => Err(error),
            },
            Ok(()) => Ok(()),
        }
    }

    async fn update(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        change: &Change,
        until: Instant,
    ) -> Result<()> {
        self.require_owner(change.personal.is_some() || change.toggle_personal)?;
        let (found, rows) = self.rows(place, folder, name, until).await?;
        // Of two rows of one name, the one changed last is the one in use.
        let stored = rows
            .iter()
            .max_by(|a, b| (&a.updated, a.version).cmp(&(&b.updated, b.version)));
        let Some(stored) = stored else {
            return Err(Error::new(
                ErrorKind::Missing,
                format!(
                    "there is no {name} in {folder} of environment {:?}",
                    found.environment
                ),
            ));
        };
        if change.toggle_personal && change.personal.is_none() && stored.personal.is_none() {
            return Err(Error::new(
                ErrorKind::Missing,
                format!("{name} has no personal override to switch"),
            ));
        }
        Ok(self
            .api
            .update(found.target(), stored, change, until)
            .await?)
    }

    async fn delete(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<bool> {
        let (found, rows) = self.rows(place, folder, name, until).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let ids = rows.iter().map(|row| row.id.as_str()).collect();
        self.api.delete(found.target(), ids, until).await?;
        Ok(true)
    }

    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>> {
        let mut apps = self.api.apps(until).await?;
        apps.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let mut summaries = Vec::with_capacity(apps.len());
        for some in apps.chunks(AT_ONCE) {
            summaries.extend(join::all(some.iter().map(|app| self.summary(app, until))).await?);
        }
        Ok(summaries)
    }

    fn references(&self) -> References {
        References::Theirs
    }
}

impl Phase {
    pub(crate) fn new(token: PhaseToken, connection: &Connection) -> Result<Self> {
        Ok(Self {
            api: Api::new(Http::new(connection)?, token),
        })
    }

    /// An app and its environments; none where REST does not reach them.
    async fn summary(&self, app: &wire::App, until: Instant) -> Result<AppSummary> {
        let environments = if app.sse_enabled {
            match self
                .api
                .environments(&app.id, until)
                .await
                .map_err(Error::from)
            {
                Err(error) if error.kind() == ErrorKind::Denied => Vec::new(),
                answer => answer?,
            }
        } else {
            Vec::new()
        };
        Ok(AppSummary {
            environments,
            id: app.id.clone(),
            name: app.name.clone(),
        })
    }

    /// Only users have overrides; the server ignores those of other accounts.
    fn require_owner(&self, personal: bool) -> Result<()> {
        if personal && self.api.token.holder() != Holder::User {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a personal override needs the token of a person, and this is a service's",
            )
            .help("use a pss_user token"));
        }
        Ok(())
    }
}
