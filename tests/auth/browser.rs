//! The browser in a login: the console's page, and others that are open.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use x25519_dalek::{PublicKey, StaticSecret};

/// A page that was opened by its URL.
#[derive(Clone)]
pub(super) struct Page {
    key: [u8; 32],
    pub(super) name: String,
    origin: String,
    pub(super) port: u16,
}

/// An answer that the page got.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: String,
    head: String,
}

impl Page {
    /// Takes the URL apart as the console's page does.
    pub(super) fn open(url: &str) -> Self {
        let (origin, code) = url.split_once("/webauth/").expect("the console's page");
        let code = STANDARD.decode(code).expect("base64");
        let code = String::from_utf8(code).expect("ASCII");
        let parts: Vec<&str> = code.split('-').collect();
        let [port, key, name] = parts[..] else {
            panic!("three parts, not {code}");
        };
        let digits = |at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap();
        Self {
            key: std::array::from_fn(digits),
            name: name.to_owned(),
            origin: origin.to_owned(),
            port: port.parse().unwrap(),
        }
    }

    /// The same page in other hands, which do not know the key.
    pub(super) fn guessing(mut self) -> Self {
        self.key = PublicKey::from(&StaticSecret::from([7; 32])).to_bytes();
        self
    }

    /// What the page sends when a token is made.
    pub(super) fn message(&self, token: &str) -> String {
        let (email, pss) = (self.seal("me@acme.example"), self.seal(token));
        serde_json::json!({ "email": email, "pss": pss }).to_string()
    }

    /// Asks the browser's question first, then sends the token.
    pub(super) fn send(&self, token: &str) -> Answer {
        let allowed = self.ask("OPTIONS", "", &[("Access-Control-Request-Method", "POST")]);
        assert_eq!(allowed.status(), 200);
        assert_eq!(
            allowed.header("access-control-allow-origin"),
            Some(&*self.origin)
        );
        assert_eq!(
            allowed.header("access-control-allow-methods"),
            Some("POST, OPTIONS")
        );
        assert_eq!(
            allowed.header("access-control-allow-headers"),
            Some("Content-Type")
        );
        self.post(&self.message(token))
    }

    pub(super) fn post(&self, body: &str) -> Answer {
        self.ask("POST", body, &[("Content-Type", "application/json")])
    }

    /// A request of this page.
    pub(super) fn ask(&self, method: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("Origin", self.origin.as_str())];
        all.extend(headers);
        self.request(method, "/", body, &all)
    }

    /// A request of anybody.
    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut lines = vec![
            format!("{method} {path} HTTP/1.1"),
            "Host: 127.0.0.1".to_owned(),
        ];
        lines.extend(
            headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        lines.push(format!("Content-Length: {}", body.len()));
        self.raw(&format!("{}\r\n\r\n{body}", lines.join("\r\n")))
    }

    /// These bytes, whatever they are.
    pub(super) fn raw(&self, bytes: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        Answer {
            body: body.to_owned(),
            head: head.to_owned(),
        }
    }

    /// Whether anybody answers to `message`.
    pub(super) fn is_answered(&self, message: &str) -> bool {
        let mut stream = self.connect();
        let request = format!(
            "POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{message}",
            message.len()
        );
        let mut answer = Vec::new();
        // Who is not listened to may see the connection break.
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_end(&mut answer);
        !answer.is_empty()
    }

    pub(super) fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// `text`, encrypted as the page does it: for the key in the URL.
    fn seal(&self, text: &str) -> String {
        let secret: [u8; 32] = Blake2b::<U32>::digest([1; 32]).into();
        let secret = StaticSecret::from(secret);
        let public = PublicKey::from(&secret).to_bytes();
        let shared = secret.diffie_hellman(&PublicKey::from(self.key));
        let keys = Blake2b512::new()
            .chain_update(shared.as_bytes())
            .chain_update(public)
            .chain_update(self.key)
            .finalize();
        let nonce = [3; 24];
        let cipher = XChaCha20Poly1305::new_from_slice(&keys[32..]).unwrap();
        let mut sealed = cipher.encrypt(&nonce.into(), text.as_bytes()).unwrap();
        sealed.extend(nonce);
        let digits = public.map(|byte| format!("{byte:02x}")).concat();
        format!("ph:v1:{digits}:{}", STANDARD.encode(sealed))
    }
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1).expect("a status");
        status.parse().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }
}
