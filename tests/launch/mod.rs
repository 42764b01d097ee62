//! How the command starts, is signalled, stops, and what its status becomes.
//! Real processes, real terminals, real PID namespaces.

mod exec;
mod fetch;
mod forward;
mod inherit;
mod jobs;
mod lookup;
mod memory;
mod reaping;
mod robust;
mod signals;
mod status;
mod systemd;
mod terminal;
