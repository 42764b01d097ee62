//! How a server is reached.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use phase_run::outside::shown_host;
use phase_run::{ClientCertificate, Connection, PhaseApi, PhaseToken, Proxies};

use super::TIMEOUT;
use super::layers::{Layers, Origin, Spelling};
use super::parse::{span, word};
use crate::args::{Api, Context};
use crate::exit::Failure;

const API: Spelling<Api> = Spelling {
    name: "api",
    flag: "--api",
    variables: &["PHASE_RUN_API"],
    file: |content| content.api,
};
const CA_CERT: Spelling<PathBuf> = Spelling {
    name: "ca_cert",
    flag: "--ca-cert",
    variables: &["PHASE_RUN_CA_CERT"],
    file: |content| content.ca_cert.clone(),
};

/// The connection to `host`, with warnings of what is dangerous about it.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(super) fn connection(
    host: String,
    args: &Context,
    layers: &Layers<'_>,
    warnings: &mut Vec<String>,
) -> Result<Connection, Failure> {
    let verify = layers.variable_yes("PHASE_VERIFY_SSL")?.unwrap_or(true) && !args.insecure;
    let shown = shown_host(&host).to_owned();
    let files = args.machine.client_cert.clone();
    let files = files.zip(args.machine.client_key.clone());
    let connection = Connection {
        bundle: bundle(layers),
        named_by: layers
            .origin_of("host")
            .filter(|origin| *origin != Origin::Default)
            .map(|origin| origin.to_string()),
        patience: patience(args, layers)?,
        certificate: files.map(|(certificates, key)| ClientCertificate { certificates, key }),
        proxies: Proxies::from_variables(&|name| layers.variable_os(name)),
        roots: layers
            .path(args.ca_cert.as_deref(), &CA_CERT)
            .map(|(file, _)| file),
        verify,
        ..Connection::new(host)
    };
    if !verify && connection.has_tls() {
        warnings.push(format!(
            "the certificate of {shown} is NOT checked: anybody on the way can read the secrets"
        ));
    }
    warnings.extend(connection.proxy_warnings());
    if connection.is_plain() {
        warnings.push(format!(
            "{shown} is not encrypted: anybody on the way can read the token and the secrets"
        ));
    }
    Ok(connection)
}

/// How long somebody at a terminal wants to wait for a server that is not there, unless
/// they say so. Elsewhere it may be starting.
const AT_TERMINAL: Duration = Duration::from_secs(10);

fn patience(args: &Context, layers: &Layers<'_>) -> Result<Option<Duration>, Failure> {
    let said = layers.first(args.timeout, &TIMEOUT, span)?.is_some();
    let watched = io::stderr().is_terminal();
    Ok((watched && !said).then_some(AT_TERMINAL))
}

/// What replaces the system's root certificates: a file, or else the first folder
/// that is there.
fn bundle(layers: &Layers<'_>) -> Option<PathBuf> {
    let folder = || {
        let folders = layers.variable_path("SSL_CERT_DIR")?;
        env::split_paths(&folders).find(|folder| folder.is_dir())
    };
    let file = layers.variable_path("SSL_CERT_FILE");
    file.or_else(folder)
}

/// Which of the APIs of a Phase server is spoken, with `token`, if it is known.
///
/// A project file is somebody else's text, and turns no encryption off: its `rest`
/// counts for a token without keys.
///
/// # Errors
///
/// A variable that is none of the words.
pub(super) fn api(
    args: &Context,
    layers: &Layers<'_>,
    token: Option<&PhaseToken>,
    warnings: &mut Vec<String>,
) -> Result<PhaseApi, Failure> {
    let Some((api, origin)) = layers.first(args.api, &API, word)? else {
        return Ok(PhaseApi::Auto);
    };
    let is_plain = token.is_some_and(|token| !token.holds_keys());
    let (name, api) = match api {
        Api::Auto => return Ok(PhaseApi::Auto),
        Api::E2ee => ("e2ee", PhaseApi::Encrypted),
        Api::Rest if layers.is_projects(&origin) && !is_plain => {
            if token.is_some() {
                warnings.push(format!(
                    "`api = \"rest\"` of {origin} is not followed: the token holds keys, and a project file cannot turn encryption off; --api rest can"
                ));
            }
            ("rest, for a token without keys", PhaseApi::Auto)
        }
        Api::Rest => ("rest", PhaseApi::Rest),
    };
    layers.note("api", name, origin);
    Ok(api)
}
