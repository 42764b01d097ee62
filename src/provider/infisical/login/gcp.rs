//! GCP ID token auth: a token of Google's metadata service.

use super::jwt::by_token;
use super::{Attempt, Granted, Way};
use crate::error::Result;
use crate::identity::{Search, id_token};

const WAY: Way = Way {
    name: "GCP ID token auth",
    route: "gcp-auth",
};

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    search: &Search<'_>,
) -> Result<Granted> {
    let token = id_token(search, identity).await?;
    by_token(attempt, WAY, identity, token.expose()).await
}
