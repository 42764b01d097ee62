//! The login in the browser.

use std::env;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use phase_run::{Connection, SecretValue, WebLogin};
use tempfile::TempDir;

use crate::exit::{Failure, Reason};
use crate::fetch::{complete, fetch};
use crate::report::Report;
use crate::settings::{ProcessContext, names};
use crate::sys::SignalHold;

/// What a login begins with.
pub(super) struct Grant {
    /// Whether it is known that the token is the caller's own, and nobody else's.
    pub(super) is_own: bool,
    pub(super) token: SecretValue,
}

/// Has the console's page make a token.
pub(super) fn grant(
    connection: &Connection,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<Grant, Failure> {
    let login = WebLogin::begin(connection, &name(process))?;
    report.say("to log in, open this page in a browser on this machine:");
    report.say(login.url());
    let token = match opener(process).filter(|_| io::stderr().is_terminal()) {
        None => fetch(login.finish(WebLogin::PATIENCE))?,
        Some(program) => {
            // Dropped last: a signal ends us when the file is gone.
            let held = SignalHold::begin().map_err(|error| unwatched(&error))?;
            let _redirection = open(program, login.url(), process);
            let work = held.during(login.finish(WebLogin::PATIENCE));
            complete(work)?.map_err(|error| unwatched(&error))??
        }
    };
    Ok(Grant {
        is_own: token.from_own_user,
        token: token.token,
    })
}

fn unwatched(error: &io::Error) -> Failure {
    let text = format!("cannot wait for the browser: {error}");
    Failure::new(Reason::System, text)
}

/// What the token is to be called: who logs in, and where.
fn name(process: &ProcessContext<'_>) -> String {
    let user = (process.variables)("USER").unwrap_or_else(|| "phase-run".into());
    let machine = nix::unistd::gethostname().unwrap_or_default();
    format!("{}@{}", user.to_string_lossy(), machine.to_string_lossy())
}

/// What opens a page, where there is a desktop to open it on.
fn opener(process: &ProcessContext<'_>) -> Option<&'static str> {
    let set = |name: &&str| (process.variables)(name).is_some();
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    let desktop = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(set);
    desktop.then_some("xdg-open")
}

/// Has `program` open the page. If that fails, it is opened by hand.
///
/// All users can read the arguments of a program, and who knows the URL can send a
/// token of his own. So the program gets the name of a file, which leads there and
/// which we alone can read. It is removed when what this returns is dropped.
fn open(program: &str, url: &str, process: &ProcessContext<'_>) -> Option<TempDir> {
    let opened = redirection(url, process).and_then(|(folder, file)| {
        start(program, &file)?;
        Ok(folder)
    });
    opened
        .inspect_err(|error| tracing::info!("{program}: {error}"))
        .ok()
}

/// A file that leads to `url`, in a folder of its own.
fn redirection(url: &str, process: &ProcessContext<'_>) -> io::Result<(TempDir, PathBuf)> {
    let folder = |parent: &Path| {
        tempfile::Builder::new()
            .prefix("phase-run-login-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
    };
    // A browser in a sandbox sees neither /tmp nor hidden folders, but the home.
    let home = (process.variables)("HOME").map(PathBuf::from);
    let in_home = home.map(|home| folder(&home)).and_then(Result::ok);
    let folder = in_home.map_or_else(|| folder(&env::temp_dir()), Ok)?;
    let path = folder.path().join("login.html");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    let url = url
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    write!(
        file,
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>phase-run: log in</title>\n\
         <meta http-equiv=\"refresh\" content=\"0; url={url}\">\n\
         <a href=\"{url}\">Log in to Phase</a>\n"
    )?;
    Ok((folder, path))
}

fn start(program: &str, file: &Path) -> io::Result<()> {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| names::is_credential(name.as_bytes())) {
        command.env_remove(name);
    }
    command
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
}
