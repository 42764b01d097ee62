//! A server, for those who are about to log in there or have done so.

use std::time::Duration;

use phase_run::Connection;

use super::connection::connection;
use super::layers::Origin;
use super::places::Places;
use super::{ProcessContext, host, machine, source, sources, timeout};
use crate::args::{Context, Way};
use crate::exit::Failure;

const VAULT: &str = "PHASE_RUN_VAULT";

/// What a login needs to know.
#[derive(Debug)]
pub(crate) struct Server {
    /// The variables that name credentials which are used before any login.
    pub(crate) before: Vec<&'static str>,
    pub(crate) connection: Connection,
    /// `name = value (origin)`, for `-v`.
    pub(crate) origins: Vec<String>,
    pub(crate) places: Places,
    pub(crate) timeout: Duration,
    pub(crate) warnings: Vec<String>,
}

/// The server that `args` or the environment names, or else the usual one.
///
/// # Errors
///
/// The project file alone names it, or a setting cannot be read.
pub(crate) fn server(args: &Context, process: &ProcessContext<'_>) -> Result<Server, Failure> {
    let (layers, places) = sources(args, process)?;
    let mut warnings = Vec::new();
    let timeout = timeout(args, &layers)?;
    let host = host::host(&host::PHASE, args.host.as_ref(), &layers, None)?;
    let connection = connection(host, args, &layers, &mut warnings)?;
    let token = source::token(args.token_file.as_ref(), &layers).map(|token| token.named_by());
    let way = machine::way(args, &layers)?.filter(|(way, _)| *way != Way::Token);
    let cloud = way.map(|(_, origin)| origin);
    let vault = layers.variable_os(VAULT).map(|_| Origin::Variable(VAULT));
    let before = [token, cloud, vault].into_iter().flatten();
    Ok(Server {
        before: before.filter_map(|origin| origin.variable()).collect(),
        connection,
        origins: layers.report(),
        places,
        timeout,
        warnings,
    })
}

/// Where logins are kept, and the host that a flag or a variable names.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(crate) fn places(
    args: &Context,
    process: &ProcessContext<'_>,
) -> Result<(Places, Option<String>), Failure> {
    let (layers, places) = sources(args, process)?;
    let host = host::given(&host::PHASE, args.host.as_ref(), &layers)?;
    Ok((places, host.map(|(host, _)| host)))
}
