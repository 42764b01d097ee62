//! The ways to log in to an Infisical server.

use std::path::PathBuf;

use crate::identity::{EnvSnapshot, MachineIdentity};
use crate::secret::SecretValue;

/// How to log in to an Infisical server. Nothing is asked and no file is read
/// before a [`Client`](crate::Client) needs its first answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum InfisicalLogin {
    /// As a machine identity that something vouches for.
    Identity {
        /// The identity's id, a UUID.
        id: String,
        /// What vouches for it.
        proof: IdentityProof,
    },
    /// A user's session, as `infisical login` leaves it behind.
    Session {
        /// The organisation to act in, by id, where it is not the session's own.
        organisation: Option<String>,
        /// The session's token.
        token: SecretValue,
    },
    /// A token at hand: an access token of an identity, or a service token
    /// (`st.…`). When it ends nobody can make another.
    Token(SecretValue),
    /// As a machine identity, by a client's id and secret (universal auth).
    Universal {
        /// The client's id.
        client_id: String,
        /// One of its secrets.
        client_secret: SecretValue,
    },
}

/// What vouches for a machine identity.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IdentityProof {
    /// The access key of a user of Alibaba's cloud: Alibaba Cloud auth.
    AliCloud(EnvSnapshot),
    /// A cloud that says who this machine is: AWS IAM or Azure auth.
    Cloud(MachineIdentity),
    /// The metadata service of Google's cloud: GCP ID token auth.
    Gcp(EnvSnapshot),
    /// The key of a service account of Google's cloud, JSON: GCP IAM auth.
    GcpKey {
        /// The key. A file is read anew for each login.
        key: SecretSource,
        /// Where Google's services are, if that is not the usual place.
        env: EnvSnapshot,
    },
    /// The run of a workflow of GitHub Actions: OIDC auth.
    GitHub {
        /// Whom its token is for; GitHub's default if `None`: the owner's URL.
        audience: Option<String>,
        /// Where the run's variables are.
        env: EnvSnapshot,
    },
    /// A token that somebody else signed.
    Jwt {
        /// Which auth method takes it.
        kind: JwtKind,
        /// The token. A file is read anew for each login.
        token: SecretSource,
    },
    /// The name and the password of an account: LDAP auth.
    Ldap {
        /// The password.
        password: SecretValue,
        /// The account's name.
        username: String,
    },
    /// The API key of a user of Oracle's cloud: OCI auth.
    Oci(EnvSnapshot),
    /// The [client certificate](crate::Connection::certificate) of the
    /// connection: TLS certificate auth.
    TlsCertificate,
}

/// Whose tokens an auth method takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum JwtKind {
    /// Anybody's whose keys are set up: JWT auth.
    Jwt,
    /// A cluster's, for a service account: Kubernetes auth.
    Kubernetes,
    /// A provider's of `OpenID` Connect: OIDC auth.
    Oidc,
    /// A SPIFFE workload API's (JWT-SVID): SPIFFE auth.
    Spiffe,
}

/// Something secret, or the file in which it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SecretSource {
    /// A file.
    File(PathBuf),
    /// The secret itself.
    Value(SecretValue),
}
