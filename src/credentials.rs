//! What proves who we are. Choosing credentials chooses the back-end.

mod infisical;
mod token;

#[cfg(feature = "vault")]
use std::path::PathBuf;

use crate::http::Connection;
#[cfg(feature = "vault")]
use crate::secret::SecretValue;

pub use infisical::{IdentityProof, InfisicalLogin, JwtKind, SecretSource};
pub(crate) use token::Holder;
pub use token::PhaseToken;

/// Credentials, and where they are good.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credentials {
    /// A login at an Infisical server.
    Infisical {
        /// How to reach the server. A `/api` at the end of its URL is dropped.
        connection: Connection,
        /// The login.
        login: InfisicalLogin,
        /// The sub-organisation to log in to, by its slug.
        organisation: Option<String>,
    },
    /// A token of a Phase server.
    Phase {
        /// Which of its two APIs to use.
        api: PhaseApi,
        /// How to reach the server.
        connection: Connection,
        /// The token.
        token: PhaseToken,
    },
    /// What opens a vault file.
    #[cfg(feature = "vault")]
    Vault {
        /// The vault.
        file: PathBuf,
        /// Its key.
        key: VaultKey,
    },
}

/// The two ways to speak to a Phase server.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum PhaseApi {
    /// End to end encrypted if the token holds keys, REST if not.
    #[default]
    Auto,
    /// End to end encrypted: only this process decrypts. Reaches every app.
    Encrypted,
    /// REST: the server decrypts. Only for apps with server-side encryption.
    Rest,
}

/// What opens a vault.
#[cfg(feature = "vault")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VaultKey {
    /// The text of an age identity file: one or more `AGE-SECRET-KEY-1…` lines.
    Identities(SecretValue),
    /// A passphrase.
    Passphrase(SecretValue),
}
