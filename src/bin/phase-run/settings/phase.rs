//! Phase: which token these settings amount to, and which server gets it.

use phase_run::outside::shown_host;
use phase_run::{Credentials, PhaseToken};

use super::access::Access;
use super::connection::{api, connection};
use super::credentials::{Chosen, Given};
use super::host::{self, PHASE};
use super::infisical::Search;
use super::layers::{Layers, Origin};
use super::login;
use super::machine::machine;
use super::places::Places;
use super::source::Source;
use crate::args::{Context, ProviderName, Way};
use crate::exit::{Failure, Reason};

/// The credentials of Phase among those that are `given`, or else a login.
///
/// # Errors
///
/// There are none, or a setting cannot be used.
pub(super) fn chosen(
    given: Given<'_>,
    provider: Origin,
    warnings: &mut Vec<String>,
) -> Result<Chosen, Failure> {
    let Given {
        cloud,
        search,
        token,
        ..
    } = given;
    let Search {
        args,
        layers,
        places,
        way,
        ..
    } = search;
    let Some((way, by)) = cloud else {
        if let Some((way, origin)) = way.filter(|(way, _)| *way != Way::Token) {
            let text = format!(
                "Phase knows no such way to log in: {} ({origin})",
                way.word()
            );
            return Err(Failure::new(Reason::Configuration, text).help(
                "there are aws-iam, azure and token; the others are for --provider infisical",
            ));
        }
        return by_token(args, layers, token, provider, places, warnings);
    };
    layers.note("provider", "phase", provider);
    if let Some(token) = token {
        layers.note("token (not used)", "(not shown)", token.origin());
    }
    let machine = machine(way, args, layers, places, warnings)?;
    Ok(Chosen {
        access: Access::Machine(machine),
        beside: None,
        provider: ProviderName::Phase,
        token: Some(by),
    })
}

/// The token that was given, or else that of a login.
fn by_token(
    args: &Context,
    layers: &Layers<'_>,
    source: Option<Source>,
    provider: Origin,
    places: &Places,
    warnings: &mut Vec<String>,
) -> Result<Chosen, Failure> {
    let (token, host, origin) = if let Some(source) = source {
        let token = PhaseToken::parse(&source.read(warnings)?).map_err(|error| {
            let failure = Failure::from(error);
            if provider != Origin::Default {
                return failure;
            }
            failure.help("for a token of Infisical, say --provider infisical")
        })?;
        let host = host::host(&PHASE, args.host.as_ref(), layers, None)?;
        (token, host, source.origin())
    } else {
        let named = host::named(&PHASE, args.host.as_ref(), layers)?;
        let login = login::find(named.as_ref(), places, warnings)?;
        let login = login.ok_or_else(|| none(provider == Origin::Default))?;
        let token = PhaseToken::parse(login.token(&places.keyring)?.expose())?;
        let by = named.map_or_else(|| login.origin.clone(), |(_, origin)| origin);
        layers.note("host", shown_host(&login.host), by);
        (token, login.host, login.origin)
    };
    layers.note("provider", "phase", provider);
    layers.note("token", "(not shown)", origin.clone());
    Ok(Chosen {
        access: Access::Credentials(Credentials::Phase {
            api: api(args, layers, Some(&token), warnings)?,
            connection: connection(host, args, layers, warnings)?,
            token,
        }),
        beside: None,
        provider: ProviderName::Phase,
        token: Some(origin),
    })
}

/// That there are no credentials: of any provider, or of Phase, which was named.
fn none(any: bool) -> Failure {
    const PHASE: &str =
        "log in with `phase-run auth login`, set PHASE_SERVICE_TOKEN, or give --token-file";
    if !any {
        return Failure::new(Reason::Credentials, "there is no Phase token").help(PHASE);
    }
    Failure::new(Reason::Credentials, "there are no credentials")
        .help(format!("for Phase, {PHASE}"))
        .help("for Infisical, set INFISICAL_TOKEN, or INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and …_CLIENT_SECRET")
        .help("for a vault, give --vault or set PHASE_RUN_VAULT")
}
