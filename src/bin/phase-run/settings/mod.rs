//! Every setting, decided once: where it stands, and what it means.

mod access;
mod connection;
mod content;
mod credentials;
pub(crate) mod host;
mod infisical;
mod key;
mod layers;
mod login;
pub(crate) mod logins;
mod machine;
pub(crate) mod names;
mod official;
mod options;
mod owners;
mod parse;
mod phase;
mod phase_json;
mod place;
mod places;
mod project;
mod prompt;
mod server;
mod source;
mod stand_in;

use std::path::Path;
use std::time::Duration;

use phase_run::{App, Client, Folder, Folders, OnRetry, Scope, TrustStore};
use tracing::level_filters::LevelFilter;

use crate::args::{Context, ProjectFile, ProviderName};
use crate::exit::{Failure, Reason};
pub(crate) use access::Access;
use credentials::Chosen;
pub(crate) use key::{Key, Terms, new_identity};
pub(crate) use layers::Variables;
use layers::{Layers, Origin, Spelling};
pub(crate) use layers::{unfit, variable_path, variable_yes};
use owners::owners;
pub(crate) use places::Places;
pub(crate) use project::File;
use project::{Choice, Projects};
pub(crate) use prompt::{confirm, prompt};
pub(crate) use server::{Server, places, server};
pub(crate) use stand_in::{StandIns, stand_ins};

/// What a command needs to reach the store.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(crate) struct Settings {
    pub(crate) access: Access,
    /// Whether a variable or a file allows what was asked for to be empty.
    pub(crate) allow_empty: bool,
    pub(crate) expand: bool,
    pub(crate) imports: bool,
    /// The most work that a vault's passphrase may take, if somebody says so.
    most_work: Option<u8>,
    /// `name = value (origin)`, for `-v`.
    pub(crate) origins: Vec<String>,
    pub(crate) personal: bool,
    pub(crate) provider: ProviderName,
    /// Names that the project does not start without.
    pub(crate) require: Vec<String>,
    /// What is wrong where no app was named.
    scope: Result<Scope, Failure>,
    pub(crate) timeout: Duration,
    /// Where the token came from; `None` for a vault.
    pub(crate) token: Option<String>,
    /// Where what is trusted at first use is remembered, if there is a place for it.
    trust: Option<TrustStore>,
    pub(crate) warnings: Vec<String>,
}

/// What this process was given besides its arguments: settings are read from it.
pub(crate) struct ProcessContext<'a> {
    /// The working directory.
    pub(crate) directory: &'a Path,
    /// Whether there is a variable whose name begins so.
    pub(crate) has_variables: &'a dyn Fn(&str) -> bool,
    /// The user's own file, and what is wrong with it.
    pub(crate) user: &'a UserFile,
    pub(crate) variables: Variables<'a>,
}

/// The user's own file, if there is one.
pub(crate) type UserFile = Result<Option<File>, Failure>;

/// Reads the user's own file.
///
/// # Errors
///
/// It cannot be read or understood.
pub(crate) fn user_file(variables: Variables<'_>) -> UserFile {
    let places = Places::find(variables);
    match &places.configuration {
        Some(folder) => project::user(folder, places.home.as_deref()),
        None => Ok(None),
    }
}

/// What is logged.
const LOG: &str = "PHASE_RUN_LOG";

/// How much is logged, by a variable or the user's file.
///
/// # Errors
///
/// A variable that is no level.
pub(crate) fn log_level(
    variables: Variables<'_>,
    user: Option<&File>,
) -> Result<Option<LevelFilter>, Failure> {
    match layers::variable(variables, LOG)? {
        Some(text) => match parse::level(&text) {
            Ok(level) => Ok(Some(level)),
            Err(expected) => Err(unfit(LOG, &text, &expected)),
        },
        None => Ok(user.and_then(|file| file.content.log)),
    }
}

impl Settings {
    /// Decides every setting. Reads the project file, the user file, and the
    /// files that hold credentials.
    ///
    /// # Errors
    ///
    /// What is missing, contradicts itself, or cannot be read, by its name.
    pub(crate) fn resolve(args: &Context, process: &ProcessContext<'_>) -> Result<Self, Failure> {
        let (layers, places) = sources(args, process)?;
        let mut warnings = Vec::new();
        let Chosen {
            access,
            beside,
            provider,
            token,
        } = credentials::credentials(args, &layers, &places, process, &mut warnings)?;
        let (app, environment) = place::place(provider, args, &layers, process, beside.as_ref())?;
        // Infisical tells what these credentials reach, and Phase wants to be told.
        let app = app.or((provider == ProviderName::Infisical).then_some(App::Only));
        let folders = folders(provider, args, &layers)?;
        let tags = layers.list(&args.tag, &TAGS, ',')?.unwrap_or_default();
        // `secrets update --tag ''` takes all tags away.
        let tags = tags.into_iter().filter(|tag| !tag.trim().is_empty());
        let scope = app.ok_or_else(|| no_app(&layers, process));
        let scope = scope.map(|app| {
            let scope = Scope::new(app, environment).in_folders(folders);
            scope.tagged(tags.collect())
        });
        let timeout = timeout(args, &layers)?;
        let allow_empty = allow_empty(&layers)?;
        let require = layers.files().find_map(|file| file.content.require.clone());
        Ok(Self {
            access,
            allow_empty,
            expand: !args.no_expand,
            imports: !args.no_imports,
            most_work: key::most_work(&layers)?,
            origins: layers.report(),
            personal: !args.no_personal,
            provider,
            require: require.unwrap_or_default(),
            scope,
            timeout,
            token: token.map(|origin| origin.to_string()),
            trust: trust(args, &places),
            warnings,
        })
    }

