//! The embedded vault: secrets in one age file, meant to be committed.
//!
//! Beside the vault `FILE` stand `FILE.personal` (one's own overrides),
//! `FILE.lock`, and during a write `FILE.new`: none of them is meant to be
//! committed.
//!
//! An override belongs to a secret that is there: one without a shared value
//! cannot be written, and one whose secret has gone does nothing.

mod acceptance;
mod environments;
mod fields;
mod files;
mod format;
#[cfg(fuzzing)]
pub mod fuzz;
mod keys;
mod mac;
mod manage;
mod noticed;
mod personal;
mod place;
mod read;
mod record;
mod revision;
mod seal;
mod store;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

pub use keys::{VaultIdentity, VaultRecipient};
pub use manage::{UnsealedOverrides, VaultFile};

use self::place::{app_name, exact, made};
use self::record::Record;
use self::store::{Opening, Store};
use super::{
    Backend, FetchRequest, FetchResponse, Listing, Referenced, ReferencedRequest, References,
    no_log_out, places,
};
use crate::credentials::VaultKey;
use crate::emptiness::Held;
use crate::error::{Error, ErrorKind, Result};
use crate::file_owners::FileOwners;
use crate::lease::Lease;
use crate::notice::Notice;
use crate::owner::{AppSummary, Owner};
use crate::scope::{Folder, Place, Scope};
use crate::secret::{Change, NewSecret};
use crate::secret_set::Plain;
use crate::trust::TrustStore;

/// The back-end.
#[derive(Debug)]
pub(crate) struct Vault {
    /// Whether a secret may make an app or an environment that is not there.
    makes_environments: bool,
    opening: Opening,
}

impl Vault {
    /// The vault `file`. Nothing is read yet.
    pub(crate) fn new(file: PathBuf, key: VaultKey) -> Self {
        Self {
            makes_environments: false,
            opening: Opening::new(file, key),
        }
    }

    /// Remembers in `store` which recipients were accepted.
    pub(crate) fn trust(&mut self, store: TrustStore) {
        self.opening.trust = Some(store);
    }

    pub(crate) fn make_environments(&mut self, make: bool) {
        self.makes_environments = make;
    }

    /// See [`VaultFile::most_work`].
    pub(crate) fn most_work(&mut self, most: u8) {
        self.opening.most_work = most;
    }

    /// See [`VaultFile::owned_by`].
    pub(crate) fn owned_by(&mut self, owners: FileOwners) {
        self.opening.owners = owners;
    }

    /// See [`VaultFile::notices`].
    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.opening.noticed.take()
    }

    fn store(&self) -> Result<Store> {
        self.opening.open()
    }
}

/// What belongs in both files is written to `FILE.personal` first and removed
/// from it last: a process that is killed in between leaves an override without
/// its secret, which does nothing, and never a secret without its override.
impl Backend for Vault {
    async fn list(&self, scope: &Scope, until: Instant) -> Result<Listing> {
        let (vault, overrides) = self.store()?.both(until).await?;
        let mut notices = Vec::new();
        let located = read::located(&scope.place, &vault, &mut notices);
        let is_to_be_made = match &located {
            Ok(_) => self.makes_environments && !notices.is_empty(),
            Err(error) => {
                let may_be_made = self.makes_environments || vault.apps.is_empty();
                may_be_made && error.kind() == ErrorKind::Missing
            }
        };
        if is_to_be_made {
            return Ok(Listing {
                notices: Vec::new(),
                place: scope.place.clone(),
                secrets: Vec::new(),
            });
        }
        let (app, environment) = located?;
        Ok(Listing {
            notices,
            place: read::canonical(app, environment),
            secrets: read::secrets(app, environment, &overrides),
        })
    }

