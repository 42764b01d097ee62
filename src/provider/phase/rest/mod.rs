//! Phase over REST: the server decrypts and follows references.

mod api;
mod found;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod wire;

use std::sync::Arc;
use std::time::Instant;

use super::dynamic::{self, Dynamic, Dynamics};
use super::refusal::ApiError;
use super::service::Service;
use super::{
    absent, ended, exists, newest, or_exists, require_one, require_owner, require_short,
    require_unsealed, without_override,
};
use crate::credentials::PhaseToken;
use crate::emptiness::Held;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Connection, Http, Product};
use crate::lease::{Lease, Leases};
use crate::notice::Notice;
use crate::owner::{AppSummary, Owner};
use crate::provider::{
    Backend, FetchRequest, FetchResponse, Listing, References, join, no_log_out, require_whole,
};
use crate::scope::{Folder, Folders, Place, Scope};
use crate::secret::{Change, NewSecret, Secret, SecretType};
use crate::secret_set::{Plain, age};
use api::{Api, Rows};
use found::Found;
use wire::keeps_case;

/// The back-end.
#[derive(Debug)]
pub(crate) struct Rest {
    api: Api,
}

impl Backend for Rest {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing> {
        let (found, rows) = self.read(scope, Dynamics::Hidden, until).await?;
        Ok(Listing {
            place: found.place(),
            notices: found.notices,
            secrets: rows.secrets,
        })
    }

