//! The token in use: made when it is first needed, and made anew when it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::login::{self, Granted};
use super::refusal::{ApiError, check, is_last_word, unless_too_long};
use crate::credentials::InfisicalLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Connection, Http, Product, Request};
use crate::secret::SecretValue;

/// A token that ends within this time is as good as ended.
const LEEWAY: Duration = Duration::from_secs(30);

/// One server, and how to be let in.
#[derive(Debug)]
pub(super) struct Service {
    /// As it was given: its root certificates serve for clouds too.
    pub(super) connection: Connection,
    pub(super) http: Http,
    pub(super) login: InfisicalLogin,
    pub(super) organisation: Option<String>,
    state: Mutex<State>,
}

/// What came of the last login.
#[derive(Debug, Default)]
struct State {
    /// When it was refused, and how.
    refused: Option<(Instant, Error)>,
    session: Option<Arc<Session>>,
}

/// A login that was granted.
#[derive(Debug)]
pub(super) struct Session {
    /// When it is to be replaced, if that is known and can be done.
    ends: Option<Instant>,
    pub(super) token: SecretValue,
}

impl Service {
    pub(super) fn new(
        connection: Connection,
        login: InfisicalLogin,
        organisation: Option<String>,
    ) -> Result<Self> {
        Ok(Self {
            http: Http::new(&connection)?
                .asking(Product::Infisical)
                .retry_after_may_be_millis(),
            connection,
            login,
            organisation,
            state: Mutex::default(),
        })
    }

    /// What the server answers to `request`, unless it refuses: then the error
    /// says that of `about`, and shows none of `values`. A token that has ended
    /// is replaced once.
    pub(super) async fn ask(
        &self,
        request: &Request<'_>,
        about: &str,
        values: &[&SecretValue],
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let session = self.session(None, until).await?;
        let answer = self.send(&session, request, about, values, until).await;
        match answer {
            Err(ApiError::Stale(_)) if self.login.can_repeat() => {
                tracing::info!("the access token has ended: logging in again");
                let session = self.session(Some(&session), until).await?;
                self.send(&session, request, about, values, until).await
            }
            answer => answer,
        }
    }

    async fn send(
        &self,
        session: &Session,
        request: &Request<'_>,
        about: &str,
        values: &[&SecretValue],
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let authorization = Zeroizing::new(format!("Bearer {}", session.token.expose()));
        let length = request.body.as_ref().map_or(0, |body| body.len());
        let request = Request {
            authorization: Some(&authorization),
            body: request.body.clone(),
            is_last_word: &|answer| is_last_word(answer, length),
            method: request.method.clone(),
            ..*request
        };
        let mut hidden = vec![session.token.expose()];
        hidden.extend(values.iter().map(|value| value.expose()));
        let answer = self.http.send(&request, until).await?;
        let failed = answer.status() >= 500;
        let answer = check(unless_too_long(answer, length, about)?, about, &hidden);
        answer.map_err(|trouble| match trouble {
            ApiError::Other(error) if failed => ApiError::Other(request.effect.in_doubt(error)),
            trouble => trouble,
        })
    }

    /// The session, which is not `ended`. Whoever comes while somebody logs in
    /// waits, and is refused with them: a few refusals lock an identity out.
    pub(super) async fn session(
        &self,
        ended: Option<&Arc<Session>>,
        until: Instant,
    ) -> Result<Arc<Session>> {
        let came = Instant::now();
        let mut state = self.state.lock().await;
        if let Some((when, error)) = &state.refused
            && came < *when
        {
            return Err(error.duplicate());
        }
        if let Some(session) = &state.session
            && ended.is_none_or(|ended| !Arc::ptr_eq(ended, session))
            && session.ends.is_none_or(|ends| Instant::now() < ends)
        {
            return Ok(Arc::clone(session));
        }
        let granted = login::log_in(self, until).await;
        if let Err(error) = &granted
            && is_refusal(error)
        {
            state.refused = Some((Instant::now(), error.duplicate()));
        }
        let Granted { lifetime, token } = granted?;
        let ends = lifetime.filter(|_| self.login.can_repeat());
        let made = Arc::new(Session {
            // What ends beyond all clocks does not end.
            ends: ends.and_then(|time| Instant::now().checked_add(time.saturating_sub(LEEWAY))),
            token,
        });
        state.session = Some(Arc::clone(&made));
        Ok(made)
    }
}

/// Whether the next attempt would end in the same way.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Configuration | ErrorKind::Credentials | ErrorKind::Denied
    )
}
