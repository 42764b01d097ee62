//! One server, and the token for it: what both APIs ask alike.

use std::time::Instant;

use super::refusal::{Trouble, check};
use super::token::{TOKENS, TokenAnswer};
use crate::credentials::PhaseToken;
use crate::error::Result;
use crate::http::{Answer, Http, Request};
use crate::secret::SecretValue;

#[derive(Debug)]
pub(super) struct Service {
    pub(super) http: Http,
    pub(super) token: PhaseToken,
}

impl Service {
    /// Whose the token is, and all that it reaches.
    pub(super) async fn token(&self, until: Instant) -> Result<TokenAnswer, Trouble> {
        let request = Request::get(TOKENS);
        let answer = self.ask(request, "this token", &[], until).await?;
        Ok(answer.json("what the token reaches")?)
    }

    /// What the server answers to `request`, made with the token, unless it
    /// refuses: then the error says that of `about`, and shows none of `values`.
    pub(super) async fn ask(
        &self,
        request: Request<'_>,
        about: &str,
        values: &[Option<&SecretValue>],
        until: Instant,
    ) -> Result<Answer, Trouble> {
        let authorization = self.token.authorization();
        let request = Request {
            authorization: Some(&authorization),
            ..request
        };
        let mut hidden = vec![self.token.id()];
        hidden.extend(values.iter().flatten().map(|value| value.expose()));
        let answer = self.http.send(&request, until).await?;
        check(answer, about, &hidden)
    }
}
