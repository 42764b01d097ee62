//! What the server means when it says no, and what to do about it.
//!
//! The same fact comes with different statuses: no access is 401 for a service
//! account and 403 for a user, a dead token 401 here and 403 on older servers.
//! So the text decides, and the status only where the text is unknown.

use reqwest::Method;

use super::service::Matter;
use super::wire::ErrorBody;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Effect, Request, quoted};

/// A call that failed, told apart as far as another call may mend it.
#[derive(Debug)]
pub(super) enum ApiError {
    NoApp(Error),
    NoEnvironment(Error),
    Other(Error),
    /// Leases were made, but not of the dynamic secrets with these ids.
    Partly(Error, Vec<String>),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<ApiError> for Error {
    fn from(trouble: ApiError) -> Self {
        match trouble {
            ApiError::NoApp(error)
            | ApiError::NoEnvironment(error)
            | ApiError::Other(error)
            | ApiError::Partly(error, _) => error,
        }
    }
}

/// What was sent, as far as an answer is to be understood.
pub(super) struct Sent<'a> {
    /// How long its body is.
    bytes: usize,
    effect: Effect,
    is_new: bool,
    matter: Matter<'a>,
    over_rest: bool,
    /// What the role of the account must allow, where that is known.
    permission: Option<&'static str>,
}

/// Where secrets are, over REST and end to end encrypted.
const SECRETS: &str = "secrets/";
const ENCRYPTED: &str = "/service/secrets/";

impl<'a> Sent<'a> {
    pub(super) fn new(request: &Request<'_>, matter: Matter<'a>) -> Self {
        let path = request.path.trim_start_matches("/service/public/v1/");
        Self {
            bytes: request.body.as_ref().map_or(0, |body| body.len()),
            effect: request.effect,
            is_new: request.method == Method::POST,
            matter,
            over_rest: path != request.path,
            permission: match (path, request.method.as_str()) {
                ("apps/", _) => Some("Apps: read"),
                ("environments/", _) => Some("Environments: read"),
                (SECRETS | ENCRYPTED, "GET") => Some("Secrets: read"),
                (SECRETS | ENCRYPTED, "POST") => Some("Secrets: create"),
                (SECRETS | ENCRYPTED, "PUT") => Some("Secrets: update"),
                (SECRETS | ENCRYPTED, "DELETE") => Some("Secrets: delete"),
                _ => None,
            },
        }
    }

    /// `text` with what was sent in the place of what stands in braces.
    fn fill(&self, text: &str, permission: &str) -> String {
        text.replace("{}", self.matter.about)
            .replace("{secret}", self.matter.secret.unwrap_or("the secret"))
            .replace("{permission}", permission)
    }
}

/// The permission that `complaint` says is missing, as the console calls it.
fn missing_permission(complaint: &str) -> Option<String> {
    let what = complaint.strip_prefix("You don't have permission to ")?;
    let (verb, rest) = what.split_once(' ')?;
    let things = rest.split(" in ").next()?.trim_end_matches('.');
    let first = things.get(..1)?.to_uppercase();
    Some(format!("{first}{}: {verb}", &things[1..]))
}

