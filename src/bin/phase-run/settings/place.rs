//! Which app and which environment are meant.

use phase_run::App;

use super::layers::{Layers, Origin, Spelling};
use super::{World, phase_json};
use crate::args::Context;
use crate::exit::Failure;

const DEFAULT_ENVIRONMENT: &str = "development";

const APP: Spelling<String> = Spelling {
    name: "app",
    flag: "--app",
    variables: &["PHASE_APP"],
    file: |content| content.app.clone(),
};
const APP_ID: Spelling<String> = Spelling {
    name: "app_id",
    flag: "--app-id",
    variables: &["PHASE_APP_ID"],
    file: |content| content.app_id.clone(),
};
const ENV: Spelling<String> = Spelling {
    name: "env",
    flag: "--env",
    variables: &["PHASE_ENV"],
    file: |content| content.env.clone(),
};

/// The app, if one was named, and the environment.
///
/// # Errors
///
/// A variable that is not UTF-8, a `.phase.json` that cannot be used.
pub(super) fn place(
    args: &Context,
    layers: &Layers<'_>,
    world: &World<'_>,
) -> Result<(Option<App>, String), Failure> {
    let app = app(args, layers)?;
    let environment = layers.text(args.env.as_ref(), &ENV)?;
    let beside = if app
        .as_ref()
        .is_some_and(|(_, origin)| !layers.is_users(origin))
    {
        None
    } else {
        beside(layers, world)?
    };
    let (app, default) = match beside {
        Some((app, default, origin)) => {
            let default = default.map(|name| (name, origin.clone()));
            (Some((app, origin)), default)
        }
        None => (app, None),
    };
    if let Some((app, origin)) = &app {
        let name = if matches!(app, App::Id(_)) {
            "app_id"
        } else {
            "app"
        };
        layers.note(name, &app.to_string(), origin.clone());
    }
    let (environment, origin) = match (environment, default) {
        (Some(found), Some(default)) if layers.is_users(&found.1) => default,
        (found, default) => found
            .or(default)
            .unwrap_or_else(|| (DEFAULT_ENVIRONMENT.to_owned(), Origin::Default)),
    };
    layers.note("env", &environment, origin);
    Ok((app.map(|(app, _)| app), environment))
}

/// The app of flags, variables and our own files. Of an id and a name in the
/// same source the id wins.
fn app(args: &Context, layers: &Layers<'_>) -> Result<Option<(App, Origin)>, Failure> {
    let id = layers.text(args.app_id.as_ref(), &APP_ID)?;
    let name = layers.text(args.app.as_ref(), &APP)?;
    Ok(match (id, name) {
        (Some((_, low)), Some((name, high))) if layers.rank(&high) < layers.rank(&low) => {
            Some((App::Name(name), high))
        }
        (Some((id, origin)), _) => Some((App::Id(id), origin)),
        (None, name) => name.map(|(name, origin)| (App::Name(name), origin)),
    })
}

/// What Phase's own project file says, where there is none of ours: the app,
/// and the environment with it.
fn beside(
    layers: &Layers<'_>,
    world: &World<'_>,
) -> Result<Option<(App, Option<String>, Origin)>, Failure> {
    if layers.project.is_some() {
        return Ok(None);
    }
    let depth = layers
        .variable("PHASE_CONFIG_PARENT_DIR_SEARCH_DEPTH")?
        .and_then(|text| text.parse().ok())
        .unwrap_or(phase_json::DEPTH);
    let found = phase_json::find(world.directory, depth)?;
    Ok(found.and_then(|(path, json)| {
        let id = json.app_id.filter(|id| !id.is_empty())?;
        Some((App::Id(id), json.default_env, Origin::File(path)))
    }))
}
