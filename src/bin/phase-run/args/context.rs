//! The options of every command that reads the store.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};

/// The heading of all that proves who we are.
const LOGIN: &str = "How to log in";

/// Where the secrets are, and with what they are fetched.
#[derive(ClapArgs, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(next_help_heading = "Where the secrets are")]
pub(crate) struct Context {
    /// Where secrets are kept [default: where there are credentials for]
    /// [env: PHASE_RUN_PROVIDER]
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<ProviderName>,

    /// Server URL [default: the cloud's: console.phase.dev, app.infisical.com]
    /// [env: PHASE_HOST] [env: INFISICAL_DOMAIN]
    #[arg(long, value_name = "URL", value_parser = super::text)]
    pub(crate) host: Option<String>,

    /// App, by name; at Infisical the project, by slug [env: PHASE_APP]
    #[arg(long, value_name = "NAME", value_parser = super::text)]
    pub(crate) app: Option<String>,

    /// App, at Infisical the project, by id; wins over the name
    /// [env: PHASE_APP_ID] [env: INFISICAL_PROJECT_ID]
    #[arg(long, value_name = "ID", value_parser = super::text)]
    pub(crate) app_id: Option<String>,

    /// Environment, by name; at Infisical by slug [default: development; at
    /// Infisical dev] [env: PHASE_ENV] [env: INFISICAL_ENVIRONMENT]
    #[arg(long, value_name = "NAME", value_parser = super::text)]
    pub(crate) env: Option<String>,

    /// Folder; may be repeated, later ones win [default: /] [env: PHASE_PATH]
    /// [env: INFISICAL_SECRET_PATH]
    #[arg(long, value_name = "PATH", value_parser = super::folder)]
    pub(crate) path: Vec<String>,

    /// Every folder; deeper ones win
    #[arg(long, conflicts_with = "path")]
    pub(crate) all_paths: bool,

    /// Each --path with all folders below it; deeper ones win
    #[arg(long, conflicts_with = "all_paths")]
    pub(crate) recursive: bool,

    /// Only secrets with this tag; may be repeated, commas allowed
    /// [env: PHASE_TAGS]
    #[arg(long, value_name = "TAG", value_delimiter = ',', value_parser = super::text)]
    pub(crate) tag: Vec<String>,

    /// The vault file, for the provider `vault` [env: PHASE_RUN_VAULT]
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: Option<PathBuf>,

    /// The age identity that opens the vault [default: identity in the user's
    /// configuration] [env: PHASE_RUN_IDENTITY]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,

    /// More root certificates, PEM (SSL_CERT_FILE replaces the system's)
    /// [env: PHASE_RUN_CA_CERT]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,

    /// Do not check the server's certificate [env: PHASE_VERIFY_SSL=false]
    /// [env: INFISICAL_VERIFY_SSL=false]
    #[arg(long)]
    pub(crate) insecure: bool,

    /// Time for fetching, retries included, such as 30s or 2m [default: 30s]
    /// [env: PHASE_RUN_TIMEOUT]
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    pub(crate) timeout: Option<Duration>,

    /// Ignore personal overrides
    /// [env: PHASE_RUN_NO_PERSONAL]
    #[arg(long)]
    pub(crate) no_personal: bool,

    /// Infisical: ignore what folders import from others
    #[arg(long)]
    pub(crate) no_imports: bool,

    /// Leave references in values as they are stored
    #[arg(long)]
    pub(crate) no_expand: bool,

    /// Phase, end-to-end encrypted: trust that an environment has another public key
    /// than before
    /// [env: PHASE_RUN_ACCEPT_NEW_KEY]
    #[arg(long)]
    pub(crate) accept_new_key: bool,

    /// Vault: trust the recipients that were added by others
    /// [env: PHASE_RUN_ACCEPT_RECIPIENTS]
    #[arg(long)]
    pub(crate) accept_recipients: bool,

    /// How to speak to Phase [default: auto] [env: PHASE_RUN_API]
    #[arg(long, value_name = "API")]
    pub(crate) api: Option<Api>,

    #[command(flatten)]
    pub(crate) project: ProjectFile,

    /// File with the token, or with what --auth needs: the client's secret, a
    /// JWT, a key, a password [env: PHASE_SERVICE_TOKEN_FILE]
    #[arg(long, value_name = "FILE", help_heading = LOGIN)]
    pub(crate) token_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) machine: Machine,
}

