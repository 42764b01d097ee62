//! What the program and the library promise, one test for each promise.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose stage cannot be set has failed"
)]

mod support;
mod vault;
mod wire;
