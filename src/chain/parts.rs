//! The parts of a login, from wherever each of them is.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::InfisicalMethod;
use crate::credentials::{IdentityProof, InfisicalLogin, JwtKind, SecretSource};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::{EnvSnapshot, MachineIdentity, password_in, token_in};
use crate::outside::{is_uuid, shown};
use crate::secret::SecretValue;

/// What is known of a login besides what the environment says; it goes first.
#[derive(Clone, Debug, Default)]
pub struct LoginOverrides {
    /// The client's id, for universal auth.
    pub client_id: Option<String>,
    /// The id of the machine identity, for all methods but universal auth.
    pub identity: Option<String>,
    /// Whom a token of Azure is for.
    pub resource: Option<String>,
    /// What proves it: the client's secret, the token, the password, the key.
    pub secret: Option<SecretSource>,
    /// The account's name, for LDAP auth.
    pub username: Option<String>,
}

/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The variable of the identity's id for any method.
pub(super) const MACHINE_IDENTITY: &str = "INFISICAL_MACHINE_IDENTITY_ID";
pub(super) const CLIENT_IDS: [&str; 3] = [
    "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID",
    "INFISICAL_CLIENT_ID",
    "INFISICAL_MACHINE_IDENTITY_CLIENT_ID",
];
pub(super) const CLIENT_SECRETS: [&str; 3] = [
    "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
    "INFISICAL_CLIENT_SECRET",
    "INFISICAL_MACHINE_IDENTITY_CLIENT_SECRET",
];
pub(super) const TOKENS: [&str; 3] = [
    "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN",
    "INFISICAL_ACCESS_TOKEN",
    "INFISICAL_TOKEN",
];
const JWT: &str = "INFISICAL_JWT";
const OIDC_JWT: &str = "INFISICAL_OIDC_AUTH_JWT";
pub(super) const GCP_KEY: &str = "INFISICAL_GCP_IAM_SERVICE_ACCOUNT_KEY_FILE_PATH";
const KUBERNETES_TOKENS: [&str; 2] = [
    "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
    "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH_ENV_NAME",
];

/// The part that somebody chose, and that is taken as it is.
const PASSWORD: &str = "password";

/// So long a file may keep us waiting that is a pipe.
const PATIENCE: Duration = Duration::from_secs(30);

fn signed(kind: JwtKind, token: SecretSource) -> IdentityProof {
    IdentityProof::Jwt { kind, token }
}

/// All that may have a part of the login.
pub(super) struct Parts<'a> {
    /// What goes first.
    pub(super) given: &'a LoginOverrides,
    pub(super) method: InfisicalMethod,
    pub(super) env: &'a EnvSnapshot,
}

