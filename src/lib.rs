//! Read and write the secrets of an application's environment.

#![forbid(unsafe_code)]

mod client;
mod credentials;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzz;
mod http;
mod notice;
mod pick;
mod provider;
mod resolve;
mod scope;
mod secret;

pub use client::{Client, Resolution};
#[cfg(feature = "vault")]
pub use credentials::VaultKey;
pub use credentials::{Credentials, PhaseToken};
pub use error::{Error, ErrorKind, Result};
pub use http::Connection;
pub use notice::Notice;
pub use provider::AppSummary;
#[cfg(feature = "vault")]
pub use provider::vault::{VaultFile, VaultIdentity, VaultRecipient};
pub use resolve::{Plan, Resolved};
pub use scope::{App, Folder, Folders, Place, Scope};
pub use secret::{Change, NewSecret, Personal, Secret, SecretName, SecretType, SecretValue};
