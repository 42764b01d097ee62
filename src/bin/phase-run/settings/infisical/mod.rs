//! Infisical: which login these settings amount to.

mod branch;
mod cli;
mod headers;
pub(super) mod json;
mod server;

use std::path::Path;
use std::time::Duration;

use phase_run::{
    Credentials, EnvSnapshot, ErrorKind, FoundLogin, InfisicalChain, InfisicalLogin,
    InfisicalMethod, LoginLookup, LoginOverrides, NamedFile, SecretSource, SecretValue, outside,
};

use super::ProcessContext;
use super::access::Access;
use super::credentials::Chosen;
use super::layers::{Layers, Origin};
use super::machine::account;
use super::places::Places;
use super::source;
use crate::args::{Context, ProviderName, Way};
use crate::exit::{Failure, Reason};
use json::InfisicalJson;

/// All that is looked at to find a login.
pub(super) struct Search<'a> {
    pub(super) args: &'a Context,
    pub(super) layers: &'a Layers<'a>,
    /// Whether Infisical was named as the provider.
    pub(super) meant: bool,
    pub(super) places: &'a Places,
    /// The way to log in, and who named it.
    pub(super) way: Option<(Way, Origin)>,
    pub(super) process: &'a ProcessContext<'a>,
}

impl Search<'_> {
    /// The login that flags and variables amount to. What is of no use in the
    /// variables is nobody's fault who does not mean Infisical.
    ///
    /// # Errors
    ///
    /// Infisical is meant, and of a part of a login another is missing.
    pub(super) fn given(&self) -> Result<LoginLookup, Failure> {
        if !self.meant && !self.is_named() {
            return Ok(LoginLookup::Absent);
        }
        match self.chain().look() {
            Err(error) if !self.meant && self.method().is_none() => {
                Ok(LoginLookup::Unusable(error.to_string()))
            }
            place => Ok(place?),
        }
    }

    /// Whether anything says that Infisical may be meant. Most runs of other
    /// providers end here, without a look at each variable.
    pub(super) fn is_named(&self) -> bool {
        let machine = &self.args.machine;
        let flags = machine.machine_identity_id.is_some() || machine.client_id.is_some();
        let of_infisical = self
            .way
            .as_ref()
            .is_some_and(|(way, _)| !matches!(way, Way::AwsIam | Way::Azure | Way::Token));
        flags || of_infisical || (self.process.has_variables)("INFISICAL_")
    }

    /// Flags, then variables.
    fn chain(&self) -> InfisicalChain {
        let env = self.env();
        let mut chain = InfisicalChain::new();
        if let Some(method) = self.method() {
            let parts = self.parts();
            let (file, patience) = (self.args.token_file.clone(), self.layers.patience);
            let around = env.clone();
            chain.push("flags", move || {
                let secret = file.as_deref().map(|file| secret(file, method, patience));
                let parts = LoginOverrides {
                    secret: secret.transpose()?,
                    ..parts.clone()
                };
                let found = method.login(&parts, &around)?;
                Ok(LoginLookup::Found(Box::new(found)))
            });
        } else if matches!(self.way, Some((Way::Token, _))) {
            // Whatever other method the variables name or would do for.
            chain.push("environment", move || token(&env));
            return chain;
        } else {
            chain.push("flags", || Ok(LoginLookup::Absent));
        }
        chain.push_environment(env);
        chain
    }

    /// The method that flags, or the variable like a flag, ask for.
    fn method(&self) -> Option<InfisicalMethod> {
        let machine = &self.args.machine;
        match &self.way {
            // An account of Phase's was named, and no identity of Infisical's.
            Some((Way::AwsIam | Way::Azure, _)) if self.is_of_phase() => return None,
            Some((way, _)) if *way != Way::Token => return method(*way),
            _ => {}
        }
        if machine.client_id.is_some() {
            return Some(InfisicalMethod::Universal);
        }
        // Without a way a file holds a token, as with Phase.
        let token = self.args.token_file.is_some() && machine.machine_identity_id.is_none();
        (self.meant && token).then_some(InfisicalMethod::Token)
    }

    fn is_of_phase(&self) -> bool {
        let account = account(self.args, self.layers).is_ok_and(|account| account.is_some());
        !self.meant && account && self.args.machine.machine_identity_id.is_none()
    }

    /// Whether the file with the token is Infisical's.
    pub(super) fn takes_file(&self) -> bool {
        self.method().is_some()
    }

    fn parts(&self) -> LoginOverrides {
        let machine = &self.args.machine;
        LoginOverrides {
            client_id: machine.client_id.clone(),
            identity: machine.machine_identity_id.clone(),
            resource: machine.azure_resource.clone(),
            secret: None,
            username: None,
        }
    }

    fn env(&self) -> EnvSnapshot {
        let home = self.places.home.clone();
        EnvSnapshot::new(home, |name| self.layers.variable_os(name))
    }

    /// The login in force: `given`, or else that of Infisical's own CLI.
    ///
    /// # Errors
    ///
    /// There is none, it is for another server, or a setting cannot be used.
    pub(super) fn chosen(
        &self,
        given: LoginLookup,
        provider: Origin,
        warnings: &mut Vec<String>,
    ) -> Result<Chosen, Failure> {
        let found = if let LoginLookup::Found(found) = given {
            *found
        } else {
            let mut chain = self.chain();
            cli::push(&mut chain, self)?;
            chain.find().map_err(|error| none(error.into()))?
        };
        let FoundLogin {
            host: of_login,
            login,
            notices,
            organisation,
            origin,
        } = found;
        warnings.extend(notices);
        if let Some(file) = &self.args.token_file {
            warnings.extend(source::exposed(file));
        }
        let beside = self.beside()?;
        let host = self.host(of_login, beside.as_ref())?;
        self.layers.note("provider", "infisical", provider);
        let origin = Origin::Named(origin);
        self.layers.note("login", "(not shown)", origin.clone());
        let organisation = self.args.machine.organization.clone().or(organisation);
        // A session is in its organisation already.
        let organisation =
            organisation.filter(|_| !matches!(login, InfisicalLogin::Session { .. }));
        Ok(Chosen {
            access: Access::Credentials(Credentials::Infisical {
                connection: self.connection(host, warnings)?,
                login,
                organisation,
            }),
            beside,
            provider: ProviderName::Infisical,
            token: Some(origin),
        })
    }

    /// The project file of Infisical's own CLI, unless there is one of ours.
    ///
    /// # Errors
    ///
    /// It cannot be used.
    pub(super) fn beside(&self) -> Result<Option<InfisicalJson>, Failure> {
        match self.layers.project {
            None => json::find(self.process.directory, &self.layers.projects),
            Some(_) => Ok(None),
        }
    }

    /// Whether Infisical's own CLI is logged in, if only by what it says itself.
    ///
    /// # Errors
    ///
    /// Its file cannot be used, or it has no such profile.
    pub(super) fn has_cli_login(&self) -> Result<bool, Failure> {
        cli::find(self).map(|login| login.is_some())
    }
}

