//! What a token reaches: apps, environments, and the keys to them.

use std::fmt;

use crate::credentials::PhaseToken;
use crate::error::Result;
use crate::notice::Notice;
use crate::owner::Owner;
use crate::pick::pick_with_ids;
use crate::provider::note;
use crate::provider::phase::keys::{EnvironmentKeys, HolderKeys};
use crate::provider::phase::token::{App, EnvironmentKey, TokenAnswer};
use crate::provider::phase::{no_app, reached};
use crate::scope::{self, Place};

/// The world of one token.
pub(super) struct Account {
    apps: Vec<App>,
    keys: HolderKeys,
    pub(super) owner: Owner,
}

/// An environment that was asked for.
pub(super) struct Located<'a> {
    app: &'a App,
    environment: &'a EnvironmentKey,
    pub(super) notices: Vec<Notice>,
    /// As it was asked for, but with whole names.
    pub(super) place: Place,
}

impl Account {
    /// Reads what the server says of `token`.
    ///
    /// # Errors
    ///
    /// As for [`HolderKeys::new`].
    pub(super) fn new(token: &PhaseToken, answer: TokenAnswer) -> Result<Self> {
        let keys = HolderKeys::new(token, &answer.wrapped_key_share)?;
        let answer = answer.in_order();
        Ok(Self {
            owner: answer.owner(token.holder()),
            apps: answer.apps,
            keys,
        })
    }

    /// The environment that `place` means.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] and [`ErrorKind::Ambiguous`], with the candidates.
    pub(super) fn locate(&self, place: &Place) -> Result<Located<'_>> {
        let mut notices = Vec::new();
        let (app, asked) = match &place.app {
            scope::App::Only => return Err(scope::App::unnamed()),
            scope::App::Id(id) => (self.by_id(id)?, place.app.clone()),
            scope::App::Name(wanted) => {
                let apps = self.apps.iter();
                let (names, ids): (Vec<&str>, Vec<&str>) =
                    apps.map(|app| (&*app.name, &*app.id)).unzip();
                let picked = pick_with_ids("app", "--app", wanted, &names, &ids)?;
                let app = &self.apps[picked.index];
                note(&mut notices, picked.partial, "app", wanted, &app.name);
                (app, scope::App::Name(app.name.clone()))
            }
        };
        let wanted = &place.environment;
        let keys = app.environment_keys.iter();
        let (names, ids): (Vec<&str>, Vec<&str>) =
            keys.map(|key| (name(key), &*key.environment.id)).unzip();
        let picked = pick_with_ids("environment", "--env", wanted, &names, &ids)?;
        let environment = &app.environment_keys[picked.index];
        let chosen = name(environment);
        note(&mut notices, picked.partial, "environment", wanted, chosen);
        Ok(Located {
            app,
            environment,
            notices,
            place: Place {
                app: asked,
                environment: chosen.to_owned(),
            },
        })
    }

    fn by_id(&self, id: &str) -> Result<&App> {
        let found = self.apps.iter().find(|app| app.id == id);
        found.ok_or_else(|| {
            let all = self.apps.iter();
            no_app(id).help(reached(all.map(|app| (&*app.id, &*app.name))))
        })
    }

    /// Whether one app alone is called `name`, case aside.
    pub(super) fn has_one(&self, name: &str) -> bool {
        let called = |app: &&App| app.name.to_lowercase() == name.to_lowercase();
        self.apps.iter().filter(called).count() == 1
    }

    /// The keys of an environment.
    ///
    /// # Errors
    ///
    /// As for [`EnvironmentKeys::new`].
    pub(super) fn keys(&self, located: &Located<'_>) -> Result<EnvironmentKeys> {
        let key = located.environment;
        EnvironmentKeys::new(
            &self.keys,
            &key.wrapped_seed,
            &key.wrapped_salt,
            &key.identity_key,
            &located.about(),
        )
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} apps, ..)", self.apps.len())
    }
}

impl Located<'_> {
    /// The name of its app.
    pub(super) fn app_name(&self) -> &str {
        &self.app.name
    }

    /// The environment for messages.
    pub(super) fn about(&self) -> String {
        format!(
            "environment {} of app {}",
            name(self.environment),
            self.app.name
        )
    }

    /// The ids of the app and the environment.
    pub(super) fn ids(&self) -> (&str, &str) {
        (&self.app.id, &self.environment.environment.id)
    }

    /// The one spelling of this place: ids cannot be mistaken.
    pub(super) fn canonical(&self) -> Place {
        Place {
            app: scope::App::Id(self.app.id.clone()),
            environment: name(self.environment).to_owned(),
        }
    }
}

fn name(key: &EnvironmentKey) -> &str {
    &key.environment.name
}
