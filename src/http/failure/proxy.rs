//! What fails at a proxy, for which the server cannot be blamed.

use std::time::Duration;

use reqwest::Url;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Failure, cause, causes, find, untrusted};
use crate::error::{Error, ErrorKind, plain};
use crate::http::proxy::Proxy;

/// What the HTTP client says of a connection to a proxy that could not be made.
const NO_CONNECTION: &str = "failed to create underlying connection";

/// What it says of a login that the proxy does not accept, or misses.
const LOGIN: [&str; 3] = [
    "proxy authorization required",
    "credentials not accepted",
    "server does not support user/pass authentication",
];

impl Failure {
    /// The failure that `error` is, if it happened at `proxy` on the way to the
    /// server at `url`, and not behind it.
    pub(in crate::http) async fn at_proxy(
        error: &reqwest::Error,
        proxy: &Proxy,
        url: &Url,
        connect: Duration,
    ) -> Option<Self> {
        if !error.is_connect() {
            return None;
        }
        let said = causes(error).find_map(|cause| {
            let text = cause.to_string();
            let said = text.strip_prefix("tunnel error: ");
            said.or_else(|| text.strip_prefix("SOCKS error: "))
                .map(str::to_owned)
        });
        Some(match said.as_deref() {
            // There is no connection but the one to the proxy.
            None if proxy.reads(url) => no_connection(error, proxy, connect).await,
            None => return None,
            Some(NO_CONNECTION) => no_connection(error, proxy, connect).await,
            Some(said) if LOGIN.contains(&said) => Self::proxy_login(proxy),
            Some(said) => {
                let host = url.host_str().unwrap_or_default();
                let said = match said {
                    "unsuccessful" => "its answer has another status than 200",
                    said => said,
                };
                let message = format!("the proxy {proxy} makes no connection to {host}");
                let error = Error::new(ErrorKind::Unreachable, message)
                    .with_source(said)
                    .help(format!(
                        "the proxy may not reach it, or not be allowed to: check --host and {}",
                        proxy.variable
                    ));
                Self::passing(error, true)
            }
        })
    }

    /// The proxy wants to know who is asking.
    pub(in crate::http) fn proxy_login(proxy: &Proxy) -> Self {
        let variable = proxy.variable;
        let message = if proxy.has_login() {
            format!("the proxy {proxy} does not accept the login in {variable}")
        } else {
            format!("the proxy {proxy} wants a login")
        };
        let error = Error::new(ErrorKind::Unreachable, message);
        Self::lasting(error.help(format!(
            "{variable} takes one before the host, percent-encoded: USER:PASSWORD@{proxy}"
        )))
    }
}

async fn no_connection(error: &reqwest::Error, proxy: &Proxy, connect: Duration) -> Failure {
    let name = format!("the proxy {proxy}");
    if let Some(tls) = find::<rustls::Error>(error) {
        let help = format!(
            "check {}; the certificate of a proxy must be one that would do for a server: \
             --ca-cert FILE adds roots",
            proxy.variable
        );
        return Failure::lasting(untrusted(tls, &name).help(help));
    }
    let why = if error.is_timeout() {
        format!("no connection within {} s", connect.as_secs())
    } else if causes(error).any(|cause| cause.to_string().ends_with(NO_CONNECTION))
        && let Some(why) = asked(proxy, connect).await
    {
        why
    } else {
        cause(error)
    };
    let error = Error::new(ErrorKind::Unreachable, format!("cannot reach {name}"));
    let help = format!("check {} and the network", proxy.variable);
    Failure::passing(error.with_source(why).help(help), true)
}

/// Why there is no connection to `proxy`, which the HTTP client hides if it is a
/// SOCKS proxy.
async fn asked(proxy: &Proxy, connect: Duration) -> Option<String> {
    let asked = timeout(connect, TcpStream::connect(proxy.place())).await;
    let error = asked.ok()?.err()?;
    Some(plain(&error))
}
