//! A login in the browser: a page of the server makes a token, and sends it
//! encrypted to a port of this machine.

mod exchange;
mod peer;

use std::future;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use self::exchange::Counter;
use super::crypto::KeyPair;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Connection;
use crate::secret::SecretValue;

/// The most connections that are served at the same time. A browser opens a
/// few, some of which stay silent.
const AT_ONCE: usize = 32;

/// A login in the browser that has begun.
///
/// Only programs of this machine can connect to its port; where the system says
/// whose they are (Linux), only those of our own user and of root are listened to. And
/// only who has seen [the URL](Self::url) can make anything that is taken for a token:
/// it must not stand in the arguments of a program, which all users can read.
#[derive(Debug)]
pub struct WebLogin {
    counter: Counter,
    listener: TcpListener,
    url: String,
}

/// What a login in the browser gives.
#[derive(Clone, Debug)]
pub struct WebToken {
    /// The address of the person who logged in, as the page says. What the server says
    /// of a token is [`Client::owner`](crate::Client::owner)'s to tell.
    pub email: String,
    /// Whether the system says that a program of our own user, or of root, sent it;
    /// `false` where it does not say who did.
    pub from_own_user: bool,
    /// A token that [`PhaseToken::parse`](crate::PhaseToken::parse) takes.
    pub token: SecretValue,
}

impl WebLogin {
    /// How long a person may take, as in Phase's own command line tool.
    pub const PATIENCE: Duration = Duration::from_mins(5);

    /// Listens on a free port of the loopback interface. The server will call the
    /// token `name`; characters that could not be part of it are replaced.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for a host that cannot be used,
    /// [`ErrorKind::System`] if there is no port, or no random bytes.
    pub fn begin(connection: &Connection, name: &str) -> Result<Self> {
        let server = connection.url()?;
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| {
            let text = "the system gives no random bytes";
            Error::new(ErrorKind::System, text).with_source(error)
        })?;
        let keys = KeyPair::from_seed(&seed);
        let listener = listen().map_err(|error| {
            let text = "cannot listen on a port of this machine";
            Error::new(ErrorKind::System, text).with_source(error)
        })?;
        let (listener, port) = listener;
        // The page takes this apart at each hyphen, and its address at each slash.
        // Base64 has neither a slash nor a plus for any of these characters.
        let code = format!("{port}-{}-{}", hex::encode(keys.public), plain(name));
        let code = STANDARD.encode(code);
        let host = server.as_str().trim_end_matches('/');
        Ok(Self {
            counter: Counter {
                keys: Arc::new(keys),
                origin: server.origin().ascii_serialization().into(),
            },
            listener,
            url: format!("{host}/webauth/{code}"),
        })
    }

    /// The page to open, in a browser on this machine.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits up to `patience` for the token. What else comes is answered and
    /// forgotten.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] if none came, [`ErrorKind::System`] if the port
    /// cannot be listened on any more.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the port. The page may have made a token all
    /// the same.
    pub async fn finish(self, patience: Duration) -> Result<WebToken> {
        let broken = |error: io::Error| {
            let text = "cannot go on listening for the browser";
            Error::new(ErrorKind::System, text).with_source(error)
        };
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(broken)?;
        let mut exchanges = JoinSet::new();
        let token =
            future::poll_fn(|context| next(&listener, &self.counter, &mut exchanges, context));
        match tokio::time::timeout(patience, token).await {
            Ok(token) => token.map_err(broken),
            Err(_) => Err(late(patience)),
        }
    }
}

/// The token, once an exchange has brought it.
fn next(
    listener: &tokio::net::TcpListener,
    counter: &Counter,
    exchanges: &mut JoinSet<Option<WebToken>>,
    context: &mut Context<'_>,
) -> Poll<io::Result<WebToken>> {
    loop {
        while let Poll::Ready(Some(ended)) = exchanges.poll_join_next(context) {
            if let Ok(Some(token)) = ended {
                return Poll::Ready(Ok(token));
            }
        }
        if exchanges.len() >= AT_ONCE {
            return Poll::Pending;
        }
        match listener.poll_accept(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok((stream, _))) => {
                exchanges.spawn(counter.clone().serve(stream));
            }
            // The caller has gone again.
            Poll::Ready(Err(error)) if is_passing(&error) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

fn listen() -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// `name` with an underscore for all that could be taken for something else.
fn plain(name: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_');
    name.chars()
        .map(|c| if kept(c) { c } else { '_' })
        .collect()
}

fn late(patience: Duration) -> Error {
    let text = format!(
        "no token came from the browser within {} s",
        patience.as_secs()
    );
    Error::new(ErrorKind::Timeout, text)
        .help("the browser must run on this machine; elsewhere, make a token in the Phase console and give that")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_in_the_url_is_one_part_of_a_path_whatever_the_name() {
        let name = "me-too@host-1.example/\u{e9}?>~\u{7f}";
        let login = WebLogin::begin(&Connection::new("http://h.example/phase/"), name).unwrap();
        let code = login.url().strip_prefix("http://h.example/phase/webauth/");
        let code = code.unwrap();
        assert!(!code.contains(['/', '+']), "{code}");
        let decoded = String::from_utf8(STANDARD.decode(code).unwrap()).unwrap();
        let parts: Vec<&str> = decoded.split('-').collect();
        let [port, key, name] = parts[..] else {
            panic!("{decoded}");
        };
        assert_eq!(
            port.parse(),
            Ok(login.listener.local_addr().unwrap().port())
        );
        assert_eq!(key.len(), 64);
        assert_eq!(name, "me_too@host_1.example______");
    }

    #[test]
    fn no_name_makes_a_code_that_is_more_than_one_part() {
        for c in (0..128).map(char::from) {
            for before in ["", "a", "ab"] {
                let code = STANDARD.encode(plain(&format!("{before}{c}")));
                assert!(!code.contains(['/', '+']), "{c:?}");
            }
        }
    }
}
