//! The one HTTP client: where it connects, how long it tries, what it refuses.

mod answer;
mod connection;
mod encoding;
mod failure;
mod headers;
mod product;
mod proxy;
mod request;
mod retry;
mod tls;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode, Url};
use tokio::time::{sleep, timeout, timeout_at};

use crate::error::{Error, ErrorKind, Result};

pub(crate) use answer::{Answer, quoted};
pub use connection::{ClientCertificate, Connection};
pub(crate) use encoding::{json, percent_encoded};
use failure::Failure;
use headers::headers;
pub(crate) use product::Product;
pub use proxy::Proxies;
use proxy::Proxy;
pub(crate) use request::{Effect, Request};
pub use retry::{OnRetry, Retry};

/// A client for one server. It connects, and reads certificates, when it is first used.
#[derive(Debug)]
pub(crate) struct Http {
    base: Url,
    client: OnceLock<reqwest::Client>,
    connection: Connection,
    /// Whether some versions of the server mean milliseconds by `Retry-After`.
    in_millis: bool,
    /// Whether it belongs to this machine, or to its cloud: no proxy leads there,
    /// and it is there at once or not at all.
    near: bool,
    /// Whose API is asked, if it is one of these.
    product: Option<Product>,
    proxy: Option<Proxy>,
}

impl Http {
    const MOMENT: Duration = Duration::from_secs(1);
    const PATIENCE: Duration = Duration::from_secs(10);
    const REDIRECTS: usize = 5;

    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for a URL that cannot be used, be it the
    /// server's or its proxy's.
    pub(crate) fn new(connection: &Connection) -> Result<Self> {
        Self::of(connection, false)
    }

    /// A client for the metadata service of this machine's cloud. Where there is
    /// none, that is known after a second. No proxy is used.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for a URL that cannot be used.
    pub(crate) fn for_metadata(connection: &Connection) -> Result<Self> {
        Self::of(connection, true)
    }

    fn of(connection: &Connection, near: bool) -> Result<Self> {
        let base = connection.url()?;
        let proxy = if near {
            None
        } else {
            connection.proxies.choose(&base)?.cloned()
        };
        Ok(Self {
            base,
            client: OnceLock::new(),
            connection: connection.clone(),
            in_millis: false,
            near,
            product: None,
            proxy,
        })
    }

    /// The same, where it is the API of `product` that is asked.
    pub(crate) fn asking(self, product: Product) -> Self {
        Self {
            product: Some(product),
            ..self
        }
    }

    /// The same for a server of which some versions tell a wait in milliseconds:
    /// more than an hour is taken for such.
    pub(crate) fn retry_after_may_be_millis(self) -> Self {
        Self {
            in_millis: true,
            ..self
        }
    }

    /// The answer to `request`, whatever its status, unless the status asks to
    /// come back later and it is not [the last word](Request::is_last_word): then
    /// `request` is sent again until the instant `until`, and so it is when the
    /// network fails. What may have been carried out is never sent twice.
    pub(crate) async fn send(&self, request: &Request<'_>, until: Instant) -> Result<Answer> {
        let client = self.client(until)?;
        let effect = request.effect;
        if until <= Instant::now() {
            return Err(self.late(None));
        }
        let begun = Instant::now();
        let mut last: Option<Failure> = None;
        let mut attempt = 0;
        loop {
            let start = Instant::now();
            let answer = timeout_at(until.into(), self.attempt(client, request, until)).await;
            let failure = match (answer, last) {
                (Ok(Ok(answer)), _) => return Ok(answer),
                (Ok(Err(failure)), _) => failure,
                // Cut off before it could say anything: the attempt before it did.
                (Err(_), Some(failure))
                    if effect == Effect::Nothing && start.elapsed() < Self::MOMENT =>
                {
                    return failure.end(effect);
                }
                (Err(_), last) => return Err(effect.in_doubt(self.late(last))),
            };
            if !(failure.passing && (effect == Effect::Nothing || failure.unsent)) {
                return failure.end(effect);
            }
            let wait = failure
                .wait
                .unwrap_or_default()
                .max(retry::backoff(attempt));
            // A server may ask for a longer wait than any clock goes.
            let now = Instant::now();
            let patience = self.connection.patience.filter(|_| failure.absent);
            let patience = patience.map(|most| most.saturating_sub(now - begun));
            let left = until.saturating_duration_since(now);
            if wait >= patience.map_or(left, |patience| patience.min(left)) {
                return failure.end(effect);
            }
            let problem = failure.text();
            tracing::debug!(attempt, ?wait, problem, "asking again");
            if let Some(on_retry) = &self.connection.on_retry {
                let server = &self.name();
                on_retry.tell(&Retry {
                    server,
                    problem: &problem,
                    wait,
                });
            }
            last = Some(failure);
            attempt += 1;
            sleep(wait).await;
        }
    }

