//! A request, as its maker knows it.

use reqwest::Method;
use zeroize::Zeroizing;

use super::Answer;
use crate::error::Error;

/// What to ask of the server.
pub(crate) struct Request<'a> {
    /// The value of `Authorization`, unless it goes without.
    pub(crate) authorization: Option<&'a str>,
    /// JSON, if there is anything to send; `headers` may say that it is something else.
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
    pub(crate) effect: Effect,
    /// More headers, which replace those that every request has.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// Whether an answer whose status asks to come back later is the last word all the same.
    pub(crate) is_last_word: &'a (dyn Fn(&Answer) -> bool + Sync),
    pub(crate) method: Method,
    /// Below the host, with its leading slash.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
}

/// What a request leaves behind: one that leaves something is never sent twice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Effect {
    /// Something is stored, changed or removed.
    Change,
    /// Credentials are made.
    Lease,
    Nothing,
}

impl Effect {
    /// `error`, after which nobody knows whether the request was carried out.
    pub(crate) fn in_doubt(self, error: Error) -> Error {
        match self {
            Self::Change => error
                .and("the change may have been stored all the same")
                .help("look with `phase-run secrets list` before trying again"),
            Self::Lease => error
                .and("credentials may have been made all the same")
                .help("those end by themselves: look in the console, or try again"),
            Self::Nothing => error,
        }
    }
}

impl<'a> Request<'a> {
    /// A GET of `path` and nothing else.
    pub(crate) fn get(path: &'a str) -> Self {
        Self {
            authorization: None,
            body: None,
            effect: Effect::Nothing,
            headers: &[],
            is_last_word: &|_| false,
            method: Method::GET,
            path,
            query: &[],
        }
    }
}