/// How a complaint begins, what kind it is, what it means (`{}` is what was
/// asked for), and what to do.
type Row = (&'static str, ErrorKind, &'static str, &'static str);

const NEW_TOKEN: &str = "log in again with `phase-run auth login`, or make a new token in the Phase console and put it into PHASE_SERVICE_TOKEN";
const GRANT: &str =
    "give the account access in the Phase console, or choose another --app or --env";

const COMPLAINTS: &[Row] = &[
    (
        "Authentication credentials were not provided",
        ErrorKind::Credentials,
        "the token did not reach the server",
        "a proxy in between may drop the Authorization header",
    ),
    (
        "Invalid token",
        ErrorKind::Credentials,
        "the server cannot read the token",
        NEW_TOKEN,
    ),
    (
        "Token expired or deleted",
        ErrorKind::Credentials,
        "the token has expired, was deleted, or is not of the kind it claims to be",
        NEW_TOKEN,
    ),
    (
        "User not found",
        ErrorKind::Credentials,
        "the owner of the token is no longer a member of the organisation",
        NEW_TOKEN,
    ),
    (
        "Service tokens require an environment context",
        ErrorKind::Configuration,
        "a token of the older kind (Service) cannot reach {}",
        "give --app-id, and --env as the console spells it, or use the token of a service account",
    ),
    (
        "Service account cannot access",
        ErrorKind::Denied,
        "this service account has no access to {}",
        GRANT,
    ),
    (
        "Service token cannot access",
        ErrorKind::Denied,
        "this service token has no access to {}",
        "it is good for the app and the environments chosen when it was made: choose one of them, or make another",
    ),
    (
        "User cannot access",
        ErrorKind::Denied,
        "the owner of the token has no access to {}",
        GRANT,
    ),
    (
        "You don't have permission",
        ErrorKind::Denied,
        "the role of this account does not allow that with {}: it lacks {permission}",
        "give its role {permission} in the Phase console",
    ),
    (
        "Access denied: a network access policy",
        ErrorKind::Denied,
        "a network access policy of Phase keeps this machine's IP address out",
        "add the address to the policy in the Phase console, or run from a machine whose address is in it",
    ),
    (
        "SSE is not enabled",
        ErrorKind::Configuration,
        "server-side encryption (SSE) is off for this app, and the REST API needs it",
        "use a full `pss_…` token, or enable server-side encryption for the app in the Phase console",
    ),
    (
        "One or more dynamic secret leases could not be created",
        ErrorKind::Denied,
        "the server cannot make credentials for the dynamic secrets in {}",
        "mend them in the Phase console, ask for another --lease-ttl, or leave them out with --leases skip",
    ),
    (
        "Environment context required",
        ErrorKind::Configuration,
        "the app and the environment did not reach the server",
        "give --app or --app-id, and --env; a proxy in between may drop the query of a URL",
    ),
    (
        "Could not resolve app",
        ErrorKind::Configuration,
        "the app did not reach the server",
        "give --app or --app-id; a proxy in between may drop the query of a URL",
    ),
    (
        "Environment not found",
        ErrorKind::Missing,
        "the server does not find {}",
        "check --env",
    ),
    (
        "Secret not found",
        ErrorKind::Missing,
        "the secret is no longer in {}",
        "look again with list",
    ),
    (
        "Secret(s) not found",
        ErrorKind::Missing,
        "the secret is no longer in {}",
        "look again with list",
    ),
    (
        "Rotating secrets are managed",
        ErrorKind::Denied,
        "{secret} is a rotating secret: Phase itself looks after it, and takes no change of it",
        "rotate it, or change it, in the Phase console",
    ),
    (
        "Sealed secrets cannot be unsealed",
        ErrorKind::Configuration,
        "{secret} is of type sealed, and stays so",
        "delete it, and create it anew",
    ),
    (
        "Tag name exceeds",
        ErrorKind::InvalidValue,
        "a tag of {secret} is longer than the 64 characters that Phase takes",
        "shorten the tag",
    ),
    (
        "Duplicate secret found",
        ErrorKind::Conflict,
        "{} has a secret of that name",
        "update it, or choose another name or folder",
    ),
];

/// `answer`, if it is a success, and else what it says of what was `sent`. `hidden` are
/// texts that must not be repeated even if the server does.
pub(super) fn check(answer: Answer, sent: &Sent<'_>, hidden: &[&str]) -> Result<Answer, ApiError> {
    let status = answer.status();
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let mut leases = (0, Vec::new());
    let text = match answer.json::<ErrorBody<'_>>("an error text") {
        Ok(complaint) if !complaint.is_of_phase() && answer.is_somebodys_refusal() => {
            return Err(answer.foreign_json().into());
        }
        Ok(complaint) => {
            leases = (complaint.successful_leases, complaint.unleased());
            complaint.text()
        }
        Err(_) if status == 413 && sent.bytes > 0 => return Err(too_large(status, sent).into()),
        // An HTML page with 4xx is not Phase; one with 5xx is its proxy.
        Err(error) if !answer.is_json() && status < 500 => return Err(error.into()),
        Err(_) => String::new(),
    };
    let mut error = error(status, &text, sent);
    if leases.0 > 0 {
        let more = format!(
            "made those of {} more: what can be told to be ours is given back, the rest ends by itself",
            leases.0
        );
        error = error.and(&more);
    }
    let error = match quoted(&text, hidden) {
        Some(text) => error.with_source(format!("the server said {text}")),
        None => error,
    };
    Err(match status {
        _ if leases.0 > 0 => ApiError::Partly(error, leases.1),
        404 if text.starts_with("App with ID") => ApiError::NoApp(error),
        _ if text.starts_with("Environment '") || text == "Environment not found" => {
            ApiError::NoEnvironment(error)
        }
        _ => ApiError::Other(error),
    })
}

