//! The options of `vault`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

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
    /// Show and change who can open a vault
    #[command(subcommand)]
    Recipients(Recipients),
    /// Encrypt a vault anew, or exchange what opens it
    Rekey {
        #[command(flatten)]
        key: Key,

        /// Exchange it for a new passphrase, from stdin or a prompt
        #[arg(long)]
        passphrase: bool,

        /// Exchange it for the identity in FILE
        #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
        to_identity: Option<PathBuf>,
    },
}

/// The subcommands of `vault recipients`.
#[derive(Debug, Subcommand)]
pub(crate) enum Recipients {
    /// Print the recipients
    List {
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
}
