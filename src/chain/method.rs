//! The auth methods by name, and the parts that each of them needs.

use std::path::PathBuf;

use super::FoundLogin;
use crate::credentials::{IdentityProof, InfisicalLogin, JwtKind, SecretSource};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::{MachineIdentity, Surroundings};
use crate::secret::SecretValue;

/// An auth method of a machine identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InfisicalMethod {
    /// AWS auth.
    AwsIam,
    /// Azure auth.
    Azure,
    /// GCP auth, by the key of a service account.
    GcpIam,
    /// GCP auth, by the metadata service.
    GcpIdToken,
    /// JWT auth.
    Jwt,
    /// Kubernetes auth.
    Kubernetes,
    /// LDAP auth.
    Ldap,
    /// OIDC auth.
    Oidc,
    /// SPIFFE auth.
    Spiffe,
    /// TLS certificate auth.
    TlsCertificate,
    /// Token auth: a token at hand.
    Token,
    /// Universal auth.
    Universal,
}

/// What is known of a login besides what the environment says; it goes first.
#[derive(Clone, Debug, Default)]
pub struct InfisicalParts {
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

/// The variables of the identity's id for any method.
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

impl InfisicalMethod {
    const NAMES: [(Self, &str); 12] = [
        (Self::AwsIam, "aws-iam"),
        (Self::Azure, "azure"),
        (Self::GcpIam, "gcp-iam"),
        (Self::GcpIdToken, "gcp-id-token"),
        (Self::Jwt, "jwt-auth"),
        (Self::Kubernetes, "kubernetes"),
        (Self::Ldap, "ldap-auth"),
        (Self::Oidc, "oidc-auth"),
        (Self::Spiffe, "spiffe-auth"),
        (Self::TlsCertificate, "tls-cert-auth"),
        (Self::Token, "token-auth"),
        (Self::Universal, "universal-auth"),
    ];

    /// The method that is called `name`, as `infisical login --method` takes it;
    /// `-auth` at the end makes no difference.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = |name: &str| name.strip_suffix("-auth").unwrap_or(name).to_owned();
        let name = plain(&name.trim().to_ascii_lowercase());
        let known = Self::NAMES.iter().find(|(_, known)| plain(known) == name);
        known.map(|(method, _)| *method)
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(method, _)| *method == self);
        named.map_or("", |(_, name)| name)
    }

    /// The variables of the identity's id for this method alone.
    pub(super) fn identity_variables(self) -> &'static [&'static str] {
        match self {
            Self::AwsIam => &["INFISICAL_AWS_IAM_AUTH_IDENTITY_ID"],
            Self::Azure => &["INFISICAL_AZURE_AUTH_IDENTITY_ID"],
            Self::GcpIam => &[
                "INFISICAL_GCP_AUTH_IDENTITY_ID",
                "INFISICAL_GCP_IAM_AUTH_IDENTITY_ID",
            ],
            Self::GcpIdToken => &["INFISICAL_GCP_AUTH_IDENTITY_ID"],
            Self::Kubernetes => &["INFISICAL_KUBERNETES_IDENTITY_ID"],
            Self::Ldap => &["INFISICAL_LDAP_AUTH_IDENTITY_ID"],
            Self::Oidc => &["INFISICAL_OIDC_AUTH_IDENTITY_ID"],
            Self::Jwt | Self::Spiffe | Self::TlsCertificate | Self::Token | Self::Universal => &[],
        }
    }

    /// The login by this method: `parts` go first, then what the variables say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] for a part that is nowhere: it names the variables.
    pub fn login(self, parts: &InfisicalParts, surroundings: &Surroundings) -> Result<FoundLogin> {
        let world = World {
            method: self,
            parts,
            surroundings,
        };
        let (login, origin) = match self {
            Self::Token => world.token()?,
            Self::Universal => world.universal()?,
            _ => {
                let (id, origin) = world.identity()?;
                let proof = world.proof()?;
                (InfisicalLogin::Identity { id, proof }, origin)
            }
        };
        Ok(FoundLogin {
            host: None,
            login,
            notices: Vec::new(),
            organisation: organisation(surroundings)?,
            origin,
        })
    }
}

/// The sub-organisation that is named.
pub(super) fn organisation(surroundings: &Surroundings) -> Result<Option<String>> {
    let slug = surroundings.text("INFISICAL_AUTH_ORGANIZATION_SLUG")?;
    Ok(slug.map(str::to_owned))
}

