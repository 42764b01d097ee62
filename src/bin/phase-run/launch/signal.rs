//! Which signals go to whom, as the user asks for it.

use std::ffi::OsStr;
use std::path::Path;
use std::str::FromStr;

use crate::sys::Signal;

/// Who gets a forwarded signal.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum SignalScope {
    /// The child.
    #[default]
    Child,
    /// The child's process group, if it is not ours.
    Group,
    /// The child's group for TERM, INT, HUP and QUIT; the child for the others.
    GroupToEnd,
}

impl SignalScope {
    /// The scope is not always what was asked for, nor asked for at all.
    pub(super) fn announce(self, own_group: bool) {
        match (self, own_group) {
            (Self::Child, _) => {}
            (_, false) => {
                tracing::info!("signals go to the command alone: on a terminal its group is ours");
            }
            (Self::Group, true) => tracing::info!("signals go to the command's process group"),
            (Self::GroupToEnd, true) => {
                tracing::info!("TERM, INT, HUP and QUIT go to the command's process group");
            }
        }
    }

    /// Whether `signal` goes to the child's group.
    pub(super) fn widens(self, signal: Signal) -> bool {
        match self {
            Self::Child => false,
            Self::Group => true,
            Self::GroupToEnd => matches!(
                signal,
                Signal::TERM | Signal::INT | Signal::HUP | Signal::QUIT
            ),
        }
    }
}

/// The scope for commands that do not hand on what they get: npm and its kin
/// signal a shell between them and the program, and that shell just dies.
pub(crate) fn automatic_scope(command: &OsStr) -> SignalScope {
    let name = Path::new(command).file_name().and_then(OsStr::to_str);
    match name {
        Some("npm" | "npx" | "pnpm" | "yarn") => SignalScope::GroupToEnd,
        _ => SignalScope::Child,
    }
}

/// A signal to be sent in the place of another, or not at all.
///
/// Written `TERM=QUIT`, `SIGUSR1=HUP`, `15=3`, `RTMIN+3=TERM`, `TERM=0`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SignalMapping {
    pub(crate) from: Signal,
    /// `None` swallows it.
    pub(crate) to: Option<Signal>,
}

impl FromStr for SignalMapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((from, to)) = text.split_once('=') else {
            return Err(format!(
                "`{text}` has no `=`: write it like TERM=QUIT, or TERM=0 to swallow it"
            ));
        };
        let from = named(from)?;
        if !from.is_catchable() || from.is_fault() || from == Signal::CHLD {
            return Err(format!("{from} is never forwarded, so it cannot be mapped"));
        }
        let to = if to == "0" { None } else { Some(named(to)?) };
        Ok(Self { from, to })
    }
}

fn named(text: &str) -> Result<Signal, String> {
    Signal::named(text).ok_or_else(|| {
        format!("`{text}` is no signal here: write a name like TERM or RTMIN+3, or a number")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(text: &str) -> Result<(i32, Option<i32>), String> {
        text.parse::<SignalMapping>()
            .map(|mapping| (mapping.from.number(), mapping.to.map(Signal::number)))
    }

    #[test]
    fn a_mapping_takes_names_and_numbers() {
        assert_eq!(mapping("TERM=QUIT"), Ok((15, Some(3))));
        assert_eq!(
            mapping("SIGUSR1=HUP"),
            Ok((libc::SIGUSR1, Some(libc::SIGHUP)))
        );
        assert_eq!(mapping("15=3"), Ok((15, Some(3))));
        assert_eq!(mapping("TERM=KILL"), Ok((15, Some(9))));
    }

    #[test]
    fn a_mapping_to_0_swallows() {
        assert_eq!(mapping("TERM=0"), Ok((15, None)));
    }

    #[test]
    fn an_error_names_the_bad_part() {
        for (text, part) in [
            ("TERM", "`TERM` has no `=`"),
            ("TREM=QUIT", "`TREM`"),
            ("TERM=QIUT", "`QIUT`"),
            ("TERM=", "``"),
            ("=TERM", "``"),
            ("0=TERM", "`0`"),
            ("TERM=65", "`65`"),
            ("KILL=TERM", "SIGKILL"),
            ("CHLD=TERM", "SIGCHLD"),
            ("SEGV=TERM", "SIGSEGV"),
        ] {
            let error = mapping(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn npm_and_its_kin_are_known_by_their_last_name() {
        let scope = |command: &str| automatic_scope(OsStr::new(command));
        for command in ["npm", "npx", "pnpm", "yarn", "/usr/bin/npm", "./yarn"] {
            assert_eq!(scope(command), SignalScope::GroupToEnd, "{command}");
        }
        for command in ["node", "npm-run", "npm/node", "", "/"] {
            assert_eq!(scope(command), SignalScope::Child, "{command}");
        }
    }

    #[test]
    fn only_what_ends_a_program_goes_to_the_group_by_itself() {
        for signal in Signal::all() {
            let ending = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT].contains(&signal);
            assert_eq!(SignalScope::GroupToEnd.widens(signal), ending, "{signal}");
            assert!(SignalScope::Group.widens(signal));
            assert!(!SignalScope::Child.widens(signal));
        }
    }
}