fn error(status: u16, text: &str, sent: &Sent<'_>) -> Error {
    if let Some((beginning, kind, meaning, advice)) = COMPLAINTS
        .iter()
        .find(|(beginning, ..)| text.starts_with(beginning))
    {
        let permission = missing_permission(text);
        let permission = permission.as_deref().or(sent.permission);
        let permission = permission.unwrap_or("the permission for it");
        let error = Error::new(*kind, sent.fill(meaning, permission));
        let mut advice = sent.fill(advice, permission);
        if permission == "Apps: read" {
            advice.push_str(", or name the app by its id, with --app-id");
        }
        if *beginning == "Tag name exceeds" && sent.over_rest && sent.is_new {
            return error
                .and("it is stored all the same, without its tags")
                .help(
                    "give shorter ones by `phase-run secrets update NAME --keep-value --tag TAG`",
                );
        }
        return error.help(advice);
    }
    if status >= 500 {
        return failed(status, sent);
    }
    let about = sent.matter.about;
    let (kind, meaning, advice) = match status {
        401 | 403 => (
            ErrorKind::Denied,
            format!("the server refuses access to {about}"),
            match sent.permission {
                Some(permission) => format!(
                    "check the token and what its account may do: this takes {permission}; a proxy or a firewall may also have answered"
                ),
                None => "check the token and what its account may do; a proxy or a firewall may also have answered".to_owned(),
            },
        ),
        404 => (
            ErrorKind::Missing,
            format!("the server does not find {about}"),
            "check --app, --app-id and --env".to_owned(),
        ),
        409 => (
            ErrorKind::Conflict,
            format!("{about} has changed meanwhile"),
            "look again with list".to_owned(),
        ),
        _ => (
            ErrorKind::Protocol,
            "the server does not accept the request".to_owned(),
            "server and phase-run may be too far apart in age: compare their versions".to_owned(),
        ),
    };
    Error::new(kind, format!("{meaning} (status {status})")).help(advice)
}

/// The most bytes of a body that Phase itself reads.
const MOST: usize = 2_621_440;

/// The server or its proxy failed, and a change may be stored or not.
fn failed(status: u16, sent: &Sent<'_>) -> Error {
    if status == 500 && sent.bytes > MOST {
        return too_large(status, sent);
    }
    let message = format!("the server failed (status {status})");
    let error = Error::new(ErrorKind::Unreachable, message);
    let tags = sent.matter.tagged && status == 500;
    match sent.effect {
        Effect::Change if tags => {
            let without = if sent.over_rest {
                ", perhaps without its tags"
            } else {
                ""
            };
            error
                .and(&format!("the change may have been stored all the same{without}"))
                .help("look with `phase-run secrets list` before trying again\na tag that stands twice in the organisation fails every write that names it: if one of these does, delete one of the two in the Phase console, or write without it")
        }
        Effect::Change | Effect::Lease => sent.effect.in_doubt(error),
        Effect::Nothing if sent.over_rest && status == 500 => error.help(
            "try again later; the server's log says more: over REST, one secret that it cannot decrypt fails all that are asked for with it",
        ),
        Effect::Nothing => error.help("try again later; the server's log says more"),
    }
}

/// What was sent is longer than what is taken.
fn too_large(status: u16, sent: &Sent<'_>) -> Error {
    let size = sent.bytes;
    let limit = if status == 413 {
        "nginx before the server takes 1 MiB (1048576 bytes) unless told otherwise (client_max_body_size)"
    } else {
        "Phase takes 2.5 MiB (2621440 bytes)"
    };
    let message = format!(
        "{} is larger than the server takes (status {status}): {size} bytes as it is sent, and nothing was stored",
        sent.matter.secret.unwrap_or("the request"),
    );
    let grown = if sent.over_rest {
        ""
    } else {
        ", and encrypted values are a third longer"
    };
    Error::new(ErrorKind::TooLarge, message).help(format!("shorten the value: {limit}{grown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permission_that_is_missing_is_called_as_in_the_console() {
        for (complaint, permission) in [
            (
                "You don't have permission to read secrets in this environment.",
                Some("Secrets: read"),
            ),
            (
                "You don't have permission to delete secrets in this environment.",
                Some("Secrets: delete"),
            ),
            (
                "You don't have permission to read apps.",
                Some("Apps: read"),
            ),
            (
                "You don't have permission to read service accounts.",
                Some("Service accounts: read"),
            ),
            ("You don't have permission", None),
            ("You don't have permission to \u{e9}", None),
            ("You don't have permission to see \u{e9}", None),
        ] {
            assert_eq!(
                missing_permission(complaint).as_deref(),
                permission,
                "{complaint}"
            );
        }
    }
}
