//! Read and write the secrets of an application's environment.

#![forbid(unsafe_code)]

mod client;
mod credentials;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzz;
mod http;
mod lease;
mod notice;
mod pick;
mod plan;
mod provider;
mod resolve;
mod scope;
mod secret;
mod stock;

pub use client::{Client, Resolution};
#[cfg(feature = "vault")]
pub use credentials::VaultKey;
pub use credentials::{Credentials, PhaseApi, PhaseToken};
pub use error::{Error, ErrorKind, Result};
pub use http::Connection;
pub use lease::{Lease, Leases};
pub use notice::Notice;
pub use plan::Plan;
pub use provider::AppSummary;
#[cfg(feature = "vault")]
pub use provider::vault::{VaultFile, VaultIdentity, VaultRecipient};
pub use resolve::Resolved;
pub use scope::{App, Folder, Folders, Place, Scope};
pub use secret::{Change, NewSecret, Personal, Secret, SecretName, SecretType, SecretValue};
