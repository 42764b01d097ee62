//! Where a server is, and how to reach it.

use std::net::IpAddr;
use std::path::PathBuf;

use reqwest::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretValue;

/// The files of a client's certificate, PEM.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The certificate, and those that lead up to a root.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How to reach a server.
///
/// Proxies are taken from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
#[derive(Clone, Debug)]
pub struct Connection {
    /// A bundle of root certificates, PEM, instead of the system's; or a folder of
    /// them, under their hashes, as OpenSSL keeps one.
    pub bundle: Option<PathBuf>,
    /// What proves to the server who we are, besides what is sent to it.
    pub certificate: Option<ClientCertificate>,
    /// Sent with each request to the server, and to no other host. They replace
    /// none of those by which the client says what it sends, and who asks.
    pub headers: Vec<(String, SecretValue)>,
    /// The server's URL, such as `https://console.phase.dev`.
    pub host: String,
    /// More root certificates, PEM.
    pub roots: Option<PathBuf>,
    /// More of them, as text and not in a file.
    pub roots_text: Option<String>,
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// Whether the server's certificate is checked. Leave it `true`.
    pub verify: bool,
}

impl Connection {
    /// A checked connection to `host` with the system's root certificates.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            bundle: None,
            certificate: None,
            headers: Vec::new(),
            host: host.into(),
            roots: None,
            roots_text: None,
            user_agent: concat!("phase-run/", env!("CARGO_PKG_VERSION")).to_owned(),
            verify: true,
        }
    }

    /// Whether credentials and secrets would cross a network as plain text:
    /// `http://` to another machine.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.url()
            .is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
    }

    /// The URL without a slash at its end, if it is one we can use.
    pub(crate) fn url(&self) -> Result<Url> {
        let problem = match Url::parse(self.host.trim()) {
            Err(_) => "it is not a URL",
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                "it does not begin with https:// or http://"
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                "it holds a user name or a password"
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => "it has a `?` or a `#`",
            Ok(mut url) => {
                let path = url.path().trim_end_matches('/').to_owned();
                url.set_path(&path);
                return Ok(url);
            }
        };
        // What stands before an `@` may be a password, and what follows a `?` a token.
        let shown = if self.host.contains(['@', '?', '#']) {
            "the host".to_owned()
        } else {
            format!("host {:?}", self.host)
        };
        Err(Error::new(
            ErrorKind::Configuration,
            format!("{shown} cannot be used: {problem}"),
        )
        .help("give a URL such as https://secrets.example.com"))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    address.map_or_else(
        |_| host == "localhost" || host.ends_with(".localhost"),
        |address| address.is_loopback(),
    )
}
