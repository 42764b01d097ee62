//! Whether the arguments and the environment fit, and what to leave out if not.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use crate::exit::{Failure, Reason};
use crate::sys::ArgumentLimits;

/// How many variables a message names.
const NAMED: usize = 5;

/// Where the limit comes from.
#[cfg(target_os = "linux")]
const LIMIT: &str =
    "the limit is a quarter of the stack's (`ulimit -s`, systemd's LimitSTACK=), within bounds";
#[cfg(target_os = "macos")]
const LIMIT: &str = "the limit is the system's (`sysctl kern.argmax`)";

/// What `execve` copies.
#[derive(Clone, Copy)]
pub(super) struct Load<'a> {
    pub(super) arguments: &'a [OsString],
    pub(super) environment: &'a [Vec<u8>],
    /// The length of the path to be executed.
    pub(super) path: usize,
}

impl Load<'_> {
    /// Checks that it fits, to the byte.
    ///
    /// # Errors
    ///
    /// `TooLarge`, naming the variables that take most, never their values.
    pub(super) fn check(self, limits: ArgumentLimits) -> Result<(), Failure> {
        self.check_strings(limits)?;
        if self.total() > limits.total {
            return Err(self.refused(limits));
        }
        Ok(())
    }

    /// The failure of a load that is too large as a whole.
    pub(super) fn refused(self, limits: ArgumentLimits) -> Failure {
        let largest = self.largest();
        let more = self.environment.len().saturating_sub(largest.len());
        let mut names = largest.join(", ");
        if more > 0 {
            names = format!("{names} and {more} more");
        }
        Failure::new(
            Reason::TooLarge,
            format!(
                "environment and arguments need {} bytes, and this system takes {}; the largest variables are {names}",
                self.total(),
                limits.total
            ),
        )
        .help("leave some out with `--only` or `--exclude`, or give the program a file instead")
        .help(LIMIT)
    }

    fn check_strings(self, limits: ArgumentLimits) -> Result<(), Failure> {
        // The limit counts the NUL.
        let longest = limits.string.saturating_sub(1);
        if let Some(entry) = self.environment.iter().find(|entry| entry.len() > longest) {
            let text = format!(
                "the variable {} has {} bytes with its name, and one may have {longest}",
                name(entry),
                entry.len()
            );
            return Err(Failure::new(Reason::TooLarge, text)
                .help("leave it out with `--exclude` or `--allow-partial`, and give the program a file instead"));
        }
        let mut arguments = self.arguments.iter().enumerate();
        if let Some((index, argument)) = arguments.find(|(_, text)| text.len() > longest) {
            let text = format!(
                "argument {index} of the command has {} bytes, and one may have {longest}",
                argument.len()
            );
            return Err(Failure::new(Reason::TooLarge, text));
        }
        Ok(())
    }

    /// Every string with its NUL, and a pointer to each but the path.
    fn total(self) -> usize {
        let size = |length: usize| length + 1 + size_of::<usize>();
        let arguments = self
            .arguments
            .iter()
            .map(|text| size(text.as_bytes().len()));
        let environment = self.environment.iter().map(|entry| size(entry.len()));
        arguments.chain(environment).sum::<usize>() + self.path + 1
    }

    /// The largest variables with their sizes, largest first.
    fn largest(self) -> Vec<String> {
        let mut entries: Vec<&Vec<u8>> = self.environment.iter().collect();
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.len()));
        entries
            .into_iter()
            .take(NAMED)
            .map(|entry| format!("{} ({})", name(entry), entry.len()))
            .collect()
    }
}

/// The name of an entry, and nothing else of it.
pub(super) fn name(entry: &[u8]) -> String {
    match entry.iter().position(|byte| *byte == b'=') {
        Some(end @ 1..) => format!("`{}`", entry[..end].escape_ascii()),
        Some(0) | None => "(without a name)".to_owned(),
    }
}

#[cfg(test)]
mod tests;
