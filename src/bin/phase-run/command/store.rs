//! The store that a command works on.

use phase_run::{
    App, Client, Folder, Folders, Listing, Notice, Outline, Place, Plan, Resolution, Resolved,
    Scope,
};

use super::settings;
use crate::args;
use crate::args::ProviderName;
use crate::exit::{Failure, Reason};
use crate::fetch::fetch;
use crate::report::Report;
use crate::settings::ProcessContext;

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
        process: &ProcessContext<'_>,
        report: Report,
    ) -> Result<Self, Failure> {
        let settings = settings(context, process, report)?;
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

    /// The secrets that `work` lists. What is to be told of where they are is told.
    pub(super) fn told<T>(
        &self,
        work: impl Future<Output = phase_run::Result<Listing<T>>>,
    ) -> Result<Vec<T>, Failure> {
        let listing = self.fetch(work)?;
        for notice in &listing.notices {
            self.report.warn(&notice.to_string());
        }
        Ok(listing.secrets)
    }

    /// What lies where something is to be changed, before anybody is asked for a value.
    ///
    /// # Errors
    ///
    /// There is no such place, or only a part of its name was given.
    pub(super) fn before_change(&self) -> Result<Listing<Outline>, Failure> {
        // Tags are no filter for a change.
        let scope = self.scope.clone().tagged(Vec::new());
        let listing = self.fetch(self.client.outlines(&scope))?;
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
        let look_for = |name: &str, alone: bool| {
            let wanted = |other: &str| other == name;
            let plan = Plan {
                allow_empty,
                only: alone.then_some(name),
                personal: self.personal,
                wanted: &wanted,
                ..Plan::default()
            };
            fetch(self.client.resolve(&self.scope, &plan))
        };
        let mut alone = self.provider == ProviderName::Phase;
        let mut resolution = look_for(name, alone)?;
        if alone && resolution.secrets.is_empty() && resolution.left_out.is_empty() {
            // Where one name alone is looked for, nothing is known of the rest.
            alone = false;
            resolution = look_for(name, false)?;
        }
        let others = resolution.left_out.iter().map(String::as_str);
        if resolution.secrets.is_empty()
            && let Some(stored) = self.stored_as(name, others)
        {
            resolution = look_for(stored, alone)?;
        }
        if resolution.secrets.is_empty() {
            // The failure says it.
            let is_dynamic = |notice: &Notice| matches!(notice, Notice::Dynamic { .. });
            resolution.notices.retain(|notice| !is_dynamic(notice));
        }
        self.tell(&resolution);
        let found = resolution.secrets.into_iter().next();
        found.ok_or_else(|| self.missing(name, &resolution.place))
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

    /// That there is no secret `name` where this store looks in `place`.
    pub(super) fn missing(&self, name: &str, place: &Place) -> Failure {
        let folder = match &self.scope.folders {
            Folders::These(folders) if folders.len() == 1 => folders.first(),
            _ => None,
        };
        self.or_dynamic(name, no_secret(name, place, folder))
    }

    /// `failure` to find or to make the secret `name`; where a dynamic secret gives that
    /// name a value, one that says so.
    pub(super) fn or_dynamic(&self, name: &str, failure: Failure) -> Failure {
        let reason = failure.reason();
        let dynamic = match reason {
            Reason::Missing | Reason::Conflict => self.dynamic(name),
            _ => None,
        };
        let Some(dynamic) = dynamic else {
            return failure;
        };
        let text = format!(
            "{name} is a name of the dynamic secret {dynamic:?}, and has no value but in a lease of it"
        );
        Failure::new(reason, text)
            .help("`phase-run run` has leases made; the dynamic secret itself is changed in the Phase console")
    }

    /// The dynamic secret that gives `name` a value, if there is one. (Phase)
    fn dynamic(&self, name: &str) -> Option<String> {
        if self.provider != ProviderName::Phase {
            return None;
        }
        let upper = name.to_uppercase();
        let plan = Plan {
            allow_empty: true,
            allow_partial: true,
            allow_unresolved: true,
            wanted: &|other| other == name || other == upper,
            ..Plan::default()
        };
        let scope = self.scope.clone().tagged(Vec::new());
        let resolution = fetch(self.client.resolve(&scope, &plan)).ok()?;
        resolution
            .notices
            .into_iter()
            .find_map(|notice| match notice {
                Notice::Dynamic { name, keys } if !keys.is_empty() => Some(name),
                _ => None,
            })
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

/// That `folder` of `place` has no secret `name`; none stands for several folders.
fn no_secret(name: &str, place: &Place, folder: Option<&Folder>) -> Failure {
    let place = folder.map_or_else(|| told(place), |folder| within(place, folder));
    let text = format!("there is no secret {name:?} in {place}");
    Failure::new(Reason::Missing, text)
        .help("look at --env and --path, or `phase-run secrets list --all-paths`")
}
