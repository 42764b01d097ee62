//! A stand-in for a Phase server and an Infisical server on loopback:
//! `server FOLDER [RSA]`.
//!
//! It answers `GET /service/public/v1/secrets/?app_id=N…` with N secrets at once,
//! whatever else is asked, and the encrypted API for the app `N`. Of Infisical it
//! has universal auth for anybody, and the project `N` with N secrets in versions
//! 3 and 4 of the list. All that is had over HTTP, over HTTPS with an EC chain
//! (P-256 leaf, P-384 intermediate and root) and, if RSA is a folder with the keys
//! `leaf`, `intermediate` and `root`, over HTTPS with an RSA chain.
//!
//! `FAR` is the port of the EC chain as if it were 20 ms away and back (but for
//! the TCP handshake).
//!
//! FOLDER receives the token `token` of the encrypted API, the root certificates
//! `ec.pem` and `rsa.pem`, and at last
//! `ports`, a line of shell for each port. It runs until it is ended.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

mod infisical;
mod sealed;

use sealed::sealed;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How many secrets there are to choose from.
const COUNTS: [usize; 3] = [60, 1_000, 10_000];

const ROUND_TRIP: Duration = Duration::from_millis(20);

/// How many encrypted ones there are to choose from.
const SEALED: [usize; 4] = [10, 60, 1_000, 10_000];

/// How many of Infisical's.
const OF_INFISICAL: [usize; 2] = [60, 1_000];

/// Whole answers, by what tells their requests apart: `?app_id=60`, `tokens`,
/// the id of an environment, `login`, `?projectid=60` or `?workspaceid=60`.
type Answers = Arc<HashMap<String, Vec<u8>>>;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: server FOLDER [RSA]")?;
    let plain = COUNTS.map(|count| (format!("?app_id={count}"), plain(count)));
    let mut answers: HashMap<String, Vec<u8>> = plain.into();
    let sealed = sealed(&SEALED);
    fs::write(folder.join("token"), sealed.token)?;
    answers.insert("tokens".to_owned(), sealed.tokens);
    answers.extend(sealed.secrets);
    answers.insert("login".to_owned(), infisical::login());
    for count in OF_INFISICAL {
        let secrets = infisical::secrets(count);
        answers.insert(format!("?workspaceid={count}"), secrets.clone());
        answers.insert(format!("?projectid={count}"), secrets);
    }
    let answers = answers.into_iter().map(|(key, body)| (key, answer(&body)));
    let answers: Answers = Arc::new(answers.collect());
    let mut ports = format!("HTTP={}\n", listen(&answers, None)?);
    let ec = [
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?,
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?,
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?,
    ];
    let config = chain(ec, &folder.join("ec.pem"))?;
    let near = listen(&answers, Some(config))?;
    writeln!(ports, "EC={near}\nFAR={}", listen_far(near)?)?;
    if let Some(keys) = arguments.next() {
        let key = |name| -> Result<KeyPair> {
            Ok(KeyPair::from_pem(&fs::read_to_string(keys.join(name))?)?)
        };
        let rsa = [key("root")?, key("intermediate")?, key("leaf")?];
        let config = chain(rsa, &folder.join("rsa.pem"))?;
        writeln!(ports, "RSA={}", listen(&answers, Some(config))?)?;
    }
    // Written beside and renamed: who sees it sees all of it.
    fs::write(folder.join("ports.new"), ports)?;
    fs::rename(folder.join("ports.new"), folder.join("ports"))?;
    loop {
        thread::park();
    }
}

/// `count` secrets as the server writes them, about 333 bytes each.
fn plain(count: usize) -> Vec<u8> {
    let mut body = String::from("[");
    for number in 0..count {
        if number > 0 {
            body.push(',');
        }
        let _ = write!(
            body,
            "{{\"id\":\"{number:08x}-2628-4b08-a94d-3a21b4eb2a72\",\"key\":\"SETTING_{number:05}\",\
             \"value\":\"{value}\",\"comment\":\"\",\"tags\":[],\"override\":null,\"type\":\"secret\",\
             \"lifecycle\":\"static\",\"path\":\"/\",\"version\":1,\
             \"createdAt\":\"2026-11-21T01:08:43.722240Z\",\"updatedAt\":\"2026-11-21T01:08:43.722257Z\"}}",
            value = format!("{number:08x}").repeat(8),
        );
    }
    body.push(']');
    body.into_bytes()
}

