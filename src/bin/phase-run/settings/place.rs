//! Which app and which environment are meant.

use phase_run::App;

use super::infisical::json::InfisicalJson;
use super::layers::{Layers, Origin, Spelling, unfit};
use super::{ProcessContext, phase_json};
use crate::args::{Context, ProviderName};
use crate::exit::Failure;

/// The variable that says how far up Phase's own project file is searched for.
const DEPTH: &str = "PHASE_CONFIG_PARENT_DIR_SEARCH_DEPTH";

/// How a place is spelt for one provider.
struct Spellings {
    app: Spelling<String>,
    app_id: Spelling<String>,
    env: Spelling<String>,
    /// The environment of those who name none.
    usual: &'static str,
}

impl Spellings {
    fn of(provider: ProviderName) -> Self {
        let (app_ids, envs, usual): (&[_], &[_], _) = match provider {
            // What is usual there depends on the token.
            ProviderName::Infisical => (
                &["INFISICAL_PROJECT_ID", "PHASE_APP_ID"],
                &["INFISICAL_ENVIRONMENT", "PHASE_ENV"],
                "",
            ),
            ProviderName::Phase | ProviderName::Vault => {
                (&["PHASE_APP_ID"], &["PHASE_ENV"], "development")
            }
        };
        Self {
            app: Spelling {
                name: "app",
                flag: "--app",
                variables: &["PHASE_APP"],
                file: |content| content.app.clone(),
            },
            app_id: Spelling {
                name: "app_id",
                flag: "--app-id",
                variables: app_ids,
                file: |content| content.app_id.clone(),
            },
            env: Spelling {
                name: "env",
                flag: "--env",
                variables: envs,
                file: |content| content.env.clone(),
            },
            usual,
        }
    }
}

/// What another tool's project file says: the app, and the environment with it.
struct Beside {
    app: Option<App>,
    environment: Option<String>,
    origin: Origin,
}

/// The app, if one was named, and the environment, which is empty where the
/// store says what is usual. `json` is Infisical's project file.
///
/// # Errors
///
/// A variable that is not UTF-8, a `.phase.json` that cannot be used.
pub(super) fn place(
    provider: ProviderName,
    args: &Context,
    layers: &Layers<'_>,
    process: &ProcessContext<'_>,
    json: Option<&InfisicalJson>,
) -> Result<(Option<App>, String), Failure> {
    let spellings = Spellings::of(provider);
    let app = app(args, layers, &spellings)?;
    let environment = layers.text(args.env.as_ref(), &spellings.env)?;
    let named = app
        .as_ref()
        .is_some_and(|(_, origin)| !layers.is_users(origin));
    let beside = match provider {
        _ if named => None,
        ProviderName::Infisical => json.map(of_infisical),
        ProviderName::Phase | ProviderName::Vault => of_phase(layers, process)?,
    };
    let (app, default) = match beside {
        Some(Beside {
            app: other,
            environment,
            origin,
        }) => {
            let default = environment.map(|name| (name, origin.clone()));
            (other.map(|app| (app, origin)).or(app), default)
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
    let environment = match (environment, default) {
        (Some(found), Some(default)) if layers.is_users(&found.1) => Some(default),
        (found, default) => found.or(default),
    };
    let (environment, origin) =
        environment.unwrap_or_else(|| (spellings.usual.to_owned(), Origin::Default));
    if !environment.is_empty() {
        layers.note("env", &environment, origin);
    }
    Ok((app.map(|(app, _)| app), environment))
}

/// The app of flags, variables and our own files. Of an id and a name in the
/// same source the id wins.
fn app(
    args: &Context,
    layers: &Layers<'_>,
    spellings: &Spellings,
) -> Result<Option<(App, Origin)>, Failure> {
    let id = layers.text(args.app_id.as_ref(), &spellings.app_id)?;
    let name = layers.text(args.app.as_ref(), &spellings.app)?;
    Ok(match (id, name) {
        (Some((_, low)), Some((name, high))) if layers.rank(&high) < layers.rank(&low) => {
            Some((App::Name(name), high))
        }
        (Some((id, origin)), _) => Some((App::Id(id), origin)),
        (None, name) => name.map(|(name, origin)| (App::Name(name), origin)),
    })
}

fn of_infisical(json: &InfisicalJson) -> Beside {
    Beside {
        app: json.project.clone().map(App::Id),
        environment: json.environment.clone(),
        origin: Origin::File(json.path.clone()),
    }
}

/// Whether Phase's own project file counts.
///
/// # Errors
///
/// It cannot be used.
pub(super) fn is_of_phase(
    layers: &Layers<'_>,
    process: &ProcessContext<'_>,
) -> Result<bool, Failure> {
    Ok(of_phase(layers, process)?.is_some())
}

/// How many parents are searched for Phase's own project file.
fn depth(layers: &Layers<'_>) -> Result<usize, Failure> {
    match layers.variable(DEPTH)? {
        Some(text) => text
            .parse()
            .map_err(|_| unfit(DEPTH, &text, "a number of folders, such as 8")),
        None => Ok(phase_json::DEPTH),
    }
}

/// Why Phase's own project file names no app, where there is one that seems to.
pub(super) fn unused(layers: &Layers<'_>, process: &ProcessContext<'_>) -> Option<String> {
    let depth = depth(layers).ok()?;
    let (path, why) = phase_json::unused(process.directory, depth, &layers.projects)?;
    let why = match &layers.project {
        Some(ours) => format!("is not read beside {}", ours.path.display()),
        None => why.to_owned(),
    };
    Some(format!("{} {why}", path.display()))
}

/// What Phase's own project file says, where there is none of ours.
fn of_phase(layers: &Layers<'_>, process: &ProcessContext<'_>) -> Result<Option<Beside>, Failure> {
    if layers.project.is_some() {
        return Ok(None);
    }
    let found = phase_json::find(process.directory, depth(layers)?, &layers.projects)?;
    Ok(found.and_then(|(path, json)| {
        let id = json.app_id?;
        Some(Beside {
            app: Some(App::Id(id)),
            environment: json.default_env,
            origin: Origin::File(path),
        })
    }))
}