    /// Sends it once, following redirects that stay with this server.
    async fn attempt(
        &self,
        client: &reqwest::Client,
        request: &Request<'_>,
        until: Instant,
    ) -> Result<Answer, Failure> {
        let mut url = self.url(request);
        for _ in 0..=Self::REDIRECTS {
            let response = self.response(client, request, url.clone(), until).await?;
            if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
                && let Some(proxy) = self.proxy.as_ref().filter(|proxy| proxy.reads(&self.base))
            {
                return Err(Failure::proxy_login(proxy));
            }
            if !response.status().is_redirection() {
                let wait = retry_after(&response, self.in_millis);
                let answer = Answer::read(response, request.method.as_str(), &self.way()).await?;
                if (request.is_last_word)(&answer) {
                    return Ok(answer);
                }
                let answer = answer.expected_of(self.named(), self.product);
                return Failure::unless_final(answer, wait, &self.name());
            }
            url = self.next(request, &response)?;
        }
        Err(Failure::lasting(Error::new(
            ErrorKind::Protocol,
            format!(
                "{} redirects more than {} times",
                self.name(),
                Self::REDIRECTS
            ),
        )))
    }

    /// The head of the answer. Half of the time left may go into waiting for
    /// it, so that a connection that hangs can be tried again.
    async fn response(
        &self,
        client: &reqwest::Client,
        request: &Request<'_>,
        url: Url,
        until: Instant,
    ) -> Result<Response, Failure> {
        let mut builder = client
            .request(request.method.clone(), url)
            .headers(headers(request, &self.connection)?);
        if let Some(body) = &request.body {
            builder = builder.body(body.to_vec());
        }
        let patience = (until.saturating_duration_since(Instant::now()) / 2).max(Self::PATIENCE);
        match timeout(patience, builder.send()).await {
            Ok(Err(error)) => Err(self.failure(&error.without_url()).await),
            Ok(Ok(response)) => Ok(response),
            Err(_) => Err(Failure::silence(patience, &self.way())),
        }
    }

    /// What `error` is: the proxy's, or the server's.
    async fn failure(&self, error: &reqwest::Error) -> Failure {
        let connect = self.connect_time();
        if let Some(proxy) = &self.proxy
            && let Some(failure) = Failure::at_proxy(error, proxy, &self.base, connect).await
        {
            return failure;
        }
        let mut failure = Failure::transport(error, &self.name(), &self.way(), connect);
        failure.passing &= !self.near;
        failure
    }

    /// Where a redirect leads, if it may be followed.
    fn next(&self, request: &Request<'_>, response: &Response) -> Result<Url, Failure> {
        let target = response
            .headers()
            .get(LOCATION)
            .and_then(|to| to.to_str().ok());
        let target = target.and_then(|to| response.url().join(to).ok());
        let from = self.base.origin();
        let error = |message| Failure::lasting(Error::new(ErrorKind::Protocol, message));
        match target {
            Some(to) if to.origin() != from => {
                let (from, to) = (
                    from.ascii_serialization(),
                    to.origin().ascii_serialization(),
                );
                Err(Failure::lasting(
                    Error::new(
                        ErrorKind::Protocol,
                        format!(
                            "{from} redirects to {to}, and a token never follows to another server"
                        ),
                    )
                    .help(format!("if that is your server, give --host {to}")),
                ))
            }
            Some(to) if request.method == Method::GET => Ok(to),
            Some(_) => Err(error(format!(
                "{} redirects a request that changes something",
                self.name()
            ))),
            None => Err(error(format!("{} redirects to nowhere", self.name()))),
        }
    }

    fn url(&self, request: &Request<'_>) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!(
            "{}{}",
            self.base.path().trim_end_matches('/'),
            request.path
        ));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query);
        }
        url
    }

    /// The server as messages name it: host and port.
    pub(crate) fn name(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The same, with what names it.
    fn named(&self) -> String {
        let name = self.name();
        match &self.connection.named_by {
            Some(by) => format!("{name} ({by})"),
            None => name,
        }
    }

    /// The same as the name, with the proxy on the way there.
    fn way(&self) -> String {
        let name = self.name();
        match &self.proxy {
            Some(proxy) => format!("{name} by the proxy {proxy}"),
            None => name,
        }
    }

    fn late(&self, last: Option<Failure>) -> Error {
        let message = format!("no answer from {} within the time given", self.way());
        let error = Error::new(ErrorKind::Timeout, message)
            .help("give more time with --timeout, or check --host and the network");
        match last {
            Some(failure) => error.with_source(failure.text()),
            None => error,
        }
    }

    /// How long a connection may take.
    fn connect_time(&self) -> Duration {
        Duration::from_secs(if self.near { 1 } else { 10 })
    }

    /// Reading certificates takes until the instant `until` at most.
    fn client(&self, until: Instant) -> Result<&reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // No rules about proxies but our own.
        let mut builder = reqwest::Client::builder().no_proxy();
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.for_client()?);
        }
        let encrypted =
            self.base.scheme() == "https" || self.proxy.as_ref().is_some_and(Proxy::has_tls);
        let client = builder
            .tls_backend_preconfigured(tls::config(&self.connection, encrypted, until)?)
            .http1_only()
            .connect_timeout(self.connect_time())
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(&self.connection.user_agent)
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Configuration, "the HTTP client cannot be set up")
                    .with_source(error.without_url())
            })?;
        Ok(self.client.get_or_init(|| client))
    }
}

fn retry_after(response: &Response, in_millis: bool) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let wait = retry::after(text, std::time::SystemTime::now())?;
    // A date is one, whoever sends it.
    let is_date = text.contains(',');
    let odd = in_millis && !is_date && wait > Duration::from_hours(1);
    Some(if odd { wait / 1000 } else { wait })
}
