//! A server on loopback, HTTP or HTTPS, that answers as it is told, remembers
//! what it was asked, and misbehaves on request.

mod authority;
pub(crate) mod infisical;
mod phase;
mod proxy;
mod reply;
mod request;
mod self_signed;
mod sts;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use tokio::net::TcpSocket;

pub(crate) use authority::Authority;
pub(crate) use infisical::Infisical;
pub(crate) use phase::{
    ACCOUNT, Identity, Kind, Lease, Limit, Phase, SERVICE, Sse, Stored, Token, USER, crypto,
};
pub(crate) use proxy::Proxy;
pub(crate) use reply::Reply;
pub(crate) use request::Request;
pub(crate) use self_signed::SelfSigned;

/// Long enough for any event on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. It ends, with all its connections, when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

struct Shared {
    handler: Box<Handler>,
    state: Mutex<State>,
    /// Told of every change of `state`.
    changed: Condvar,
    tls: Option<Arc<ServerConfig>>,
}

#[derive(Default)]
struct State {
    /// One per connection, to close it from outside.
    connections: Vec<Weak<TcpStream>>,
    ended: bool,
    requests: Vec<Request>,
}

/// A connection. The last one to drop it closes it.
struct Socket(Arc<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

impl Server {
    /// A server that answers by `handler`.
    pub(crate) fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::launch(Box::new(handler), None)
    }

    /// The same over TLS, with a certificate of `authority` for `names`.
    pub(crate) fn start_tls(
        authority: &Authority,
        names: &[&str],
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::launch(Box::new(handler), Some(authority.server(names)))
    }

    /// The same, for those alone who show a certificate of `authority` too.
    pub(crate) fn start_for_clients_of(
        authority: &Authority,
        names: &[&str],
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::launch(Box::new(handler), Some(authority.server_for_clients(names)))
    }

    /// The same over this version of TLS, with the certificate of `shown` and the
    /// key of `held`.
    pub(crate) fn start_showing(
        shown: &SelfSigned,
        held: &SelfSigned,
        version: &'static SupportedProtocolVersion,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::launch(Box::new(handler), Some(shown.server(held, version)))
    }

    /// A server that takes connections and lets each one down in the way of
    /// `reply`, whatever is asked.
    pub(crate) fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    fn launch(handler: Box<Handler>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Mutex::default();
        let shared = Arc::new(Shared {
            handler,
            state,
            changed: Condvar::new(),
            tls,
        });
        let inner = Arc::clone(&shared);
        thread::spawn(move || inner.accept(&listener));
        Self {
            address,
            scheme,
            shared,
        }
    }

    /// `http://127.0.0.1:PORT`, or with `https`.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// All requests so far, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().unwrap().requests.clone()
    }

    /// How many connections there were so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().connections.len()
    }

    /// Waits until `count` requests have arrived.
    pub(crate) fn wait_for(&self, count: usize) {
        let state = self.shared.state.lock().unwrap();
        let few = |state: &mut State| state.requests.len() < count;
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, few)
            .unwrap();
        assert!(
            state.requests.len() >= count,
            "{} of {count} requests came",
            state.requests.len()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock().unwrap();
        state.ended = true;
        for connection in state.connections.iter().filter_map(Weak::upgrade) {
            // One that the client closed is closed already.
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the thread that accepts, which then sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for socket in listener.incoming() {
            let Ok(socket) = socket else { return };
            let mut state = self.state.lock().unwrap();
            if state.ended {
                return;
            }
            let number = state.connections.len();
            let socket = Arc::new(socket);
            state.connections.push(Arc::downgrade(&socket));
            drop(state);
            let shared = Arc::clone(&self);
            // A connection that breaks is the client's affair.
            thread::spawn(move || shared.serve(&socket, number).ok());
        }
    }

    /// Serves one connection until either side closes it.
    fn serve(&self, socket: &Arc<TcpStream>, connection: usize) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let plain = Socket(Arc::clone(socket));
        let mut stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(plain),
            Some(config) => {
                let session =
                    ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(session, plain))
            }
        };
        loop {
            let request = match Request::read(&mut stream, connection) {
                Ok(Some(request)) => request,
                Ok(None) => break,
                Err(_) => return stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            };
            self.state.lock().unwrap().requests.push(request.clone());
            self.changed.notify_all();
            let reply = (self.handler)(&request);
            if !reply.send(&mut stream, socket, &|time| self.pause(time))? {
                break;
            }
        }
        Ok(())
    }

    /// Waits for `time`, and says whether the server goes on.
    fn pause(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap();
        let going = |state: &mut State| !state.ended;
        let (state, _) = self.changed.wait_timeout_while(state, time, going).unwrap();
        !state.ended
    }
}

/// A port where nobody listens, and nobody can while it is kept.
pub(crate) struct Refusing {
    socket: TcpSocket,
}

impl Refusing {
    /// Takes a port.
    pub(crate) fn port() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self { socket }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.socket.local_addr().unwrap())
    }
}
