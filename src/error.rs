//! The one error of the library.
//!
//! It stands below every other module: it imports none of them, and they all
//! may import it. A cause from elsewhere is kept as a boxed source.

use std::error;
use std::fmt;
use std::io;

/// What every fallible function of this library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed operation: what kind, in which words, and because of what.
///
/// Neither the text, the help nor the sources ever hold a secret value.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    help: Option<String>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// What a caller may want to tell apart.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A name fits more than one thing.
    Ambiguous,
    /// What was asked for cannot be done with these settings.
    Configuration,
    /// The thing to create is already there.
    Conflict,
    /// The manager does not know these credentials, or they do not parse.
    Credentials,
    /// A ciphertext does not open with the keys at hand.
    Decryption,
    /// The manager knows who is asking, and says no.
    Denied,
    /// A name that an environment cannot carry.
    InvalidName,
    /// A value that an environment or a store cannot carry.
    InvalidValue,
    /// An app, environment, folder or secret that is not there.
    Missing,
    /// An answer that does not follow the protocol.
    Protocol,
    /// A local file or a system call failed.
    System,
    /// The manager asks to come back later.
    Throttled,
    /// No answer within the time given.
    Timeout,
    /// More bytes than a limit: ours, or the server's.
    TooLarge,
    /// No usable answer came. Trying again may help.
    Unreachable,
    /// A reference to a secret that leads nowhere.
    Unresolved,
}

impl Error {
    /// An error of `kind`. The message says what was wanted and what was
    /// found, in lower case and without a full stop.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
            source: None,
        }
    }

    /// Adds what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a part to the message: what came of it.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.message.push_str(", and ");
        self.message.push_str(more);
        self
    }

    /// Adds the cause. It must not hold a secret value, nor a URL with a query.
    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The error and its cause, in one line.
    pub(crate) fn with_cause_text(&self) -> String {
        match &self.source {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }

    /// The same once more, for somebody else who waited for it. The cause stays as text.
    pub(crate) fn duplicate(&self) -> Self {
        Self {
            kind: self.kind,
            message: self.message.clone(),
            help: self.help.clone(),
            source: self.source.as_ref().map(|source| source.to_string().into()),
        }
    }

    /// What went wrong, for a program.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do about it, for a person, where there is something to say.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// What the system says, without its number: "connection refused". What others say
/// stays as it is.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    if error.raw_os_error().is_none() {
        return text;
    }
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn error::Error + 'static))
    }
}
