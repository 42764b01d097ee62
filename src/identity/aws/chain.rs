//! The default chain: who has keys, asked in AWS's order.

use std::path::Path;

use super::plan::{Base, Plan, plan};
use super::profile::Profiles;
use super::role::Role;
use super::{Keys, Region, container, instance};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::{Found, Search, Tried};

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

/// The keys of the first source that has any. If it is the instance, and `locate`
/// says so, it is asked for its region too.
pub(super) async fn keys(
    search: &Search<'_>,
    profiles: &Profiles,
    region: Option<&Region>,
    locate: bool,
) -> Result<Keys> {
    let mut tried = Tried::default();
    if let Some(keys) = tried.take("environment", environment(search)?) {
        return Ok(keys);
    }
    let source = format!("profile {}", profiles.chosen());
    let found = of_profile(search, profiles, region).await?;
    if let Some(keys) = tried.take(&source, found) {
        return Ok(keys);
    }
    let found = web_identity(search, region).await?;
    if let Some(keys) = tried.take("web identity", found) {
        return Ok(keys);
    }
    if let Some(keys) = tried.take("container", container::keys(search).await?) {
        return Ok(keys);
    }
    if let Some(keys) = tried.take("instance", instance::keys(search, locate).await?) {
        return Ok(keys);
    }
    Err(tried.missing("AWS credentials"))
}

/// The keys in the environment.
fn environment(search: &Search<'_>) -> Result<Found<Keys>> {
    let [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let env = search.env;
    match (env.text(id)?, env.text(secret)?) {
        (Some(id), Some(secret)) => {
            let session = env.text("AWS_SESSION_TOKEN")?;
            Ok(Found::It(Keys::new(id, secret, session)))
        }
        (None, None) => Ok(Found::Nothing(format!("{id} is not set"))),
        (Some(_), None) => Err(half(&format!("{id} is set, and {secret} is not"))),
        (None, Some(_)) => Err(half(&format!("{secret} is set, and {id} is not"))),
    }
}

fn half(message: &str) -> Error {
    Error::new(ErrorKind::Credentials, message).help("set both, or neither")
}

/// The keys of the role that the environment names, as in a pod of EKS.
async fn web_identity(search: &Search<'_>, region: Option<&Region>) -> Result<Found<Keys>> {
    let env = search.env;
    let Some(file) = env.file(TOKEN_FILE) else {
        return Ok(Found::Nothing(format!("{TOKEN_FILE} is not set")));
    };
    let Some(arn) = env.text("AWS_ROLE_ARN")? else {
        return Err(half(&format!(
            "{TOKEN_FILE} is set, and AWS_ROLE_ARN is not"
        )));
    };
    let role = Role {
        arn,
        duration: None,
        external_id: None,
        session: env.text("AWS_ROLE_SESSION_NAME")?,
    };
    role.by_token(&file, search, region).await.map(Found::It)
}

/// The keys of the chosen profile: its own, or those of the role that it takes on.
async fn of_profile(
    search: &Search<'_>,
    profiles: &Profiles,
    region: Option<&Region>,
) -> Result<Found<Keys>> {
    let Plan { base, roles } = match plan(profiles)? {
        Found::It(plan) => plan,
        Found::Nothing(reason) => return Ok(Found::Nothing(reason)),
    };
    let mut keys = match base {
        Base::Keys(keys) => keys,
        Base::Source { name, profile } => named(search, name, profile).await?,
        Base::Token { file, role } => {
            let file = search.env.at_home(Path::new(file));
            role.by_token(&file, search, region).await?
        }
    };
    for role in roles {
        keys = role.by_keys(&keys, search, region).await?;
    }
    Ok(Found::It(keys))
}

/// The keys of the source that the profile calls `name`.
async fn named(search: &Search<'_>, name: &str, profile: &str) -> Result<Keys> {
    let found = match name {
        "Environment" => environment(search)?,
        "EcsContainer" => container::keys(search).await?,
        "Ec2InstanceMetadata" => instance::keys(search, false).await?,
        _ => Found::Nothing("there is no such source".to_owned()),
    };
    match found {
        Found::It(keys) => Ok(keys),
        Found::Nothing(reason) => {
            let message = format!("AWS profile {profile:?} has no credentials from {name:?}");
            Err(Error::new(ErrorKind::Credentials, message)
                .with_source(reason)
                .help("its credential_source is Environment, EcsContainer or Ec2InstanceMetadata"))
        }
    }
}
