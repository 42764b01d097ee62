//! The login in the browser.

use std::env;
use std::io::{self, IsTerminal as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use phase_run::{Connection, SecretValue, WebLogin};

use crate::exit::Failure;
use crate::fetch::fetch;
use crate::report::Report;
use crate::settings::{World, names};

/// What a login begins with.
pub(super) struct Grant {
    pub(super) email: Option<String>,
    pub(super) token: SecretValue,
}

/// Has the console's page make a token.
pub(super) fn grant(
    connection: &Connection,
    world: &World<'_>,
    report: Report,
) -> Result<Grant, Failure> {
    let login = WebLogin::begin(connection, &name(world))?;
    report.say("to log in, open this page in a browser on this machine:");
    report.say(login.url());
    if io::stderr().is_terminal() {
        open(login.url(), world);
    }
    let token = fetch(login.finish(WebLogin::PATIENCE))?;
    Ok(Grant {
        email: Some(token.email).filter(|email| !email.is_empty()),
        token: token.token,
    })
}

/// What the token is to be called: who logs in, and where.
fn name(world: &World<'_>) -> String {
    let user = (world.variables)("USER").unwrap_or_else(|| "phase-run".into());
    let machine = nix::unistd::gethostname().unwrap_or_default();
    format!("{}@{}", user.to_string_lossy(), machine.to_string_lossy())
}

/// Opens the page, where there is a desktop to open it on. If that fails, the
/// page is opened by hand.
fn open(url: &str, world: &World<'_>) {
    let set = |name: &&str| (world.variables)(name).is_some();
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(set) {
        "xdg-open"
    } else {
        return;
    };
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| names::is_credential(name.as_bytes())) {
        command.env_remove(name);
    }
    let started = command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        tracing::info!("{program}: {error}");
    }
}
