//! A request as it arrived.

use std::io::{self, Read};

/// A request, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) body: Vec<u8>,
    /// The number of its connection, from 0.
    pub(crate) connection: usize,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) method: String,
    /// Decoded, without the query.
    pub(crate) path: String,
    /// Decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    /// The target as it stood in the request line.
    pub(crate) target: String,
}

impl Request {
    /// A request for `target`, with no headers and no body.
    pub(crate) fn to(method: &str, target: &str) -> Self {
        let local = local(target);
        let (path, query) = local.split_once('?').unwrap_or((&local, ""));
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        Self {
            method: method.to_owned(),
            path: decoded(path),
            query,
            target: target.to_owned(),
            ..Self::default()
        }
    }

    /// The same with another header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_lowercase(), value.to_owned()));
        self
    }

    /// The same with a body.
    pub(crate) fn carrying(self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { body, ..self }
    }

    /// The next request of a connection; `None` at its end. What is no HTTP, such
    /// as the beginning of TLS, is invalid data.
    pub(crate) fn read(stream: &mut impl Read, connection: usize) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte)? == 0 {
                return Ok(None);
            }
            head.push(byte[0]);
            if !head[0].is_ascii_uppercase() {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        // Latin-1, as Django has it: a path in UTF-8 is not what it seems.
        let head: String = head.into_iter().map(char::from).collect();
        let mut lines = head.trim_end().lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let body = Vec::new();
        let request = Self::to(&method, &target);
        let mut request = Self {
            body,
            connection,
            headers,
            ..request
        };
        let length = request
            .header("content-length")
            .map_or(0, |text| text.parse().unwrap());
        request.body.resize(length, 0);
        stream.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    /// The first header called `name`, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What stands between the slashes of the path. Such a part may hold a slash itself.
    pub(crate) fn parts(&self) -> Vec<String> {
        let local = local(&self.target);
        let path = local.split('?').next().unwrap_or_default();
        let parts = path.trim_matches('/').split('/');
        // Only in a query does a plus sign mean a blank.
        parts
            .map(|part| decoded(&part.replace('+', "%2B")))
            .collect()
    }

    /// The first parameter of the query called `name`.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A target without the server, which a proxy is told too.
fn local(target: &str) -> String {
    let path = target.splitn(4, '/').nth(3);
    let path = path.filter(|_| target.starts_with("http"));
    path.map_or_else(|| target.to_owned(), |path| format!("/{path}"))
}

fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut result = Vec::new();
    while let Some(byte) = bytes.next() {
        result.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(result).unwrap()
}
