//! Which credentials these settings amount to.

use std::path::Path;

use phase_run::{Credentials, PhaseToken};

use super::access::Access;
use super::connection::{api, connection};
use super::host;
use super::key::{key, vault};
use super::layers::{Layers, Origin, Spelling, word};
use super::login;
use super::machine::{cloud, machine};
use super::places::Places;
use super::source::{Source, token};
use crate::args::{Context, ProviderName};
use crate::exit::{Failure, Reason};

const PROVIDER: Spelling<ProviderName> = Spelling {
    name: "provider",
    flag: "--provider",
    variables: &["PHASE_RUN_PROVIDER"],
    file: |content| content.provider,
};

/// What opens the store, and where it came from.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) access: Access,
    /// `None` for a vault.
    pub(super) token: Option<Origin>,
}

/// The credentials for what was asked, with their provider.
///
/// # Errors
///
/// There are none, there are those of two providers, or they cannot be read.
pub(super) fn credentials(
    args: &Context,
    layers: &Layers<'_>,
    places: &Places,
    warnings: &mut Vec<String>,
) -> Result<Chosen, Failure> {
    let token = token(args, layers);
    // A file on the command line is meant, whatever a variable says.
    let cloud = match args.token_file {
        Some(_) if args.machine.auth.is_none() => None,
        _ => cloud(args, layers)?,
    };
    let vault = vault(args, layers);
    let chosen = layers.first(args.provider, &PROVIDER, word)?;
    let of_phase = match (&cloud, &token) {
        (Some((_, origin)), _) => Some(format!("the word of a cloud ({origin})")),
        (None, Some(token)) => Some(format!("a Phase token ({})", token.named_by())),
        (None, None) => None,
    };
    let (provider, origin) = match (chosen, of_phase, &vault) {
        (Some(chosen), ..) => chosen,
        (None, Some(of_phase), Some(vault)) => return Err(two(&of_phase, vault)),
        // A login is there all the time, and says nothing of what is meant here.
        (None, None, Some(_)) => (ProviderName::Vault, Origin::Default),
        (None, _, None) => (ProviderName::Phase, Origin::Default),
    };
    match (provider, cloud) {
        (ProviderName::Phase, Some((way, by))) => {
            layers.note("provider", "phase", origin);
            if let Some(token) = token {
                layers.note("token (not used)", "(not shown)", token.origin());
            }
            let machine = machine(way, args, layers, places, warnings)?;
            Ok(Chosen {
                access: Access::Machine(machine),
                token: Some(by),
            })
        }
        (ProviderName::Phase, None) => phase(args, layers, token, origin, places, warnings),
        (ProviderName::Vault, _) => {
            layers.note("provider", "vault", origin);
            let mut key = key(vault, args, layers, places.configuration.as_deref(), None)?;
            warnings.append(&mut key.warnings);
            Ok(Chosen {
                access: Access::Credentials(key.into_credentials()?),
                token: None,
            })
        }
    }
}

/// The token that was given, or else that of a login.
fn phase(
    args: &Context,
    layers: &Layers<'_>,
    source: Option<Source>,
    provider: Origin,
    places: &Places,
    warnings: &mut Vec<String>,
) -> Result<Chosen, Failure> {
    let (token, host, origin) = if let Some(source) = source {
        let token = PhaseToken::parse(&source.read(warnings)?)?;
        let host = host::host(args.host.as_ref(), layers)?;
        (token, host, source.origin())
    } else {
        let named = host::named(args.host.as_ref(), layers)?;
        let what = if provider == Origin::Default {
            "are no credentials"
        } else {
            "is no Phase token"
        };
        let login = login::find(named.as_ref(), places, warnings)?;
        let login = login.ok_or_else(|| none(what))?;
        let token = PhaseToken::parse(login.token(&places.keyring)?.expose())?;
        let by = named.map_or_else(|| login.origin.clone(), |(_, origin)| origin);
        layers.note("host", &login.host, by);
        (token, login.host, login.origin)
    };
    layers.note("provider", "phase", provider);
    layers.note("token", "(not shown)", origin.clone());
    Ok(Chosen {
        access: Access::Credentials(Credentials::Phase {
            api: api(args, layers)?,
            connection: connection(host, args, layers, warnings)?,
            token,
        }),
        token: Some(origin),
    })
}

fn two(of_phase: &str, vault: &Path) -> Failure {
    let text = format!(
        "there are credentials of two providers: {of_phase} and the vault {}",
        vault.display()
    );
    Failure::new(Reason::Ambiguous, text)
        .help("say which with --provider phase or --provider vault")
}

fn none(what: &str) -> Failure {
    Failure::new(Reason::Credentials, format!("there {what}"))
        .help("log in with `phase-run auth login`, set PHASE_SERVICE_TOKEN, or give --token-file")
        .help("for a vault, give --vault or set PHASE_RUN_VAULT")
}
