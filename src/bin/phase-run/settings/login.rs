//! The login that is used where nobody gave a token: one of our own, else that
//! of Phase's own command line tool.
//!
//! A login's token is made for one host, and no other ever gets it.

use phase_run::SecretValue;
use phase_run::outside::{shown_host, typed_host};

use super::host;
use super::layers::Origin;
use super::logins::{self, Logins};
use super::official;
use super::places::Places;
use crate::exit::{Failure, Reason};
use crate::keyring::{Entry, Keyring};

/// A login, whose token has not been looked at yet.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) host: String,
    /// Where its token lies.
    pub(super) origin: Origin,
    token: Token,
}

#[derive(Debug)]
enum Token {
    Here(SecretValue),
    /// In the keyring, under this service and this user name.
    Kept(String, String),
}

/// The login for the host that was `named`; without one the last login.
///
/// # Errors
///
/// There are logins, but only for other hosts; or they cannot be read.
pub(super) fn find(
    named: Option<&(String, Origin)>,
    places: &Places,
    warnings: &mut Vec<String>,
) -> Result<Option<Login>, Failure> {
    let fits = |login: &Login| named.is_none_or(|(host, _)| host::same(host, &login.host));
    let mut others = Vec::new();
    if let Some(logins) = &places.logins {
        for login in logins.read(warnings)? {
            let login = Login::own(login, logins);
            if fits(&login) {
                return Ok(Some(login));
            }
            others.push(login.host);
        }
    }
    if let Some(home) = &places.home
        && let Some(official) = official::find(home, warnings)?
    {
        let login = Login::official(official);
        if fits(&login) {
            return Ok(Some(login));
        }
        others.push(login.host);
    }
    match named {
        Some((host, origin)) if !others.is_empty() => Err(elsewhere(host, origin, &others)),
        _ => Ok(None),
    }
}

/// Whether somebody is logged in, at whichever host.
pub(super) fn exist(places: &Places) -> bool {
    let mut warnings = Vec::new();
    let own = places
        .logins
        .as_ref()
        .map(|logins| logins.read(&mut warnings));
    let own = own.is_some_and(|logins| logins.is_ok_and(|logins| !logins.is_empty()));
    own || places.official_login().is_some()
}

impl Login {
    fn own(login: logins::Login, logins: &Logins) -> Self {
        let username = login.username();
        let (origin, token) = match login.token {
            Some(token) => (Origin::File(logins.path().to_owned()), Token::Here(token)),
            None => (
                Origin::Keyring("phase-run auth login"),
                Token::Kept(logins::SERVICE.to_owned(), username),
            ),
        };
        let host = login.host;
        Self {
            host,
            origin,
            token,
        }
    }

    fn official(login: official::Official) -> Self {
        let (origin, token) = match login.token {
            Some(token) => (Origin::File(login.path), Token::Here(token)),
            None => (
                Origin::Keyring("Phase's own CLI"),
                Token::Kept(login.service, official::USERNAME.to_owned()),
            ),
        };
        let host = login.host;
        Self {
            host,
            origin,
            token,
        }
    }

    /// The token. This may open the keyring, and have it unlocked.
    ///
    /// # Errors
    ///
    /// It is not where it should be, or cannot be asked for.
    pub(super) fn token(&self, keyring: &Keyring) -> Result<SecretValue, Failure> {
        let (service, username) = match &self.token {
            Token::Here(token) => return Ok(token.clone()),
            Token::Kept(service, username) => (service, username),
        };
        let host = shown_host(&self.host);
        let lost = |why: String| {
            let text = format!("the token for {host} is in {}: {why}", self.origin);
            Failure::new(Reason::Credentials, text)
        };
        match keyring.read(Entry { service, username }) {
            Ok(Some(token)) => Ok(token),
            Ok(None) => Err(lost("it has no such entry any more".to_owned())
                .help(format!(
                    "log in again: `phase-run auth login --host {}`",
                    typed_host(&self.host)
                ))),
            Err(why) => Err(lost(why).help(
                "unlock the keyring, set PHASE_SERVICE_TOKEN, or keep the token in a file: `phase-run auth login --store file`",
            )),
        }
    }
}

fn elsewhere(host: &str, origin: &Origin, others: &[String]) -> Failure {
    let (typed, host) = (typed_host(host), shown_host(host));
    let others: Vec<_> = others.iter().map(|other| shown_host(other)).collect();
    let text = format!(
        "there is no login for the host {host} ({origin}), only for {}: a login's token goes to its own host alone",
        others.join(", ")
    );
    Failure::new(Reason::Credentials, text)
        .help(format!(
            "log in there: `phase-run auth login --host {typed}`"
        ))
        .help("or leave the host to the login: do not name one")
}
