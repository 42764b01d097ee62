//! The options of `secrets`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Context;

/// Read and write the secrets themselves
#[derive(Debug, Subcommand)]
pub(crate) enum Secrets {
    /// List secrets: names, folders, tags; no values unless asked
    List {
        #[command(flatten)]
        context: Context,

        /// Print the values too, as stored
        #[arg(long, help_heading = "Printing")]
        show: bool,

        /// Print JSON
        #[arg(long, help_heading = "Printing")]
        json: bool,
    },
    /// Print the value of one secret, references followed
    Get {
        #[command(flatten)]
        context: Context,

        /// Its name
        #[arg(help_heading = "Arguments")]
        name: String,

        /// Let folders and tags be without a secret
        #[arg(long, help_heading = "What is meant")]
        allow_empty: bool,

        /// No newline after the value, even on a terminal
        #[arg(long, help_heading = "Printing")]
        raw: bool,
    },
    /// Add a secret; the value comes from stdin, or from a prompt
    #[command(after_help = "Here --tag is what the secret is tagged with, and --path its folder.")]
    Create {
        #[command(flatten)]
        write: Box<Write>,

        /// Make the vault's app or environment if it is not there
        #[arg(long, help_heading = "The secret")]
        new_environment: bool,
    },
    /// Change a secret; a new value comes from stdin, or from a prompt
    #[command(after_help = "\
Here --tag is what the secret is tagged with from now on, instead of all tags
that it has (--tag '' takes them away), and --path its folder.")]
    Update {
        #[command(flatten)]
        write: Box<Write>,

        /// Keep the value, change only what else is given
        #[arg(long, conflicts_with_all = ["from_argv", "allow_empty"], help_heading = "The secret")]
        keep_value: bool,

        /// Turn the personal override on or off
        #[arg(long, conflicts_with_all = ["personal", "from_argv"], help_heading = "The secret")]
        toggle_override: bool,

        /// Move it to this folder
        #[arg(long, value_name = "PATH", help_heading = "The secret", value_parser = super::text)]
        move_to: Option<String>,
    },
    /// Remove secrets
    Delete {
        #[command(flatten)]
        context: Context,

        /// Their names
        #[arg(required = true, value_name = "NAME", help_heading = "Arguments")]
        names: Vec<String>,
    },
    /// Print all secrets, references followed
    Export {
        #[command(flatten)]
        context: Context,

        /// How to write them
        #[arg(
            long,
            value_name = "FORMAT",
            default_value = "json",
            help_heading = "Printing"
        )]
        format: Format,

        /// Print what there is, though it be nothing: let folders and tags be without a
        /// secret
        #[arg(long, help_heading = "What is meant")]
        allow_empty: bool,

        /// Leave a reference that leads nowhere as it stands
        #[arg(long, help_heading = "Printing")]
        allow_unresolved: bool,
    },
}

/// `secrets create`, and most of `secrets update`.
#[derive(ClapArgs, Clone, Debug)]
// Here `--tag ''` means something: no tag at all.
#[command(mut_arg("tag", |tag| tag.value_parser(clap::value_parser!(String))))]
pub(crate) struct Write {
    #[command(flatten)]
    pub(crate) context: Context,

    /// Its name, and nothing else: an argv is public
    #[arg(value_name = "NAME", help_heading = "Arguments")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) value: Value,

    /// A comment for people
    #[arg(long, value_name = "TEXT", help_heading = "The secret")]
    pub(crate) comment: Option<String>,

    /// How the store treats it
    #[arg(long = "type", value_name = "TYPE", help_heading = "The secret")]
    pub(crate) kind: Option<StoredType>,

    /// Write the personal override, not the shared value
    #[arg(long = "override", alias = "personal", help_heading = "The secret")]
    pub(crate) personal: bool,
}

/// Where a value comes from.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Value {
    /// Drop one newline (or CR and newline) at the end of what comes from stdin
    #[arg(long, conflicts_with = "from_argv", help_heading = "The secret")]
    pub(crate) trim_newline: bool,

    /// Take an empty stdin for an empty value
    #[arg(long, conflicts_with = "from_argv", help_heading = "The secret")]
    pub(crate) allow_empty: bool,

    /// NAME is really NAME=VALUE, for values that are no secret
    #[arg(long, help_heading = "The secret")]
    pub(crate) from_argv: bool,
}

/// `--type`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum StoredType {
    /// Not sensitive
    Config,
    /// Never shown again by the console
    Sealed,
    /// The usual kind
    Secret,
}

/// `--format`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// One flat object
    Json,
}
