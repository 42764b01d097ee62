//! Azure auth: a token of Entra ID.

use super::jwt::by_token;
use super::{Attempt, Granted, Way};
use crate::error::Result;
use crate::identity::{Search, access_token};

const WAY: Way = Way {
    name: "Azure auth",
    route: "azure-auth",
};

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    search: &Search<'_>,
    resource: &str,
) -> Result<Granted> {
    let token = access_token(search, resource).await?;
    by_token(attempt, WAY, identity, token.expose()).await
}
