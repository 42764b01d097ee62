//! Proxies on loopback, which lead to one server whatever name they are asked for.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Request, Server};

/// A proxy for HTTP or for SOCKS 5. Its port closes when it is dropped; a
/// connection ends with the client or the server.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    ended: Mutex<bool>,
    /// The user and the password that are let in; anybody, if there are none.
    login: Option<(&'static str, &'static str)>,
    /// What it was asked for, in order: a line of a request, or a place.
    seen: Mutex<Vec<String>>,
    serve: fn(&Shared, TcpStream) -> io::Result<()>,
    server: SocketAddr,
}

impl Proxy {
    /// One that speaks HTTP.
    pub(crate) fn http(server: &Server, login: Option<(&'static str, &'static str)>) -> Self {
        Self::start(Shared::http, server, login)
    }

    /// One that speaks SOCKS 5.
    pub(crate) fn socks(server: &Server, login: Option<(&'static str, &'static str)>) -> Self {
        Self::start(Shared::socks, server, login)
    }

    fn start(
        serve: fn(&Shared, TcpStream) -> io::Result<()>,
        server: &Server,
        login: Option<(&'static str, &'static str)>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            ended: Mutex::new(false),
            login,
            seen: Mutex::default(),
            serve,
            server: server.address,
        });
        let inner = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if *inner.ended.lock().unwrap() {
                    return;
                }
                let (shared, client) = (Arc::clone(&inner), client.unwrap());
                // A connection that breaks is the client's affair.
                thread::spawn(move || (shared.serve)(&shared, client).ok());
            }
        });
        Self { address, shared }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked for so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        *self.shared.ended.lock().unwrap() = true;
        // Wakes the thread that accepts, which then sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn see(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    fn http(&self, mut client: TcpStream) -> io::Result<()> {
        while let Some(request) = Request::read(&mut client, 0)? {
            self.see(format!("{} {}", request.method, request.target));
            let login = self.login.map(|(user, password)| {
                let login = STANDARD.encode(format!("{user}:{password}"));
                format!("Basic {login}")
            });
            if login.is_some() && login.as_deref() != request.header("proxy-authorization") {
                let refusal = "HTTP/1.1 407 Who are you?\r\nProxy-Authenticate: Basic\r\n\
                               Content-Length: 0\r\n\r\n";
                client.write_all(refusal.as_bytes())?;
                continue;
            }
            if request.method == "CONNECT" {
                let server = TcpStream::connect(self.server)?;
                client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
                return join(client, server);
            }
            let target = request.target.strip_prefix("http://");
            let path = target.and_then(|target| Some(target.split_once('/')?.1));
            let path = path.ok_or(io::ErrorKind::InvalidData)?;
            let mut head = format!("{} /{path} HTTP/1.1\r\n", request.method);
            let passed = request.headers.iter();
            for (name, value) in passed.filter(|(name, _)| name != "proxy-authorization") {
                write!(head, "{name}: {value}\r\n").unwrap();
            }
            let mut server = TcpStream::connect(self.server)?;
            server.write_all((head + "connection: close\r\n\r\n").as_bytes())?;
            server.write_all(&request.body)?;
            server.shutdown(Shutdown::Write)?;
            io::copy(&mut server, &mut client)?;
        }
        Ok(())
    }

    /// RFC 1928, and RFC 1929 for the login.
    fn socks(&self, mut client: TcpStream) -> io::Result<()> {
        let [_, count] = taken(&mut client)?;
        let mut methods = vec![0; count.into()];
        client.read_exact(&mut methods)?;
        let method = if self.login.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            return client.write_all(&[5, 0xff]);
        }
        client.write_all(&[5, method])?;
        if let Some((user, password)) = self.login {
            let [_] = taken(&mut client)?;
            let given = (text(&mut client)?, text(&mut client)?);
            let right = (&*given.0, &*given.1) == (user, password);
            client.write_all(&[1, u8::from(!right)])?;
            if !right {
                return Ok(());
            }
        }
        let [_, _, _, kind] = taken(&mut client)?;
        let host = match kind {
            1 => Ipv4Addr::from(taken::<4>(&mut client)?).to_string(),
            4 => Ipv6Addr::from(taken::<16>(&mut client)?).to_string(),
            _ => format!("name {}", text(&mut client)?),
        };
        let port = u16::from_be_bytes(taken(&mut client)?);
        self.see(format!("{host} port {port}"));
        // To a name that nobody knows: host unreachable.
        let status = if host.ends_with(".invalid") { 4 } else { 0 };
        client.write_all(&[5, status, 0, 1, 0, 0, 0, 0, 0, 0])?;
        if status > 0 {
            return Ok(());
        }
        join(client, TcpStream::connect(self.server)?)
    }
}

fn taken<const COUNT: usize>(from: &mut TcpStream) -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A text after its length.
fn text(from: &mut TcpStream) -> io::Result<String> {
    let [length] = taken(from)?;
    let mut bytes = vec![0; length.into()];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Passes on what either says, until both have ended.
fn join(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let back = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write)
    });
    let (mut from, mut to) = (server, client);
    io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Both)?;
    let _ = back.join();
    Ok(())
}
