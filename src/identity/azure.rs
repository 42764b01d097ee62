//! Azure: a token of Entra ID, found as Azure's own tools find it.

mod application;
mod managed;

use serde::Deserialize;

use super::{Search, Tried};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, quoted};
use crate::secret::SecretValue;

/// A token for `resource`, which says who this machine is. It is good for some
/// hours, in the hands of anybody.
pub(crate) async fn access_token(search: &Search<'_>, resource: &str) -> Result<SecretValue> {
    let mut tried = Tried::default();
    let found = application::by_secret(search, resource).await?;
    if let Some(token) = tried.take("client secret", found) {
        return Ok(token);
    }
    let found = application::by_workload(search, resource).await?;
    if let Some(token) = tried.take("workload identity", found) {
        return Ok(token);
    }
    let found = managed::of_app_service(search, resource).await?;
    if let Some(token) = tried.take("App Service", found) {
        return Ok(token);
    }
    let found = managed::of_instance(search, resource).await?;
    if let Some(token) = tried.take("instance", found) {
        return Ok(token);
    }
    Err(tried.missing("Azure identity"))
}

/// An answer that says yes.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// An answer that says no.
#[derive(Default, Deserialize)]
struct Denied {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The token in `answer`, which `source` gave.
fn granted(answer: &Answer, source: &str) -> Result<SecretValue> {
    let Granted { access_token } = answer
        .json_of_any_type("a token")
        .map_err(|error| super::failed(format!("{source} gave no usable token"), &error))?;
    if access_token.is_empty() {
        let message = format!("{source} gave no usable token");
        return Err(Error::new(ErrorKind::Protocol, message).with_source("it is empty"));
    }
    Ok(SecretValue::new(access_token))
}

/// What `answer` gives as its reason, in its first line.
fn reason(answer: &Answer, hidden: &[&str]) -> Option<String> {
    let Denied {
        error,
        error_description: description,
    } = answer.json_of_any_type("a reason").unwrap_or_default();
    let text = if description.is_empty() {
        error
    } else {
        description
    };
    quoted(text.lines().next().unwrap_or_default(), hidden)
}
