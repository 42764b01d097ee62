//! The store that a command works on.

use phase_run::{App, Client, Folder, Folders, Listing, Place, Plan, Resolution, Resolved, Scope};

use super::settings;
use crate::args;
use crate::args::ProviderName;
use crate::exit::{Failure, Reason};
use crate::fetch::fetch;
use crate::report::Report;
use crate::settings::World;

/// A store that is reached, and what of it is meant.
pub(super) struct Store {
    /// Whether a variable or a file lets folders and tags be without a secret.
    pub(super) allow_empty: bool,
    pub(super) client: Client,
    pub(super) personal: bool,
    pub(super) report: Report,
    pub(super) scope: Scope,
    provider: ProviderName,
}

impl Store {
    pub(super) fn open(
        context: &args::Context,
        world: &World<'_>,
        report: Report,
    ) -> Result<Self, Failure> {
        let settings = settings(context, world, report)?;
        Ok(Self {
            allow_empty: settings.allow_empty,
            client: settings.client()?,
            personal: settings.personal,
            report,
            scope: settings.scope()?.clone(),
            provider: settings.provider,
        })
    }

    /// The same, which makes an app and an environment where there are none.
    ///
    /// # Errors
    ///
    /// It is no vault.
    pub(super) fn making_environments(self) -> Result<Self, Failure> {
        if self.provider != ProviderName::Vault {
            let text = "--new-environment is for a vault";
            return Err(Failure::new(Reason::Usage, text)
                .help("make the environment in the console of the server"));
        }
        Ok(Self {
            client: self.client.make_environments(true),
            ..self
        })
    }

    /// The result of `work` of the client. What it noticed is told, also where it fails.
    pub(super) fn fetch<T>(
        &self,
        work: impl Future<Output = phase_run::Result<T>>,
    ) -> Result<T, Failure> {
        let result = fetch(work);
        for notice in self.client.notices() {
            self.report.warn(&notice.to_string());
        }
        result
    }

    /// What `scope` has, and where that is.
    pub(super) fn listing(&self, scope: &Scope) -> Result<Listing, Failure> {
        let listing = self.fetch(self.client.listing(scope))?;
        for notice in &listing.notices {
            self.report.warn(&notice.to_string());
        }
        Ok(listing)
    }

    /// What lies where something is to be changed, before anybody is asked for a value.
    ///
    /// # Errors
    ///
    /// There is no such place, or only a part of its name was given.
    pub(super) fn before_change(&self) -> Result<Listing, Failure> {
        // Tags are no filter for a change.
        let scope = self.scope.clone().tagged(Vec::new());
        let listing = self.fetch(self.client.listing(&scope))?;
        listing.require_whole()?;
        Ok(listing)
    }

    pub(super) fn resolve(&self, plan: &Plan<'_>) -> Result<Resolution, Failure> {
        let resolution = fetch(self.client.resolve(&self.scope, plan))?;
        self.tell(&resolution);
        Ok(resolution)
    }

    fn tell(&self, resolution: &Resolution) {
        for notice in &resolution.notices {
            self.report.warn(&notice.to_string());
        }
    }

    /// The secret `name`, references followed. `allow_empty` lets the folders and
    /// tags beside it be without a secret.
    pub(super) fn secret(&self, name: &str, allow_empty: bool) -> Result<Resolved, Failure> {
        let look_for = |name: &str| {
            let wanted = |other: &str| other == name;
            let plan = Plan {
                allow_empty,
                personal: self.personal,
                wanted: &wanted,
                ..Plan::default()
            };
            fetch(self.client.resolve(&self.scope, &plan))
        };
        let mut resolution = look_for(name)?;
        let others = resolution.left_out.iter().map(String::as_str);
        if resolution.secrets.is_empty()
            && let Some(stored) = self.stored_as(name, others)
        {
            resolution = look_for(stored)?;
        }
        self.tell(&resolution);
        let found = resolution.secrets.into_iter().next();
        found.ok_or_else(|| missing(name, &resolution.place))
    }

    /// The one of `names` that `name` means: as it is spelt, or else in upper
    /// case, where that is how names are stored.
    pub(super) fn stored_as<'a>(
        &self,
        name: &str,
        mut names: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<&'a str> {
        // Phase stores names in upper case, however they are typed.
        let upper = name.to_uppercase();
        let in_upper = names
            .clone()
            .find(|stored| self.provider == ProviderName::Phase && *stored == upper);
        names.find(|stored| *stored == name).or(in_upper)
    }

    /// `failure` with the way out, if it is that a place is not there that could be made.
    pub(super) fn or_make(&self, failure: Failure) -> Failure {
        if self.provider == ProviderName::Vault && failure.reason() == Reason::Missing {
            return failure.help("--new-environment makes another");
        }
        failure
    }

    /// What a new secret called `name` is stored as.
    pub(super) fn created_as(&self, name: &str) -> String {
        match self.provider {
            ProviderName::Phase => name.to_uppercase(),
            ProviderName::Infisical | ProviderName::Vault => name.to_owned(),
        }
    }

    /// The one folder to write to.
    pub(super) fn folder(&self) -> Result<&Folder, Failure> {
        match &self.scope.folders {
            Folders::Below(folders) | Folders::These(folders) if folders.len() == 1 => {
                Ok(&folders[0])
            }
            _ => Err(Failure::new(
                Reason::Usage,
                "a secret lies in one folder, and several are meant",
            )
            .help("give one --path")),
        }
    }
}

/// `folder` of `place`, in a word where all of it is known: `web/production/backend/`.
pub(super) fn within(place: &Place, folder: &Folder) -> String {
    let folder = folder.as_str().trim_end_matches('/');
    match place {
        Place {
            app: app @ (App::Id(_) | App::Name(_)),
            environment,
        } if !environment.is_empty() => format!("{app}/{environment}{folder}/"),
        place => format!("{folder}/ of {}", told(place)),
    }
}

fn told(Place { app, environment }: &Place) -> String {
    match &**environment {
        // Nobody named one, and the store has not said which is usual.
        "" => app.to_string(),
        environment => format!("{environment} of {app}"),
    }
}

/// That `place` has no secret `name`.
pub(super) fn missing(name: &str, place: &Place) -> Failure {
    let text = format!("there is no secret {name:?} in {}", told(place));
    Failure::new(Reason::Missing, text)
        .help("look at --env and --path, or `phase-run secrets list --all-paths`")
}
