//! What the server means when it says no, and what to do about it.

use serde_json::Value;

use super::wire::ErrorBody;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, quoted};

/// A call that failed, told apart as far as another call may mend it.
#[derive(Debug)]
pub(super) enum ApiError {
    /// The route is for credentials of another kind, whatever these may do.
    Closed(Error),
    /// What is to be made is there already.
    Exists(Error),
    /// What was sent cannot be right, whatever there is.
    Invalid(Error),
    /// A thing that was asked for is not there.
    Missing(Error),
    /// This server is too old, or too new, for the route.
    NoRoute(Error),
    Other(Error),
    /// The token has ended.
    Stale(Error),
    /// Values may not be read; that they are there may be told.
    Unreadable(Error),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<ApiError> for Error {
    fn from(trouble: ApiError) -> Self {
        match trouble {
            ApiError::Closed(error)
            | ApiError::Exists(error)
            | ApiError::Invalid(error)
            | ApiError::Missing(error)
            | ApiError::NoRoute(error)
            | ApiError::Other(error)
            | ApiError::Stale(error)
            | ApiError::Unreadable(error) => error,
        }
    }
}

const NEW_TOKEN: &str = "log in again with `infisical login`, or make a new token, and put it into INFISICAL_TOKEN; with a client id and secret phase-run logs in by itself";

/// The most bytes of a complaint, where more is not taken apart.
const LONGEST: usize = 1 << 20;

/// The most bytes of a request, as the server's web framework has it. What is longer
/// is answered as if the server had failed.
const LONGEST_REQUEST: usize = 1 << 20;

/// What older servers say of a project that is not there, as if they had failed.
const NO_PROJECT: [&str; 2] = [
    "Failed to find project by id",
    "Failed to find project by slug",
];

/// What the server says where the reason stands in the place of the word for it.
const NO_REASON: &str = "You are not allowed to access this resource";

/// What an answer that says no says.
#[derive(Default)]
pub(super) struct ErrorDetail {
    /// The word for what is wrong.
    pub(super) name: String,
    /// The server's name for the request.
    request: String,
    pub(super) text: String,
}

impl ErrorDetail {
    /// Who said `text`, which stands for ours, and in answer to what.
    pub(super) fn with(&self, text: &str) -> String {
        let is_id = |text: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !text.is_empty() && text.len() < 64 && text.bytes().all(fits)
        };
        match &*self.request {
            request if is_id(request) => format!("the server said {text} ({request})"),
            _ => format!("the server said {text}"),
        }
    }

    /// Whether a secret is there already. The server says no more than that it was
    /// a bad request.
    fn is_of_twin(&self) -> bool {
        let words = ["already exist", "exists in"];
        words.iter().any(|words| self.text.contains(words))
    }

    /// Whether it is the service token that is not known, or has expired: the server names
    /// neither as an error of tokens.
    fn is_of_service_token(&self) -> bool {
        self.text.starts_with("Service token with ID") || self.text == "Service token has expired"
    }

    /// Whether credentials of this kind cannot have what was asked for.
    fn is_closed(&self) -> bool {
        self.name.starts_with("Forbidden access to ")
    }

    /// Whether a user's session has to be changed into one of an organisation first.
    fn is_of_no_organisation(&self) -> bool {
        self.name.contains("no organization found")
    }

    /// Whether a project is not there, whatever the status.
    fn is_of_no_project(&self) -> bool {
        NO_PROJECT.contains(&&*self.name)
    }

    /// Whether it is the route that is missing, as the web framework says it.
    fn is_of_route(&self) -> bool {
        self.name == "Not Found" || self.text.starts_with("Route ")
    }
}

/// What `answer` complains of.
///
/// # Errors
///
/// It cannot be the server's own: a page of a proxy's.
pub(super) fn complaint(answer: &Answer) -> Result<ErrorDetail> {
    if answer.len() > LONGEST {
        return Ok(ErrorDetail::default());
    }
    match answer.json::<ErrorBody<'_>>("an error text") {
        Ok(complaint) if !complaint.is_of_infisical() && answer.is_somebodys_refusal() => {
            Err(answer.foreign_json())
        }
        Ok(ErrorBody {
            details,
            error,
            message,
            req_id,
            ..
        }) => Ok(ErrorDetail {
            text: in_detail(&details).unwrap_or_else(|| match one_line(&message) {
                text if text == NO_REASON && !error.as_str().is_empty() => {
                    error.as_str().to_owned()
                }
                text => text,
            }),
            name: error.into_string(),
            request: req_id.into_string(),
        }),
        // An HTML page with 4xx is not Infisical; one with 5xx is its proxy.
        Err(error) if !answer.is_json() && answer.status() < 500 => Err(error),
        Err(_) => Ok(ErrorDetail::default()),
    }
}

/// Whether `answer` to a request with a body of `length` bytes is the last word,
/// though it looks as if the server had failed.
pub(super) fn is_last_word(answer: &Answer, length: usize) -> bool {
    is_of_length(answer, length)
        || answer.status() == 500 && complaint(answer).is_ok_and(|said| said.is_of_no_project())
}

fn is_of_length(answer: &Answer, length: usize) -> bool {
    answer.status() == 500 && length > LONGEST_REQUEST
}

