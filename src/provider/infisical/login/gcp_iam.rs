//! GCP IAM auth: a token that a service account has signed.

use std::time::SystemTime;

use super::jwt::by_token;
use super::{Attempt, Body, Granted, Way, granted};
use crate::credentials::SecretSource;
use crate::error::{Error, Result};
use crate::identity::{Search, ServiceAccount, text_in};

const WAY: Way = Way {
    name: "GCP IAM auth",
    route: "gcp-auth",
};

/// Logs in with a token that the key signs here: Google publishes the keys by
/// which it is checked. A server that does not take it gets one that Google signs.
pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    search: &Search<'_>,
    key: &SecretSource,
) -> Result<Granted> {
    let account = match key {
        SecretSource::File(file) => {
            let key = text_in(file, "key", search.until)?;
            ServiceAccount::parse(&key, &file.display().to_string())?
        }
        SecretSource::Value(key) => ServiceAccount::parse(key.expose(), "the key at hand")?,
    };
    let token = account.token(identity, SystemTime::now())?;
    let body = Body {
        identity_id: Some(identity),
        jwt: Some(token.expose()),
        ..Body::default()
    };
    let answer = attempt.post(WAY, body).await?;
    let is_refused = matches!(answer.status(), 400 | 401 | 403) && answer.is_json();
    let hidden = [token.expose()];
    let sent = attempt.sent(WAY, Some(identity), &hidden);
    let refusal = match granted(answer, sent) {
        Err(refusal) if is_refused => refusal,
        result => return result,
    };
    tracing::info!("the server refuses a token that the key signed: asking Google to sign one");
    let token = account.token_by_google(search, identity).await;
    let token = token.map_err(|error| both(&refusal, &error))?;
    let result = by_token(attempt, WAY, identity, token.expose()).await;
    result.map_err(|error| both(&refusal, &error))
}

/// That neither way has led in.
fn both(refusal: &Error, error: &Error) -> Error {
    let message = "GCP IAM auth fails with a token signed by the key, and with one by Google";
    let causes = format!(
        "by the key: {}; by Google: {}",
        refusal.with_cause_text(),
        error.with_cause_text()
    );
    let advice = [refusal.advice(), error.advice()];
    let advice: Vec<_> = advice.into_iter().flatten().collect();
    let advice = match advice[..] {
        [first, second] if first != second => format!("{first}; or: {second}"),
        _ => advice.first().copied().unwrap_or_default().to_owned(),
    };
    Error::new(refusal.kind(), message)
        .with_source(causes)
        .help(advice)
}
