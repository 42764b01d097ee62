//! The command with its arguments and environment, checked before anything
//! irrevocable is done.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;

use super::limits::{self, Load};
use super::{diagnosis, lookup, require_entry_state};
use crate::exit::{Failure, Reason};
use crate::sys::{self, Program};

/// Variables in which systemd names the process it started. They are
/// meant for the program, which in a child has another number.
const NAMING_US: [&[u8]; 3] = [b"LISTEN_PID=", b"WATCHDOG_PID=", b"SYSTEMD_EXEC_PID="];

/// Names the started process in a way that cannot be rewritten beforehand.
const NAMING_US_BY_HANDLE: &[u8] = b"LISTEN_PIDFDID=";

/// Where a program speaks to systemd.
pub(super) const NOTIFY_SOCKET: &[u8] = b"NOTIFY_SOCKET=";

/// A command ready to be executed.
///
/// The allocator overwrites its memory when it is dropped.
pub(crate) struct Image {
    candidates: Vec<CString>,
    command: Vec<OsString>,
    environment: Vec<Vec<u8>>,
}

impl Image {
    /// The command (the program's name first), looked for in `path`, with this
    /// environment, taken as it is: in order, with entries that lack a `=`.
    ///
    /// # Errors
    ///
    /// `InvalidValue` for a NUL byte, `TooLarge` if the system would not take it.
    pub(crate) fn new(
        command: &[OsString],
        environment: Vec<Vec<u8>>,
        path: Option<&[u8]>,
    ) -> Result<Self, Failure> {
        let program = command.first().map_or(OsStr::new(""), OsString::as_os_str);
        let image = Self {
            candidates: lookup::candidates(program, path),
            command: command.to_vec(),
            environment,
        };
        image.check_bytes()?;
        image.load().check(sys::argument_limits())?;
        Ok(image)
    }

    /// The environment, as it was given.
    pub(super) fn environment(&self) -> &[Vec<u8>] {
        &self.environment
    }

    /// The program for this process.
    fn program(&self) -> Program {
        Program::new(
            self.candidates.clone(),
            &self.arguments(),
            &self.environment,
            &[],
        )
    }

    /// The program for a child: where systemd named us, it names the child. What it
    /// says to systemd goes to the socket that the entry `socket` names, if there is one.
    pub(super) fn program_of_child(&self, socket: Option<&[u8]>) -> Program {
        let us = std::process::id().to_string();
        let (mut environment, own) = renamed(&self.environment, us.as_bytes());
        if let Some(socket) = socket {
            let names_one = |entry: &&mut Vec<u8>| entry.starts_with(NOTIFY_SOCKET);
            let entries = environment.iter_mut().filter(names_one);
            entries.for_each(|entry| socket.clone_into(entry));
        }
        Program::new(
            self.candidates.clone(),
            &self.arguments(),
            &environment,
            &own,
        )
    }

    /// What it means that `execve` failed with `errno`.
    pub(super) fn refused(&self, errno: Errno) -> Failure {
        match errno {
            Errno::E2BIG => self.load().refused(sys::argument_limits()),
            _ => diagnosis::refused(self.name(), &self.candidates, errno),
        }
    }

    fn name(&self) -> &OsStr {
        self.command
            .first()
            .map_or(OsStr::new(""), OsString::as_os_str)
    }

    pub(super) fn arguments(&self) -> Vec<&[u8]> {
        self.command.iter().map(|text| text.as_bytes()).collect()
    }

    fn load(&self) -> Load<'_> {
        let found = self
            .candidates
            .iter()
            .find(|path| lookup::check(path).is_ok());
        Load {
            arguments: &self.command,
            environment: &self.environment,
            path: found.map_or(self.name().len(), |path| path.as_bytes().len()),
        }
    }

    fn check_bytes(&self) -> Result<(), Failure> {
        let invalid = |what: String| {
            let text = format!("{what} holds a NUL byte, which no program can be given");
            Err(Failure::new(Reason::InvalidValue, text))
        };
        if let Some(entry) = self.environment.iter().find(|entry| entry.contains(&0)) {
            return invalid(format!("the variable {}", limits::name(entry)));
        }
        let mut arguments = self.command.iter();
        if let Some(index) = arguments.position(|text| text.as_bytes().contains(&0)) {
            return invalid(format!("argument {index} of the command"));
        }
        Ok(())
    }
}

/// Becomes the command, in the state that this process was started in: signal
/// mask, ignored signals, descriptors. Returns only on failure.
pub(crate) fn exec(image: &Image) -> Failure {
    if let Err(failure) = require_entry_state() {
        return failure;
    }
    let errno = sys::exec(image.program());
    image.refused(errno)
}

/// The environment with the values cut out that name us, and the indices of
/// those entries: the child writes its own number there.
fn renamed(environment: &[Vec<u8>], us: &[u8]) -> (Vec<Vec<u8>>, Vec<usize>) {
    let names_us = |entry: &[u8]| {
        let mut prefixes = NAMING_US.iter();
        prefixes
            .find(|prefix| entry.strip_prefix(**prefix) == Some(us))
            .copied()
    };
    let listens = environment
        .iter()
        .any(|entry| names_us(entry) == Some(NAMING_US[0]));
    let mut renamed: Vec<Vec<u8>> = Vec::with_capacity(environment.len());
    let mut own = Vec::new();
    for entry in environment {
        if let Some(prefix) = names_us(entry) {
            own.push(renamed.len());
            renamed.push(prefix.to_vec());
        } else if !(listens && entry.starts_with(NAMING_US_BY_HANDLE)) {
            renamed.push(entry.clone());
        }
    }
    (renamed, own)
}

#[cfg(test)]
mod tests;
