//! Google's cloud: a token that its metadata service signs, and the key of a
//! service account.

mod account;
mod signing;

use serde_json::Value;

use super::{Search, failed};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request, quoted};
use crate::secret::SecretValue;

pub(crate) use account::ServiceAccount;

/// The variable that Google's own clients read: a host, and perhaps a port.
const HOST: &str = "GCE_METADATA_HOST";
const IDENTITY: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";
const SOURCE: &str = "Google's metadata service";

/// The token by which the service account of this machine shows itself to
/// `audience`. It is good for an hour, there alone.
pub(crate) async fn id_token(search: &Search<'_>, audience: &str) -> Result<SecretValue> {
    let host = search.env.text(HOST)?;
    let host = host.unwrap_or("metadata.google.internal");
    let http = search.metadata(&format!("http://{host}"), HOST)?;
    let request = Request {
        headers: &[("Accept", "*/*"), ("Metadata-Flavor", "Google")],
        query: &[("audience", audience), ("format", "full")],
        ..Request::get(IDENTITY)
    };
    let answer = match http.send(&request, search.until).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == ErrorKind::Throttled => {
            return Err(failed(format!("{SOURCE} gives no token"), &error));
        }
        Err(error) => return Err(elsewhere().with_source(error.with_cause_text())),
    };
    if answer.status() != 200 {
        return Err(denied(&answer, &http.name()));
    }
    let token = answer.text("a token").unwrap_or_default().trim();
    if !is_jwt(token) {
        let message = format!("{SOURCE} gave no usable token");
        return Err(Error::new(ErrorKind::Protocol, message)
            .with_source(format!("{} answered with something else", http.name())));
    }
    Ok(SecretValue::new(token.to_owned()))
}

/// That there is no such service.
fn elsewhere() -> Error {
    let message = "this machine is not on Google's cloud: no metadata service answers";
    Error::new(ErrorKind::Credentials, message)
        .help("elsewhere, use the key of a service account (GCP IAM auth)")
}

fn denied(answer: &Answer, server: &str) -> Error {
    let (kind, advice) = match answer.status() {
        500.. => (ErrorKind::Unreachable, "try again in a minute"),
        _ => (
            ErrorKind::Credentials,
            "give the instance, the pod or the service a service account",
        ),
    };
    let message = format!("{SOURCE} gives no token (status {})", answer.status());
    let error = Error::new(kind, message).help(advice);
    // A page of somebody else's says nothing of use.
    match answer.text("a reason") {
        Ok(text) if !text.contains('<') => match quoted(text, &[]) {
            Some(text) => error.with_source(format!("{server} said {text}")),
            None => error,
        },
        _ => error,
    }
}

/// Whether `text` is three parts in Base64, between dots.
fn is_jwt(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(fits);
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

/// What a service of Google's gives as its reason.
fn reason(answer: &Answer, hidden: &[&str]) -> Option<String> {
    let said: Value = answer.json_of_any_type("a reason").ok()?;
    let texts = [
        &said["error"]["message"],
        &said["error_description"],
        &said["error"],
    ];
    let text = texts.into_iter().find_map(Value::as_str)?;
    quoted(text.lines().next().unwrap_or_default(), hidden)
}
