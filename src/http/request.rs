//! A request, as its maker knows it.

use reqwest::Method;
use zeroize::Zeroizing;

use super::Answer;

/// What to ask of the server.
pub(crate) struct Request<'a> {
    /// The value of `Authorization`, unless it goes without.
    pub(crate) authorization: Option<&'a str>,
    /// JSON, if there is anything to send; `headers` may say that it is something else.
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
    /// More headers, which replace those that every request has.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// Whether an answer whose status asks to come back later is the last word all the same.
    pub(crate) is_last_word: &'a (dyn Fn(&Answer) -> bool + Sync),
    pub(crate) method: Method,
    /// Below the host, with its leading slash.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Whether doing it twice is the same as doing it once.
    pub(crate) repeatable: bool,
}

impl<'a> Request<'a> {
    /// A GET of `path` and nothing else.
    pub(crate) fn get(path: &'a str) -> Self {
        Self {
            authorization: None,
            body: None,
            headers: &[],
            is_last_word: &|_| false,
            method: Method::GET,
            path,
            query: &[],
            repeatable: true,
        }
    }
}
