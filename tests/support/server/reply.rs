//! What the server answers, and how it spoils it.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::net::TcpSocket;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    body: Vec<u8>,
    headers: Vec<(String, String)>,
    manner: Manner,
    status: u16,
}

#[derive(Clone, Debug)]
enum Manner {
    /// A byte now and then.
    Drip,
    /// Nothing, and the connection stays open.
    Hang,
    /// All of it, after this time.
    Late(Duration),
    /// The body that many times over.
    Repeat(usize),
    /// The connection is reset.
    Reset,
    /// Announced whole, but broken off after so many bytes.
    Truncate(usize),
    Whole,
}

impl Reply {
    /// A status and JSON.
    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::typed(status, "application/json", body)
    }

    /// A status and a body of the type `content_type`; no type if it is empty.
    pub(crate) fn typed(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let (body, manner) = (body.into(), Manner::Whole);
        let reply = Self {
            body,
            headers: Vec::new(),
            manner,
            status,
        };
        if content_type.is_empty() {
            reply
        } else {
            reply.header("Content-Type", content_type)
        }
    }

    /// A redirect to `target`.
    pub(crate) fn redirect(status: u16, target: &str) -> Self {
        Self::typed(status, "", "").header("Location", target)
    }

    /// No answer, ever.
    pub(crate) fn hang() -> Self {
        Self {
            manner: Manner::Hang,
            ..Self::json(200, "")
        }
    }

    /// A connection that is reset instead of answered.
    pub(crate) fn reset() -> Self {
        Self {
            manner: Manner::Reset,
            ..Self::json(200, "")
        }
    }

    /// The same with another header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without its body, as an answer to `HEAD`.
    pub(super) fn bodiless(self) -> Self {
        let body = Vec::new();
        Self { body, ..self }
    }

    /// The same, a byte at a time, never to be finished by any deadline.
    pub(crate) fn dripping(self) -> Self {
        Self {
            manner: Manner::Drip,
            ..self
        }
    }

    /// The same, broken off after `length` bytes of the body.
    pub(crate) fn truncated(self, length: usize) -> Self {
        Self {
            manner: Manner::Truncate(length),
            ..self
        }
    }

    /// The same, the body `count` times over.
    pub(crate) fn repeated(self, count: usize) -> Self {
        Self {
            manner: Manner::Repeat(count),
            ..self
        }
    }

    /// The same, as from far away.
    pub(crate) fn after(self, time: Duration) -> Self {
        Self {
            manner: Manner::Late(time),
            ..self
        }
    }

    /// The same, packed.
    pub(crate) fn gzip(self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let times = if let Manner::Repeat(count) = self.manner {
            count
        } else {
            1
        };
        for _ in 0..times {
            encoder.write_all(&self.body).unwrap();
        }
        let body = encoder.finish().unwrap();
        Self {
            body,
            manner: Manner::Whole,
            ..self
        }
        .header("Content-Encoding", "gzip")
    }

    /// Its body.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The first header called `name`.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Its status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Sends it, and says whether the connection is still good.
    pub(super) fn send(
        &self,
        stream: &mut impl Write,
        socket: &TcpStream,
        pause: &dyn Fn(Duration) -> bool,
    ) -> io::Result<bool> {
        match self.manner {
            Manner::Hang => return Ok(pause(Duration::from_hours(1))),
            Manner::Reset => return reset(socket),
            Manner::Late(time) if !pause(time) => return Ok(false),
            _ => stream.write_all(self.head().as_bytes())?,
        }
        match self.manner {
            Manner::Drip => {
                for byte in &self.body {
                    stream.write_all(&[*byte])?;
                    stream.flush()?;
                    if !pause(Duration::from_secs(1)) {
                        return Ok(false);
                    }
                }
            }
            Manner::Truncate(length) => {
                stream.write_all(&self.body[..length])?;
                stream.flush()?;
                return Ok(false);
            }
            Manner::Repeat(count) => {
                for _ in 0..count {
                    stream.write_all(&self.body)?;
                }
            }
            _ => stream.write_all(&self.body)?,
        }
        stream.flush()?;
        Ok(true)
    }

    fn head(&self) -> String {
        let times = if let Manner::Repeat(count) = self.manner {
            count
        } else {
            1
        };
        let mut head = format!("HTTP/1.1 {} Status\r\n", self.status);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !self
            .headers
            .iter()
            .any(|(name, _)| name == "Content-Length")
        {
            write!(head, "Content-Length: {}\r\n", self.body.len() * times).unwrap();
        }
        head + "\r\n"
    }
}

/// Makes the close that follows a reset.
fn reset(socket: &TcpStream) -> io::Result<bool> {
    TcpSocket::from_std_stream(socket.try_clone()?).set_zero_linger()?;
    Ok(false)
}
