//! What it means that a login is refused.

use super::Way;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, quoted};
use crate::outside::{is_uuid, shown};
use crate::provider::infisical::refusal::{ErrorDetail, complaint};

/// A login that was sent, as far as a refusal may be about it.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    /// Texts that must not be repeated even if the server does.
    pub(super) hidden: &'a [&'a str],
    pub(super) identity: Option<&'a str>,
    pub(super) organisation: Option<&'a str>,
    pub(super) way: Way,
}

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
        "No identity with specified client ID",
        ErrorKind::Credentials,
        "the server knows no such client id",
        "check it, and --host: each server, and each region of Infisical Cloud, has its own",
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

/// Whether `answer` to a login as `identity` is the last word, though it looks as if
/// the server had failed: so it does when it looks for an id that is no UUID.
pub(super) fn is_last_word(answer: &Answer, identity: Option<&str>) -> bool {
    answer.status() == 500 && answer.is_json() && !identity.is_none_or(is_uuid)
}

/// `answer`, if it lets us in.
pub(super) fn check(answer: Answer, sent: Sent<'_>) -> Result<Answer> {
    let status = answer.status();
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let said = complaint(&answer)?;
    let error = special(status, &said, sent).unwrap_or_else(|| error(status, &said.text, sent.way));
    Err(match quoted(&said.text, sent.hidden) {
        Some(text) => error.with_source(said.with(&text)),
        None => error,
    })
}

/// What is about the identity's id, the organisation, or the form of it all.
fn special(status: u16, said: &ErrorDetail, sent: Sent<'_>) -> Option<Error> {
    let invalid = said.name == "ValidationFailure";
    if let Some(id) = sent.identity
        && !is_uuid(id)
        && (invalid || status == 500)
    {
        let message = format!("the identity's id is no UUID: {:?}", shown(id));
        return Some(Error::new(ErrorKind::Configuration, message).help(
            "look it up in the console, at the identity's details: the name and the client id are others",
        ));
    }
    if let Some(slug) = sent.organisation
        && said.text.starts_with("Sub organization")
    {
        let message = format!("the server knows no organisation {:?}", shown(slug));
        return Some(Error::new(ErrorKind::Configuration, message).help(
            "check --organization and INFISICAL_AUTH_ORGANIZATION_SLUG: the slug of a part of the organisation is meant",
        ));
    }
    let name = sent.way.name;
    let message = format!("the server cannot read what was sent for {name} (status {status})");
    invalid.then(|| {
        Error::new(ErrorKind::Configuration, message)
            .help("it says which part does not validate: mend that one")
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
