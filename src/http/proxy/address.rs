//! The URL of a proxy.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::http::connection::address;
use crate::http::percent_encoded;
use crate::secret::SecretValue;

/// A proxy that can be used. It is shown as host and port, without its login.
#[derive(Clone, Debug)]
pub(in crate::http) struct Proxy {
    /// As in a URL: with brackets, if it is an IPv6 address.
    host: String,
    login: Option<Login>,
    port: u16,
    scheme: Scheme,
    /// The variable that named it.
    pub(in crate::http) variable: &'static str,
}

#[derive(Clone, Debug)]
struct Login {
    password: SecretValue,
    user: SecretValue,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Scheme {
    Http,
    Https,
    /// The name of the server is looked up here.
    Socks5,
    /// The name of the server is looked up by the proxy.
    Socks5h,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Proxy {
    /// Reads `scheme://user:password@host:port`, of which the host alone must be
    /// there. The login may hold any character: the last `@` ends it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without repeating anything.
    pub(super) fn parse(text: &str, variable: &'static str) -> Result<Self, &'static str> {
        let (scheme, rest) = scheme(text)?;
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (place, path) = place.split_at(place.find(['/', '?', '#']).unwrap_or(place.len()));
        if !matches!(path, "" | "/") {
            return Err("it has a path");
        }
        let (host, port) = host_and_port(place).ok_or("its host or its port cannot be read")?;
        let login = Login::parse(login);
        if scheme.is_socks() && login.as_ref().is_some_and(Login::is_too_long_for_socks) {
            return Err("SOCKS takes a user name and a password of at most 255 bytes");
        }
        Ok(Self {
            host,
            login,
            port: port.unwrap_or(scheme.port()),
            scheme,
            variable,
        })
    }

    /// The same for the HTTP client.
    pub(in crate::http) fn for_client(&self) -> Result<reqwest::Proxy> {
        let unusable = || {
            let message = format!("{} cannot be used", self.variable);
            Error::new(ErrorKind::Configuration, message)
        };
        let proxy = |login: &str| {
            let url = format!("{}://{login}{self}", self.scheme.name());
            reqwest::Proxy::all(url).map_err(|error| unusable().with_source(error.without_url()))
        };
        match &self.login {
            None => proxy(""),
            Some(login) if self.scheme.is_socks() => proxy(&login.of_url()),
            Some(login) => {
                let header = login.header().ok_or_else(unusable)?;
                Ok(proxy("")?.custom_http_auth(header))
            }
        }
    }

    /// Whether a request for `url` is handed to the proxy itself, and not to the
    /// server through a connection that the proxy makes.
    pub(in crate::http) fn reads(&self, url: &Url) -> bool {
        url.scheme() == "http" && !self.scheme.is_socks()
    }

    /// Whether what is sent to it may be read by others on the network.
    pub(in crate::http) fn is_plain(&self) -> bool {
        !self.has_tls() && !self.is_near()
    }

    /// Whether it is spoken to over TLS.
    pub(in crate::http) fn has_tls(&self) -> bool {
        self.scheme == Scheme::Https
    }

    pub(in crate::http) fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Where to connect to.
    pub(in crate::http) fn place(&self) -> (&str, u16) {
        let host = self.host.trim_matches(['[', ']']);
        (host, self.port)
    }

    fn is_near(&self) -> bool {
        match address(&self.host) {
            Some(address) => address.is_loopback(),
            None => self.host == "localhost",
        }
    }
}

impl Login {
    /// `user:password`, or a user alone. What is percent-encoded is decoded, and
    /// what does not decode to text is taken as it is.
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Some(Self {
            password: decoded(password),
            user: decoded(user),
        })
    }

    fn is_too_long_for_socks(&self) -> bool {
        let Self { password, user } = self;
        user.expose().len().max(password.expose().len()) > 255
    }

    /// As it stands before the host in a URL.
    fn of_url(&self) -> Zeroizing<String> {
        let Self { password, user } = self;
        let (user, password) = (
            percent_encoded(user.expose()),
            percent_encoded(password.expose()),
        );
        Zeroizing::new(format!("{user}:{password}@"))
    }

    /// The value of `Proxy-Authorization`.
    fn header(&self) -> Option<HeaderValue> {
        let Self { password, user } = self;
        let login = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
        let mut header =
            HeaderValue::try_from(format!("Basic {}", STANDARD.encode(&*login))).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

impl Scheme {
    fn is_socks(self) -> bool {
        matches!(self, Self::Socks5 | Self::Socks5h)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// The port where none is given.
    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 | Self::Socks5h => 1080,
        }
    }
}

/// The scheme, `http` where there is none, and what follows it.
fn scheme(text: &str) -> Result<(Scheme, &str), &'static str> {
    let is_scheme = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let Some((name, rest)) = text.split_once("://").filter(|(name, _)| is_scheme(name)) else {
        return Ok((Scheme::Http, text));
    };
    let known = [Scheme::Http, Scheme::Https, Scheme::Socks5, Scheme::Socks5h];
    let found = known
        .into_iter()
        .find(|scheme| scheme.name().eq_ignore_ascii_case(name));
    let scheme =
        found.ok_or("it begins with none of http://, https://, socks5:// and socks5h://")?;
    Ok((scheme, rest))
}

fn host_and_port(place: &str) -> Option<(String, Option<u16>)> {
    // The URL parser would drop some of these, and take a `\` for a `/`.
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if place.contains(odd) {
        return None;
    }
    let url = Url::parse(&format!("http://{place}")).ok()?;
    let after_host = place.rsplit(']').next().unwrap_or_default();
    let port = match after_host.rsplit_once(':') {
        Some((_, "")) | None => None,
        Some(_) => url.port_or_known_default(),
    };
    Some((url.host_str()?.to_owned(), port))
}

/// `text` with each `%XX` decoded, unless that gives no UTF-8.
fn decoded(text: &str) -> SecretValue {
    let decoded = percent_decode_str(text).decode_utf8();
    SecretValue::new(decoded.map_or_else(|_| text.to_owned(), Cow::into_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Proxy {
        Proxy::parse(text, "HTTPS_PROXY").unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }

    #[test]
    fn scheme_and_port_have_defaults_and_a_host_may_be_an_address() {
        for (text, scheme, shown) in [
            ("proxy.example", Scheme::Http, "proxy.example:80"),
            ("proxy.example:3128", Scheme::Http, "proxy.example:3128"),
            ("HTTP://Proxy.Example/", Scheme::Http, "proxy.example:80"),
            ("https://proxy.example", Scheme::Https, "proxy.example:443"),
            (
                "https://proxy.example:80",
                Scheme::Https,
                "proxy.example:80",
            ),
            ("http://[::1]", Scheme::Http, "[::1]:80"),
            ("http://[::1]:3128", Scheme::Http, "[::1]:3128"),
            ("socks5://10.0.0.1", Scheme::Socks5, "10.0.0.1:1080"),
            ("socks5h://u:p@h:9050", Scheme::Socks5h, "h:9050"),
        ] {
            let proxy = parse(text);
            assert_eq!(
                (proxy.scheme, &*proxy.to_string()),
                (scheme, shown),
                "{text}"
            );
        }
        assert_eq!(parse("[::1]:3128").place(), ("::1", 3128));
    }

    #[test]
    fn the_last_at_sign_ends_the_login_which_is_decoded_where_it_can_be() {
        for (login, user, password) in [
            ("user:password", "user", "password"),
            ("user", "user", ""),
            (":password", "", "password"),
            ("us%40er:p%3Aw", "us@er", "p:w"),
            ("user:p@ss/w?o#r d", "user", "p@ss/w?o#r d"),
            ("user:p://w", "user", "p://w"),
            ("user:50%", "user", "50%"),
            ("user:50%o%4f%4", "user", "50%oO%4"),
            ("user:caf%C3%A9", "user", "café"),
            // No text in any case: it was not encoded.
            ("user:caf%E9", "user", "caf%E9"),
        ] {
            for scheme in ["", "http://", "socks5://"] {
                let proxy = parse(&format!("{scheme}{login}@proxy.example:1"));
                assert_eq!(proxy.to_string(), "proxy.example:1");
                let found = proxy.login.as_ref().unwrap();
                assert_eq!(found.user.expose(), user, "{login}");
                assert_eq!(found.password.expose(), password, "{login}");
                assert!(proxy.for_client().is_ok(), "{login}");
            }
        }
        assert!(!parse("http://@proxy.example").has_login());
    }

    #[test]
    fn a_login_is_in_nothing_that_is_shown() {
        for scheme in ["http", "socks5h"] {
            let proxy = parse(&format!("{scheme}://hunter1:hunter2@proxy.example"));
            let shown = format!("{proxy} {proxy:?} {:?}", proxy.login);
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }
}