    /// What is asked for.
    ///
    /// # Errors
    ///
    /// No app was named.
    pub(crate) fn scope(&self) -> Result<&Scope, Failure> {
        self.scope.as_ref().map_err(Clone::clone)
    }

    /// Has `ear` told of attempts that failed and are to be made again.
    pub(crate) fn tell_retries(&mut self, ear: OnRetry) {
        if let Some(connection) = self.access.connection_mut() {
            connection.on_retry = Some(ear);
        }
    }

    /// The client for the store. This may ask a cloud and a server who we are.
    ///
    /// # Errors
    ///
    /// A host or a certificate file that cannot be used, or a login that fails.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let client = self.access.client(self.timeout, self.trust.as_ref())?;
        Ok(match self.most_work {
            Some(most) => client.most_work(most),
            None => client,
        })
    }
}

/// That an app is needed and none was named.
fn no_app(layers: &Layers<'_>, process: &ProcessContext<'_>) -> Failure {
    let failure = Failure::new(Reason::Configuration, "no app was named")
        .help("give --app or --app-id, set PHASE_APP or PHASE_APP_ID, or write `app = \"…\"` into phase-run.toml");
    match place::unused(layers, process) {
        Some(why) => failure.help(why),
        None => failure,
    }
}

/// The provider that has accounts and that there are credentials for.
///
/// # Errors
///
/// There are those of two, or they cannot be read.
pub(crate) fn account_provider(
    args: &Context,
    process: &ProcessContext<'_>,
) -> Result<ProviderName, Failure> {
    let (layers, places) = sources(args, process)?;
    credentials::with_account(args, &layers, &places, process)
}

/// What opens the vault that `args` or the environment names. Of one that is yet
/// to be made, `passphrase` says whether it is a passphrase.
///
/// # Errors
///
/// No vault was named, or there is none.
pub(crate) fn vault(
    args: &Context,
    passphrase: Option<bool>,
    process: &ProcessContext<'_>,
) -> Result<(Key, Terms), Failure> {
    let (layers, places) = sources(args, process)?;
    let configuration = places.configuration.as_deref();
    let key = key::key(args, &layers, configuration, passphrase)?;
    let terms = Terms {
        most_work: key::most_work(&layers)?,
        owners: key.owners.clone(),
        timeout: timeout(args, &layers)?,
        trust: trust(args, &places),
    };
    Ok((key, terms))
}

/// The app of a vault that `args` or the environment names.
///
/// # Errors
///
/// A file or a variable that cannot be used.
pub(crate) fn vault_app(
    args: &Context,
    process: &ProcessContext<'_>,
) -> Result<Option<String>, Failure> {
    let (layers, _) = sources(args, process)?;
    named_app(args, &layers, process)
}

/// The same, where there has to be one.
///
/// # Errors
///
/// None was named, or a file or a variable cannot be used.
pub(crate) fn required_vault_app(
    args: &Context,
    process: &ProcessContext<'_>,
) -> Result<String, Failure> {
    let (layers, _) = sources(args, process)?;
    named_app(args, &layers, process)?.ok_or_else(|| no_app(&layers, process))
}

fn named_app(
    args: &Context,
    layers: &Layers<'_>,
    process: &ProcessContext<'_>,
) -> Result<Option<String>, Failure> {
    let (app, _) = place::place(ProviderName::Vault, args, layers, process, None)?;
    Ok(app.and_then(|app| match app {
        App::Id(name) | App::Name(name) => Some(name),
        App::Only => None,
    }))
}

/// Where what is trusted at first use is remembered, if there is a place for it.
fn trust(args: &Context, places: &Places) -> Option<TrustStore> {
    let store = TrustStore::new(places.state.clone()?)
        .accept_new_keys(args.accept_new_key)
        .accept_recipients(args.accept_recipients);
    Some(store)
}