    async fn fetch(
        &self,
        order: FetchRequest<'_>,
        _made: &mut Vec<Lease>,
        until: Instant,
    ) -> Result<FetchResponse> {
        let store = self.store()?;
        let (vault, overrides) = store.for_use(order.plan.personal, until).await?;
        let mut notices = self.notices();
        let (app, environment) = read::located(&order.scope.place, &vault, &mut notices)?;
        let place = read::canonical(app, environment);
        let secrets = read::secrets(app, environment, &overrides);
        order.require_some(&Held::of(&secrets), &place)?;
        Ok(FetchResponse {
            hint: None,
            notices,
            canonical: place.clone(),
            place,
            set: Arc::new(Plain::new(secrets, order.plan.personal)),
        })
    }

    async fn fetch_referenced(&self, request: ReferencedRequest<'_>, until: Instant) -> Referenced {
        let asked = places(request.targets);
        let personal = request.plan.personal;
        let read = match self.store() {
            Ok(store) => store.for_use(personal, until).await,
            Err(error) => Err(error),
        };
        match read {
            Ok((vault, overrides)) => {
                read::referenced(asked, request.known, &vault, &overrides, personal)
            }
            Err(error) => Referenced::none(asked, error),
        }
    }

    async fn create(&self, place: &Place, secret: &NewSecret, until: Instant) -> Result<()> {
        let store = self.store()?;
        let _lock = store.lock(until).await?;
        let (mut vault, mut overrides) = store.to_change(until).await?;
        // The first one has to lie somewhere; after it, another name may be a mistake.
        let new = self.makes_environments || vault.apps.is_empty();
        let app = made(app_name(place), &mut vault.apps, new)?;
        let environment = made(&place.environment, &mut app.environments, new)?;
        let (folder, name) = (&secret.folder, secret.name.as_str());
        let Err(index) = environment.find(folder, name) else {
            return Err(conflict(folder, name));
        };
        environment.secrets.insert(index, Record::new(secret));

        let at = (&*app.name, &*environment.name, folder, name);
        // One that an earlier secret of this name left behind must not come back.
        let mut changed = overrides.remove(at);
        if let Some(value) = &secret.personal {
            overrides.set(at, value.clone(), true);
            changed = true;
        }
        if changed {
            store.save_personal(&mut overrides)?;
        }
        store.save(&mut vault)
    }

    async fn update(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        change: &Change,
        until: Instant,
    ) -> Result<()> {
        let store = self.store()?;
        let _lock = store.lock(until).await?;
        let (mut vault, mut overrides) = store.to_change(until).await?;
        let app = exact(app_name(place), &mut vault.apps)?;
        let environment = exact(&place.environment, &mut app.environments)?;
        let index = environment
            .find(folder, name)
            .map_err(|_| missing(folder, name))?;
        let target = change.folder.as_ref().unwrap_or(folder);
        if target != folder && environment.find(target, name).is_ok() {
            return Err(conflict(target, name));
        }
        let (app, named) = (app.name.clone(), environment.name.clone());
        let (from, to) = (
            (&*app, &*named, folder, name),
            (&*app, &*named, target, name),
        );

        let mut changed = false;
        if let Some(value) = &change.personal {
            overrides.set(from, value.clone(), true);
            changed = true;
        }
        if change.toggle_personal {
            if !overrides.toggle(from) {
                return Err(no_override(folder, name));
            }
            changed = true;
        }
        if target != folder {
            changed |= overrides.copy(from, to);
        }
        if changed {
            store.save_personal(&mut overrides)?;
        }

        let mut record = environment.secrets.remove(index);
        if record.apply(change) {
            let index = environment.find(target, name).unwrap_or_else(|index| index);
            environment.secrets.insert(index, record);
            store.save(&mut vault)?;
        }
        if target != folder && overrides.remove(from) {
            store.save_personal(&mut overrides)?;
        }
        Ok(())
    }

