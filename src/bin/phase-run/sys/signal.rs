//! Signals: their numbers, their names, and how one arrives.

use std::fmt;

use nix::unistd::Pid;

use super::os;

/// A signal of this system, the real-time ones included.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Signal(i32);

impl Signal {
    pub(crate) const CHLD: Self = Self(libc::SIGCHLD);
    pub(crate) const CONT: Self = Self(libc::SIGCONT);
    pub(crate) const HUP: Self = Self(libc::SIGHUP);
    #[cfg(target_os = "macos")]
    pub(crate) const INFO: Self = Self(libc::SIGINFO);
    pub(crate) const INT: Self = Self(libc::SIGINT);
    pub(crate) const KILL: Self = Self(libc::SIGKILL);
    pub(crate) const PIPE: Self = Self(libc::SIGPIPE);
    pub(crate) const QUIT: Self = Self(libc::SIGQUIT);
    pub(crate) const STOP: Self = Self(libc::SIGSTOP);
    pub(crate) const TERM: Self = Self(libc::SIGTERM);
    pub(crate) const TSTP: Self = Self(libc::SIGTSTP);
    pub(crate) const TTIN: Self = Self(libc::SIGTTIN);
    pub(crate) const TTOU: Self = Self(libc::SIGTTOU);
    pub(crate) const WINCH: Self = Self(libc::SIGWINCH);

    /// Every signal there is.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (1..=os::LAST_SIGNAL).map(Self)
    }

    /// The signal with this number.
    pub(crate) fn numbered(number: i32) -> Option<Self> {
        (1..=os::LAST_SIGNAL)
            .contains(&number)
            .then_some(Self(number))
    }

    /// The signal called `text`: `TERM`, `SIGTERM`, `15`, `RTMIN+3`, `RTMAX-1`.
    pub(crate) fn named(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Self::numbered(number);
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let known = COMMON_NAMES.iter().chain(os::NAMES);
        if let Some((_, number)) = known.into_iter().find(|(known, _)| *known == name) {
            return Some(Self(*number));
        }
        real_time(name)
    }

    /// Its number here: most numbers differ between systems.
    pub(crate) fn number(self) -> i32 {
        self.0
    }

    /// Its place in a set.
    pub(super) fn bit(self) -> u64 {
        1 << (self.0 - 1)
    }

    /// Whether the processor raises it about the instruction being run. Such a
    /// signal is fatal to whoever gets it, and blocking it makes no sense.
    pub(crate) fn is_fault(self) -> bool {
        matches!(
            self.0,
            libc::SIGILL
                | libc::SIGTRAP
                | libc::SIGABRT
                | libc::SIGBUS
                | libc::SIGFPE
                | libc::SIGSEGV
                | libc::SIGSYS
        )
    }

    /// Whether a program may have a say in what it does.
    pub(crate) fn is_catchable(self) -> bool {
        !matches!(self, Self::KILL | Self::STOP)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut known = COMMON_NAMES.iter().chain(os::NAMES);
        if let Some((name, _)) = known.find(|(_, number)| *number == self.0) {
            return write!(f, "SIG{name}");
        }
        match os::REAL_TIME {
            Some((first, _)) if self.0 >= first => write!(f, "SIGRTMIN+{}", self.0 - first),
            _ => write!(f, "signal {}", self.0),
        }
    }
}

/// `RTMIN`, `RTMIN+n`, `RTMAX`, `RTMAX-n`.
fn real_time(name: &str) -> Option<Signal> {
    let (first, last) = os::REAL_TIME?;
    let number = if let Some(offset) = name.strip_prefix("RTMIN") {
        first.checked_add(distance(offset, '+')?)?
    } else {
        last.checked_sub(distance(name.strip_prefix("RTMAX")?, '-')?)?
    };
    (first..=last).contains(&number).then_some(Signal(number))
}

fn distance(text: &str, sign: char) -> Option<i32> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix(sign)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// Who caused a signal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// The kernel: a key or a hang-up of the terminal, a limit, a timer.
    Kernel,
    /// A process, by `kill` or its kin.
    Process,
    /// A process, by `sigqueue`, with this value.
    #[cfg_attr(
        all(target_os = "macos", not(test)),
        expect(dead_code, reason = "macOS has no values to send")
    )]
    Queue(usize),
}

/// A signal that came to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Received {
    pub(crate) signal: Signal,
    pub(crate) origin: Origin,
    /// Unknown when the kernel sent it, or a process outside our PID namespace.
    pub(crate) sender: Option<Pid>,
}

const COMMON_NAMES: &[(&str, i32)] = &[
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("SYS", libc::SIGSYS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_found_by_the_name_it_is_shown_with() {
        for signal in Signal::all() {
            let shown = signal.to_string();
            if !shown.starts_with("signal ") {
                assert_eq!(Signal::named(&shown), Some(signal), "{shown}");
            }
        }
    }

    #[test]
    fn a_name_may_lack_its_prefix_and_be_in_small_letters() {
        for text in ["TERM", "SIGTERM", "sigterm", "15"] {
            assert_eq!(Signal::named(text), Some(Signal::TERM), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_a_signal() {
        for text in [
            "",
            "SIG",
            "0",
            "-1",
            "65",
            "1000",
            "TERMS",
            "15 ",
            "SIGSIGTERM",
        ] {
            assert_eq!(Signal::named(text), None, "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn real_time_signals_count_from_both_ends() {
        let number = |text| Signal::named(text).map(Signal::number);
        assert_eq!(number("RTMIN"), Some(34));
        assert_eq!(number("SIGRTMIN+3"), Some(37));
        assert_eq!(number("RTMAX"), Some(64));
        assert_eq!(number("RTMAX-1"), Some(63));
        for text in [
            "RTMIN+31", "RTMAX-31", "RTMIN-1", "RTMIN+", "RTMIN++1", "RTMIN3",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
