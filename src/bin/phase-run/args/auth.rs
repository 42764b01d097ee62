//! The options of `auth`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::{Context, Machine, ProjectFile, ProviderName};

/// Log in to Phase, and see who you are there or at Infisical
#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    /// Log in, in the browser or with a token, and keep the token
    Login(Login),
    /// Show who the credentials belong to, where they came from, what they reach
    Status {
        /// Whose credentials [default: where there are some for]
        /// [env: PHASE_RUN_PROVIDER]
        #[arg(long, value_name = "PROVIDER")]
        provider: Option<ProviderName>,

        /// Server URL [default: the login's, else the cloud's] [env: PHASE_HOST]
        /// [env: INFISICAL_DOMAIN]
        #[arg(long, value_name = "URL", value_parser = super::text)]
        host: Option<String>,

        #[command(flatten)]
        server: Server,

        /// File with the token [default: what there is in the environment, else a
        /// login] [env: PHASE_SERVICE_TOKEN_FILE]
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,

        #[command(flatten)]
        machine: Machine,

        /// Print JSON
        #[arg(long, help_heading = "Printing")]
        json: bool,
    },
    /// Forget a login of `auth login`, and its token; or end a token
    Logout {
        /// End the Infisical token in use, for everybody who holds it
        #[arg(long)]
        revoke: bool,

        /// With --revoke: file with the token [default: INFISICAL_TOKEN]
        #[arg(long, value_name = "FILE", requires = "revoke")]
        token_file: Option<PathBuf>,

        /// The login at this server [default: the only one] [env: PHASE_HOST]
        #[arg(long, value_name = "URL", value_parser = super::text)]
        host: Option<String>,

        #[command(flatten)]
        project: ProjectFile,
    },
}

/// `auth login`.
#[derive(ClapArgs, Debug)]
pub(crate) struct Login {
    /// Server URL [default: Phase Cloud, console.phase.dev] [env: PHASE_HOST]
    #[arg(long, value_name = "URL", value_parser = super::text)]
    host: Option<String>,

    #[command(flatten)]
    server: Server,

    /// Open a page of the console in the browser [default: on a terminal]
    #[arg(long, conflicts_with = "token")]
    pub(crate) web: bool,

    /// Take a token from stdin, or ask for it [default: if stdin is no terminal]
    #[arg(long)]
    pub(crate) token: bool,

    /// Where the token is kept
    #[arg(long, value_name = "STORE", default_value = "keyring")]
    pub(crate) store: StoreName,
}

/// `--store`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum StoreName {
    /// logins.json in the user's configuration, readable by its owner alone
    File,
    /// The system's: the Secret Service, or the keychain of macOS
    Keyring,
}

/// How the server is asked.
#[derive(ClapArgs, Debug)]
pub(crate) struct Server {
    /// More root certificates, PEM (SSL_CERT_FILE replaces the system's)
    /// [env: PHASE_RUN_CA_CERT]
    #[arg(long, value_name = "FILE")]
    ca_cert: Option<PathBuf>,

    /// Do not check the server's certificate [env: PHASE_VERIFY_SSL=false]
    #[arg(long)]
    insecure: bool,

    /// Time for asking, retries included, such as 30s or 2m [default: 30s]
    /// [env: PHASE_RUN_TIMEOUT]
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    timeout: Option<Duration>,

    #[command(flatten)]
    project: ProjectFile,
}

impl Server {
    /// The same words as context options.
    pub(crate) fn context(&self) -> Context {
        Context {
            ca_cert: self.ca_cert.clone(),
            insecure: self.insecure,
            timeout: self.timeout,
            project: self.project.clone(),
            ..Context::default()
        }
    }
}

impl Login {
    /// Whether a page in the browser makes the token.
    pub(crate) fn opens_browser(&self, at_terminal: bool) -> bool {
        self.web || (at_terminal && !self.token)
    }

    /// The same words as context options.
    pub(crate) fn context(&self) -> Context {
        Context {
            host: self.host.clone(),
            ..self.server.context()
        }
    }
}