    async fn fetch(
        &self,
        order: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<FetchResponse> {
        let FetchRequest { plan, scope } = order;
        if !plan.expand {
            let message = "Phase follows references by itself over REST";
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("leave --no-expand out, or use --api e2ee"));
        }
        let (mut found, rows) = self.read(scope, Dynamics::Shown, until).await?;
        let Rows {
            mut dynamic,
            mut secrets,
        } = rows;
        order.require_some(
            &Held {
                dynamic: dynamic.iter().map(|one| &one.folder).collect(),
                partial: matches!(scope.folders, Folders::These(_)),
                ..Held::of(&secrets)
            },
            &found.place(),
        )?;
        // The answer may be the whole environment's.
        dynamic.retain(|one| scope.folders.contains(&one.folder));
        for dynamic in self.leased(&found, dynamic, order, made, until).await? {
            let (given, unset) = given(&dynamic, scope, plan.wanted);
            found.notices.extend(unset);
            secrets.extend(given);
        }
        Ok(FetchResponse {
            hint: None,
            place: found.place(),
            canonical: found.place(),
            notices: found.notices,
            set: Arc::new(Plain::new(secrets, plan.personal)),
        })
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        require_owner(&self.api.service.token, secret.personal.is_some())?;
        require_short(&secret.tags)?;
        let mut found = self.find(place, until).await?;
        require_whole(&found.notices)?;
        let mut result = self.api.create(found.target(), secret, until).await;
        if let Err(ApiError::NoEnvironment(_)) = result {
            self.correct(&mut found, until).await?;
            require_whole(&found.notices)?;
            result = self.api.create(found.target(), secret, until).await;
        }
        match result {
            Err(trouble) => {
                let error = self.explain(trouble, &found.id, until).await;
                Err(or_exists(error, secret.name.as_str(), &secret.folder))
            }
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
        require_owner(
            &self.api.service.token,
            change.personal.is_some() || change.toggle_personal,
        )?;
        require_short(change.tags.as_deref().unwrap_or_default())?;
        let (mut found, rows) = self.rows(place, folder, name, until).await?;
        let stored = newest(&rows, |row| age(&row.updated, &row.id));
        let stored = stored.ok_or_else(|| absent(name, folder, &found.environment))?;
        let to = change.folder.as_ref().unwrap_or(folder);
        if to == folder {
            require_one(rows.len(), name, folder)?;
        }
        require_unsealed(name, stored.kind, change)?;
        if change.toggle_personal && change.personal.is_none() && stored.personal.is_none() {
            return Err(without_override(name));
        }
        if to != folder && keeps_case(&stored.name) {
            // The server cannot be asked to look.
            let there = self
                .fetch_folders(&mut found, &[Some(to)], None, Dynamics::Hidden, until)
                .await?;
            let taken = |row: &Secret| row.folder == *to && row.name == stored.name;
            if there.secrets.iter().any(taken) {
                return Err(exists(&stored.name, to));
            }
        }
        let target = found.target();
        let answer = self.api.update(target, stored, change, until).await;
        answer.map_err(|trouble| or_exists(trouble.into(), name, to))
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
        require_one(rows.len(), name, folder)?;
        let ids = rows.iter().map(|row| row.id.as_str()).collect();
        self.api.delete(found.target(), name, ids, until).await?;
        Ok(true)
    }

    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>> {
        let mut apps = self.api.apps(until).await?;
        apps.sort_unstable_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        join::all(apps.iter().map(|app| self.summary(app, until))).await
    }

    async fn owner(&self, until: Instant) -> Result<Owner> {
        let answer = self.api.service.token(until).await?;
        Ok(answer.in_order().owner(self.api.service.token.holder()))
    }

    async fn log_out(&self, _: Instant) -> Result<()> {
        Err(no_log_out("delete the token in the Phase console"))
    }

    async fn revoke(&self, lease: &Lease, until: Instant) -> Result<()> {
        ended(self.api.revoke(lease, until).await)
    }

    fn references(&self) -> References {
        References::Theirs
    }
}

impl Rest {
    pub(crate) fn new(token: PhaseToken, connection: &Connection) -> Result<Self> {
        Ok(Self {
            api: Api {
                service: Service {
                    http: Http::new(connection)?.asking(Product::Phase),
                    token,
                },
            },
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

    /// The secrets of `scope`, and at least them.
    async fn read(
        &self,
        scope: &Scope,
        dynamics: Dynamics,
        until: Instant,
    ) -> Result<(Found, Rows)> {
        let mut found = self.find(&scope.place, until).await?;
        let folders = match &scope.folders {
            Folders::All | Folders::Below(_) => vec![None],
            Folders::These(folders) => folders.iter().map(Some).collect(),
        };
        let rows = self
            .fetch_folders(&mut found, &folders, None, dynamics, until)
            .await?;
        Ok((found, rows))
    }

    /// The same dynamic secrets with a lease, if leases are wanted: for each
    /// folder of which a name is, since a request makes all those of a folder.
    async fn leased(
        &self,
        found: &Found,
        dynamic: Vec<Dynamic>,
        order: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<Vec<Dynamic>> {
        let Leases::Generate { ttl } = order.plan.leases else {
            return Ok(dynamic);
        };
        let mut all = Vec::new();
        for some in dynamic::by_folder(dynamic) {
            let mut names = some.iter().flat_map(|one| &one.credentials).map(|it| &it.0);
            let Some(name) = names.find(|name| (order.plan.wanted)(name)) else {
                all.extend(some);
                continue;
            };
            let folder = some[0].folder.clone();
            let target = (found.id.as_str(), found.environment.as_str());
            let start = Instant::now();
            let answer = self
                .api
                .lease(found.target(), &folder, name, ttl, until)
                .await;
            if let Err(ApiError::Partly(_, failed)) = &answer {
                for one in some.iter().filter(|one| !failed.contains(&one.id)) {
                    let all = self.api.leases(found.target(), &one.id, until).await;
                    let ours = all.map(|all| dynamic::ours(&all, &folder, target, start.elapsed()));
                    made.extend(ours.ok().flatten());
                }
            }
            let answer = answer?;
            made.extend(dynamic::leases(&answer, &folder, target));
            all.extend(Rows::of(&answer, Some(&folder))?.dynamic);
        }
        Ok(all)
    }
}

/// What `dynamic` gives, and what it was to give but does not.
fn given(
    dynamic: &Dynamic,
    scope: &Scope,
    wanted: &dyn Fn(&str) -> bool,
) -> (Vec<Secret>, Option<Notice>) {
    let mut unset = Vec::new();
    let mut secrets = Vec::with_capacity(dynamic.credentials.len());
    for (name, _, value) in &dynamic.credentials {
        match value {
            Some(value) => secrets.push(Secret {
                comment: String::new(),
                folder: dynamic.folder.clone(),
                id: format!("{}/{name}", dynamic.id),
                kind: SecretType::Secret,
                metadata: Vec::new(),
                name: name.clone(),
                personal: None,
                // They carry none, and are meant whatever tags are asked for.
                tags: scope.tags.clone(),
                updated: dynamic.updated.clone(),
                value: Some(value.clone()),
                version: 1,
            }),
            None if wanted(name) => unset.push(name.clone()),
            None => {}
        }
    }
    let notice = (!unset.is_empty()).then(|| dynamic.notice(unset));
    (secrets, notice)
}
