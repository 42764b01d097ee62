//! An answer, read whole, within limits.

use std::{fmt, mem};

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::error::Category;

use super::Product;
use super::failure::Failure;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::wipe;

/// The most bytes of an answer, unpacked: a power of two.
const LIMIT: usize = 64 << 20;

/// The most objects in it: three bytes can stand for one that takes hundreds in memory.
const OBJECTS: usize = 100_000;

/// The most values in them, such as tags.
const VALUES: usize = 2_000_000;

/// An answer of the server, whatever its status. The body is overwritten when
/// it is dropped.
pub(crate) struct Answer {
    body: Vec<u8>,
    content_type: String,
    /// Whose answer was expected, if one of a product was.
    expected: Option<Box<Expected>>,
    /// Method and URL, without the query.
    request: String,
    status: u16,
}

/// Whose answer was expected.
struct Expected {
    product: Product,
    /// The server, and what names it.
    server: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} to {}, ..)", self.status, self.request)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        wipe(mem::take(&mut self.body));
    }
}

impl Answer {
    /// Reads the body to its end.
    pub(super) async fn read(
        mut response: Response,
        method: &str,
        server: &str,
    ) -> Result<Self, Failure> {
        let url = response.url();
        let request = format!(
            "{method} {}{}",
            url.origin().ascii_serialization(),
            url.path()
        );
        let too_large = |request: &str| {
            let message = format!("the answer to {request} is larger than {} MiB", LIMIT >> 20);
            Failure::lasting(Error::new(ErrorKind::TooLarge, message))
        };
        let announced = response.content_length().unwrap_or_default();
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > LIMIT {
            return Err(too_large(&request));
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut answer = Self {
            body: Vec::with_capacity(announced),
            content_type: content_type.to_lowercase(),
            expected: None,
            request,
            status: response.status().as_u16(),
        };
        loop {
            let length = answer.body.len();
            match response.chunk().await {
                Ok(Some(chunk)) if length + chunk.len() > LIMIT => {
                    return Err(too_large(&answer.request));
                }
                Ok(Some(chunk)) => answer.append(&chunk),
                Ok(None) => return Ok(answer),
                Err(error) => return Err(Failure::broken(error, length, server)),
            }
        }
    }

    /// The same answer, of `server`, which was taken for one of `product`.
    pub(super) fn expected_of(mut self, server: String, product: Option<Product>) -> Self {
        self.expected = product.map(|product| Box::new(Expected { product, server }));
        self
    }

    /// Adds to the body, of which there is not more than the limit. What it leaves
    /// behind when it grows is overwritten.
    fn append(&mut self, chunk: &[u8]) {
        let Self { body, .. } = self;
        if body.capacity() - body.len() < chunk.len() {
            let room = (body.len() + chunk.len()).next_power_of_two();
            let mut grown = Vec::with_capacity(room);
            grown.extend_from_slice(body);
            wipe(mem::replace(body, grown));
        }
        body.extend_from_slice(chunk);
    }

    /// An answer with this body, which need not be JSON but says so.
    #[cfg(fuzzing)]
    pub(crate) fn of_json(body: &[u8]) -> Self {
        Self {
            body: body.to_vec(),
            content_type: "application/json".to_owned(),
            expected: None,
            request: String::new(),
            status: 200,
        }
    }

    /// The status code.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// How long the body is.
    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether there is no body.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The body as a `T`, called `what` in messages.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`] for anything else than JSON of that shape, and
    /// [`ErrorKind::TooLarge`] where a proxy says so of the request. What the body
    /// says is not repeated: it may be a secret.
    pub(crate) fn json<'a, T: Deserialize<'a>>(&'a self, what: &str) -> Result<T> {
        if self.is_json() {
            self.json_of_any_type(what)
        } else {
            Err(self.not_json())
        }
    }

    /// The same, whatever the body claims to be: metadata services call
    /// everything plain text.
    ///
    /// # Errors
    ///
    /// As those of [`json`](Self::json).
    pub(crate) fn json_of_any_type<'a, T: Deserialize<'a>>(&'a self, what: &str) -> Result<T> {
        let text = self.utf8()?;
        if let Some(most) = excess(text) {
            let message = format!("the answer to {} holds more than {most}", self.request);
            return Err(Error::new(ErrorKind::TooLarge, message)
                .help("ask for less: name the folders that are meant"));
        }
        serde_json::from_str(text).map_err(|error| self.broken(&error, what))
    }

    /// The body, checked once, and not again for each text in it.
    fn utf8(&self) -> Result<&str> {
        str::from_utf8(&self.body).map_err(|error| {
            let (request, at) = (&self.request, error.valid_up_to());
            unusable(format!(
                "{request} answered with broken JSON: byte {at} is not UTF-8"
            ))
        })
    }

    fn not_json(&self) -> Error {
        if self.status == 413 {
            let message = format!(
                "{} is larger than the server takes (status 413)",
                self.request
            );
            return Error::new(ErrorKind::TooLarge, message).help(
                "write fewer or smaller secrets at a time, or let the proxy before the server take more: nginx takes 1 MiB unless told otherwise (client_max_body_size)",
            );
        }
        let kind = self.content_type.split(';').next().unwrap_or_default();
        let found = match kind.trim() {
            "" => "without a content type".to_owned(),
            found => format!("as {found:?}"),
        };
        let status = self.status;
        self.foreign(&format!("{found} (status {status}), not with JSON"))
    }

    /// That whoever was asked answers so, `found` for example, and that it is not what
    /// the product that was meant would answer.
    fn foreign(&self, found: &str) -> Error {
        let request = &self.request;
        let Some(expected) = &self.expected else {
            return unusable(format!("{request} answered {found}")).help(
                "a proxy, an ingress or another server may have answered: check --host, and that all of its API is passed on to the server",
            );
        };
        let Expected { product, server } = &**expected;
        let name = product.name();
        let shown = Product::shown_by(&self.body, self.is_json());
        let what = match shown {
            Some(other) if other != *product => format!("is {}, and not {name}", other.name()),
            _ => format!("does not answer as {name} does"),
        };
        unusable(format!("{server} {what}: {request} answered {found}"))
            .help(product.instead(shown))
    }

    /// Whether it says no, and gives a reason, in a form that may be somebody else's. With
    /// 5xx it is a proxy's, which the product may well be behind.
    pub(crate) fn is_somebodys_refusal(&self) -> bool {
        let body = self.body.trim_ascii();
        (400..500).contains(&self.status) && body.starts_with(b"{") && body != b"{}"
    }

    /// That it says no in JSON, and not as the product does that was meant.
    pub(crate) fn foreign_json(&self) -> Error {
        let status = self.status;
        self.foreign(&format!("with JSON of another kind (status {status})"))
    }

    fn broken(&self, error: &serde_json::Error, what: &str) -> Error {
        let request = &self.request;
        let at = format!("line {}, column {}", error.line(), error.column());
        unusable(match error.classify() {
            Category::Eof => format!("the JSON of {request} ends in the middle"),
            Category::Data if self.expected.is_some() => {
                return self.foreign(&format!(
                    "with JSON that is not {what}: wrong shape at {at}"
                ));
            }
            Category::Data => {
                format!("{request} did not answer with {what}: wrong shape at {at}")
            }
            Category::Io | Category::Syntax => {
                format!("{request} answered with broken JSON at {at}")
            }
        })
    }

    /// The body as text, called `what` in messages.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Protocol`] for anything else than UTF-8.
    pub(crate) fn text(&self, what: &str) -> Result<&str> {
        std::str::from_utf8(&self.body)
            .map_err(|_| unusable(format!("{} did not answer with {what}", self.request)))
    }