impl Parts<'_> {
    /// The login, and what its first part was found by.
    pub(super) fn login(&self) -> Result<(InfisicalLogin, String)> {
        let env = || self.env.clone();
        let proof = match self.method {
            InfisicalMethod::Token => return self.token(),
            InfisicalMethod::Universal => return self.universal(),
            InfisicalMethod::AliCloud => IdentityProof::AliCloud(env()),
            InfisicalMethod::AwsIam => IdentityProof::Cloud(MachineIdentity::Aws {
                region: None,
                env: env(),
            }),
            InfisicalMethod::Azure => IdentityProof::Cloud(MachineIdentity::Azure {
                resource: self.resource(),
                env: env(),
            }),
            InfisicalMethod::GcpIam => IdentityProof::GcpKey {
                key: self.file(&[GCP_KEY], None)?,
                env: env(),
            },
            InfisicalMethod::GcpIdToken => IdentityProof::Gcp(env()),
            InfisicalMethod::Jwt => signed(JwtKind::Jwt, self.jwt(&[JWT])?),
            InfisicalMethod::Kubernetes => {
                let usual = PathBuf::from(SERVICE_ACCOUNT_TOKEN);
                let token = self.file(&KUBERNETES_TOKENS, Some(usual))?;
                signed(JwtKind::Kubernetes, token)
            }
            InfisicalMethod::Ldap => self.ldap()?,
            InfisicalMethod::Oci => IdentityProof::Oci(env()),
            InfisicalMethod::Oidc => self.oidc()?,
            InfisicalMethod::Spiffe => signed(JwtKind::Spiffe, self.jwt(&[JWT])?),
            InfisicalMethod::TlsCertificate => IdentityProof::TlsCertificate,
        };
        let (id, origin) = self.identity()?;
        Ok((InfisicalLogin::Identity { id, proof }, origin))
    }

    /// The sub-organisation that is named.
    pub(super) fn organisation(&self) -> Result<Option<String>> {
        let slug = self.env.text("INFISICAL_AUTH_ORGANIZATION_SLUG")?;
        Ok(slug.map(str::to_owned))
    }

    fn ldap(&self) -> Result<IdentityProof> {
        let name = self.given.username.clone();
        let (username, _) = self.text(name, &["INFISICAL_LDAP_USERNAME"], "account's name")?;
        let (password, _) = self.secret(&["INFISICAL_LDAP_PASSWORD"], PASSWORD)?;
        Ok(IdentityProof::Ldap { password, username })
    }

    fn token(&self) -> Result<(InfisicalLogin, String)> {
        let (token, origin) = self.secret(&TOKENS, "token")?;
        let of_phase = ["pss_", "ServiceAccount ", "Service ", "User "];
        if of_phase
            .iter()
            .any(|start| token.expose().starts_with(start))
        {
            // Whoever named the provider need not be whoever holds the token.
            let message = "this is a Phase token, and is sent to no server of Infisical's";
            return Err(Error::new(ErrorKind::Credentials, message)
                .help("name Phase as the provider, or give a token of Infisical's"));
        }
        Ok((InfisicalLogin::Token(token), origin))
    }

    fn universal(&self) -> Result<(InfisicalLogin, String)> {
        let given = self.given.client_id.clone();
        let (client_id, origin) = self.text(given, &CLIENT_IDS, "client id")?;
        let (client_secret, _) = self.secret(&CLIENT_SECRETS, "client secret")?;
        let login = InfisicalLogin::Universal {
            client_id,
            client_secret,
        };
        Ok((login, origin))
    }

    fn identity(&self) -> Result<(String, String)> {
        let mut names = vec![MACHINE_IDENTITY];
        names.extend(self.method.identity_variables());
        let (id, origin) = self.text(self.given.identity.clone(), &names, "identity's id")?;
        if is_uuid(&id) {
            return Ok((id, origin));
        }
        let place = match &self.given.identity {
            Some(_) => "--machine-identity-id",
            None => &origin,
        };
        let message = format!("the identity's id in {place} is no UUID: {:?}", shown(&id));
        Err(Error::new(ErrorKind::Configuration, message)
            .help("look it up in the console, at the identity's details: the name and the client id are others"))
    }

    /// A token that was given, or else the one that a run of GitHub Actions can have.
    fn oidc(&self) -> Result<IdentityProof> {
        let missing = match self.jwt(&[JWT, OIDC_JWT]) {
            Ok(token) => return Ok(signed(JwtKind::Oidc, token)),
            Err(error) if error.kind() == ErrorKind::Credentials => error,
            Err(error) => return Err(error),
        };
        let of_run = self.env.text("ACTIONS_ID_TOKEN_REQUEST_URL")?;
        if of_run.is_none() {
            return Err(missing.help(format!(
                "set {JWT}; in GitHub Actions, give the job `permissions: id-token: write`"
            )));
        }
        Ok(IdentityProof::GitHub {
            audience: None,
            env: self.env.clone(),
        })
    }

    fn resource(&self) -> String {
        let given = self.given.resource.clone();
        given.unwrap_or_else(|| MachineIdentity::AZURE_RESOURCE.to_owned())
    }

    fn jwt(&self, names: &[&'static str]) -> Result<SecretSource> {
        if let Some(source) = &self.given.secret {
            return Ok(source.clone());
        }
        self.secret(names, "token")
            .map(|(token, _)| SecretSource::Value(token))
    }

    /// A part that no message shows, and what it stands in.
    fn secret(&self, names: &[&'static str], what: &str) -> Result<(SecretValue, String)> {
        match &self.given.secret {
            Some(SecretSource::Value(value)) => return Ok((value.clone(), "a flag".to_owned())),
            Some(SecretSource::File(file)) => {
                let until = Instant::now() + PATIENCE;
                let text = if what == PASSWORD {
                    password_in(file, until)?
                } else {
                    token_in(file, until)?
                };
                let value = SecretValue::new(text.as_str().to_owned());
                return Ok((value, file.display().to_string()));
            }
            None => {}
        }
        let (text, origin) = self.text(None, names, what)?;
        Ok((SecretValue::new(text), origin))
    }

    /// The file that is given or named.
    fn file(&self, names: &[&'static str], usual: Option<PathBuf>) -> Result<SecretSource> {
        if let Some(source) = &self.given.secret {
            return Ok(source.clone());
        }
        let mut files = names.iter().filter_map(|name| self.env.file(name));
        match files.next().or(usual) {
            Some(file) => Ok(SecretSource::File(file)),
            None => Err(self.missing("key file", names)),
        }
    }

    /// A part that is given, or the first variable that is set.
    fn text(
        &self,
        given: Option<String>,
        names: &[&'static str],
        what: &str,
    ) -> Result<(String, String)> {
        if let Some(given) = given {
            return Ok((given, "a flag".to_owned()));
        }
        for name in names {
            if let Some(text) = self.env.text(name)? {
                return Ok((text.to_owned(), (*name).to_owned()));
            }
        }
        Err(self.missing(what, names))
    }

    fn missing(&self, what: &str, names: &[&str]) -> Error {
        let method = self.method.name();
        let message = format!("{method} needs the {what}, and there is none");
        let variable = names[0];
        let advice = match what {
            "account's name" => format!("set {variable}"),
            "client id" => format!("give --client-id, or set {variable}"),
            "identity's id" => format!("give --machine-identity-id, or set {variable}"),
            _ => format!("give --token-file, or set {variable}"),
        };
        Error::new(ErrorKind::Credentials, message).help(advice)
    }
}
