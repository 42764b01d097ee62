//! What the program and the library promise, one test for each promise.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose stage cannot be set has failed"
)]

#[cfg(target_os = "linux")]
mod auth;
mod documents;
mod identity;
mod infisical;
#[cfg(target_os = "linux")]
mod launch;
mod layering;
#[cfg(target_os = "linux")]
mod promises;
mod standin;
#[cfg(target_os = "linux")]
mod support;
mod vault;
mod wire;

/// The stage for real processes is Linux's: its namespaces, its `/proc`, and
/// what it tells of a signal.
#[cfg(not(target_os = "linux"))]
mod support {
    pub(crate) mod needs;
    pub(crate) mod server;
}

/// A value of a secret as it is listed, which must be shown.
fn shown(value: Option<&phase_run::SecretValue>) -> &str {
    value.unwrap().expose()
}
