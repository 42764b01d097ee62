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
use crate::settings::{self, Server, World, host, prompt};

pub(super) fn login(args: &args::Login, world: &World<'_>, report: Report) -> Result<(), Failure> {
    let server = settings::server(&args.context(), world)?;
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
    let Grant { email, token } = grant(args, &server, world, report)?;
    let owner = owner(&server, &token)?;
    login.account.clone_from(&owner.id);
    login.email = email;
    login.token = (args.store == StoreName::File).then(|| token.clone());
    let place = match args.store {
        StoreName::File => logins.path().display().to_string(),
        StoreName::Keyring => "the keyring".to_owned(),
    };
    let who = who(&owner, &login);
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
    world: &World<'_>,
    report: Report,
) -> Result<Grant, Failure> {
    let at_terminal = io::stdin().is_terminal();
    if args.web || (at_terminal && !args.token) {
        return web::grant(&server.connection, world, report);
    }
    let token = match from_stdin("the token", false)? {
        Some(token) => token,
        None => prompt("Token: ")?,
    };
    if token.expose().trim().is_empty() {
        return Err(Failure::new(Reason::Credentials, "no token was given")
            .help("give it on stdin, or log in in the browser with --web"));
    }
    Ok(Grant { email: None, token })
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

fn who(owner: &Owner, login: &Login) -> String {
    let name = login.email.as_ref().or(owner.id.as_ref());
    let name = name.map_or_else(String::new, |name| format!(" {name}"));
    let organisation = owner.organisation.as_ref();
    let organisation = organisation.map_or_else(String::new, |it| format!(" of {}", it.name));
    format!(
        "{}{name}{organisation} at {}",
        super::kind(owner),
        login.host
    )
}
