//! What is read for use: one environment, and those it refers to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::format;
use super::personal::Personal as Overrides;
use super::place::{app_name, chosen};
use super::record::Record;
use crate::error::Result;
use crate::notice::Notice;
use crate::provider::Referenced;
use crate::scope::{App, Folder, Place, Site, Target};
use crate::secret::{Personal, Secret};
use crate::secret_set::{Plain, SecretSet};

/// The app and the environment that `place` means.
pub(super) fn located<'a>(
    place: &Place,
    vault: &'a format::Vault,
    notices: &mut Vec<Notice>,
) -> Result<(&'a format::App, &'a format::Environment)> {
    let app = &vault.apps[chosen(app_name(place), &vault.apps, notices)?];
    let index = chosen(&place.environment, &app.environments, notices)?;
    Ok((app, &app.environments[index]))
}

/// The one name of an environment.
pub(super) fn canonical(app: &format::App, environment: &format::Environment) -> Place {
    Place {
        app: App::Name(app.name.clone()),
        environment: environment.name.clone(),
    }
}

/// The secrets of an environment, with one's own overrides.
pub(super) fn secrets(
    app: &format::App,
    environment: &format::Environment,
    overrides: &Overrides,
) -> Vec<Secret> {
    let secret = |record: &Record| {
        let at = (
            &*app.name,
            &*environment.name,
            &record.folder,
            &*record.name,
        );
        let personal = overrides.get(at).map(|own| Personal {
            active: own.active,
            value: Some(own.value.clone()),
        });
        record.clone().into_secret(personal)
    };
    environment.secrets.iter().map(secret).collect()
}

/// The environments that `asked` means, but for those that are `known`.
pub(super) fn referenced(
    asked: BTreeSet<Place>,
    known: &dyn Fn(&Target) -> bool,
    vault: &format::Vault,
    overrides: &Overrides,
    personal: bool,
) -> Referenced {
    let mut referenced = Referenced::default();
    for asked in asked {
        let place = located(&asked, vault, &mut referenced.notices).map(|(app, environment)| {
            let place = canonical(app, environment);
            // Of an environment all is known, or nothing.
            let any = Target {
                key: String::new(),
                site: Site {
                    folder: Folder::root(),
                    place: place.clone(),
                },
            };
            if !known(&any) && !referenced.sets.iter().any(|(other, _)| *other == place) {
                let secrets = secrets(app, environment, overrides);
                let set: Arc<dyn SecretSet> = Arc::new(Plain::new(secrets, personal));
                referenced.sets.push((place.clone(), Ok(set)));
            }
            place
        });
        referenced.names.push((asked, place));
    }
    referenced
}
