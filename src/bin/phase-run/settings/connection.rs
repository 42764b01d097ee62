//! How a server is reached.

use std::env;
use std::path::PathBuf;

use phase_run::{ClientCertificate, Connection, PhaseApi, Proxies};

use super::layers::{Layers, Spelling, word};
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
    variables: &[],
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
    let verify = layers.variable("PHASE_VERIFY_SSL")?;
    let verify = !verify.is_some_and(|text| text.eq_ignore_ascii_case("false"));
    let verify = verify && !args.insecure;
    let files = args.machine.client_cert.clone();
    let files = files.zip(args.machine.client_key.clone());
    let connection = Connection {
        bundle: bundle(layers),
        certificate: files.map(|(certificates, key)| ClientCertificate { certificates, key }),
        proxies: Proxies::from_variables(&|name| layers.variable_os(name)),
        roots: layers.path(args.ca_cert.as_deref(), &CA_CERT),
        verify,
        ..Connection::new(host)
    };
    let host = &connection.host;
    if !verify && connection.is_usable() {
        warnings.push(format!(
            "the certificate of {host} is NOT checked: anybody on the way can read the secrets"
        ));
    }
    warnings.extend(connection.proxy_warnings());
    if connection.is_plain() {
        warnings.push(format!(
            "{host} is not encrypted: anybody on the way can read the token and the secrets"
        ));
    }
    Ok(connection)
}

/// What replaces the system's root certificates: a file, or else the first folder
/// that is there.
fn bundle(layers: &Layers<'_>) -> Option<PathBuf> {
    let folder = || {
        let folders = layers.variable_os("SSL_CERT_DIR")?;
        env::split_paths(&folders).find(|folder| folder.is_dir())
    };
    let file = layers.variable_os("SSL_CERT_FILE").map(PathBuf::from);
    file.or_else(folder)
}

/// Which of the APIs of a Phase server is spoken.
///
/// # Errors
///
/// A variable that is none of the words.
pub(super) fn api(args: &Context, layers: &Layers<'_>) -> Result<PhaseApi, Failure> {
    let Some((api, origin)) = layers.first(args.api, &API, word)? else {
        return Ok(PhaseApi::Auto);
    };
    let (name, api) = match api {
        Api::Auto => return Ok(PhaseApi::Auto),
        Api::E2ee => ("e2ee", PhaseApi::Encrypted),
        Api::Rest => ("rest", PhaseApi::Rest),
    };
    layers.note("api", name, origin);
    Ok(api)
}
