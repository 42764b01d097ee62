//! A real terminal: we hold the end that a window would hold.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, OutputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::tcgetpgrp;

use super::run::child_program;

/// The keys, the size and the end of a terminal.
#[derive(Debug)]
pub(crate) struct Terminal {
    name: PathBuf,
    window: File,
}

impl Terminal {
    /// A terminal without echo, whose lines end as they were written.
    pub(crate) fn open() -> Self {
        // Close-on-exec from the start: a copy in the child of another test
        // would keep the terminal from hanging up.
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let window = posix_openpt(flags).expect("a pseudo-terminal");
        grantpt(&window).expect("a terminal of ours");
        unlockpt(&window).expect("a terminal of ours");
        let name = PathBuf::from(ptsname_r(&window).expect("a terminal with a name"));
        let window = File::from(OwnedFd::from(window));
        let terminal = Self { name, window };
        terminal.change(|output, local| {
            output.remove(OutputFlags::OPOST);
            local.remove(LocalFlags::ECHO);
            // Else a key that sends a signal throws away what is on its way
            // to the window: the child's answer, if the child is quick.
            local.insert(LocalFlags::NOFLSH);
        });
        terminal
    }

    /// Background output stops its writer, as after `stty tostop`.
    pub(crate) fn stop_background_output(&self) {
        self.change(|_, local| local.insert(LocalFlags::TOSTOP));
    }

    /// Whether what is typed is shown.
    pub(crate) fn echoes(&self) -> bool {
        let settings = tcgetattr(self.line()).expect("a terminal");
        settings.local_flags.contains(LocalFlags::ECHO)
    }

    fn change(&self, change: impl FnOnce(&mut OutputFlags, &mut LocalFlags)) {
        let line = self.line();
        let mut settings = tcgetattr(&line).expect("a terminal");
        change(&mut settings.output_flags, &mut settings.local_flags);
        tcsetattr(&line, SetArg::TCSANOW, &settings).expect("a terminal");
    }

    /// The end for the programs.
    pub(super) fn line(&self) -> File {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits());
        options.open(&self.name).expect("the terminal's other end")
    }

    /// The end for the user, once more.
    pub(super) fn window(&self) -> File {
        self.window.try_clone().expect("a descriptor more")
    }

    /// Types `keys`: `\x03` is Ctrl-C, `\x1a` Ctrl-Z, `\x1c` Ctrl-\.
    pub(crate) fn press(&self, keys: &str) {
        (&self.window)
            .write_all(keys.as_bytes())
            .expect("a terminal takes keys");
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self) {
        let resized = Command::new(child_program())
            .args(["resize", "33", "99"])
            .stdin(self.line())
            .status();
        assert!(
            resized.is_ok_and(|status| status.success()),
            "cannot resize the terminal"
        );
    }

    /// The process group that the keys go to.
    pub(crate) fn foreground(&self) -> i32 {
        tcgetpgrp(&self.window)
            .expect("the terminal of a session")
            .as_raw()
    }
}
