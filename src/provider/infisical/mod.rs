//! Infisical: the server decrypts. It could follow references too, but puts
//! nothing in the place of one that leads nowhere: so we do.

mod api;
mod dynamic;
mod folders;
mod found;
#[cfg(fuzzing)]
pub mod fuzz;
mod listed;
mod login;
mod merge;
mod owner;
mod projects;
mod read;
mod refusal;
mod session;
mod store;
mod tags;
mod trimmed;
mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use self::api::{Api, Manner, SECRET_NAME, segment};
use self::found::Found;
use self::listed::Listed;
use self::session::Service;
use super::{
    Backend, FetchRequest, FetchResponse, Listing, Referenced, ReferencedRequest, References, join,
    require_whole,
};
use crate::credentials::InfisicalLogin;
use crate::emptiness::Held;
use crate::error::{ErrorKind, Result};
use crate::http::Connection;
use crate::lease::Lease;
use crate::notice::Notice;
use crate::owner::{AppSummary, Owner};
use crate::scope::{Folder, Place, Scope, Site};
use crate::secret::{Change, NewSecret};

/// The back-end.
#[derive(Debug)]
pub(crate) struct Infisical {
    api: Api,
}

impl Backend for Infisical {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing> {
        let mut found = self.find(&scope.place, until).await?;
        let rows = self
            .read(&mut found, scope, Manner::STORED, true, until)
            .await?;
        let secrets = if self.is_users(until).await? == Some(true) {
            let manner = Manner {
                personal: true,
                ..Manner::STORED
            };
            let own = self.read(&mut found, scope, manner, true, until).await?;
            rows.overridden_by(own)
        } else {
            rows.secrets
        };
        Ok(Listing {
            place: found.place(),
            notices: found.notices,
            secrets,
        })
    }

    async fn fetch(
        &self,
        order: FetchRequest<'_>,
        made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<FetchResponse> {
        let FetchRequest { plan, scope } = order;
        let mut found = self.find(&scope.place, until).await?;
        let manner = Manner {
            imports: plan.imports,
            names_will_do: false,
            personal: plan.personal,
        };
        let rows = self
            .read(&mut found, scope, manner, plan.allow_empty, until)
            .await?;
        let dynamics = self.dynamics(&mut found, order, until).await?;
        let secrets = rows.secrets.iter().chain(&rows.imported);
        order.require_some(
            &Held {
                dynamic: dynamics.iter().map(|(folder, _)| folder).collect(),
                filtered: !scope.tags.is_empty(),
                partial: true,
                secrets: secrets.map(|one| (&one.folder, &*one.tags)).collect(),
            },
            &found.place(),
        )?;
        let leased = self
            .leased(&mut found, dynamics, order, made, until)
            .await?;
        if rows.untagged {
            found.notices.push(Notice::ImportsLeftOut);
        }
        Ok(FetchResponse {
            hint: None,
            place: found.place(),
            canonical: found.canonical(),
            notices: found.notices,
            set: Arc::new(Listed::new(rows, leased, scope, manner)),
        })
    }

    async fn fetch_referenced(&self, request: ReferencedRequest<'_>, until: Instant) -> Referenced {
        let sites = request.targets.iter().map(|target| target.site.clone());
        let sites: BTreeSet<Site> = sites.collect();
        let folders = sites.into_iter().map(|site| async {
            let personal = request.plan.personal;
            let folder = self.referred_to(&site, personal, until).await;
            (site, folder)
        });
        Referenced {
            folders: join::each(folders).await,
            ..Referenced::default()
        }
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        segment(SECRET_NAME, secret.name.as_str())?;
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
        segment(SECRET_NAME, name)?;
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
        segment(SECRET_NAME, name)?;
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
        self.reachable(until).await
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
        References::Ours
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

    /// The place of a change, which must be named whole.
    async fn find_to_change(&self, place: &Place, until: Instant) -> Result<Found> {
        let found = self.find(place, until).await?;
        require_whole(&found.notices)?;
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
            Err(error) if error.kind() == ErrorKind::Missing => {
                let corrected = self.correct(found, until).await?;
                require_whole(&found.notices)?;
                Ok(corrected)
            }
            _ => Ok(false),
        }
    }
}
