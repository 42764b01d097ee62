//! `auth logout`: a login is forgotten.

use phase_run::outside::shown_host;

use crate::args::Context;
use crate::exit::{Failure, Reason};
use crate::keyring::{Entry, Keyring};
use crate::report::Report;
use crate::settings::logins::{Login, SERVICE};
use crate::settings::{self, ProcessContext, host};

pub(super) fn logout(
    context: &Context,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    let (places, named) = settings::places(context, process)?;
    let gone = match &places.logins {
        Some(logins) if logins.path().exists() => {
            logins.change(|all| remove(all, named.as_deref(), &places.keyring))?
        }
        _ => None,
    };
    match gone {
        Some(host) => {
            report.tell(&format!("logged out from {}", shown_host(&host)));
            report.tell("the token itself stays good: delete it in the Phase console");
        }
        None => match &named {
            Some(host) => {
                let host = shown_host(host);
                report.tell(&format!("there was no login of phase-run's at {host}"));
            }
            None => report.tell("there was no login of phase-run's to end"),
        },
    }
    if let Some(path) = places.official_login() {
        let path = path.display();
        report.tell(&format!(
            "left alone: the login of Phase's own CLI ({path})"
        ));
    }
    for name in ["PHASE_SERVICE_TOKEN", "PHASE_SERVICE_TOKEN_FILE"] {
        if (process.variables)(name).is_some_and(|value| !value.is_empty()) {
            report.tell(&format!("left alone: the token of {name}"));
        }
    }
    Ok(())
}

/// Removes the login that is meant, the token first, and says of which host it was.
fn remove(
    all: &mut Vec<Login>,
    named: Option<&str>,
    keyring: &Keyring,
) -> Result<Option<String>, Failure> {
    let at = match named {
        Some(named) => all.iter().position(|login| host::same(&login.host, named)),
        None if all.len() > 1 => {
            let hosts: Vec<&str> = all.iter().map(|login| shown_host(&login.host)).collect();
            let text = format!("there are logins at {}", hosts.join(", "));
            return Err(Failure::new(Reason::Ambiguous, text).help("say which with --host"));
        }
        None => all.len().checked_sub(1),
    };
    let Some(at) = at else {
        return Ok(None);
    };
    if all[at].token.is_none() {
        let username = all[at].username();
        let entry = Entry {
            service: SERVICE,
            username: &username,
        };
        keyring.delete(entry).map_err(|why| {
            let text = format!("the token cannot be removed from the keyring: {why}");
            Failure::new(Reason::System, text).help("unlock the keyring, and log out again")
        })?;
    }
    Ok(Some(all.remove(at).host))
}
