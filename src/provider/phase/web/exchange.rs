//! One connection of a browser: a question whether it may, or the token.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::WebToken;
use super::peer::{self, Peer};
use crate::credentials::PhaseToken;
use crate::provider::phase::crypto::KeyPair;
use crate::secret::SecretValue;

/// The most bytes of a request. The page's have about 1,500.
const LIMIT: usize = 32 << 10;

/// More headers than any browser sends.
const HEADERS: usize = 96;

/// So long a connection may take, from its first byte to its last.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where requests are answered.
#[derive(Clone)]
pub(super) struct Counter {
    pub(super) keys: Arc<KeyPair>,
    /// The server's pages, as a browser calls them.
    pub(super) origin: Arc<str>,
}

/// What a request comes to: a status, a body, and the token.
type Answer = (&'static str, &'static str, Option<WebToken>);

/// What the page sends.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    email: &'a str,
    #[serde(borrow)]
    pss: &'a str,
}

/// The head of a request.
struct Head {
    length: usize,
    method: String,
    origin: Option<String>,
    path: String,
    /// Bytes up to the body.
    size: usize,
}

impl std::fmt::Debug for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Counter({}, ..)", self.origin)
    }
}

impl Counter {
    /// Serves one request, and closes. The token, if that was it.
    pub(super) async fn serve(self, mut stream: TcpStream) -> Option<WebToken> {
        // At once: whose a connection was, nobody knows when it is closed.
        let peer = peer::at(stream.peer_addr().ok()?, stream.local_addr().ok()?);
        if peer == Peer::Another {
            tracing::info!("a connection of another user's program is refused");
            return None;
        }
        let talk = async {
            let (status, body, token) = match read(&mut stream).await {
                Ok(Some((head, body))) => self.answer(&head, &body, peer),
                Ok(None) => refusal("400 Bad Request", "{\"error\":\"no such request\"}"),
                // The browser has gone, or never said anything.
                Err(_) => return None,
            };
            let reply = format!(
                "HTTP/1.1 {status}\r\n\
                 Access-Control-Allow-Origin: {}\r\n\
                 Access-Control-Allow-Methods: POST, OPTIONS\r\n\
                 Access-Control-Allow-Headers: Content-Type\r\n\
                 Content-Type: application/json\r\n\
                 Content-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                self.origin,
                body.len()
            );
            // A page that does not hear of it has sent its token all the same.
            if stream.write_all(reply.as_bytes()).await.is_ok() {
                let _ = stream.shutdown().await;
            }
            token
        };
        tokio::time::timeout(PATIENCE, talk).await.ok().flatten()
    }

    fn answer(&self, head: &Head, body: &[u8], peer: Peer) -> Answer {
        // Other pages may be open in the same browser.
        let foreign = head
            .origin
            .as_deref()
            .is_some_and(|from| from != &*self.origin);
        match (head.method.as_str(), head.path.as_str()) {
            (_, path) if path != "/" => refusal("404 Not Found", "{\"error\":\"no such page\"}"),
            ("OPTIONS", _) => ("200 OK", "", None),
            ("POST", _) if foreign => refusal("403 Forbidden", "{\"error\":\"another origin\"}"),
            ("POST", _) => match self.token(body, peer) {
                Some(token) => (
                    "200 OK",
                    "{\"status\":\"Success: CLI authentication complete\"}",
                    Some(token),
                ),
                None => refusal("400 Bad Request", "{\"error\":\"no token for this login\"}"),
            },
            _ => refusal("405 Method Not Allowed", "{\"error\":\"not that way\"}"),
        }
    }

    /// The token in a message that was encrypted for us.
    fn token(&self, body: &[u8], peer: Peer) -> Option<WebToken> {
        let message: Message<'_> = serde_json::from_slice(body).ok()?;
        let email = self.keys.open(message.email).ok()?;
        let mut token = self.keys.open(message.pss).ok()?;
        PhaseToken::parse(&token).ok()?;
        Some(WebToken {
            email: email.to_string(),
            from_own_user: peer == Peer::Own,
            token: SecretValue::new(std::mem::take(&mut *token)),
        })
    }
}

fn refusal(status: &'static str, body: &'static str) -> Answer {
    tracing::info!("a message from the browser is refused: {body}");
    (status, body, None)
}

/// A request; `None` for what is none.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<(Head, Zeroizing<Vec<u8>>)>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT));
    let mut head: Option<Head> = None;
    loop {
        if let Some(known) = &head
            && bytes.len() >= known.size + known.length
        {
            let body = bytes[known.size..known.size + known.length].to_vec();
            return Ok(head.map(|head| (head, Zeroizing::new(body))));
        }
        if bytes.len() >= LIMIT {
            return Ok(None);
        }
        let room = LIMIT - bytes.len();
        if (&mut *stream)
            .take(room as u64)
            .read_buf(&mut *bytes)
            .await?
            == 0
        {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if head.is_none() {
            head = match parse(&bytes) {
                Ok(head) => head,
                Err(NoRequest) => return Ok(None),
            };
        }
    }
}

/// Bytes that cannot become a request of a browser.
struct NoRequest;

/// The head in `bytes`, if it is whole.
fn parse(bytes: &[u8]) -> Result<Option<Head>, NoRequest> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let size = match request.parse(bytes) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(NoRequest),
    };
    let header = |name: &str| {
        let mut headers = request.headers.iter();
        let found = headers.find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let length = header("content-length").map_or(Ok(0), str::parse);
    let length = length.map_err(|_| NoRequest)?;
    if length > LIMIT || header("transfer-encoding").is_some() {
        return Err(NoRequest);
    }
    Ok(Some(Head {
        length,
        method: request.method.unwrap_or_default().to_owned(),
        origin: header("origin").map(str::to_owned),
        path: request.path.unwrap_or_default().to_owned(),
        size,
    }))
}
