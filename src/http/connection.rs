//! Where a server is, and how to reach it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use super::proxy::{Proxies, Proxy};
use super::retry::OnRetry;
use crate::error::{Error, ErrorKind, Result};
use crate::outside::shown_host;
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
#[derive(Clone, Debug)]
pub struct Connection {
    /// A bundle of root certificates, PEM, instead of the system's; or a folder of
    /// them, under their hashes, as OpenSSL keeps one. Here and in `roots`, a
    /// certificate counts for the server that shows it too, even if it is no
    /// authority's: if its name and its dates are right.
    pub bundle: Option<PathBuf>,
    /// What proves to the server who we are, besides what is sent to it.
    pub certificate: Option<ClientCertificate>,
    /// Sent with each request to the server, and to no other host. They replace
    /// none of those by which the client says what it sends, and who asks.
    pub headers: Vec<(String, SecretValue)>,
    /// The server's URL, such as `https://console.phase.dev`.
    pub host: String,
    /// What names the host, for messages: a variable, for example.
    pub named_by: Option<String>,
    /// Told of each attempt that failed and is to be made again.
    pub on_retry: Option<OnRetry>,
    /// How long a server that cannot be reached is asked again, if that is shorter
    /// than the call's own time.
    pub patience: Option<Duration>,
    /// The proxies that may lead there. None leads to this machine's cloud.
    pub proxies: Proxies,
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
    /// A checked connection to `host` with the system's root certificates, by the
    /// proxies that the environment names.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            bundle: None,
            certificate: None,
            headers: Vec::new(),
            host: host.into(),
            named_by: None,
            on_retry: None,
            patience: None,
            proxies: Proxies::from_environment(),
            roots: None,
            roots_text: None,
            user_agent: concat!("phase-run/", env!("CARGO_PKG_VERSION")).to_owned(),
            verify: true,
        }
    }

    /// Whether somebody's certificate counts: the server's, or that of a proxy before
    /// it. None does where `host` cannot be used.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        let Ok(url) = self.url() else { return false };
        let proxy = self.proxies.choose(&url).ok().flatten();
        url.scheme() == "https" || proxy.is_some_and(Proxy::has_tls)
    }

    /// Whether credentials and secrets would cross a network as plain text:
    /// `http://` to another machine, be it the server or a proxy.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let Ok(url) = self.url() else { return false };
        let proxy = self.proxies.choose(&url).ok().flatten();
        let leaves = !is_loopback(&url) || proxy.is_some_and(Proxy::is_plain);
        url.scheme() == "http" && leaves
    }

    /// What a person should know of the variables that name proxies: which part of
    /// them does not count. None of it repeats a value.
    #[must_use]
    pub fn proxy_warnings(&self) -> Vec<String> {
        let url = self.url();
        url.map_or_else(|_| Vec::new(), |url| self.proxies.warnings(&url))
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
        let shown = shown_host(&self.host);
        Err(Error::new(
            ErrorKind::Configuration,
            format!("the host {shown:?} cannot be used: {problem}"),
        )
        .help("give a URL such as https://secrets.example.com"))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    address(host).map_or_else(
        || host == "localhost" || host.ends_with(".localhost"),
        |address| address.is_loopback(),
    )
}

/// The IP address that `host` is, with brackets or without.
pub(super) fn address(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|bare| bare.strip_suffix(']'));
    let address = bare.unwrap_or(host).parse::<IpAddr>();
    address.ok().map(|address| address.to_canonical())
}
