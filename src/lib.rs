//! Read and write the secrets of an application's environment.
//!
//! ```no_run
//! use phase_run::{App, Client, Connection, Credentials, PhaseApi, PhaseToken, Plan, Scope};
//!
//! # async fn example(token: &str) -> phase_run::Result<()> {
//! let client = Client::new(Credentials::Phase {
//!     api: PhaseApi::Auto,
//!     connection: Connection::new("https://console.phase.dev"),
//!     token: PhaseToken::parse(token)?,
//! })?;
//! let scope = Scope::new(App::Name("web".into()), "production");
//! let resolution = client.resolve(&scope, &Plan::default()).await?;
//! for secret in &resolution.secrets {
//!     println!("{} has {} bytes", secret.name, secret.value.expose().len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The same at Infisical, by the variables that its own tools read:
//!
//! ```no_run
//! use phase_run::{App, Client, Connection, Credentials, FoundLogin, InfisicalChain, Plan, Scope, EnvSnapshot};
//!
//! # async fn example() -> phase_run::Result<()> {
//! let mut chain = InfisicalChain::new();
//! chain.push_environment(EnvSnapshot::new(None, |name| std::env::var_os(name)));
//! let FoundLogin { login, organisation, .. } = chain.find()?;
//! let client = Client::new(Credentials::Infisical {
//!     connection: Connection::new("https://app.infisical.com"),
//!     login,
//!     organisation,
//! })?;
//! let scope = Scope::new(App::Name("web".into()), "prod");
//! let resolution = client.resolve(&scope, &Plan::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Client`] talks to one store with one set of [`Credentials`]: a Phase
//! server, end to end encrypted or over REST, an Infisical server, or a vault file.
//! It may be shared between tasks, and runs on any tokio runtime with time and I/O enabled.
//! [`Client::list`] gives secrets as they are stored; [`Client::resolve`] gives
//! values ready for use, personal overrides applied and references followed.
//!
//! # What this crate never does
//!
//! It reads no configuration file (but those of a cloud's own tools, where a
//! [`MachineIdentity`] or an [`IdentityProof`] asks for them, and those of
//! Infisical's own CLI, where an [`InfisicalCliLogin`] is looked for) and no
//! environment variable (but those that name proxies, where [`Proxies`] of a
//! [`Connection`] are not given), keeps no global state, writes no log line and no error that holds a
//! value, follows no redirect to another server, and decrypts nothing that was not
//! asked for.

#![forbid(unsafe_code)]

mod chain;
mod cli_login;
mod client;
mod credentials;
mod emptiness;
mod error;
mod file_owners;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzz;
mod http;
mod identity;
mod jwt;
mod lease;
mod named_file;
mod notice;
pub mod outside;
mod owner;
mod pick;
mod plan;
mod provider;
mod regular;
mod resolve;
mod scope;
mod secret;
mod secret_set;
mod trust;

pub use chain::{FoundLogin, InfisicalChain, InfisicalMethod, LoginLookup, LoginOverrides};
pub use cli_login::InfisicalCliLogin;
pub use client::{Client, Resolution};
#[cfg(feature = "vault")]
pub use credentials::VaultKey;
pub use credentials::{
    Credentials, IdentityProof, InfisicalLogin, JwtKind, PhaseApi, PhaseToken, SecretSource,
};
pub use error::{Error, ErrorKind, Result};
pub use file_owners::FileOwners;
pub use http::{ClientCertificate, Connection, OnRetry, Proxies, Retry};
pub use identity::{EnvSnapshot, MachineIdentity};
pub use lease::{Lease, Leases};
pub use named_file::NamedFile;
pub use notice::Notice;
pub use owner::{AppSummary, Organisation, Owner, OwnerKind};
pub use plan::Plan;
pub use provider::Listing;
pub use provider::phase::{WebLogin, WebToken};
#[cfg(feature = "vault")]
pub use provider::vault::{UnsealedOverrides, VaultFile, VaultIdentity, VaultRecipient};
pub use resolve::Resolved;
pub use scope::{App, Folder, Folders, Place, Scope};
pub use secret::{
    Change, Metadata, NewSecret, Outline, Personal, Secret, SecretName, SecretType, SecretValue,
};
pub use trust::TrustStore;
