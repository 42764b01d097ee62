//! The options of `vault`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};

use super::ProjectFile;

/// Make and share a vault: an encrypted file instead of a server
#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Make a vault, and an identity if there is none yet
    Init {
        #[command(flatten)]
        key: Key,

        /// Protect it by a passphrase instead of an identity
        #[arg(long, conflicts_with_all = ["identity", "recipient"])]
        passphrase: bool,

        /// Who else may open it: an age recipient; may be repeated
        #[arg(long, value_name = "AGE1...")]
        recipient: Vec<String>,
    },
    /// Show and change what apps and environments a vault has
    #[command(subcommand)]
    Environments(Environments),
    /// Show and change who can open a vault
    #[command(subcommand)]
    Recipients(Recipients),
    /// Encrypt a vault anew, or exchange what opens it
    #[command(after_help = "\
Personal overrides that nothing shows to be yours are listed first, and sealed as
yours if you say so.")]
    Rekey {
        #[command(flatten)]
        key: Key,

        /// Exchange it for a new passphrase, from stdin or a prompt
        #[arg(long)]
        passphrase: bool,

        /// Exchange it for the identity in FILE
        #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
        to_identity: Option<PathBuf>,

        /// Seal personal overrides without asking
        #[arg(long)]
        yes: bool,
    },
}

/// The subcommands of `vault environments`.
#[derive(Debug, Subcommand)]
pub(crate) enum Environments {
    /// Print the environments of the app, or of every app if none is named
    List {
        #[command(flatten)]
        of: AppOfVault,
    },
    /// Make an environment, and the app if there is none
    Create {
        #[command(flatten)]
        of: AppOfVault,

        /// Its name
        #[arg(value_name = "ENV")]
        name: String,
    },
    /// Remove an environment, and with the last one the app
    Delete {
        #[command(flatten)]
        of: AppOfVault,

        /// Its whole name
        #[arg(value_name = "ENV")]
        name: String,

        /// Delete the secrets in it without asking
        #[arg(long)]
        yes: bool,
    },
}

/// A vault, what opens it, and an app in it.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct AppOfVault {
    #[command(flatten)]
    pub(crate) key: Key,

    /// The app, by name [env: PHASE_APP]
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
}

/// The subcommands of `vault recipients`.
#[derive(Debug, Subcommand)]
pub(crate) enum Recipients {
    /// Print the recipients
    List {
        #[command(flatten)]
        key: Key,
    },
    /// Accept the recipients that others added, and print them
    Accept {
        #[command(flatten)]
        key: Key,
    },
    /// Let somebody else open the vault
    Add {
        #[command(flatten)]
        key: Key,

        /// Their age recipient
        #[arg(required = true, value_name = "AGE1...")]
        recipient: Vec<String>,
    },
    /// Encrypt the vault anew without somebody; old copies stay readable to them
    Remove {
        #[command(flatten)]
        key: Key,

        /// Their age recipient
        #[arg(required = true, value_name = "AGE1...")]
        recipient: Vec<String>,
    },
}

/// A vault, and what opens it.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Key {
    /// The vault file [env: PHASE_RUN_VAULT]
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: Option<PathBuf>,

    /// The age identity [default: identity in the user's configuration]
    /// [env: PHASE_RUN_IDENTITY]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,

    /// Trust the recipients that were added by others
    /// [env: PHASE_RUN_ACCEPT_RECIPIENTS]
    #[arg(long)]
    pub(crate) accept_recipients: bool,

    #[command(flatten)]
    pub(crate) project: ProjectFile,

    /// Time for reading and for other writers to end, such as 30s or 2m
    /// [default: 30s] [env: PHASE_RUN_TIMEOUT]
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    pub(crate) timeout: Option<Duration>,
}
