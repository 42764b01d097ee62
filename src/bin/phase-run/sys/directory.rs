//! The working directory, which a supervisor leaves to its child.

use std::os::fd::OwnedFd;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, fchdir};

/// Enough to come back, whether the directory can be read or not.
#[cfg(target_os = "linux")]
const FOR_THE_WAY_BACK: OFlag = OFlag::O_PATH;
#[cfg(target_os = "macos")]
const FOR_THE_WAY_BACK: OFlag = OFlag::O_RDONLY;

/// The working directory that we left.
pub(crate) struct Left(OwnedFd);

impl Left {
    /// Goes to the root, so that whoever wants to unmount the directory we were
    /// started in may, unless there would be no way back.
    pub(crate) fn behind() -> Option<Self> {
        let flags = FOR_THE_WAY_BACK | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let here = open(".", flags, Mode::empty()).ok()?;
        fchdir(&here).ok()?;
        chdir("/").ok()?;
        Some(Self(here))
    }

    /// Goes back. Async-signal-safe.
    pub(crate) fn go_back(&self) -> nix::Result<()> {
        fchdir(&self.0)
    }
}
