//! The token of a managed identity, which the platform gives to what it runs.

use super::{granted, reason};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Http, Request};
use crate::identity::{Found, Search, failed};
use crate::secret::SecretValue;

const INSTANCE: &str = "the instance's metadata service";
const SERVICE: &str = "the identity service of App Service";

/// The token that App Service, Functions or Container Apps give.
pub(super) async fn of_app_service(
    search: &Search<'_>,
    resource: &str,
) -> Result<Found<SecretValue>> {
    let [endpoint, header] = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
    let env = search.env;
    let (url, secret) = match (env.text(endpoint)?, env.text(header)?) {
        (Some(url), Some(secret)) => (url, secret),
        (None, _) => return Ok(Found::Nothing(format!("{endpoint} is not set"))),
        (Some(_), None) => return Ok(Found::Nothing(format!("{header} is not set"))),
    };
    let http = search.metadata(url, endpoint)?;
    let headers = [("X-IDENTITY-HEADER", secret)];
    let answer = ask(&http, "", "2019-08-01", &headers, search, resource).await;
    let answer = answer.map_err(|error| failed(format!("{SERVICE} gives no token"), &error))?;
    match answer.status() {
        200 => granted(&answer, SERVICE).map(Found::It),
        _ => Err(denied(SERVICE, &answer, &[secret])),
    }
}

/// The token that a virtual machine gets from its metadata service.
pub(super) async fn of_instance(search: &Search<'_>, resource: &str) -> Result<Found<SecretValue>> {
    let name = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    let host = search.env.text(name)?;
    let http = search.metadata(host.unwrap_or("http://169.254.169.254"), name)?;
    let path = "/metadata/identity/oauth2/token";
    let headers = [("Metadata", "true")];
    let answer = match ask(&http, path, "2018-02-01", &headers, search, resource).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == ErrorKind::Throttled => {
            return Err(failed(format!("{INSTANCE} gives no token"), &error));
        }
        Err(error) => return Ok(Found::Nothing(error.with_cause_text())),
    };
    match answer.status() {
        200 => granted(&answer, INSTANCE).map(Found::It),
        410 | 500.. => Err(denied(INSTANCE, &answer, &[])),
        // No identity is assigned, or another cloud answers.
        status => Ok(Found::Nothing(match reason(&answer, &[]) {
            Some(text) => format!("{INSTANCE} said {text}"),
            None => format!("{} answered with status {status}", http.name()),
        })),
    }
}

async fn ask(
    http: &Http,
    path: &str,
    version: &str,
    headers: &[(&str, &str)],
    search: &Search<'_>,
    resource: &str,
) -> Result<Answer> {
    let mut query = vec![("api-version", version), ("resource", resource)];
    // Which of several identities.
    let client = search.env.text("AZURE_CLIENT_ID")?;
    query.extend(client.map(|id| ("client_id", id)));
    let request = Request {
        headers,
        query: &query,
        ..Request::get(path)
    };
    http.send(&request, search.until).await
}

fn denied(source: &str, answer: &Answer, hidden: &[&str]) -> Error {
    let (kind, advice) = match answer.status() {
        410 | 500.. => (ErrorKind::Unreachable, "try again in a minute"),
        _ => (
            ErrorKind::Credentials,
            "assign an identity, and name it in AZURE_CLIENT_ID if there are several",
        ),
    };
    let message = format!("{source} gives no token (status {})", answer.status());
    let error = Error::new(kind, message).help(advice);
    match reason(answer, hidden) {
        Some(text) => error.with_source(format!("it said {text}")),
        None => error,
    }
}
