//! From what was typed to an app, an environment and their secrets.

use std::time::Instant;

use super::Rest;
use super::api::{Rows, Target};
use super::wire::keeps_case;
use crate::credentials::Holder;
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::pick::{pick, pick_with_ids};
use crate::provider::join;
use crate::provider::phase::dynamic::Dynamics;
use crate::provider::phase::refusal::ApiError;
use crate::provider::phase::{no_app, reached, spelt};
use crate::provider::{note, require_whole};
use crate::scope::{App, Folder, Place};
use crate::secret::Secret;

/// A place, as far as it has been found out.
pub(super) struct Found {
    /// The app as it was asked for, or by its whole name.
    pub(super) app: App,
    pub(super) environment: String,
    /// The app's id.
    pub(super) id: String,
    pub(super) notices: Vec<Notice>,
}

impl Found {
    pub(super) fn target(&self) -> Target<'_> {
        Target {
            app: &self.id,
            environment: &self.environment,
        }
    }

    /// App and environment, as far as they have been found out.
    pub(super) fn place(&self) -> Place {
        Place {
            app: self.app.clone(),
            environment: self.environment.clone(),
        }
    }
}

impl Rest {
    /// The app's id. The environment is taken as it was typed: the server
    /// ignores case, and asking first would cost every run a round trip.
    pub(super) async fn find(&self, place: &Place, until: Instant) -> Result<Found> {
        let mut found = Found {
            app: place.app.clone(),
            environment: place.environment.clone(),
            id: String::new(),
            notices: Vec::new(),
        };
        match &place.app {
            App::Only => return Err(App::unnamed()),
            App::Id(id) => id.clone_into(&mut found.id),
            App::Name(wanted) => {
                if self.api.service.token.holder() == Holder::Service {
                    return Err(Error::new(
                        ErrorKind::Configuration,
                        format!(
                            "a token of the older kind (Service) cannot look for app {wanted:?}"
                        ),
                    )
                    .help("give --app-id, or use the token of a service account"));
                }
                let apps = self.api.apps(until).await?;
                let (names, ids): (Vec<&str>, Vec<&str>) =
                    apps.iter().map(|app| (&*app.name, &*app.id)).unzip();
                let picked = pick_with_ids("app", "--app", wanted, &names, &ids)?;
                let app = &apps[picked.index];
                note(&mut found.notices, picked.partial, "app", wanted, &app.name);
                found.app = App::Name(app.name.clone());
                found.id.clone_from(&app.id);
            }
        }
        Ok(found)
    }

    /// Puts the environment's whole name in the place of what was typed.
    pub(super) async fn correct(&self, found: &mut Found, until: Instant) -> Result<()> {
        let wanted = found.environment.clone();
        let names = match self
            .api
            .environments(&found.id, until)
            .await
            .map_err(Error::from)
        {
            Ok(names) => names,
            Err(error) => {
                return Err(Error::new(
                    ErrorKind::Missing,
                    format!("there is no environment {wanted:?} in app {}", found.app),
                )
                .help(format!("the list of environments cannot be had: {error}")));
            }
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let picked = pick("environment", "--env", &wanted, &names)?;
        names[picked.index].clone_into(&mut found.environment);
        note(
            &mut found.notices,
            picked.partial,
            "environment",
            &wanted,
            names[picked.index],
        );
        Ok(())
    }

    /// The secrets of `folders`, each once. (A secret that is moved meanwhile
    /// may come in two answers.)
    pub(super) async fn fetch_folders(
        &self,
        found: &mut Found,
        folders: &[Option<&Folder>],
        key: Option<&str>,
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<Rows> {
        let mut answers = self
            .ask(found.target(), folders, key, dynamics, until)
            .await;
        if let Err(ApiError::NoEnvironment(_)) = answers {
            self.correct(found, until).await?;
            answers = self
                .ask(found.target(), folders, key, dynamics, until)
                .await;
        }
        let answers = match answers {
            Ok(answers) => answers,
            Err(trouble) => return Err(self.explain(trouble, &found.id, until).await),
        };
        let mut all = Rows::default();
        for rows in answers {
            all.dynamic.extend(rows.dynamic);
            all.secrets.extend(rows.secrets);
        }
        all.dynamic.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        all.dynamic
            .dedup_by(|a, b| !a.id.is_empty() && a.id == b.id);
        all.secrets.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        all.secrets
            .dedup_by(|a, b| !a.id.is_empty() && a.id == b.id);
        Ok(all)
    }

    async fn ask(
        &self,
        target: Target<'_>,
        folders: &[Option<&Folder>],
        key: Option<&str>,
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<Vec<Rows>, ApiError> {
        let requests = folders
            .iter()
            .map(|folder| self.api.secrets(target, *folder, key, dynamics, until));
        join::all(requests).await
    }

    /// The rows of one name in one folder, for a change of them: as it is spelt, or else in upper
    /// case, as the server stores names. By a name with lower-case letters it
    /// cannot be asked for: then the whole folder is.
    pub(super) async fn rows(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<(Found, Vec<Secret>)> {
        let mut found = self.find(place, until).await?;
        let mut rows = self
            .fetch_folders(
                &mut found,
                &[Some(folder)],
                (!keeps_case(name)).then_some(name),
                Dynamics::Hidden,
                until,
            )
            .await?
            .secrets;
        require_whole(&found.notices)?;
        rows.retain(|row| row.folder == *folder);
        let spelt = spelt(rows.iter().map(|row| row.name.as_str()), name);
        rows.retain(|row| row.name == spelt);
        Ok((found, rows))
    }

    /// The error of `trouble`, with the candidates if the app is unknown.
    pub(super) async fn explain(&self, trouble: ApiError, app: &str, until: Instant) -> Error {
        if !matches!(trouble, ApiError::NoApp(_)) {
            return trouble.into();
        }
        let error = no_app(app);
        match self.api.apps(until).await {
            Ok(apps) => error.help(reached(apps.iter().map(|app| (&*app.id, &*app.name)))),
            Err(_) => error.help("check --app-id"),
        }
    }
}
