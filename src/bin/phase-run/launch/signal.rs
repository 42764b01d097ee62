//! Which signals go to whom, as the user asks for it.

use std::str::FromStr;

use crate::sys::Signal;

/// Who gets a forwarded signal.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum SignalScope {
    /// The child; its group for TERM, INT, HUP and QUIT while npm or one of its kin
    /// runs the program, since these do not hand them on.
    #[default]
    Auto,
    /// The child.
    Child,
    /// The child's process group, if it is not ours.
    Group,
}

impl SignalScope {
    /// The scope is not always what was asked for.
    pub(super) fn announce(self, own_group: bool) {
        match (self, own_group) {
            (Self::Auto | Self::Child, _) => {}
            (Self::Group, true) => tracing::info!("signals go to the command's process group"),
            (Self::Group, false) => {
                tracing::info!("signals go to the command alone: on a terminal its group is ours");
            }
        }
    }
}

/// Whether `signal` asks a program to end, also where it could be a request to look
/// at its settings again.
pub(super) fn ends(signal: Signal) -> bool {
    matches!(
        signal,
        Signal::TERM | Signal::INT | Signal::HUP | Signal::QUIT
    )
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
}
