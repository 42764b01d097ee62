//! The options of the launcher.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};

use super::Context;

/// Start a command with the secrets (the same as without `run`)
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) context: Context,

    #[command(flatten)]
    pub(crate) selection: Selection,

    #[command(flatten)]
    pub(crate) process: Process,

    /// Show what would be injected, never a value, and start nothing
    #[arg(long = "dry-run", help_heading = "Instead of a command")]
    pub(crate) preview: bool,

    /// With --dry-run: print JSON
    #[arg(long, requires = "preview", help_heading = "Instead of a command")]
    pub(crate) json: bool,

    /// Run STR by a shell, instead of a command after `--`
    /// [env: PHASE_RUN_COMMAND]
    #[arg(
        long = "command",
        value_name = "STR",
        value_parser = super::name(),
        conflicts_with = "argv",
        help_heading = "Instead of a command"
    )]
    pub(crate) script: Option<OsString>,

    /// The shell of --command [default: /bin/sh]
    /// [env: PHASE_RUN_SHELL]
    #[arg(long, value_name = "PATH")]
    pub(crate) shell: Option<PathBuf>,

    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND", help_heading = "Arguments")]
    pub(crate) argv: Vec<OsString>,
}

impl Run {
    /// One of `argv`, without any option.
    pub(crate) fn starting(argv: Vec<OsString>) -> Self {
        Self {
            context: Context::default(),
            selection: Selection::default(),
            process: Process::default(),
            preview: false,
            json: false,
            script: None,
            shell: None,
            argv,
        }
    }
}

/// Start an interactive shell with the secrets
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Shell {
    #[command(flatten)]
    pub(crate) context: Context,

    #[command(flatten)]
    pub(crate) selection: Selection,

    #[command(flatten)]
    pub(crate) process: Process,
}

/// Which secrets go in, under which names, over which environment.
#[derive(ClapArgs, Clone, Debug, Default)]
#[command(next_help_heading = "What gets in")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Selection {
    /// Only fetched names that match; may be repeated, or hold several between commas
    /// [env: PHASE_RUN_ONLY]
    #[arg(long, value_name = "GLOB", value_delimiter = ',', value_parser = super::text)]
    pub(crate) only: Vec<String>,

    /// No fetched names that match, not even inherited ones; may be repeated, or
    /// hold several between commas
    /// [env: PHASE_RUN_EXCLUDE]
    #[arg(long, value_name = "GLOB", value_delimiter = ',', value_parser = super::text)]
    pub(crate) exclude: Vec<String>,

    /// Do not start without this secret; may be repeated, or hold several between commas
    /// [env: PHASE_RUN_REQUIRE]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = super::text)]
    pub(crate) require: Vec<String>,

    /// Put TEXT before each name
    /// [env: PHASE_RUN_PREFIX]
    #[arg(long, value_name = "TEXT", value_parser = super::text)]
    pub(crate) prefix: Option<String>,

    /// The name of a secret in the child, prefix and all; may be repeated, or
    /// hold several between commas
    /// [env: PHASE_RUN_RENAME]
    #[arg(long, value_name = "OLD=NEW", value_delimiter = ',', value_parser = super::pair)]
    pub(crate) rename: Vec<(String, String)>,

    /// Inherited variables win: all of them, or these
    /// [env: PHASE_RUN_PRESERVE_ENV]
    #[arg(long, value_name = "NAME", num_args = 0.., value_delimiter = ',', require_equals = true)]
    pub(crate) preserve_env: Option<Vec<OsString>>,

    /// Inherit only PATH, HOME, USER, LANG, TERM, TZ, and these
    /// [env: PHASE_RUN_CLEAN_ENV]
    #[arg(long, value_name = "NAME", num_args = 0.., value_delimiter = ',', require_equals = true)]
    pub(crate) clean_env: Option<Vec<OsString>>,

    /// Leave our own credentials in the child's environment
    /// [env: PHASE_RUN_PASS_AUTH]
    #[arg(long)]
    pub(crate) pass_auth: bool,

    /// Start also where nothing was found: no secret at all, none in a --path, with
    /// a --tag, or by the name of --only
    /// [env: PHASE_RUN_ALLOW_EMPTY]
    #[arg(long)]
    pub(crate) allow_empty: bool,

    /// Leave a reference that leads nowhere as it stands
    /// [env: PHASE_RUN_ALLOW_UNRESOLVED]
    #[arg(long)]
    pub(crate) allow_unresolved: bool,

    /// Leave out, by name, what cannot be decrypted or go into an environment
    /// [env: PHASE_RUN_ALLOW_PARTIAL]
    #[arg(long)]
    pub(crate) allow_partial: bool,

    /// Have credentials made for dynamic secrets, or leave these out
    /// [default: generate; at Infisical skip]
    /// [env: PHASE_RUN_LEASES]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) leases: Option<LeasesName>,

    /// How long such credentials are to be good for, such as 1h
    /// [default: as long as the store says]
    /// [env: PHASE_RUN_LEASE_TTL]
    #[arg(long, value_name = "DURATION", value_parser = super::seconds)]
    pub(crate) lease_ttl: Option<Duration>,
}

/// How the command is started and looked after.
#[derive(ClapArgs, Clone, Debug, Default)]
#[command(next_help_heading = "How it runs")]
pub(crate) struct Process {
    /// Become the command, or stay and supervise it
    /// [env: PHASE_RUN_MODE]
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    pub(crate) mode: Mode,

    /// Supervising: who gets a forwarded signal
    /// [env: PHASE_RUN_SIGNAL_SCOPE]
    #[arg(long, value_name = "SCOPE", value_enum, default_value_t)]
    pub(crate) signal_scope: SignalScopeName,

    /// Supervising: forward FROM as TO, or swallow it (TO is 0); may be repeated
    /// [env: PHASE_RUN_MAP_SIGNAL]
    #[arg(long, value_name = "FROM=TO", value_parser = super::text)]
    pub(crate) map_signal: Vec<String>,

    /// Supervising: KILL this long after a forwarded TERM, INT or QUIT
    /// [env: PHASE_RUN_KILL_AFTER]
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    pub(crate) kill_after: Option<Duration>,

    /// Supervising: let the child outlive a killed supervisor
    /// [env: PHASE_RUN_NO_PDEATHSIG]
    #[arg(long)]
    pub(crate) no_pdeathsig: bool,

    /// Supervise, and take back the credentials of --leases when the child ends
    /// [env: PHASE_RUN_REVOKE_LEASES]
    #[arg(long)]
    pub(crate) revoke_leases: bool,
}

/// `--mode`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Mode {
    /// Exec, unless there is a reason to stay: being PID 1, --kill-after,
    /// --map-signal, leases to revoke
    #[default]
    Auto,
    /// Become the command
    Exec,
    /// Stay, forward signals, reap, and return the status
    Supervise,
}

/// `--leases`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum LeasesName {
    /// Have them made, anew for each run
    Generate,
    /// Leave dynamic secrets out; of Phase with a warning for each
    Skip,
}

/// `--signal-scope`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum SignalScopeName {
    /// The child; its group for TERM, INT, HUP and QUIT under npm, npx, pnpm, yarn
    #[default]
    Auto,
    /// The child alone
    Child,
    /// The child's process group
    Group,
}
