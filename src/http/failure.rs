//! Why an attempt gave no answer, in words, and whether another one may.

mod proxy;
mod words;

use std::error;
use std::io;
use std::iter;
use std::time::Duration;

use rustls::InvalidMessage;

use super::{Answer, Effect};
use crate::error::{Error, ErrorKind, Result, plain};
pub(super) use words::Words;

/// An attempt that gave no final answer.
#[derive(Debug)]
pub(super) struct Failure {
    /// Whether nobody is there at all.
    pub(super) absent: bool,
    what: What,
    /// Whether trying again may help.
    pub(super) passing: bool,
    /// Whether the request surely was not carried out.
    pub(super) unsent: bool,
    /// How long the server asked to wait.
    pub(super) wait: Option<Duration>,
}

#[derive(Debug)]
enum What {
    /// An answer whose status asks to come back later.
    Answer(Answer),
    Error(Error),
}

impl Failure {
    /// One that trying again does not mend.
    pub(super) fn lasting(error: Error) -> Self {
        Self {
            absent: false,
            what: What::Error(error),
            passing: false,
            unsent: true,
            wait: None,
        }
    }

    /// One that may be gone in a moment.
    fn passing(error: Error, unsent: bool) -> Self {
        Self {
            absent: false,
            what: What::Error(error),
            passing: true,
            unsent,
            wait: None,
        }
    }

    /// The server took the request and said nothing for so long.
    pub(super) fn silence(patience: Duration, server: &str) -> Self {
        let message = format!("{server} did not answer within {} s", patience.as_secs());
        Self::passing(Error::new(ErrorKind::Timeout, message), false)
    }

    /// The answer broke off.
    pub(super) fn broken(error: reqwest::Error, length: usize, server: &str) -> Self {
        let message = format!("the answer of {server} broke off after {length} bytes");
        let error =
            Error::new(ErrorKind::Unreachable, message).with_source(cause(&error.without_url()));
        Self::passing(error, false)
    }

    /// The request did not get through, or no answer came back. `way` is the server
    /// and what lies before it, `connect` how long a connection was waited for.
    pub(super) fn transport(
        error: &reqwest::Error,
        server: &str,
        way: &str,
        connect: Duration,
    ) -> Self {
        if let Some(tls) = find::<rustls::Error>(error) {
            return Self::lasting(untrusted(tls, server));
        }
        if !error.is_connect() {
            let message = format!("the connection to {way} broke");
            let failed = Error::new(ErrorKind::Unreachable, message).with_source(cause(error));
            return Self::passing(failed, false);
        }
        let failed = Error::new(ErrorKind::Unreachable, format!("cannot reach {way}"))
            .with_source(if error.is_timeout() {
                format!("no connection within {} s", connect.as_secs())
            } else {
                cause(error)
            })
            .help("check --host, the network, and HTTPS_PROXY or HTTP_PROXY if one is set");
        Self {
            absent: !error.is_timeout(),
            ..Self::passing(failed, true)
        }
    }

    /// `answer`, unless its status says that another attempt may get a better one.
    pub(super) fn unless_final(
        answer: Answer,
        wait: Option<Duration>,
        server: &str,
    ) -> Result<Answer, Self> {
        let what = match answer.status() {
            429 => What::Error(throttled(wait, server)),
            500 | 502..=504 => What::Answer(answer),
            _ => return Ok(answer),
        };
        let unsent = matches!(what, What::Error(_));
        Err(Self {
            absent: false,
            what,
            passing: true,
            unsent,
            wait,
        })
    }

    /// The result when there is no further attempt.
    pub(super) fn end(self, effect: Effect) -> Result<Answer> {
        match self.what {
            What::Answer(answer) => Ok(answer),
            What::Error(error) if self.unsent => Err(error),
            What::Error(error) => Err(effect.in_doubt(error)),
        }
    }

    /// The failure in one line.
    pub(super) fn text(&self) -> String {
        match &self.what {
            What::Answer(answer) => format!("the last answer had status {}", answer.status()),
            What::Error(error) => error.with_cause_text(),
        }
    }
}

fn throttled(wait: Option<Duration>, server: &str) -> Error {
    let error = Error::new(
        ErrorKind::Throttled,
        format!("{server} gets too many requests"),
    );
    match wait {
        Some(wait) => {
            let seconds = wait.as_secs().max(1);
            error.help(format!(
                "try again in {seconds} s, or give --timeout more than that"
            ))
        }
        None => error.help("try again later, or give a longer --timeout"),
    }
}

fn untrusted(tls: &rustls::Error, server: &str) -> Error {
    let message = match tls {
        rustls::Error::InvalidCertificate(_) => {
            format!("the certificate of {server} is not accepted")
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            format!("{server} does not speak TLS")
        }
        _ => format!("no TLS connection to {server}"),
    };
    let Words { why, help } = Words::of_tls(tls);
    Error::new(ErrorKind::Unreachable, message)
        .help(help)
        .with_source(why)
}

/// The innermost cause: the one that says what happened.
fn cause(error: &reqwest::Error) -> String {
    if let Some(tls) = find::<rustls::Error>(error) {
        return Words::of_tls(tls).why;
    }
    if let Some(error) = find::<io::Error>(error)
        && error.raw_os_error().is_some()
    {
        return plain(error);
    }
    let innermost = causes(error).last();
    innermost.map_or_else(|| error.to_string(), ToString::to_string)
}

/// `error`, what caused it, and so on.
fn causes<'a>(
    error: &'a (dyn error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn error::Error + 'static)> {
    iter::successors(Some(error), |error| error.source())
}

/// The first `T` among `error` and its causes. The causes of an `io::Error`
/// leave out what it wraps, hence the second look.
fn find<'a, T: error::Error + 'static>(error: &'a (dyn error::Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|error| {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        error.downcast_ref().or_else(|| find(wrapped?))
    })
}
