//! What the server means when it says no, and what to do about it.
//!
//! The same fact comes with different statuses: no access is 401 for a service
//! account and 403 for a user, a dead token 401 here and 403 on older servers.
//! So the text decides, and the status only where the text is unknown.

use super::wire::Complaint;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, quoted};

/// A call that failed, told apart as far as another call may mend it.
#[derive(Debug)]
pub(super) enum Trouble {
    NoApp(Error),
    NoEnvironment(Error),
    Other(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoApp(error) | Trouble::NoEnvironment(error) | Trouble::Other(error) => error,
        }
    }
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
        "the role of this account does not allow that with {}",
        "give its role the permission in the Phase console: reading needs Secrets: read",
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
        "Phase itself looks after the rotating secrets in {}, and takes no change of them",
        "rotate it in the Phase console",
    ),
    (
        "Duplicate secret found",
        ErrorKind::Conflict,
        "{} has a secret of that name",
        "update it, or choose another name or folder",
    ),
];

/// `answer`, if it is a success. `about` says what was asked for; `hidden` are
/// texts that must not be repeated even if the server does.
pub(super) fn check(answer: Answer, about: &str, hidden: &[&str]) -> Result<Answer, Trouble> {
    let status = answer.status();
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let text = match answer.json::<Complaint<'_>>("an error text") {
        Ok(complaint) if !complaint.is_of_phase() && answer.is_somebodys_refusal() => {
            return Err(answer.foreign_json().into());
        }
        Ok(complaint) => complaint.into_string(),
        // An HTML page with 4xx is not Phase; one with 5xx is its proxy.
        Err(error) if !answer.is_json() && status < 500 => return Err(error.into()),
        Err(_) => String::new(),
    };
    let error = error(status, &text, about);
    let error = match quoted(&text, hidden) {
        Some(text) => error.because(format!("the server said {text}")),
        None => error,
    };
    Err(match status {
        404 if text.starts_with("App with ID") => Trouble::NoApp(error),
        _ if text.starts_with("Environment '") || text == "Environment not found" => {
            Trouble::NoEnvironment(error)
        }
        _ => Trouble::Other(error),
    })
}

fn error(status: u16, text: &str, about: &str) -> Error {
    if let Some((_, kind, meaning, advice)) = COMPLAINTS
        .iter()
        .find(|(beginning, ..)| text.starts_with(beginning))
    {
        return Error::new(*kind, meaning.replace("{}", about)).help(*advice);
    }
    let (kind, meaning, advice) = match status {
        401 | 403 => (
            ErrorKind::Denied,
            format!("the server refuses access to {about}"),
            "check the token and what its account may do; a proxy or a firewall may also have answered",
        ),
        404 => (
            ErrorKind::Missing,
            format!("the server does not find {about}"),
            "check --app, --app-id and --env",
        ),
        409 => (
            ErrorKind::Conflict,
            format!("{about} has changed meanwhile"),
            "look again with list",
        ),
        500.. => (
            ErrorKind::Unreachable,
            "the server failed".to_owned(),
            "try again later; the server's log says more",
        ),
        _ => (
            ErrorKind::Protocol,
            "the server does not accept the request".to_owned(),
            "server and phase-run may be too far apart in age: compare their versions",
        ),
    };
    Error::new(kind, format!("{meaning} (status {status})")).help(advice)
}