/// Which project file says what is not said by hand.
#[derive(ClapArgs, Clone, Debug, Default)]
pub(crate) struct ProjectFile {
    /// This project file, whoever owns it [default: the one that is found]
    /// [env: PHASE_RUN_PROJECT_FILE]
    #[arg(long, value_name = "FILE", conflicts_with = "no_project_file")]
    pub(crate) project_file: Option<PathBuf>,

    /// No project file, neither ours nor another tool's
    /// [env: PHASE_RUN_NO_PROJECT_FILE]
    #[arg(long)]
    pub(crate) no_project_file: bool,
}

/// How to log in, and as whom.
#[expect(clippy::struct_field_names, reason = "they are the flags' names")]
#[derive(ClapArgs, Clone, Debug, Default)]
#[command(next_help_heading = LOGIN)]
pub(crate) struct Machine {
    /// How to log in: with a token or a login, or by what proves who this
    /// machine is, anew each time [default: by what there is]
    /// [env: PHASE_RUN_AUTH] [env: INFISICAL_AUTH_METHOD]
    #[arg(long, value_name = "WAY")]
    pub(crate) auth: Option<Way>,

    /// Phase: the service account to act as, by id, with --auth aws-iam or azure
    /// [env: PHASE_SERVICE_ACCOUNT_ID]
    #[arg(long, value_name = "ID", value_parser = super::text)]
    pub(crate) service_account_id: Option<String>,

    /// Infisical: the machine identity to act as, by id
    /// [env: INFISICAL_MACHINE_IDENTITY_ID]
    #[arg(long, value_name = "ID", value_parser = super::text)]
    pub(crate) machine_identity_id: Option<String>,

    /// Infisical: the client of --auth universal, by id
    /// [env: INFISICAL_UNIVERSAL_AUTH_CLIENT_ID]
    #[arg(long, value_name = "ID", value_parser = super::text)]
    pub(crate) client_id: Option<String>,

    /// Infisical: the organization to log in to, by slug
    /// [env: INFISICAL_AUTH_ORGANIZATION_SLUG] [env: INFISICAL_ORG]
    #[arg(long, value_name = "SLUG", value_parser = super::text)]
    pub(crate) organization: Option<String>,

    /// What to ask a token of Azure for [default: Azure Resource Manager]
    #[arg(long, value_name = "URL", value_parser = super::text)]
    pub(crate) azure_resource: Option<String>,

    /// A certificate of ours to show to the server, PEM
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,

    /// The private key of --client-cert, PEM
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
}

/// `--provider`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ProviderName {
    /// An Infisical server
    Infisical,
    /// A Phase server
    Phase,
    /// An encrypted file
    Vault,
}

impl ProviderName {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Infisical => "infisical",
            Self::Phase => "phase",
            Self::Vault => "vault",
        }
    }
}

/// `--auth`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Way {
    /// A key of Alibaba Cloud
    #[value(name = "alicloud", alias = "alicloud-auth")]
    AliCloud,
    /// What this machine is to AWS
    AwsIam,
    /// What this machine is to Azure
    Azure,
    /// The key of a service account of Google's cloud
    GcpIam,
    /// What this machine is to Google's cloud
    GcpIdToken,
    /// A JWT
    #[value(alias = "jwt-auth")]
    Jwt,
    /// What this pod is to Kubernetes
    Kubernetes,
    /// The name and the password of an account, both in variables
    #[value(alias = "ldap-auth")]
    Ldap,
    /// A user of Oracle's cloud
    #[value(alias = "oci-auth")]
    Oci,
    /// A token of OpenID Connect; that of the run, in GitHub Actions
    #[value(alias = "oidc-auth")]
    Oidc,
    /// A JWT-SVID of SPIFFE
    #[value(alias = "spiffe-auth")]
    Spiffe,
    /// The certificate of --client-cert
    #[value(alias = "tls-cert-auth")]
    TlsCert,
    /// A token, or a login
    #[value(alias = "token-auth")]
    Token,
    /// A client's id and secret
    #[value(alias = "universal-auth")]
    Universal,
}

impl Way {
    /// The word for it.
    pub(crate) fn word(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// `--api`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Api {
    /// e2ee if the token holds keys, else rest
    #[default]
    Auto,
    /// End to end encrypted; needs a full pss_ token
    E2ee,
    /// The REST API, with server-side encryption
    Rest,
}
