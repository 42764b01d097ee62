//! What the program `child` says: one line of JSON per event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "event", content = "with", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// How often each signal came.
    Counts { counts: BTreeMap<i32, u32> },
    /// The scene could not be set.
    Failed { what: String },
    /// Somebody opened the leased file, and now waits.
    Opened,
    /// An orphan, and who its parent is now.
    Orphan { pid: i32, parent: i32 },
    /// The child has begun.
    Ready(Place),
    /// The terminal's line.
    Read { text: String },
    /// All that a process can see of its inheritance.
    Report(Box<Report>),
    /// Stopped before, running again.
    Resumed,
    /// A signal came.
    Signal(Received),
    /// The children are started, or ended.
    Spawned,
    /// `phase-run` has this number outside.
    Started { pid: i32 },
    /// The shell sees its job stopped by this signal.
    Stopped { signal: i32 },
    /// The time that was asked for is over.
    Tick,
}

/// A process among processes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Place {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// The terminal's foreground group, where there is a terminal.
    pub(crate) foreground: Option<i32>,
}

/// A signal with what the kernel says about it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Received {
    pub(crate) number: i32,
    /// `SI_USER`, `SI_QUEUE`, `SI_KERNEL`, …
    pub(crate) code: i32,
    pub(crate) sender: i32,
    pub(crate) value: u64,
}

/// What `execve` keeps.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Report {
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) descriptors: BTreeMap<i32, String>,
    pub(crate) environment: Vec<Vec<u8>>,
    pub(crate) folder: String,
    pub(crate) limits: String,
    pub(crate) nice: i64,
    pub(crate) oom_score: String,
    pub(crate) parent_death: i32,
    pub(crate) place: Place,
    /// `/proc/self/status`: masks, capabilities, ids, …
    pub(crate) status: BTreeMap<String, String>,
    pub(crate) subreaper: bool,
    pub(crate) timer_slack: i32,
}
