//! GitHub Actions: the token of a workflow's run.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Search, failed};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request, quoted};
use crate::secret::SecretValue;

const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";

#[derive(Default, Deserialize)]
struct Denied {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Granted {
    value: String,
}

/// The token by which the run shows itself to `audience`, or to GitHub's default.
/// It is good for some minutes.
pub(crate) async fn run_token(search: &Search<'_>, audience: Option<&str>) -> Result<SecretValue> {
    let (url, token) = (variable(search, URL)?, variable(search, TOKEN)?);
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let mut query: Vec<_> = pairs
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    query.extend(audience.map(|audience| ("audience", audience)));
    let http = search.login(base, URL)?;
    let authorization = Zeroizing::new(format!("Bearer {token}"));
    let request = Request {
        authorization: Some(&authorization),
        query: &query,
        ..Request::get("")
    };
    let answer = http.send(&request, search.until).await;
    let answer = answer.map_err(|error| failed("GitHub cannot be asked for a token", &error))?;
    if answer.status() != 200 {
        return Err(denied(&answer, token));
    }
    let unusable = "GitHub gave no usable token";
    let Granted { value } = answer
        .json_of_any_type("a token")
        .map_err(|error| failed(unusable, &error))?;
    if value.is_empty() {
        return Err(Error::new(ErrorKind::Protocol, unusable).with_source("it is empty"));
    }
    Ok(SecretValue::new(value))
}

fn denied(answer: &Answer, token: &str) -> Error {
    let kind = match answer.status() {
        500.. => ErrorKind::Unreachable,
        _ => ErrorKind::Credentials,
    };
    let status = answer.status();
    let message = format!("GitHub gives no token for this run (status {status})");
    let error = Error::new(kind, message)
        .help("what the job was given to ask with is good while it runs: start it again");
    let Denied { message } = answer.json_of_any_type("a reason").unwrap_or_default();
    match quoted(&message, &[token]) {
        Some(text) => error.with_source(format!("it said {text}")),
        None => error,
    }
}

fn variable<'a>(search: &Search<'a>, name: &str) -> Result<&'a str> {
    search.env.text(name)?.ok_or_else(|| {
        let message = format!("no token of GitHub Actions can be had: {name} is not set");
        Error::new(ErrorKind::Credentials, message).help(
            "GitHub sets it in jobs that have `permissions: id-token: write`; a container needs it passed on",
        )
    })
}
