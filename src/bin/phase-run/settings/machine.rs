//! Who this machine is to a cloud, where that is to be asked.

use phase_run::{EnvSnapshot, MachineIdentity};

use super::access::Machine;
use super::connection::{api, connection};
use super::host;
use super::layers::{Layers, Origin, Spelling};
use super::parse::word;
use super::places::Places;
use crate::args::{Context, Way};
use crate::exit::{Failure, Reason};

const AUTH: Spelling<Way> = Spelling {
    name: "auth",
    flag: "--auth",
    variables: &["PHASE_RUN_AUTH"],
    // Whom to act as is not for somebody else's text to say.
    file: |_| None,
};
const ACCOUNT: Spelling<String> = Spelling {
    name: "service_account",
    flag: "--service-account-id",
    variables: &["PHASE_SERVICE_ACCOUNT_ID"],
    file: |_| None,
};

/// The way to log in that was named, and who named it.
///
/// # Errors
///
/// A variable that is none of the words.
pub(super) fn way(args: &Context, layers: &Layers<'_>) -> Result<Option<(Way, Origin)>, Failure> {
    layers.first(args.machine.auth, &AUTH, word)
}

/// The service account of Phase that was named.
///
/// # Errors
///
/// A variable that is not UTF-8.
pub(super) fn account(
    args: &Context,
    layers: &Layers<'_>,
) -> Result<Option<(String, Origin)>, Failure> {
    layers.text(args.machine.service_account_id.as_ref(), &ACCOUNT)
}

/// The account to act as by the word of the cloud `way`.
///
/// # Errors
///
/// No account is named, or the host cannot be used.
pub(super) fn machine(
    way: Way,
    args: &Context,
    layers: &Layers<'_>,
    places: &Places,
    warnings: &mut Vec<String>,
) -> Result<Machine, Failure> {
    let (account, origin) = account(args, layers)?.ok_or_else(|| {
        Failure::new(
            Reason::Configuration,
            "no service account was named that this machine is to act as",
        )
        .help("give --service-account-id, or set PHASE_SERVICE_ACCOUNT_ID")
    })?;
    layers.note("service_account", &account, origin);
    let env = EnvSnapshot::new(places.home.clone(), |name| layers.variable_os(name));
    let identity = if way == Way::Azure {
        let usual = MachineIdentity::AZURE_RESOURCE.to_owned();
        MachineIdentity::Azure {
            resource: args.machine.azure_resource.clone().unwrap_or(usual),
            env,
        }
    } else {
        MachineIdentity::Aws { region: None, env }
    };
    let host = host::host(&host::PHASE, args.host.as_ref(), layers, None)?;
    Ok(Machine {
        account,
        api: api(args, layers, None, warnings)?,
        connection: connection(host, args, layers, warnings)?,
        identity,
    })
}
