//! Why the program fails, and which status and word that is for a script.

use std::fmt;

use phase_run::ErrorKind;

/// A failure of ours: why, in which words, and what to do about it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    reason: Reason,
    message: String,
    help: Vec<String>,
}

/// Why. Each has a word that scripts may rely on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reason {
    Ambiguous,
    Configuration,
    Conflict,
    Credentials,
    Decryption,
    Denied,
    Internal,
    InvalidName,
    InvalidValue,
    Missing,
    NotExecutable,
    NotFound,
    Protocol,
    System,
    Throttled,
    Timeout,
    TooLarge,
    Unreachable,
    Unresolved,
    Usage,
}

impl Reason {
    /// All of them, as the README lists them.
    pub(crate) const ALL: [Self; 20] = [
        Self::Usage,
        Self::Configuration,
        Self::Credentials,
        Self::Denied,
        Self::Missing,
        Self::Ambiguous,
        Self::Conflict,
        Self::Unreachable,
        Self::Timeout,
        Self::Throttled,
        Self::Protocol,
        Self::Decryption,
        Self::Unresolved,
        Self::InvalidName,
        Self::InvalidValue,
        Self::TooLarge,
        Self::NotFound,
        Self::NotExecutable,
        Self::System,
        Self::Internal,
    ];

    /// The stable word that stands in the message.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ambiguous => "ambiguous",
            Self::Configuration => "configuration",
            Self::Conflict => "conflict",
            Self::Credentials => "credentials",
            Self::Decryption => "decryption",
            Self::Denied => "denied",
            Self::Internal => "internal",
            Self::InvalidName => "invalid-name",
            Self::InvalidValue => "invalid-value",
            Self::Missing => "missing",
            Self::NotExecutable => "not-executable",
            Self::NotFound => "not-found",
            Self::Protocol => "protocol",
            Self::System => "system",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::TooLarge => "too-large",
            Self::Unreachable => "unreachable",
            Self::Unresolved => "unresolved",
            Self::Usage => "usage",
        }
    }

    /// The exit status. `env`(1), `timeout`(1) and `docker run` use 125 to 127
    /// the same way; a child's own status is never changed.
    pub(crate) fn status(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
            Self::Ambiguous
            | Self::Configuration
            | Self::Conflict
            | Self::Credentials
            | Self::Decryption
            | Self::Denied
            | Self::Internal
            | Self::InvalidName
            | Self::InvalidValue
            | Self::Missing
            | Self::Protocol
            | Self::System
            | Self::Throttled
            | Self::Timeout
            | Self::TooLarge
            | Self::Unreachable
            | Self::Unresolved => 125,
        }
    }

    /// The exit status under `--sysexits`, after sysexits(3).
    pub(crate) fn sysexit(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Decryption | Self::Protocol | Self::TooLarge | Self::Unresolved => 65,
            Self::Unreachable => 69,
            Self::Internal => 70,
            Self::System => 71,
            Self::Throttled | Self::Timeout => 75,
            Self::Credentials | Self::Denied => 77,
            Self::Ambiguous
            | Self::Configuration
            | Self::Conflict
            | Self::InvalidName
            | Self::InvalidValue
            | Self::Missing => 78,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
        }
    }
}

impl Failure {
    /// A failure in these words: lower case, no full stop, no secret value.
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            help: Vec::new(),
        }
    }

    /// Adds a line that says what to do.
    pub(crate) fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }

    /// The same with each line that says what to do as `change` has it.
    pub(crate) fn each_help(mut self, change: impl Fn(&str) -> Option<String>) -> Self {
        self.help = self.help.iter().filter_map(|line| change(line)).collect();
        self
    }

    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }

    /// The lines after the first, at most a few.
    pub(crate) fn advice(&self) -> &[String] {
        &self.help
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<phase_run::Error> for Failure {
    fn from(error: phase_run::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::Ambiguous => Reason::Ambiguous,
            ErrorKind::Configuration => Reason::Configuration,
            ErrorKind::Conflict => Reason::Conflict,
            ErrorKind::Credentials => Reason::Credentials,
            ErrorKind::Decryption => Reason::Decryption,
            ErrorKind::Denied => Reason::Denied,
            ErrorKind::InvalidName => Reason::InvalidName,
            ErrorKind::InvalidValue => Reason::InvalidValue,
            ErrorKind::Missing => Reason::Missing,
            ErrorKind::Protocol => Reason::Protocol,
            ErrorKind::System => Reason::System,
            ErrorKind::Throttled => Reason::Throttled,
            ErrorKind::Timeout => Reason::Timeout,
            ErrorKind::TooLarge => Reason::TooLarge,
            ErrorKind::Unreachable => Reason::Unreachable,
            ErrorKind::Unresolved => Reason::Unresolved,
            // The library may learn new kinds before the program does.
            _ => Reason::Internal,
        };
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let text = cause.to_string();
            // Wrappers often repeat the text of what they wrap.
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        let failure = Self::new(reason, message);
        let advice = error.advice().unwrap_or_default();
        advice.lines().fold(failure, Self::help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_word() {
        let mut words: Vec<_> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Reason::ALL.len());
    }

    #[test]
    fn a_librarys_error_keeps_its_causes_and_its_advice() {
        let error = phase_run::Folder::new("a\nb").unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.reason(), Reason::Configuration);
        assert!(failure.to_string().contains("line break"));
    }
}