    /// Whether the body claims to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        let kind = self
            .content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        kind == "application/json" || kind.ends_with("+json")
    }
}

/// What `json` holds more of than it may, if anything.
fn excess(json: &str) -> Option<String> {
    // Nothing takes less than two bytes: most answers need not be looked at.
    if json.len() / 2 <= OBJECTS {
        return None;
    }
    let (objects, values) = count(json);
    if objects > OBJECTS {
        return Some(format!("{OBJECTS} objects"));
    }
    (values > VALUES).then(|| format!("{VALUES} values"))
}

/// The objects and, at least, the values in `json`.
fn count(json: &str) -> (usize, usize) {
    let (mut objects, mut values) = (0, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' if !quoted => objects += 1,
            b',' if !quoted => values += 1,
            _ => {}
        }
    }
    (objects, values)
}

/// A part of an answer that may be shown: its beginning, if it repeats none of `hidden`.
pub(crate) fn quoted(text: &str, hidden: &[&str]) -> Option<String> {
    let secret = hidden
        .iter()
        .any(|hidden| !hidden.is_empty() && text.contains(hidden));
    let text: String = text.trim().chars().take(200).collect();
    (!secret && !text.is_empty()).then(|| format!("{text:?}"))
}

fn unusable(message: String) -> Error {
    Error::new(ErrorKind::Protocol, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_no_more_room_than_the_limit() {
        let mut answer = Answer {
            body: Vec::new(),
            content_type: String::new(),
            expected: None,
            request: String::new(),
            status: 200,
        };
        let chunk = vec![b'x'; 5 << 20];
        while answer.body.len() + chunk.len() <= LIMIT {
            answer.append(&chunk);
            assert!(answer.body.capacity() <= LIMIT);
        }
    }

    #[test]
    fn what_stands_in_a_text_is_not_counted() {
        assert_eq!(count(r#"[{"a": "{,\"", "b": [1, 2]}, {}]"#), (2, 3));
        assert_eq!(count(r#"["\"{,", "\\", {}]"#), (1, 2));
    }

    #[test]
    fn what_a_server_says_is_quoted_unless_it_repeats_a_secret() {
        assert_eq!(quoted(" no\n", &["", "hunter2"]).unwrap(), "\"no\"");
        assert_eq!(quoted("not hunter2", &["hunter2"]), None);
        assert_eq!(quoted(" ", &[]), None);
        assert_eq!(quoted(&"x".repeat(1000), &[]).unwrap().len(), 202);
    }
}
