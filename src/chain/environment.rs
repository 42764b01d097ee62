//! A login in the variables of Infisical's own tools and SDKs.

use std::time::SystemTime;

use super::method::{CLIENT_IDS, CLIENT_SECRETS, GCP_KEY, MACHINE_IDENTITY, TOKENS};
use super::{InfisicalMethod, InfisicalParts, Place};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Surroundings;
use crate::jwt::Claims;

/// The method that is to be used.
const METHOD: &str = "INFISICAL_AUTH_METHOD";

/// Methods that are meant where their own variable of the identity's id is set.
const BY_IDENTITY: [InfisicalMethod; 7] = [
    InfisicalMethod::AwsIam,
    InfisicalMethod::GcpIam,
    InfisicalMethod::GcpIdToken,
    InfisicalMethod::Kubernetes,
    InfisicalMethod::Azure,
    InfisicalMethod::Oidc,
    InfisicalMethod::Ldap,
];

/// The login that the variables amount to.
pub(super) fn look(surroundings: &Surroundings) -> Result<Place> {
    look_at(surroundings, SystemTime::now())
}

fn look_at(surroundings: &Surroundings, now: SystemTime) -> Result<Place> {
    let variables = Variables(surroundings);
    if let Some(name) = surroundings.text(METHOD)?
        // The login of a person is looked for elsewhere.
        && !name.eq_ignore_ascii_case("user")
    {
        let method = InfisicalMethod::from_name(name).ok_or_else(|| unknown(name))?;
        return variables.by(method);
    }
    let mut none = Place::NONE.to_owned();
    let pair = variables
        .any(&CLIENT_IDS)?
        .zip(variables.any(&CLIENT_SECRETS)?);
    if let Some((name, token)) = variables.any(&TOKENS)? {
        let ended = Claims::of(token).is_some_and(|claims| claims.has_ended(now));
        if !ended {
            return variables.by(InfisicalMethod::Token);
        }
        none = format!("the token of {name} has expired");
    }
    if pair.is_some() {
        return variables.by(InfisicalMethod::Universal);
    }
    if let Some((name, _)) = variables.any(&CLIENT_IDS)? {
        none = format!("{name} is set, and no client secret");
    } else if let Some((name, _)) = variables.any(&CLIENT_SECRETS)? {
        none = format!("{name} is set, and no client id");
    }
    for method in BY_IDENTITY {
        let meant = variables.any(method.identity_variables())?.is_some();
        let key = surroundings.file(GCP_KEY).is_some();
        if meant && (method != InfisicalMethod::GcpIam || key) {
            return variables.by(method);
        }
    }
    if surroundings.text(MACHINE_IDENTITY)?.is_some() {
        for (name, method) in [
            ("INFISICAL_OIDC_AUTH_JWT", InfisicalMethod::Oidc),
            ("INFISICAL_JWT", InfisicalMethod::Jwt),
            ("INFISICAL_LDAP_USERNAME", InfisicalMethod::Ldap),
        ] {
            if surroundings.text(name)?.is_some() {
                return variables.by(method);
            }
        }
        none = format!("{MACHINE_IDENTITY} is set, and {METHOD} is not");
    }
    Ok(Place::HasNone(none))
}

struct Variables<'a>(&'a Surroundings);

impl<'a> Variables<'a> {
    /// The first one that is set, and its text.
    fn any(&self, names: &[&'static str]) -> Result<Option<(&'static str, &'a str)>> {
        for name in names {
            if let Some(text) = self.0.text(name)? {
                return Ok(Some((name, text)));
            }
        }
        Ok(None)
    }

    fn by(&self, method: InfisicalMethod) -> Result<Place> {
        let found = method.login(&InfisicalParts::default(), self.0)?;
        Ok(Place::Has(Box::new(found)))
    }
}

fn unknown(name: &str) -> Error {
    let message = format!("{METHOD} cannot be {name:?}: there is no such auth method");
    Error::new(ErrorKind::Configuration, message).help(
        "there are: universal-auth, token-auth, aws-iam, azure, gcp-iam, gcp-id-token, kubernetes, oidc-auth, jwt-auth, ldap-auth, spiffe-auth, tls-cert-auth; and user, for `infisical login`",
    )
}
