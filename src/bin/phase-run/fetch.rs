//! The asynchronous part, all of it.

use std::future::Future;
use std::pin::{Pin, pin};

use crate::exit::{Failure, Reason};
use crate::sys;

/// The result of `work` on a store.
pub(crate) fn fetch<T>(work: impl Future<Output = phase_run::Result<T>>) -> Result<T, Failure> {
    Ok(complete(work)??)
}

/// Runs `work` to its end.
pub(crate) fn complete<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let mut result = None;
    run(pin!(async { result = Some(work.await) }))?;
    result.ok_or_else(|| Failure::new(Reason::Internal, "the event loop ended too early"))
}

/// The event loop, once for all kinds of work: a copy for each of them is large.
///
/// The runtime is gone when this returns, so that `launch` finds a process with
/// one thread; a name lookup that still hangs is left behind, deaf to signals.
fn run(work: Pin<&mut dyn Future<Output = ()>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .on_thread_start(sys::shield_thread)
        .build()
        .map_err(|error| {
            Failure::new(
                Reason::System,
                format!("cannot start the event loop: {error}"),
            )
        })?;
    runtime.block_on(work);
    runtime.shutdown_background();
    Ok(())
}