/// `body` as a whole answer.
fn answer(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A chain of `keys`, root first; the root's certificate goes to `file`.
fn chain(keys: [KeyPair; 3], file: &Path) -> Result<Arc<ServerConfig>> {
    let [root, intermediate, leaf] = keys;
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let params = authority("root of the benchmark");
    fs::write(file, params.self_signed(&root)?.pem())?;
    let root = Issuer::new(params, root);
    let params = authority("intermediate of the benchmark");
    let middle = params.signed_by(&intermediate, &root)?;
    let issuer = Issuer::new(params, intermediate);
    let names = vec!["localhost".to_owned()];
    let end = CertificateParams::new(names)?.signed_by(&leaf, &issuer)?;
    let key = PrivateKeyDer::try_from(leaf.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![end.into(), middle.into()], key)?;
    Ok(Arc::new(config))
}

/// Serves `answers` on a port.
fn listen(answers: &Answers, tls: Option<Arc<ServerConfig>>) -> Result<u16> {
    let answers = Arc::clone(answers);
    accept(move |socket| serve(socket, &answers, tls.clone()))
}

/// Passes on what comes and goes between a port and the port `near`, later.
fn listen_far(near: u16) -> Result<u16> {
    accept(move |outside| {
        let inside = TcpStream::connect((Ipv4Addr::LOCALHOST, near))?;
        let (from, to) = (outside.try_clone()?, inside.try_clone()?);
        thread::spawn(move || delay(from, to));
        delay(inside, outside)
    })
}

/// Passes on what comes from `from`, each piece after half a round trip.
fn delay(mut from: TcpStream, mut to: TcpStream) -> Result<()> {
    to.set_nodelay(true)?;
    let (sender, pieces) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        // The other side may have closed it already.
        let _ = to.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        sender.send((Instant::now() + ROUND_TRIP / 2, buffer[..read].to_vec()))?;
    }
}

/// Accepts connections on a port of both loopback addresses.
fn accept(serve: impl Fn(TcpStream) -> Result<()> + Clone + Send + 'static) -> Result<u16> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = first.local_addr()?.port();
    // A machine without IPv6 has no use for the second.
    let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok();
    for listener in [Some(first), second].into_iter().flatten() {
        let serve = serve.clone();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let serve = serve.clone();
                // A client that goes away in the middle is its own affair.
                thread::spawn(move || serve(socket).ok());
            }
        });
    }
    Ok(port)
}

fn serve(socket: TcpStream, answers: &Answers, tls: Option<Arc<ServerConfig>>) -> Result<()> {
    socket.set_nodelay(true)?;
    match tls {
        None => reply(socket, answers),
        Some(config) => reply(
            StreamOwned::new(ServerConnection::new(config)?, socket),
            answers,
        ),
    }
}

fn reply(stream: impl Read + Write, answers: &Answers) -> Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(key) = asked(&mut stream)? {
        let answer = answers.get(&key);
        let nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".as_slice();
        stream
            .get_mut()
            .write_all(answer.map_or(nothing, Vec::as_slice))?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

/// The key of what the next request asks for, if there is another request. A
/// body is read, and ignored.
fn asked(stream: &mut impl BufRead) -> Result<Option<String>> {
    let (mut key, mut body) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        // Header names are in lower case or not.
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            io::copy(&mut stream.take(body), &mut io::sink())?;
            return Ok(Some(key));
        }
        let query = ["?app_id=", "?projectid=", "?workspaceid="]
            .iter()
            .find_map(|first| line.find(first));
        if line.starts_with("get /service/secrets/tokens/") {
            "tokens".clone_into(&mut key);
        } else if line.starts_with("post /api/v1/auth/universal-auth/login ") {
            "login".clone_into(&mut key);
        } else if let Some(environment) = line.strip_prefix("environment: ") {
            environment.clone_into(&mut key);
        } else if let Some(length) = line.strip_prefix("content-length: ") {
            body = length.parse()?;
        } else if let Some(at) = query {
            let words = line[at..].split(['&', ' ']);
            key = words.take(1).collect();
        }
    }
}