/// `answer`, unless it says that `length` bytes are too many for the server.
pub(super) fn unless_too_long(answer: Answer, length: usize, about: &str) -> Result<Answer> {
    let status = answer.status();
    let limit = match status {
        413 if answer.is_json() => String::new(),
        _ if is_of_length(&answer, length) => {
            format!(", and the server takes {LONGEST_REQUEST} at most")
        }
        _ => return Ok(answer),
    };
    let message = format!(
        "the request about {about} is too large: it has {length} bytes{limit} (status {status})"
    );
    Err(Error::new(ErrorKind::TooLarge, message).help(
        "nothing was written: make the value shorter, or store only where the large one lies",
    ))
}

/// `answer`, if it is a success. `about` says what was asked for; `hidden` are
/// texts that must not be repeated even if the server does.
pub(super) fn check(answer: Answer, about: &str, hidden: &[&str]) -> Result<Answer, ApiError> {
    let status = answer.status();
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let mut said = complaint(&answer)?;
    if said.is_of_service_token() {
        "TokenError".clone_into(&mut said.name);
    }
    let error = error(status, &said, about);
    let error = match quoted(&said.text, hidden) {
        Some(text) => error.with_source(said.with(&text)),
        None => error,
    };
    Err(match (status, &*said.name) {
        (_, "TokenError") => ApiError::Stale(error),
        (404, _) if said.is_of_route() => ApiError::NoRoute(error),
        (404, _) => ApiError::Missing(error),
        (500, _) if said.is_of_no_project() => ApiError::Missing(error),
        (400, _) if said.is_of_twin() => ApiError::Exists(error),
        (403, _) if said.is_closed() => ApiError::Closed(error),
        (403, "PermissionDenied") if said.text.contains("readValue") => ApiError::Unreadable(error),
        // Older servers say so of what is not allowed or does not fit, too.
        (401 | 422, "ValidationFailure") => ApiError::Invalid(error),
        (401, "PermissionDenied") => ApiError::Other(error),
        (401, _) => ApiError::Stale(error),
        _ => ApiError::Other(error),
    })
}

/// What exactly may not be read, where the server says so: rules are told as well.
fn in_detail(details: &Value) -> Option<String> {
    let texts = details.as_array()?.iter().filter_map(Value::as_str);
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// The message as one line. A list is one of complaints about single fields.
fn one_line(message: &Value) -> String {
    match message {
        Value::String(text) => text.clone(),
        Value::Array(issues) => {
            let texts = issues.iter().filter_map(|issue| {
                let text = issue["message"].as_str()?;
                let path = issue["path"].as_array().map_or(&[][..], Vec::as_slice);
                let path: Vec<_> = path.iter().map(step).collect();
                Some(match &path[..] {
                    [] => text.to_owned(),
                    _ => format!("{}: {text}", path.join(".")),
                })
            });
            texts.collect::<Vec<_>>().join("; ")
        }
        _ => String::new(),
    }
}

/// A step of the way to a field: a name, or a place in a list.
fn step(step: &Value) -> String {
    step.as_str()
        .map_or_else(|| step.to_string(), str::to_owned)
}

fn error(status: u16, said: &ErrorDetail, about: &str) -> Error {
    let (kind, meaning, advice) = match (status, &*said.name) {
        (401 | 403, "PermissionDenied") => (
            ErrorKind::Denied,
            format!("these credentials have no access to {about}"),
            "give the identity a role in the project that allows it, or choose another --env or --path",
        ),
        (_, "TokenError") => (
            ErrorKind::Credentials,
            "the token has expired, or is none of this server's".to_owned(),
            NEW_TOKEN,
        ),
        (401, _) if said.is_of_no_organisation() => (
            ErrorKind::Credentials,
            "the session is in no organisation".to_owned(),
            "give the id of one by --organization, or log in again with `infisical login`",
        ),
        (401, name) if name != "ValidationFailure" => (
            ErrorKind::Credentials,
            "the server does not know the token: it has expired, was revoked, or was used up"
                .to_owned(),
            NEW_TOKEN,
        ),
        (403, _) if said.is_closed() => (
            ErrorKind::Denied,
            format!("the server gives {about} to credentials of other kinds alone"),
            "use a machine identity, or the login of a user, for this",
        ),
        (403, _) => (
            ErrorKind::Denied,
            format!("the server refuses access to {about}"),
            "look at what the identity may do, and from which IP addresses; a proxy or a firewall may also have answered",
        ),
        (404, _) if said.is_of_route() => (
            ErrorKind::Protocol,
            format!("the server has no such route: {about} cannot be asked for"),
            "check --host; if it is right, the server is too old for this",
        ),
        (404 | 500, _) if status == 404 || said.is_of_no_project() => (
            ErrorKind::Missing,
            format!("the server does not find {about}"),
            "check --app, --app-id, --env and --path",
        ),
        (409, _) => (
            ErrorKind::Conflict,
            format!("{about} stands in the way of it"),
            "look again with list",
        ),
        (500.., _) => (
            ErrorKind::Unreachable,
            "the server failed".to_owned(),
            "try again later; the server's log says more",
        ),
        _ => (
            ErrorKind::Configuration,
            format!("the server does not accept the request for {about}"),
            "it says why; if that makes no sense, server and phase-run may be too far apart in age",
        ),
    };
    Error::new(kind, format!("{meaning} (status {status})")).help(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_about_fields_become_one_line() {
        let issues = serde_json::json!([
            {"code": "invalid_type", "path": ["environment"], "message": "Required"},
            {"code": "custom", "path": ["tags", 0], "message": "Long"},
            {"code": "custom", "path": [], "message": "No"},
            {"code": "custom"},
        ]);
        assert_eq!(one_line(&issues), "environment: Required; tags.0: Long; No");
        assert_eq!(one_line(&Value::Null), "");
    }
}
