//! How a run ends: we become the command, or stay with it.

use std::mem;

use phase_run::Resolution;

use crate::args::{self, Mode, SignalScopeName};
use crate::exit::{Failure, Reason};
use crate::launch::{self, Image, Outcome, SignalMapping, SignalScope, Supervision};
use crate::pending_leases::PendingLeases;
use crate::report::Report;
use crate::settings::{Settings, names};
use crate::sys;

/// Becomes the command, or stays; for a dry run there is no image. Leases go
/// with a command that was not started, and with one that ended if asked for.
pub(super) fn start(
    image: Result<Option<Image>, Failure>,
    open: (Resolution, Settings),
    args: &args::Run,
    supervision: &Supervision,
    leases: PendingLeases,
    report: Report,
) -> Result<Outcome, Failure> {
    let revokes = args.process.revoke_leases && !leases.is_empty();
    let mut leases = Some(leases);
    let outcome = match image {
        Ok(None) => return Ok(Outcome::Exited(0)),
        Err(failure) => Err(failure),
        Ok(Some(image)) if stays(&args.process, revokes) => {
            drop(open);
            sys::wipe_variables(&names::is_credential);
            // Once it runs they are its own, and with them goes the token.
            launch::supervise(image, supervision, || {
                if !revokes {
                    leases = None;
                }
            })
        }
        Ok(Some(image)) => {
            // They go with the address space, and are not taken apart before.
            mem::forget(open);
            Err(launch::exec(&image))
        }
    };
    if (revokes || outcome.is_err())
        && let Some(leases) = leases
    {
        leases.revoke(report);
    }
    outcome
}

/// Whether we supervise the command, instead of becoming it. `revokes` says
/// whether there is something to do when it has ended.
fn stays(args: &args::Process, revokes: bool) -> bool {
    let reason = if sys::is_init() {
        Some("we are PID 1")
    } else if args.kill_after.is_some() {
        Some("--kill-after")
    } else if !args.map_signal.is_empty() {
        Some("--map-signal")
    } else if args.signal_scope == SignalScopeName::Group {
        Some("--signal-scope group")
    } else {
        revokes.then_some("there are leases to revoke")
    };
    match (args.mode, reason) {
        (Mode::Exec, _) => tracing::info!("exec: by --mode"),
        (Mode::Auto, None) => tracing::info!("exec: no reason to stay"),
        (Mode::Supervise, _) => tracing::info!("supervise: by --mode"),
        (Mode::Auto, Some(reason)) => tracing::info!("supervise: {reason}"),
    }
    args.mode == Mode::Supervise || (args.mode == Mode::Auto && reason.is_some())
}

/// How to supervise, if we do.
pub(super) fn supervision(args: &args::Process) -> Result<Supervision, Failure> {
    let scope = match args.signal_scope {
        SignalScopeName::Child => SignalScope::Child,
        SignalScopeName::Group => SignalScope::Group,
        SignalScopeName::Auto => SignalScope::Auto,
    };
    let map: Result<Vec<SignalMapping>, String> =
        args.map_signal.iter().map(|text| text.parse()).collect();
    let map = map.map_err(|why| Failure::new(Reason::Usage, format!("--map-signal: {why}")))?;
    Ok(Supervision {
        scope,
        map,
        kill_after: args.kill_after,
        parent_death: !args.no_pdeathsig,
    })
}
