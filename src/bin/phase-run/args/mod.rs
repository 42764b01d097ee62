//! What was typed: data only, nothing is looked up here.

#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help texts, which terminals show as they stand"
)]

mod auth;
mod context;
mod deferred;
mod run;
mod secrets;
mod vault;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use auth::{Auth, Login, StoreName};
pub(crate) use context::{Api, Context, Machine, ProjectFile, ProviderName, Way};
pub(crate) use deferred::Deferred;
pub(crate) use run::{LeasesName, Mode, Process, Run, Selection, Shell, SignalScopeName};
pub(crate) use secrets::{Format, Secrets, StoredType, Write};
pub(crate) use vault::{AppOfVault, Environments, Key, Recipients, Vault};

/// Start a program with its secrets in the environment.
///
/// Fetches every secret of one app, environment and path, merges them into
/// the environment, and becomes the command: signals and exit statuses are
/// the command's own.
#[derive(Debug, Parser)]
#[command(
    name = "phase-run",
    version,
    disable_help_subcommand = true,
    subcommand_help_heading = "Commands",
    override_usage = "phase-run [OPTIONS] -- COMMAND [ARG]...\n       phase-run <SUBCOMMAND> ...",
    after_help = AFTER_HELP,
    term_width = 80,
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) run: Run,

    #[command(flatten)]
    pub(crate) output: Output,
}

impl Args {
    /// Whether `flag` is among the options of the run, if there is one: an option of
    /// words has the one word that needs others, or rules them out.
    pub(crate) fn says(&self, flag: &str) -> bool {
        let (selection, process) = match &self.command {
            None => (&self.run.selection, &self.run.process),
            Some(Command::Run(run)) => (&run.0.selection, &run.0.process),
            Some(Command::Shell(shell)) => (&shell.0.selection, &shell.0.process),
            Some(_) => return false,
        };
        match flag {
            "kill-after" => process.kill_after.is_some(),
            "lease-ttl" => selection.lease_ttl.is_some(),
            "leases" => selection.leases == Some(LeasesName::Skip),
            "map-signal" => !process.map_signal.is_empty(),
            "mode" => process.mode == Mode::Exec,
            "revoke-leases" => process.revoke_leases,
            "signal-scope" => process.signal_scope == SignalScopeName::Group,
            _ => false,
        }
    }

    /// Those of a command line that has `argv` and no option.
    pub(crate) fn starting(argv: Vec<OsString>) -> Self {
        Self {
            command: None,
            run: Run::starting(argv),
            output: Output::default(),
        }
    }
}

const AFTER_HELP: &str = "\
Exit status: the command's own; 2 for wrong usage, 125 if phase-run failed,
126 if the command cannot be run, 127 if it was not found.

Examples:
  phase-run -- npm start
  phase-run --app web --env production --path /backend -- ./server --port 80
  phase-run --command 'migrate && serve'
  phase-run --dry-run -v";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a command with the secrets (the same as without `run`)
    Run(Deferred<Box<Run>>),
    /// Start an interactive shell with the secrets
    Shell(Deferred<Box<Shell>>),
    /// Read and write the secrets themselves
    #[command(subcommand)]
    Secrets(Deferred<Secrets>),
    /// List the apps, at Infisical projects, that these credentials reach
    Apps(Deferred<Apps>),
    /// Make and share a vault: an encrypted file instead of a server
    #[command(subcommand)]
    Vault(Deferred<Vault>),
    /// Log in to Phase, and see who you are there or at Infisical
    #[command(subcommand)]
    Auth(Deferred<Auth>),
    /// Copy this program to a file or directory, for an init container
    Copy {
        /// The file, or the directory to put `phase-run` into
        dest: PathBuf,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,

        /// What was typed so far: print what may stand in the place of the last word
        #[arg(last = true, hide = true)]
        words: Vec<OsString>,
    },
    /// Print the manual page, in roff
    Man,
}

/// List the apps, at Infisical projects, that these credentials reach
#[derive(ClapArgs, Debug)]
pub(crate) struct Apps {
    #[command(flatten)]
    pub(crate) context: Context,

    /// Print JSON
    #[arg(long, help_heading = "Printing")]
    pub(crate) json: bool,
}

/// What goes to standard error, for every command.
#[derive(ClapArgs, Clone, Debug, Default)]
#[command(next_help_heading = "Messages")]
pub(crate) struct Output {
    /// Print errors only, no warnings [env: PHASE_RUN_QUIET]
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what is done and why (-vv: in detail) [env: PHASE_RUN_VERBOSE]
    /// [env: PHASE_RUN_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// How messages on standard error are written
    /// [env: PHASE_RUN_LOG_FORMAT]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t
    )]
    pub(crate) log_format: LogFormat,

    /// Report failures by sysexits(3), not 125 [env: PHASE_RUN_SYSEXITS]
    #[arg(long, global = true)]
    pub(crate) sysexits: bool,
}

/// `--log-format`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum LogFormat {
    Json,
    #[default]
    Text,
}

/// A time span such as `30s`, `2m` or `1h 30m`; zero is none.
fn duration(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text);
    let span = span.map_err(|_| "it must be a time span with its unit, such as 30s or 2m")?;
    if span.is_zero() {
        return Err("it must be longer than nothing, such as 30s or 2m".to_owned());
    }
    Ok(span)
}

/// A text that is not empty: who gives a flag, means something by it.
fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it must not be empty".to_owned());
    }
    Ok(text.to_owned())
}

/// The same, of a folder.
fn folder(path: &str) -> Result<String, String> {
    text(path).map_err(|why| format!("{why}; for every folder, give --all-paths"))
}

/// The same, of names that need not be UTF-8.
fn name() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().try_map(|name| {
        if name.is_empty() {
            Err("it must not be empty")
        } else {
            Ok(name)
        }
    })
}

/// The same in whole seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let span = duration(text)?;
    if span.subsec_nanos() > 0 {
        return Err("it must be whole seconds, such as 30s or 2m".to_owned());
    }
    Ok(span)
}

/// `OLD=NEW`, both not empty.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_owned(), new.to_owned()))
        }
        _ => Err("it must be OLD=NEW, such as DB_URL=DATABASE_URL".to_owned()),
    }
}
