//! What a caller should be told although nothing failed.

use std::fmt;
use std::path::PathBuf;

use crate::error::Error;
use crate::scope::Folder;

/// Something that went another way than one might think. Its text names
/// things, and never holds a value.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// Only a part of a name was given, and one thing fitted.
    Chosen {
        /// What kind of thing: an app, an environment.
        what: &'static str,
        /// What was asked for.
        wanted: String,
        /// What was taken.
        chosen: String,
    },
    /// Two secrets have the same name.
    Collision {
        /// The name of both.
        name: String,
        /// Where the one lies that was taken.
        kept: Folder,
        /// Where the other lies.
        dropped: Folder,
    },
    /// A dynamic secret gives no values, for want of a lease or in it.
    Dynamic {
        /// The dynamic secret.
        name: String,
        /// The names it would have given values to; none where nobody can tell.
        keys: Vec<String>,
    },
    /// Others can write to a file that only its owner should write to.
    Exposed {
        /// The file.
        file: PathBuf,
    },
    /// The secrets that folders import were left out: tags were asked for, and the
    /// store tells none of theirs. (Infisical)
    ImportsLeftOut,
    /// A secret does not decrypt, and was left out.
    LeftOut {
        /// Its name, or its id where the name does not decrypt either.
        name: String,
        /// Why.
        reason: String,
    },
    /// A vault is at a revision that nobody can have come to since it was last seen.
    Leapt {
        /// The vault.
        vault: PathBuf,
        /// Its revision.
        revision: u64,
        /// The highest one that was seen.
        seen: u64,
    },
    /// A vault has recipients that were never accepted.
    NotAccepted {
        /// The vault.
        vault: PathBuf,
        /// Those recipients.
        recipients: Vec<String>,
    },
    /// Another number of keys opens a vault than its list of recipients names.
    NotListed {
        /// The vault.
        vault: PathBuf,
        /// How many keys open it.
        keys: usize,
        /// How many recipients it lists.
        listed: usize,
    },
    /// A reference was left as it stands.
    Unresolved {
        /// The secret whose value holds it.
        name: String,
        /// The reference, with its braces.
        reference: String,
        /// Why it leads nowhere.
        reason: String,
    },
}

impl Notice {
    pub(crate) fn left_out(name: &str, error: &Error) -> Self {
        Self::LeftOut {
            name: name.to_owned(),
            reason: error.to_string(),
        }
    }
}

/// What is noticed of a vault and its files.
fn of_vault(notice: &Notice, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match notice {
        Notice::Exposed { file } => {
            let file = file.display();
            write!(f, "{file} can be written to by others: chmod o-w {file}")
        }
        Notice::Leapt {
            vault,
            revision,
            seen,
        } => write!(
            f,
            "{} is at revision {revision}, and was at {seen} when it was last seen: somebody may have made it up; `phase-run vault recipients accept` takes it as it is",
            vault.display()
        ),
        Notice::NotAccepted { vault, recipients } => write!(
            f,
            "{} is open to recipients that you have not accepted: {}; `phase-run vault recipients accept` accepts them, and `remove` shuts them out",
            vault.display(),
            recipients.join(", ")
        ),
        Notice::NotListed {
            vault,
            keys,
            listed,
        } => write!(
            f,
            "{} opens with {keys} keys, and its list names {listed}; `phase-run vault recipients accept` encrypts it anew for those listed alone",
            vault.display()
        ),
        _ => Ok(()),
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen {
                what,
                wanted,
                chosen,
            } => {
                write!(f, "{what} {wanted:?} is taken to mean {chosen:?}")
            }
            Self::Collision {
                name,
                kept,
                dropped,
            } => {
                if kept == dropped {
                    write!(
                        f,
                        "{name} stands twice in {kept}: the one changed last is used"
                    )
                } else {
                    write!(f, "{name} from {kept} is used, not the one from {dropped}")
                }
            }
            Self::Dynamic { name, keys } if keys.is_empty() => {
                write!(f, "dynamic secret {name:?} gives nothing without a lease")
            }
            Self::Dynamic { name, keys } => write!(
                f,
                "dynamic secret {name:?} gives no value for {}: not set",
                keys.join(", ")
            ),
            Self::Exposed { .. }
            | Self::Leapt { .. }
            | Self::NotAccepted { .. }
            | Self::NotListed { .. } => of_vault(self, f),
            Self::ImportsLeftOut => {
                f.write_str("imported secrets are left out: the server does not tell their tags")
            }
            Self::LeftOut { name, reason } => write!(f, "{name} is left out: {reason}"),
            Self::Unresolved {
                name,
                reference,
                reason,
            } => {
                write!(f, "{name}: {reference} stays as it is: {reason}")
            }
        }
    }
}
