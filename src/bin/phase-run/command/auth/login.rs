//! `auth login`: a token is taken, tried, and kept.

use std::io::{self, IsTerminal as _};

use phase_run::{Client, Credentials, Owner, PhaseApi, PhaseToken, SecretValue};

use super::web::{self, Grant};
use crate::args;
use crate::args::StoreName;
use crate::command::value::from_stdin;
use crate::exit::{Failure, Reason};
use crate::fetch::fetch;
use crate::keyring::{Entry, Keyring};
use crate::report::Report;
use crate::settings::logins::{self, Login, Logins, SERVICE};
use crate::settings::{self, ProcessContext, Server, confirm, host, prompt};
use crate::sys;

pub(super) fn login(
    args: &args::Login,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    let server = settings::server(&args.context(), process)?;
    report.settings(&server.warnings, &server.origins);
    let logins = server.places.logins.clone().ok_or_else(|| {
        let text = "there is no place for logins: neither HOME nor XDG_CONFIG_HOME is set";
        Failure::new(Reason::Configuration, text)
    })?;
    let host = server.connection.host.trim().trim_end_matches('/');
    let mut login = Login {
        account: None,
        email: None,
        host: host.to_owned(),
        token: None,
    };
    if args.store == StoreName::Keyring {
        // Before a token is made that nobody could keep.
        let asked = server.places.keyring.read(entry(&login.username()));
        asked.map_err(|why| unkept(&why, &logins))?;
    }
    let Grant { is_own, token } = grant(args, &server, process, report)?;
    let owner = owner(&server, &token)?;
    let who = who(&owner, host);
    if !is_own || args.opens_browser(at_terminal()) {
        agree(&who, is_own, report)?;
    }
    login.account = owner.id;
    login.token = (args.store == StoreName::File).then(|| token.clone());
    let place = match args.store {
        StoreName::File => logins.path().display().to_string(),
        StoreName::Keyring => "the keyring".to_owned(),
    };
    keep(login, &token, &logins, &server.places.keyring, report)?;
    report.tell(&format!("logged in as {who}; the token is in {place}"));
    for name in &server.before {
        report.warn(&format!("{name} is set, and is used before any login"));
    }
    Ok(())
}

/// A token, from where it was asked for or can come from.
fn grant(
    args: &args::Login,
    server: &Server,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<Grant, Failure> {
    if args.opens_browser(at_terminal()) {
        return web::grant(&server.connection, process, report);
    }
    let token = match from_stdin("the token", false)? {
        Some(token) => token,
        None => prompt("Token: ", "give it on stdin")?,
    };
    if token.expose().trim().is_empty() {
        return Err(Failure::new(Reason::Credentials, "no token was given")
            .help("give it on stdin, or log in in the browser with --web"));
    }
    Ok(Grant {
        is_own: true,
        token,
    })
}

fn at_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Asks whether the token that a browser brought is to be kept. Whose it is says the
/// server: the page, and whoever speaks in its name, could say anything.
fn agree(who: &str, is_own: bool, report: Report) -> Result<(), Failure> {
    report.say(&format!(
        "the server says whose token the browser brought: {who}"
    ));
    if !sys::has_terminal() {
        // Nobody can be asked. The system says that it was a program of this user's.
        return if is_own { Ok(()) } else { Err(unasked()) };
    }
    if confirm("Keep this login?")? {
        return Ok(());
    }
    let text = "the login is not kept, because nobody said yes";
    Err(Failure::new(Reason::Denied, text).help("delete its token in the Phase console"))
}

fn unasked() -> Failure {
    let text = "there is no terminal to ask at whether this login is yours, and this system does not say whose program brought it";
    Failure::new(Reason::Configuration, text).help(
        "log in at a terminal, or give a token on stdin; delete the new one in the Phase console",
    )
}

/// Whose token it is: only one that the server knows is worth keeping.
fn owner(server: &Server, token: &SecretValue) -> Result<Owner, Failure> {
    let client = Client::new(Credentials::Phase {
        api: PhaseApi::Auto,
        connection: server.connection.clone(),
        token: PhaseToken::parse(token.expose())?,
    })?;
    fetch(client.timeout(server.timeout).owner())
}

/// Puts the token into its place, and then the login into the list: a login
/// that is listed has its token.
fn keep(
    login: Login,
    token: &SecretValue,
    logins: &Logins,
    keyring: &Keyring,
    report: Report,
) -> Result<(), Failure> {
    let username = login.username();
    let entry = entry(&username);
    let moves = logins.change(|all| {
        let same = |other: &&Login| host::same(&other.host, &login.host);
        let before = all.iter().find(same);
        let moves = login.token.is_some() && before.is_some_and(|before| before.token.is_none());
        if login.token.is_none() {
            let label = format!("Token of phase-run for {}", login.host);
            let written = keyring.write(entry, &label, token);
            written.map_err(|why| unkept(&why, logins))?;
        }
        logins::put(all, login);
        Ok(moves)
    })?;
    // Only now does no login in the list need it.
    if moves && let Err(why) = keyring.delete(entry) {
        report.warn(&format!(
            "the token of the login before stays in the keyring: {why}"
        ));
    }
    Ok(())
}

fn entry(username: &str) -> Entry<'_> {
    Entry {
        service: SERVICE,
        username,
    }
}

fn unkept(why: &str, logins: &Logins) -> Failure {
    let text = format!("the token cannot be put into the keyring: {why}");
    Failure::new(Reason::System, text).help(format!(
        "to keep it in {}, readable by you alone, give --store file",
        logins.path().display()
    ))
}

/// Whose the token is, and where, as the server says.
fn who(owner: &Owner, host: &str) -> String {
    let id = owner.id.as_ref();
    let id = id.map_or_else(String::new, |id| format!(" {id}"));
    let organisation = owner.organisation.as_ref();
    let organisation = organisation.map_or_else(String::new, |it| format!(" of {}", it.name));
    format!("{}{id}{organisation} at {host}", super::kind(owner))
}