    async fn delete(
        &self,
        place: &Place,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<bool> {
        let store = self.store()?;
        let _lock = store.lock(until).await?;
        let (mut vault, mut overrides) = store.to_change(until).await?;
        let app = exact(app_name(place), &mut vault.apps)?;
        let environment = exact(&place.environment, &mut app.environments)?;
        let Ok(index) = environment.find(folder, name) else {
            return Ok(false);
        };
        environment.secrets.remove(index);
        let removed = overrides.remove((&app.name, &environment.name, folder, name));
        store.save(&mut vault)?;
        if removed {
            store.save_personal(&mut overrides)?;
        }
        Ok(true)
    }

    async fn apps(&self, until: Instant) -> Result<Vec<AppSummary>> {
        let vault = self.store()?.vault(until).await?;
        Ok(environments::summaries(vault))
    }

    async fn owner(&self, _until: Instant) -> Result<Owner> {
        let text = "a vault has no accounts: it is opened by keys";
        Err(Error::new(ErrorKind::Configuration, text))
    }

    /// It gives none.
    async fn log_out(&self, _until: Instant) -> Result<()> {
        Err(no_log_out("a vault has no tokens"))
    }

    async fn revoke(&self, _lease: &Lease, _until: Instant) -> Result<()> {
        Ok(())
    }

    fn references(&self) -> References {
        References::Ours
    }
}

fn conflict(folder: &Folder, name: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("{name} is already in {folder}"),
    )
    .help("change it with `phase-run secrets update`")
}

fn missing(folder: &Folder, name: &str) -> Error {
    Error::new(
        ErrorKind::Missing,
        format!("there is no secret {name} in {folder}"),
    )
    .help("make it with `phase-run secrets create`")
}

fn no_override(folder: &Folder, name: &str) -> Error {
    Error::new(
        ErrorKind::Missing,
        format!("{name} in {folder} has no personal override"),
    )
    .help("make one with --override")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::scope::App;
    use crate::secret::{SecretName, SecretType, SecretValue};

    #[test]
    fn a_set_is_the_whole_environment_under_its_own_name() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let supply = runtime.enable_time().build().unwrap().block_on(supply());
        let entries = supply.set.entries();
        assert_eq!(entries.len(), 2, "every folder and tag");
        assert_ne!(entries[0].id, entries[1].id);
        assert_eq!(supply.place.app, App::Name("Web".to_owned()));
        assert_eq!(supply.place.environment, "Production");
        let chosen = Notice::Chosen {
            what: "environment",
            wanted: "prod".to_owned(),
            chosen: "Production".to_owned(),
        };
        assert_eq!(
            supply.notices,
            [chosen],
            "another case needs no notice, a part does"
        );
    }

    /// What `prod` of `web` has where `Web` has secrets in `Production`.
    async fn supply() -> FetchResponse {
        let directory = tempfile::tempdir().unwrap();
        let (file, key) = (
            directory.path().join("vault"),
            VaultIdentity::generate().key(),
        );
        let until = Instant::now() + std::time::Duration::from_secs(30);
        VaultFile::new(&file, key.clone())
            .create(&[])
            .await
            .unwrap();
        let vault = Vault::new(file, key);
        let place = |app: &str, environment: &str| Place {
            app: App::Id(app.to_owned()),
            environment: environment.to_owned(),
        };
        for (folder, tag) in [("/", "db"), ("/deep", "cache")] {
            let secret = NewSecret {
                comment: String::new(),
                folder: Folder::new(folder).unwrap(),
                kind: SecretType::Secret,
                name: SecretName::new("NAME").unwrap(),
                personal: None,
                tags: vec![tag.to_owned()],
                value: SecretValue::new("x".to_owned()),
            };
            vault
                .create(&place("Web", "Production"), &secret, until)
                .await
                .unwrap();
        }

        let scope = Scope::new(App::Name("web".to_owned()), "prod").tagged(vec!["db".to_owned()]);
        let plan = Plan::default();
        let order = FetchRequest {
            plan: &plan,
            scope: &scope,
        };
        vault.fetch(order, &mut Vec::new(), until).await.unwrap()
    }
}