fn signed(kind: JwtKind, token: SecretSource) -> IdentityProof {
    IdentityProof::Jwt { kind, token }
}

/// All that may have a part of the login.
struct World<'a> {
    method: InfisicalMethod,
    parts: &'a InfisicalParts,
    surroundings: &'a Surroundings,
}

impl World<'_> {
    fn token(&self) -> Result<(InfisicalLogin, String)> {
        let (token, origin) = self.secret(&TOKENS, "token")?;
        Ok((InfisicalLogin::Token(token), origin))
    }

    fn universal(&self) -> Result<(InfisicalLogin, String)> {
        let given = self.parts.client_id.clone();
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
        self.text(self.parts.identity.clone(), &names, "identity's id")
    }

    fn proof(&self) -> Result<IdentityProof> {
        let surroundings = || self.surroundings.clone();
        Ok(match self.method {
            InfisicalMethod::AwsIam => IdentityProof::Cloud(MachineIdentity::Aws {
                region: None,
                surroundings: surroundings(),
            }),
            InfisicalMethod::Azure => IdentityProof::Cloud(MachineIdentity::Azure {
                resource: self.resource(),
                surroundings: surroundings(),
            }),
            InfisicalMethod::GcpIam => IdentityProof::GcpKey(self.file(&[GCP_KEY], None)?),
            InfisicalMethod::GcpIdToken => IdentityProof::Gcp(surroundings()),
            InfisicalMethod::Kubernetes => {
                let usual = PathBuf::from(SERVICE_ACCOUNT_TOKEN);
                let token = self.file(&KUBERNETES_TOKENS, Some(usual))?;
                signed(JwtKind::Kubernetes, token)
            }
            InfisicalMethod::Ldap => IdentityProof::Ldap {
                password: self.secret(&["INFISICAL_LDAP_PASSWORD"], "password")?.0,
                username: {
                    let given = self.parts.username.clone();
                    self.text(given, &["INFISICAL_LDAP_USERNAME"], "account's name")?
                        .0
                },
            },
            InfisicalMethod::Oidc => self.oidc()?,
            InfisicalMethod::TlsCertificate => IdentityProof::TlsCertificate,
            InfisicalMethod::Spiffe => signed(JwtKind::Spiffe, self.jwt(&[JWT])?),
            InfisicalMethod::Jwt | InfisicalMethod::Token | InfisicalMethod::Universal => {
                signed(JwtKind::Jwt, self.jwt(&[JWT])?)
            }
        })
    }

    /// A token that was given, or else the one that a run of GitHub Actions can have.
    fn oidc(&self) -> Result<IdentityProof> {
        let token = self.jwt(&[JWT, OIDC_JWT]);
        if token.is_err()
            && self
                .surroundings
                .text("ACTIONS_ID_TOKEN_REQUEST_URL")?
                .is_some()
        {
            return Ok(IdentityProof::GitHub {
                audience: None,
                surroundings: self.surroundings.clone(),
            });
        }
        Ok(signed(JwtKind::Oidc, token?))
    }

    fn resource(&self) -> String {
        let given = self.parts.resource.clone();
        given.unwrap_or_else(|| MachineIdentity::AZURE_RESOURCE.to_owned())
    }

    fn jwt(&self, names: &[&'static str]) -> Result<SecretSource> {
        if let Some(source) = &self.parts.secret {
            return Ok(source.clone());
        }
        self.secret(names, "token")
            .map(|(token, _)| SecretSource::Value(token))
    }

    /// A part that no message shows, and what it stands in.
    fn secret(&self, names: &[&'static str], what: &str) -> Result<(SecretValue, String)> {
        match &self.parts.secret {
            Some(SecretSource::Value(value)) => return Ok((value.clone(), "a flag".to_owned())),
            Some(SecretSource::File(file)) => {
                let text = crate::identity::token_in(file)?;
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
        if let Some(source) = &self.parts.secret {
            return Ok(source.clone());
        }
        let mut files = names.iter().filter_map(|name| self.surroundings.file(name));
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
            if let Some(text) = self.surroundings.text(name)? {
                return Ok((text.to_owned(), (*name).to_owned()));
            }
        }
        Err(self.missing(what, names))
    }

    fn missing(&self, what: &str, names: &[&str]) -> Error {
        let method = self.method.name();
        let message = format!("{method} needs the {what}, and there is none");
        Error::new(ErrorKind::Credentials, message).help(format!("set {}", names[0]))
    }
}