/// What proves it, in `file`. A pipe is read now, and once; a file when it is
/// needed, since some are replaced before they expire.
fn secret(
    file: &Path,
    method: InfisicalMethod,
    patience: Duration,
) -> phase_run::Result<SecretSource> {
    if !file.metadata().is_ok_and(|found| !found.is_file()) {
        return Ok(SecretSource::File(file.to_owned()));
    }
    let shown = "the file that --token-file names";
    let failed = |why: &str| {
        let text = format!("{shown} cannot be read: {why}");
        phase_run::Error::new(ErrorKind::Credentials, text)
    };
    let read = NamedFile::read(file, patience).map_err(|error| {
        NamedFile::late(shown, &error).unwrap_or_else(|| failed(&error.to_string()))
    })?;
    let text = match method {
        InfisicalMethod::Ldap => outside::without_newline(read.text.expose()),
        _ => outside::trimmed_text(read.text.expose()),
    };
    if text.is_empty() {
        return Err(failed("it is empty"));
    }
    Ok(SecretSource::Value(SecretValue::new(text.to_owned())))
}

/// The auth method that a word means; none for a token or a login.
fn method(way: Way) -> Option<InfisicalMethod> {
    Some(match way {
        Way::AliCloud => InfisicalMethod::AliCloud,
        Way::AwsIam => InfisicalMethod::AwsIam,
        Way::Azure => InfisicalMethod::Azure,
        Way::GcpIam => InfisicalMethod::GcpIam,
        Way::GcpIdToken => InfisicalMethod::GcpIdToken,
        Way::Jwt => InfisicalMethod::Jwt,
        Way::Kubernetes => InfisicalMethod::Kubernetes,
        Way::Ldap => InfisicalMethod::Ldap,
        Way::Oci => InfisicalMethod::Oci,
        Way::Oidc => InfisicalMethod::Oidc,
        Way::Spiffe => InfisicalMethod::Spiffe,
        Way::TlsCert => InfisicalMethod::TlsCertificate,
        Way::Token => return None,
        Way::Universal => InfisicalMethod::Universal,
    })
}

/// The token of the variables, if there is one.
fn token(env: &EnvSnapshot) -> phase_run::Result<LoginLookup> {
    match InfisicalMethod::Token.login(&LoginOverrides::default(), env) {
        Ok(found) => Ok(LoginLookup::Found(Box::new(found))),
        Err(error) if error.kind() == ErrorKind::Credentials => Ok(LoginLookup::Absent),
        Err(error) => Err(error),
    }
}

fn none(failure: Failure) -> Failure {
    if failure.reason() != Reason::Credentials {
        return failure;
    }
    failure.help("set INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and …_CLIENT_SECRET, set INFISICAL_TOKEN, say how with --auth, or log in with `infisical login`")
}
