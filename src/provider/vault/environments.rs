//! The apps and environments of a vault: made and removed by name.

use super::format::{App, Environment, Vault};
use super::manage::VaultFile;
use super::place::{chosen, exact, made};
use crate::error::{Error, ErrorKind, Result};
use crate::owner::AppSummary;

impl VaultFile {
    /// The apps of the vault, by name, with their environments.
    ///
    /// # Errors
    ///
    /// As for reading secrets: any [`ErrorKind`].
    pub async fn apps(&self) -> Result<Vec<AppSummary>> {
        let vault = self.opening().open()?.vault(self.until()).await?;
        Ok(summaries(vault))
    }

    /// The environments of `app`, by name.
    ///
    /// # Errors
    ///
    /// As for reading secrets: any [`ErrorKind`].
    pub async fn environments(&self, app: &str) -> Result<Vec<String>> {
        let vault = self.opening().open()?.vault(self.until()).await?;
        let mut notices = Vec::new();
        let app = &vault.apps[chosen(app, &vault.apps, &mut notices)?];
        for notice in notices {
            self.opening().noticed.add(notice);
        }
        Ok(app
            .environments
            .iter()
            .map(|one| one.name.clone())
            .collect())
    }

    /// Makes an empty environment of `app`, and the app if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] if there is one of that name, whatever its case;
    /// otherwise any [`ErrorKind`].
    pub async fn add_environment(&self, app: &str, environment: &str) -> Result<()> {
        let (store, until) = (self.opening().open()?, self.until());
        let _lock = store.lock(until).await?;
        let (mut vault, _) = store.to_change(until).await?;
        let app = made(app, &mut vault.apps, true)?;
        let lower = environment.to_lowercase();
        let alike = |one: &&Environment| one.name.to_lowercase() == lower;
        if let Some(there) = app.environments.iter().find(alike) {
            let message = format!("{} has the environment {:?} already", app.name, there.name);
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        made(environment, &mut app.environments, true)?;
        store.save(&mut vault)
    }

    /// Removes an environment of `app` with one's own overrides to it, and with the
    /// last one the app. One that holds secrets goes only `with_secrets`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] if there is none of that whole name,
    /// [`ErrorKind::Conflict`] if it holds secrets and was to hold none;
    /// otherwise any [`ErrorKind`].
    pub async fn remove_environment(
        &self,
        app: &str,
        environment: &str,
        with_secrets: bool,
    ) -> Result<()> {
        let (store, until) = (self.opening().open()?, self.until());
        let _lock = store.lock(until).await?;
        let (mut vault, mut overrides) = store.to_change(until).await?;
        let from = exact(app, &mut vault.apps)?;
        let Environment { name, secrets } = exact(environment, &mut from.environments)?;
        if !secrets.is_empty() && !with_secrets {
            let holds = match secrets.len() {
                1 => "1 secret".to_owned(),
                many => format!("{many} secrets"),
            };
            let message = format!("{name} of {} holds {holds}", from.name);
            return Err(Error::new(ErrorKind::Conflict, message)
                .help("`phase-run vault environments delete --yes` deletes them with it"));
        }
        let (app, environment) = (from.name.clone(), name.clone());
        from.environments.retain(|one| one.name != environment);
        vault
            .apps
            .retain(|one: &App| !(one.name == app && one.environments.is_empty()));
        store.save(&mut vault)?;
        if overrides.remove_environment(&app, &environment) {
            store.save_personal(&mut overrides)?;
        }
        Ok(())
    }
}

/// The apps of `vault`, with their environments.
pub(super) fn summaries(vault: Vault) -> Vec<AppSummary> {
    let apps = vault.apps.into_iter().map(|app| AppSummary {
        environments: app.environments.into_iter().map(|one| one.name).collect(),
        id: String::new(),
        name: app.name,
    });
    apps.collect()
}
