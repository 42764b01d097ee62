//! Which credentials these settings amount to.

use std::path::{Path, PathBuf};

use phase_run::{Connection, Credentials, PhaseApi, PhaseToken, VaultFile, VaultKey};

use super::host;
use super::layers::{Layers, Origin, Spelling, word};
use super::prompt::prompt;
use super::source::{self, Source};
use crate::args::{Api, Context, ProviderName};
use crate::exit::{Failure, Reason};

/// A vault, and where its key comes from.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) file: PathBuf,
    /// `None` where nothing was given and nothing lies in the usual places.
    pub(crate) opener: Option<VaultKey>,
    /// Where an identity of one's own lies, or would, for who has a home.
    pub(crate) usual: Option<PathBuf>,
    pub(crate) warnings: Vec<String>,
}

const PROVIDER: Spelling<ProviderName> = Spelling {
    name: "provider",
    flag: "--provider",
    variable: Some("PHASE_RUN_PROVIDER"),
    file: |content| content.provider,
};
const VAULT: Spelling<PathBuf> = Spelling {
    name: "vault",
    flag: "--vault",
    variable: Some("PHASE_RUN_VAULT"),
    file: |content| content.vault.clone(),
};
const API: Spelling<Api> = Spelling {
    name: "api",
    flag: "--api",
    variable: Some("PHASE_RUN_API"),
    file: |content| content.api,
};
const CA_CERT: Spelling<PathBuf> = Spelling {
    name: "ca_cert",
    flag: "--ca-cert",
    variable: None,
    file: |content| content.ca_cert.clone(),
};

/// The credentials for what was asked, with their provider.
///
/// # Errors
///
/// There are none, there are those of two providers, or they cannot be read.
pub(super) fn credentials(
    args: &Context,
    layers: &Layers<'_>,
    configuration: Option<&Path>,
    warnings: &mut Vec<String>,
) -> Result<Credentials, Failure> {
    let token = source::token(args, layers);
    let vault = vault(args, layers);
    let chosen = layers.first(args.provider, &PROVIDER, word)?;
    let (provider, origin) = match (chosen, &token, &vault) {
        (Some(chosen), ..) => chosen,
        (None, Some(token), Some(vault)) => return Err(two(token, vault)),
        (None, Some(_), None) => (ProviderName::Phase, Origin::Default),
        (None, None, Some(_)) => (ProviderName::Vault, Origin::Default),
        (None, None, None) => return Err(none("are no credentials")),
    };
    match provider {
        ProviderName::Phase => {
            layers.note("provider", "phase", origin);
            let source = token.ok_or_else(|| none("is no Phase token"))?;
            phase(args, layers, &source, warnings)
        }
        ProviderName::Vault => {
            layers.note("provider", "vault", origin);
            let mut key = key(vault, args, layers, configuration, None)?;
            warnings.append(&mut key.warnings);
            key.into_credentials()
        }
    }
}

fn phase(
    args: &Context,
    layers: &Layers<'_>,
    source: &Source,
    warnings: &mut Vec<String>,
) -> Result<Credentials, Failure> {
    let text = source.read(warnings)?;
    let token = PhaseToken::parse(&text)?;
    layers.note("token", "(not shown)", source.origin());
    let api = match layers.first(args.api, &API, word)? {
        None | Some((Api::Auto, _)) => PhaseApi::Auto,
        Some((api, origin)) => {
            layers.note(
                "api",
                if api == Api::E2ee { "e2ee" } else { "rest" },
                origin,
            );
            if api == Api::E2ee {
                PhaseApi::Encrypted
            } else {
                PhaseApi::Rest
            }
        }
    };
    let host = host::host(args.host.as_ref(), layers)?;
    let verify = layers.variable("PHASE_VERIFY_SSL")?;
    let verify = !verify.is_some_and(|text| text.eq_ignore_ascii_case("false"));
    let verify = verify && !args.insecure;
    if !verify {
        warnings.push(format!(
            "the certificate of {host} is NOT checked: anybody on the way can read the secrets"
        ));
    }
    let connection = Connection {
        bundle: layers.variable_os("SSL_CERT_FILE").map(PathBuf::from),
        host,
        roots: layers.path(args.ca_cert.as_deref(), &CA_CERT),
        user_agent: concat!("phase-run/", env!("CARGO_PKG_VERSION")).to_owned(),
        verify,
    };
    if connection.is_plain() {
        let host = &connection.host;
        warnings.push(format!(
            "{host} is not encrypted: anybody on the way can read the token and the secrets"
        ));
    }
    Ok(Credentials::Phase {
        api,
        connection,
        token,
    })
}

