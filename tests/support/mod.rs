//! What the tests stand on.

#[cfg(target_os = "linux")]
pub(crate) mod bus;
pub(crate) mod event;
pub(crate) mod finished;
pub(crate) mod needs;
pub(crate) mod output;
pub(crate) mod proc;
pub(crate) mod run;
pub(crate) mod running;
pub(crate) mod server;
pub(crate) mod signalling;
pub(crate) mod stage;
pub(crate) mod store;
mod talk;
pub(crate) mod terminal;
pub(crate) mod wait;
