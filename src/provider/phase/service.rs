//! One server, and the token for it: what both APIs ask alike.

use std::time::Instant;

use super::refusal::{ApiError, Sent, check};
use super::token::{TOKENS, TokenAnswer};
use crate::credentials::PhaseToken;
use crate::error::Result;
use crate::http::{Answer, Http, Request};
use crate::secret::SecretValue;

/// What a request is about.
#[derive(Clone, Copy, Default)]
pub(super) struct Matter<'a> {
    /// What is asked for, as messages call it.
    pub(super) about: &'a str,
    /// The name of the one secret that is changed.
    pub(super) secret: Option<&'a str>,
    /// Whether a tag is written.
    pub(super) tagged: bool,
    /// What must not be shown, whatever the server says.
    pub(super) values: &'a [Option<&'a SecretValue>],
}

impl<'a> From<&'a str> for Matter<'a> {
    fn from(about: &'a str) -> Self {
        Self {
            about,
            ..Self::default()
        }
    }
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) http: Http,
    pub(super) token: PhaseToken,
}

impl Service {
    /// Whose the token is, and all that it reaches.
    pub(super) async fn token(&self, until: Instant) -> Result<TokenAnswer, ApiError> {
        let request = Request::get(TOKENS);
        let answer = self.ask(request, "this token".into(), until).await?;
        Ok(answer.json("what the token reaches")?)
    }

    /// What the server answers to `request`, made with the token, unless it
    /// refuses: then the error says that of the `matter`.
    pub(super) async fn ask(
        &self,
        request: Request<'_>,
        matter: Matter<'_>,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let authorization = self.token.authorization();
        let request = Request {
            authorization: Some(&authorization),
            ..request
        };
        let mut hidden = vec![self.token.id()];
        let values = matter.values.iter().flatten();
        hidden.extend(values.map(|value| value.expose()));
        let answer = self.http.send(&request, until).await?;
        check(answer, &Sent::new(&request, matter), &hidden)
    }
}
