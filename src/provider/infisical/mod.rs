//! Infisical: the server decrypts, and follows references.

mod api;
mod dynamic;
mod folders;
mod found;
#[cfg(fuzzing)]
pub mod fuzz;
mod login;
mod merge;
mod owner;
mod projects;
mod refusal;
mod session;
mod stock;
mod store;
mod tags;
mod wire;

use std::sync::Arc;
use std::time::Instant;

use self::api::{Api, Manner, Query};
use self::folders::tops;
use self::found::{Found, Target};
use self::merge::Rows;
use self::refusal::Trouble;
use self::session::Service;
use self::stock::Listed;
use super::{Backend, Order, References, Supply, join};
use crate::credentials::InfisicalLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Connection;
use crate::lease::Lease;
use crate::owner::{AppSummary, Owner};
use crate::scope::{Folder, Folders, Place, Scope};
use crate::secret::{Change, NewSecret, Secret};

/// The back-end.
#[derive(Debug)]
pub(crate) struct Infisical {
    api: Api,
}

impl Backend for Infisical {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Vec<Secret>> {
        let mut found = self.find(&scope.place, until).await?;
        let rows = self.read(&mut found, scope, Manner::STORED, until).await?;
        if self.is_users(until).await? != Some(true) {
            return Ok(rows.secrets);
        }
        let personal = true;
        let manner = Manner {
            personal,
            ..Manner::STORED
        };
        let own = self.read(&mut found, scope, manner, until).await?;
        Ok(rows.overridden_by(own))
    }

    async fn stock(
        &self,
        order: Order<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Supply> {
        let Order { plan, scope } = order;
        let mut found = self.find(&scope.place, until).await?;
        let manner = Manner {
            expand: plan.expand,
            imports: plan.imports,
            personal: plan.personal,
        };
        let mut rows = self.read(&mut found, scope, manner, until).await?;
        let leased = self
            .leased(&mut found, plan.leases, scope, made, until)
            .await?;
        rows.secrets.extend(leased);
        Ok(Supply {
            hint: None,
            place: found.place(),
            settled: found.place(),
            notices: found.notices,
            stock: Arc::new(Listed::new(rows, plan.personal)),
        })
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        let mut found = self.find_to_change(place, until).await?;
        let mut added = self.add(&found, secret, until).await;
        if self.corrected(&mut found, &added, until).await? {
            added = self.add(&found, secret, until).await;
        }
        added
    }

    async fn update(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        change: &Change,
        until: Instant,
    ) -> Result<()> {
        let mut found = self.find_to_change(place, until).await?;
        let mut altered = self.alter(&found, folder, name, change, until).await;
        if self.corrected(&mut found, &altered, until).await? {
            altered = self.alter(&found, folder, name, change, until).await;
        }
        altered
    }

    async fn delete(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<bool> {
        let mut found = self.find_to_change(place, until).await?;
        let mut removed = self.remove(&found, folder, name, until).await;
        if self.corrected(&mut found, &removed, until).await? {
            removed = self.remove(&found, folder, name, until).await;
        }
        match removed {
            Err(error) if error.kind() == ErrorKind::Missing => Ok(false),
            removed => removed.map(|()| true),
        }
    }

    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>> {
        Ok(owner::summaries(self.projects(until).await?))
    }

    async fn owner(&self, until: Instant) -> Result<Owner> {
        self.whose(until).await
    }

    async fn log_out(&self, until: Instant) -> Result<()> {
        self.end_token(until).await
    }

    async fn revoke(&self, lease: &Lease, until: Instant) -> Result<()> {
        self.end(lease, until).await
    }

    fn references(&self) -> References {
        References::Theirs
    }
}

impl Infisical {
    pub(crate) fn new(
        mut connection: Connection,
        login: InfisicalLogin,
        organisation: Option<String>,
    ) -> Result<Self> {
        let host = connection.host.trim().trim_end_matches('/');
        let host = host.strip_suffix("/api").unwrap_or(host);
        connection.host = String::from(host);
        let service = Service::new(connection, login, organisation)?;
        Ok(Self {
            api: Api::new(service),
        })
    }

    /// The place of a change, which takes the project's id on every server.
    async fn find_to_change(&self, place: &Place, until: Instant) -> Result<Found> {
        let mut found = self.find(place, until).await?;
        if matches!(found.target, Target::Slug(_)) {
            self.describe(&mut found, until).await?;
        }
        Ok(found)
    }

    /// Whether another attempt is worth it after `changed`, as the environment has another name.
    async fn corrected(
        &self,
        found: &mut Found,
        changed: &Result<()>,
        until: Instant,
    ) -> Result<bool> {
        match changed {
            Err(error) if error.kind() == ErrorKind::Missing => self.correct(found, until).await,
            _ => Ok(false),
        }
    }

    /// The secrets of `scope`, each once.
    async fn read(
        &self,
        found: &mut Found,
        scope: &Scope,
        manner: Manner,
        until: Instant,
    ) -> Result<Rows> {
        let mut rows = self.ask_all(found, scope, manner, until).await;
        if matches!(rows, Err(Trouble::Missing(_))) && self.correct(found, until).await? {
            rows = self.ask_all(found, scope, manner, until).await;
        }
        rows.map_err(|trouble| match trouble {
            Trouble::Missing(error) => without_folder(error, scope, found),
            trouble => trouble.into(),
        })
    }

    async fn ask_all(
        &self,
        found: &Found,
        scope: &Scope,
        manner: Manner,
        until: Instant,
    ) -> Result<Rows, Trouble> {
        let (folders, recursive) = tops(&scope.folders);
        let tags: Vec<&str> = scope.tags.iter().map(|tag| tag.trim()).collect();
        let tags = tags.join(",");
        let query = |folder| Query {
            environment: &found.environment,
            folder,
            manner,
            recursive,
            tags: &tags,
            target: &found.target,
        };
        let requests = folders
            .iter()
            .map(|folder| async { self.api.list(&query(folder), until).await });
        let answers = join::all(requests).await?;
        let mut rows = Rows::default();
        for (answer, folder) in answers.iter().zip(&folders) {
            let list = answer.json("a list of secrets")?;
            rows.add(list, &query(folder), &scope.tags)?;
        }
        rows.settle();
        Ok(rows)
    }
}

/// Where the project is described, the environment is there: so it is the folder
/// that is not.
fn without_folder(error: Error, scope: &Scope, found: &Found) -> Error {
    if found.project.is_none() {
        return error;
    }
    let place = format!("environment {:?} of {}", found.environment, found.target);
    let error = match &scope.folders {
        Folders::These(folders) | Folders::Below(folders) if folders.len() == 1 => Error::new(
            ErrorKind::Missing,
            format!("there is no folder {} in {place}", folders[0]),
        ),
        _ => Error::new(
            ErrorKind::Missing,
            format!("one of the folders is not in {place}"),
        )
        .because(error.told()),
    };
    error.help("check --path")
}
