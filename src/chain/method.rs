//! The auth methods by name.

use super::FoundLogin;
use super::parts::{LoginOverrides, Parts};
use crate::error::Result;
use crate::identity::EnvSnapshot;

/// An auth method of a machine identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InfisicalMethod {
    /// Alibaba Cloud auth.
    AliCloud,
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
    /// OCI auth.
    Oci,
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

impl InfisicalMethod {
    const NAMES: [(Self, &str); 14] = [
        (Self::AliCloud, "alicloud-auth"),
        (Self::AwsIam, "aws-iam"),
        (Self::Azure, "azure"),
        (Self::GcpIam, "gcp-iam"),
        (Self::GcpIdToken, "gcp-id-token"),
        (Self::Jwt, "jwt-auth"),
        (Self::Kubernetes, "kubernetes"),
        (Self::Ldap, "ldap-auth"),
        (Self::Oci, "oci-auth"),
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
            Self::Oci => &["INFISICAL_OCI_AUTH_IDENTITY_ID"],
            Self::Oidc => &["INFISICAL_OIDC_AUTH_IDENTITY_ID"],
            Self::AliCloud
            | Self::Jwt
            | Self::Spiffe
            | Self::TlsCertificate
            | Self::Token
            | Self::Universal => &[],
        }
    }

    /// The login by this method: `parts` go first, then what the variables say.
    ///
    /// # Errors
    ///
    /// [`Credentials`](crate::ErrorKind::Credentials) for a part that is nowhere: it names the variables.
    /// [`Configuration`](crate::ErrorKind::Configuration) for an identity's id that is no UUID.
    pub fn login(self, parts: &LoginOverrides, env: &EnvSnapshot) -> Result<FoundLogin> {
        let parts = Parts {
            given: parts,
            method: self,
            env,
        };
        let (login, origin) = parts.login()?;
        Ok(FoundLogin {
            host: None,
            login,
            notices: Vec::new(),
            organisation: parts.organisation()?,
            origin,
        })
    }
}
