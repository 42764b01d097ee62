//! How the chosen profile comes to keys. Pure: what it says is done elsewhere.

use super::Keys;
use super::profile::Profiles;
use super::role::Role;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Found;

/// Where the first keys come from, and which roles they are exchanged for, one
/// after the other.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) base: Base<'a>,
    pub(super) roles: Vec<Role<'a>>,
}

/// Where the first keys come from.
#[derive(Debug)]
pub(super) enum Base<'a> {
    /// They stand in a file.
    Keys(Keys),
    /// A source has them that the profile calls `name`.
    Source { name: &'a str, profile: &'a str },
    /// A role gives them for the token in `file`.
    Token { file: &'a str, role: Role<'a> },
}

/// What a profile with a role builds on.
enum Footing<'a> {
    Profile(&'a str),
    Source(&'a str),
    Token(&'a str),
}

/// The plan of the chosen profile.
pub(super) fn plan(profiles: &Profiles) -> Result<Found<Plan<'_>>> {
    let Some(mut profile) = profiles.find()? else {
        return Ok(Found::Nothing(format!("not in {}", profiles.places())));
    };
    let (mut roles, mut passed) = (Vec::new(), Vec::new());
    let base = loop {
        match (keys(profiles, profile)?, profiles.get(profile, "role_arn")) {
            // A profile may build on the keys that it has itself.
            (Some(keys), role) if role.is_none() || !passed.is_empty() => break Base::Keys(keys),
            (_, Some(_)) if passed.contains(&profile) => return Err(circle(&passed, profile)),
            (_, Some(arn)) => {
                passed.push(profile);
                let role = role(profiles, profile, arn)?;
                match footing(profiles, profile)? {
                    Footing::Token(file) => break Base::Token { file, role },
                    Footing::Source(name) => {
                        roles.push(role);
                        break Base::Source { name, profile };
                    }
                    Footing::Profile(source) => {
                        roles.push(role);
                        profile = source;
                    }
                }
            }
            (_, None) => return without_keys(profiles, profile, !passed.is_empty()),
        }
    };
    roles.reverse();
    Ok(Found::It(Plan { base, roles }))
}

/// The keys that stand in the profile.
fn keys(profiles: &Profiles, profile: &str) -> Result<Option<Keys>> {
    let [id, secret] = ["aws_access_key_id", "aws_secret_access_key"];
    let missing = match (profiles.get(profile, id), profiles.get(profile, secret)) {
        (Some(id), Some(secret)) => {
            let session = profiles.get(profile, "aws_session_token");
            return Ok(Some(Keys::new(id, secret, session)));
        }
        (None, None) => return Ok(None),
        (Some(_), None) => secret,
        (None, Some(_)) => id,
    };
    let message = format!("AWS profile {profile:?} has no {missing}, but the other half");
    Err(Error::new(ErrorKind::Credentials, message).help(format!("see {}", profiles.places())))
}

fn role<'a>(profiles: &'a Profiles, profile: &str, arn: &'a str) -> Result<Role<'a>> {
    if profiles.get(profile, "mfa_serial").is_some() {
        let message = format!("AWS profile {profile:?} wants a one-time code (mfa_serial)");
        return Err(Error::new(ErrorKind::Configuration, message).help(EXPORT));
    }
    Ok(Role {
        arn,
        duration: profiles.get(profile, "duration_seconds"),
        external_id: profiles.get(profile, "external_id"),
        session: profiles.get(profile, "role_session_name"),
    })
}

fn footing<'a>(profiles: &'a Profiles, profile: &str) -> Result<Footing<'a>> {
    let entry = |name| profiles.get(profile, name);
    if let Some(file) = entry("web_identity_token_file") {
        return Ok(Footing::Token(file));
    }
    match (entry("source_profile"), entry("credential_source")) {
        (Some(source), None) if profiles.has(source) => Ok(Footing::Profile(source)),
        (Some(source), None) => Err(profiles.absent(source).help(format!(
            "profile {profile:?} names it as its source_profile"
        ))),
        (None, Some(source)) => Ok(Footing::Source(source)),
        (Some(_), Some(_)) | (None, None) => {
            let message =
                format!("AWS profile {profile:?} has a role_arn and nothing to ask for it with");
            Err(Error::new(ErrorKind::Configuration, message).help(
                "give it a web_identity_token_file, a source_profile or a credential_source, and one alone",
            ))
        }
    }
}

/// What people do by hand, and we do not.
const EXPORT: &str =
    "log in with the AWS CLI, and run `eval \"$(aws configure export-credentials --format env)\"`";

/// What becomes of a profile without keys and role.
fn without_keys<'a>(
    profiles: &Profiles,
    profile: &str,
    is_source: bool,
) -> Result<Found<Plan<'a>>> {
    let other = [
        "credential_process",
        "login_session",
        "sso_session",
        "sso_start_url",
    ];
    let other = other
        .into_iter()
        .find(|name| profiles.get(profile, name).is_some());
    let (message, advice) = match other {
        Some(name) => (
            format!(
                "AWS profile {profile:?} gets its credentials by {name}, which is not supported"
            ),
            EXPORT,
        ),
        None if is_source => (
            format!("AWS profile {profile:?} has no credentials, and another profile builds on it"),
            "give it keys, or name another source_profile",
        ),
        None => return Ok(Found::Nothing("it has no keys".to_owned())),
    };
    Err(Error::new(ErrorKind::Configuration, message).help(advice))
}

fn circle(passed: &[&str], profile: &str) -> Error {
    let message = format!(
        "AWS profiles build on each other in a circle: {} -> {profile}",
        passed.join(" -> ")
    );
    Error::new(ErrorKind::Configuration, message)
        .help("one of them needs keys or a credential_source")
}