/// The layers, and where the user's own things are.
fn sources<'a>(
    args: &Context,
    process: &ProcessContext<'a>,
) -> Result<(Layers<'a>, Places), Failure> {
    let places = Places::find(process.variables);
    let home = places.home.as_deref();
    let user = process.user.as_ref().map_err(Clone::clone)?.as_ref();
    if let (None, Some(folder)) = (user, &places.configuration) {
        project::tell_unseen(folder);
    }
    let safe = user.and_then(|file| file.content.safe_directories.as_deref());
    let sudo = (process.variables)("SUDO_UID").and_then(|uid| uid.to_str()?.parse().ok());
    let projects = Projects {
        choice: choice(&args.project, process.variables, user)?,
        owners: owners(sudo, safe.unwrap_or_default()),
    };
    let ours = projects.ours(process.directory, home)?;
    let mut layers = Layers::new(process.variables, projects, ours, user);
    let patience = layers.first(args.timeout, &TIMEOUT, parse::span)?;
    layers.patience = patience.map_or(Client::TIMEOUT, |(timeout, _)| timeout);
    Ok((layers, places))
}

/// Which project file was named, if any was, or that none is wanted.
fn choice(
    flags: &ProjectFile,
    variables: Variables<'_>,
    user: Option<&File>,
) -> Result<Choice, Failure> {
    const FILE: &str = "PHASE_RUN_PROJECT_FILE";
    const NONE: &str = "PHASE_RUN_NO_PROJECT_FILE";
    if let Some(file) = &flags.project_file {
        return Ok(Choice::Named(file.clone()));
    }
    let none = variable_yes(variables, NONE)?;
    if flags.no_project_file {
        return Ok(Choice::Nothing);
    }
    match (variable_path(variables, FILE), none) {
        (Some(_), Some(true)) => Err(contradictory(FILE, NONE)),
        (Some(file), _) => Ok(Choice::Named(file)),
        (None, Some(true)) => Ok(Choice::Nothing),
        (None, _) => {
            let Some(File { content, .. }) = user else {
                return Ok(Choice::Search);
            };
            match (&content.project_file, content.no_project_file == Some(true)) {
                (Some(_), true) if none.is_none() => {
                    Err(contradictory("`project_file`", "`no_project_file`"))
                }
                (Some(file), _) => Ok(Choice::Named(file.clone())),
                (None, true) if none.is_none() => Ok(Choice::Nothing),
                (None, _) => Ok(Choice::Search),
            }
        }
    }
}

/// That a project file is named, and none is wanted.
fn contradictory(file: &str, none: &str) -> Failure {
    let text = format!("{file} names a project file, and {none} wants none");
    Failure::new(Reason::Configuration, text).help("leave one of them out")
}

fn timeout(args: &Context, layers: &Layers<'_>) -> Result<Duration, Failure> {
    let Some((timeout, origin)) = layers.first(args.timeout, &TIMEOUT, parse::span)? else {
        return Ok(Client::TIMEOUT);
    };
    let text = humantime::format_duration(timeout).to_string();
    layers.note("timeout", &text, origin);
    Ok(timeout)
}

/// Whether a variable or a file allows what was asked for to be empty.
fn allow_empty(layers: &Layers<'_>) -> Result<bool, Failure> {
    let Some((allow, origin)) = layers.first(None, &ALLOW_EMPTY, parse::yes)? else {
        return Ok(false);
    };
    layers.note(ALLOW_EMPTY.name, &allow.to_string(), origin);
    Ok(allow)
}

fn folders(
    provider: ProviderName,
    args: &Context,
    layers: &Layers<'_>,
) -> Result<Folders, Failure> {
    if args.all_paths {
        layers.note("paths", "all", Origin::Flag("--all-paths"));
        return Ok(Folders::All);
    }
    let mut spelling = PATHS;
    if provider == ProviderName::Infisical {
        spelling.variables = &["INFISICAL_SECRET_PATH", "PHASE_PATH"];
    }
    let paths = layers.list(&args.path, &spelling, ':')?;
    if paths.as_ref().is_some_and(Vec::is_empty) {
        return Err(Failure::new(
            Reason::Configuration,
            "`paths` is an empty list: no secret lies in no folder",
        )
        .help("leave it out for the root folder, or name at least one"));
    }
    let folders = paths
        .unwrap_or_else(|| vec!["/".to_owned()])
        .iter()
        .map(|path| Folder::new(path))
        .collect::<phase_run::Result<Vec<_>>>()?;
    Ok(if args.recursive {
        Folders::Below(folders)
    } else {
        Folders::These(folders)
    })
}

const ALLOW_EMPTY: Spelling<bool> = Spelling {
    name: "allow_empty",
    flag: "--allow-empty",
    variables: &["PHASE_RUN_ALLOW_EMPTY"],
    file: |content| content.allow_empty,
};
const PATHS: Spelling<Vec<String>> = Spelling {
    name: "paths",
    flag: "--path",
    variables: &["PHASE_PATH"],
    file: |content| content.paths.clone(),
};
const TAGS: Spelling<Vec<String>> = Spelling {
    name: "tags",
    flag: "--tag",
    variables: &["PHASE_TAGS"],
    file: |content| content.tags.clone(),
};
const TIMEOUT: Spelling<Duration> = Spelling {
    name: "timeout",
    flag: "--timeout",
    variables: &["PHASE_RUN_TIMEOUT"],
    file: |content| content.timeout,
};

#[cfg(test)]
mod tests;