/// The vault that was named.
pub(super) fn vault(args: &Context, layers: &Layers<'_>) -> Option<PathBuf> {
    layers.path(args.vault.as_deref(), &VAULT)
}

/// The vault `file` and its key. `passphrase` says whether it takes one, where
/// the file cannot.
pub(super) fn key(
    file: Option<PathBuf>,
    args: &Context,
    layers: &Layers<'_>,
    configuration: Option<&Path>,
    passphrase: Option<bool>,
) -> Result<Key, Failure> {
    let file = file.ok_or_else(|| {
        Failure::new(Reason::Configuration, "no vault was named")
            .help("give --vault, set PHASE_RUN_VAULT, or write `vault = \"…\"` into phase-run.toml")
    })?;
    let usual = configuration.map(|folder| folder.join("identity"));
    let mut warnings = Vec::new();
    let phrase = source::passphrase(layers);
    let identity = source::identity(args, layers, usual.as_deref());
    let takes_phrase = match (&phrase, &identity) {
        // Both lie about, and are perhaps meant for two vaults.
        (Some(_), Some(_)) => match passphrase {
            Some(takes) => takes,
            None => VaultFile::takes_passphrase(&file)?,
        },
        (phrase, _) => phrase.is_some(),
    };
    let opener = match (phrase.filter(|_| takes_phrase), identity) {
        (Some(source), _) => Some(VaultKey::Passphrase(source.secret(&mut warnings)?)),
        (None, Some(source)) => Some(VaultKey::Identities(source.secret(&mut warnings)?)),
        (None, None) => None,
    };
    Ok(Key {
        file,
        opener,
        usual,
        warnings,
    })
}

impl Key {
    /// The key, asked for at the terminal if the vault has a passphrase.
    ///
    /// # Errors
    ///
    /// Nothing is there that could open the vault.
    pub(crate) fn into_credentials(self) -> Result<Credentials, Failure> {
        let Self {
            file,
            opener,
            usual,
            ..
        } = self;
        let key = match opener {
            Some(key) => key,
            None if VaultFile::takes_passphrase(&file)? => {
                let question = format!("Passphrase of {}: ", file.display());
                VaultKey::Passphrase(prompt(&question)?)
            }
            None => {
                let text = format!("there is no identity to open {} with", file.display());
                let usual = usual.unwrap_or_else(|| PathBuf::from("one"));
                return Err(Failure::new(Reason::Credentials, text).help(format!(
                    "give --identity, set PHASE_RUN_IDENTITY, or make {} with `phase-run vault init`",
                    usual.display()
                )));
            }
        };
        Ok(Credentials::Vault { file, key })
    }
}

fn two(token: &Source, vault: &Path) -> Failure {
    let text = format!(
        "there are credentials of two providers: a Phase token ({}) and the vault {}",
        token.named_by(),
        vault.display()
    );
    Failure::new(Reason::Ambiguous, text)
        .help("say which with --provider phase or --provider vault")
}

fn none(what: &str) -> Failure {
    Failure::new(Reason::Credentials, format!("there {what}")).help(
        "set PHASE_SERVICE_TOKEN, or give --token-file; for a vault, give --vault or set PHASE_RUN_VAULT",
    )
}
