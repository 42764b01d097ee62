//! OIDC auth by GitHub Actions, which gives each run a token.

use super::jwt::by_token;
use super::{Attempt, Granted};
use crate::credentials::JwtKind;
use crate::error::Result;
use crate::identity::{Search, run_token};

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    search: &Search<'_>,
    audience: Option<&str>,
) -> Result<Granted> {
    let token = run_token(search, audience).await?;
    by_token(attempt, JwtKind::Oidc.way(), identity, token.expose()).await
}
