//! The fence: all `unsafe` of the program, and the system calls that need it.
//!
//! What goes out of here is safe to call and typed: no raw descriptor, no
//! number that is really a signal. The two files `linux` and `macos` have one
//! shape; everything else is written in terms of them.

#![expect(unsafe_code, reason = "this is the module for it")]

#[cfg(target_os = "linux")]
mod datagram;
mod descriptors;
mod directory;
mod entry;
mod environment;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod memory;
mod pool;
mod process;
mod program;
mod signal;
mod terminal;

#[cfg(target_os = "linux")]
use linux as os;
#[cfg(target_os = "macos")]
use macos as os;

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("phase-run is made for Linux and macOS: signals and processes differ elsewhere");

#[cfg(target_os = "linux")]
pub(crate) use datagram::{Datagram, Sender, ask_for_senders, receive, send_datagram};
pub(crate) use descriptors::close_inherited;
pub(crate) use directory::Left;
pub(crate) use entry::{captured, is_init, protect, shield_thread};
pub(crate) use environment::{has_variables, raw_environment, wipe_variables};
pub(crate) use os::{Signals, adopt_orphans, argument_limits, family, words_of};
pub(crate) use process::{
    Change, SpawnOptions, Spawned, Watched, await_event, die_by, group_exists, group_of, leave,
    send, send_to_group, spawn, wait_any, wait_for,
};
pub(crate) use program::{Program, exec};
pub(crate) use signal::{Origin, Received, Signal};
pub(crate) use terminal::{SignalHold, has_terminal, suspend_self, width_of};

pub(crate) use memory::release as release_memory;

/// How much `execve` takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArgumentLimits {
    /// The longest single string in bytes, its NUL included.
    pub(crate) string: usize,
    /// All strings with their NULs and pointers, in bytes.
    pub(crate) total: usize,
}
