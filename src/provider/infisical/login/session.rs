//! A user's session, and its change into another organisation.

use reqwest::Method;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Attempt, Granted};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Request, json};
use crate::provider::infisical::refusal::check;
use crate::provider::infisical::wire::Selected;
use crate::secret::SecretValue;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selection<'a> {
    organization_id: &'a str,
}

/// The session's own token, or the one that it gives for `organisation`. It is
/// never renewed: the server would end the session of whoever else holds it.
pub(super) async fn token(
    attempt: &Attempt<'_>,
    token: &SecretValue,
    organisation: Option<&str>,
) -> Result<Granted> {
    let token = match organisation {
        Some(organisation) => exchanged(attempt, token, organisation).await?,
        None => token.clone(),
    };
    Ok(Granted {
        lifetime: None,
        token,
    })
}

async fn exchanged(
    attempt: &Attempt<'_>,
    token: &SecretValue,
    organisation: &str,
) -> Result<SecretValue> {
    let authorization = Zeroizing::new(format!("Bearer {}", token.expose()));
    let body = Selection {
        organization_id: organisation,
    };
    let request = Request {
        authorization: Some(&authorization),
        body: Some(json(&body)?),
        method: Method::POST,
        ..Request::get("/api/v3/auth/select-organization")
    };
    let answer = attempt.service.http.send(&request, attempt.until).await?;
    let about = format!("organisation {organisation}");
    let answer = check(answer, &about, &[token.expose()]).map_err(|trouble| {
        let error = Error::from(trouble);
        if error.kind() == ErrorKind::Denied {
            error.help("check --organization: the user must be a member of that organisation")
        } else {
            error
        }
    })?;
    let selected: Selected<'_> = answer.json("a session")?;
    if selected.is_mfa_enabled == Some(true) {
        let message = format!("{about} wants a second factor, which nobody can give here");
        return Err(Error::new(ErrorKind::Credentials, message)
            .help("log in to it with `infisical login`, or use a machine identity"));
    }
    Ok(selected.token.into_value())
}
