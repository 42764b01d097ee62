//! The asynchronous part, all of it.

use std::future::Future;

use crate::exit::{Failure, Reason};
use crate::sys;

/// Runs `work` to its end. The runtime is gone when this returns, so that
/// `launch` finds a process with one thread; a name lookup that still hangs is
/// left behind, deaf to signals.
pub(crate) fn fetch<T>(work: impl Future<Output = phase_run::Result<T>>) -> Result<T, Failure> {
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
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(result?)
}
