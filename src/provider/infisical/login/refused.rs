//! What it means that a login is refused.

use super::Way;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, quoted};
use crate::provider::infisical::refusal::complaint;

/// How a complaint begins or goes on, what kind it is, what it means (`{}` is
/// the method), and what to do.
type Row = (&'static str, ErrorKind, &'static str, &'static str);

const COMPLAINTS: &[Row] = &[
    (
        "expired client secret",
        ErrorKind::Credentials,
        "the client secret has expired",
        "make another one in the console, at the identity's universal auth",
    ),
    (
        "usage limit reached",
        ErrorKind::Credentials,
        "the client secret has been used as often as it may be",
        "make another one in the console, at the identity's universal auth",
    ),
    (
        "temporarily locked",
        ErrorKind::Denied,
        "{} is locked for this identity, after several failures",
        "wait for some minutes, and mend the credentials first: each further failure locks it again",
    ),
    (
        "auth method not found for identity",
        ErrorKind::Configuration,
        "this identity has no {}",
        "check the identity's id, and add the auth method to it in the console",
    ),
    (
        "Invalid AWS region",
        ErrorKind::Configuration,
        "the server does not take the AWS region",
        "set AWS_REGION to the name of a region, such as eu-central-1",
    ),
];

/// `answer`, if it lets us in. `hidden` are texts that must not be repeated even
/// if the server does.
pub(super) fn check(answer: Answer, way: Way, hidden: &[&str]) -> Result<Answer> {
    let status = answer.status();
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let said = complaint(&answer)?;
    let error = error(status, &said.text, way);
    Err(match quoted(&said.text, hidden) {
        Some(text) => error.because(said.with(&text)),
        None => error,
    })
}

fn error(status: u16, text: &str, way: Way) -> Error {
    let known = COMPLAINTS.iter().find(|(part, ..)| text.contains(part));
    if let Some((_, kind, meaning, advice)) = known {
        return Error::new(*kind, meaning.replace("{}", way.name)).help(*advice);
    }
    let Way { name, .. } = way;
    let (kind, meaning, advice) = match status {
        401 => (
            ErrorKind::Credentials,
            format!("the server refuses the credentials for {name}"),
            "check them, and --host: each server, and each region of Infisical Cloud, has its own",
        ),
        403 => (
            ErrorKind::Denied,
            format!("the server keeps this machine out of {name}"),
            "look at the trusted IP addresses of the auth method, and at whom it trusts",
        ),
        404 => (
            ErrorKind::Configuration,
            format!("the server knows no such identity, or no {name}"),
            "check the identity's id and --host; an old server may not have this auth method",
        ),
        500.. => (
            ErrorKind::Unreachable,
            "the server failed".to_owned(),
            "try again later; the server's log says more",
        ),
        _ => (
            ErrorKind::Credentials,
            format!("the server does not accept what was sent for {name}"),
            "check the identity's id, and the auth method's settings in the console",
        ),
    };
    Error::new(kind, format!("{meaning} (status {status})")).help(advice)
}
