//! What the program and the library promise, one test for each promise.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose stage cannot be set has failed"
)]

mod documents;
#[cfg(target_os = "linux")]
mod launch;
mod layering;
#[cfg(target_os = "linux")]
mod promises;
mod standin;
mod support;
mod vault;
mod wire;
