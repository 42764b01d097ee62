//! Becoming the command, or starting it and staying with it.

mod diagnosis;
mod image;
mod limits;
mod lookup;
mod notify;
mod npm;
mod policy;
#[cfg(target_os = "linux")]
mod relay;
#[cfg(not(target_os = "linux"))]
#[path = "relay/absent.rs"]
mod relay;
mod signal;
mod supervise;

use std::process::ExitCode;

pub(crate) use image::{Image, exec};
pub(crate) use lookup::look_up;
pub(crate) use notify::Manager;
pub(crate) use signal::{SignalMapping, SignalScope};
pub(crate) use supervise::{Supervision, supervise};

use crate::exit::{Failure, Reason};
use crate::sys::{self, Signal};

/// How the command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// By itself, with this status.
    Exited(u8),
    /// By the signal with this number.
    Signalled(i32),
}

/// Ends us as the command ended: by the same signal, so that a shell, `make` or
/// systemd sees what it would have seen without us. What this returns is the
/// status where that cannot be, as for PID 1: 128 + n.
pub(crate) fn finish(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Exited(status) => ExitCode::from(status),
        Outcome::Signalled(number) => {
            if let Some(signal) = Signal::numbered(number)
                && !sys::is_init()
            {
                sys::die_by(signal);
            }
            ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))
        }
    }
}

/// The entry state must be known before a command can get it.
fn require_entry_state() -> Result<(), Failure> {
    if sys::captured() {
        return Ok(());
    }
    Err(Failure::new(
        Reason::Internal,
        "the state this process was started in is unknown: its constructor did not run",
    )
    .help("the program was linked without its `.init_array`; build it as its Cargo.toml says"))
}
