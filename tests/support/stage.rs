//! The scene that `phase-run` starts in. The tests describe it, the program
//! `child` sets it up and then becomes `phase-run`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Everything that a process inherits and that a launcher could spoil.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Stage {
    /// Signals that are blocked.
    pub(crate) blocked: Vec<i32>,
    /// Standard error is a pipe that nobody reads.
    pub(crate) broken_stderr: bool,
    /// Descriptors that are closed.
    pub(crate) closed: Vec<i32>,
    /// The socket on which `child` reports, and takes the shell's commands.
    pub(crate) control: PathBuf,
    /// Core dumps are allowed.
    pub(crate) core: bool,
    /// Entries after all others, byte for byte, whether they have a `=` or not.
    pub(crate) entries: Vec<Vec<u8>>,
    /// Files and folders that cannot be used: hidden under something else.
    /// Only in a namespace.
    pub(crate) hidden: Vec<PathBuf>,
    /// Signals that are ignored.
    pub(crate) ignored: Vec<i32>,
    /// Process 1 of a new PID namespace.
    pub(crate) namespace: bool,
    /// Children leave no zombie (`SA_NOCLDWAIT`).
    pub(crate) no_zombies: bool,
    /// Odd values of umask, niceness, limits and the like.
    pub(crate) odd: bool,
    /// Files that are open for reading, by descriptor.
    pub(crate) opened: Vec<(i32, PathBuf)>,
    /// Files that are pipes which nobody writes to: whoever opens one, waits.
    /// Only in a namespace.
    pub(crate) pipes: Vec<PathBuf>,
    /// Variables that hold the process' own number.
    pub(crate) pid_variables: Vec<String>,
    /// System calls that fail, each with its error.
    pub(crate) refused: Vec<(i64, i32)>,
    /// What the terminal on standard output is to us.
    pub(crate) seat: Seat,
    /// The end of the test does not kill us: the parent-death signal is not set.
    pub(crate) unguarded: bool,
}

/// Who we are at the terminal.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Seat {
    /// A background job of a shell with job control.
    Background,
    /// The foreground job of a shell with job control.
    Foreground,
    /// The leader of the session, as in `docker run -it`.
    Leader,
    /// There is no controlling terminal.
    #[default]
    None,
}

impl Seat {
    pub(crate) fn has_shell(self) -> bool {
        matches!(self, Self::Background | Self::Foreground)
    }
}
