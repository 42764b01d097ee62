//! Who asks, for which environment, and whether they may.

use super::super::Request;
use super::account::{Account, Kind, Limit};
use super::refusal::{Answer, Refusal};
use super::render::camel_name;
use super::store::{Place, World};

/// One who has shown a token.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    /// The number of the account.
    pub(super) account: usize,
    /// The app that is meant, if any.
    pub(super) app: Option<usize>,
    /// The environment that is meant, if any.
    pub(super) place: Option<Place>,
}

/// The part of a URL that names what is meant.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    App(&'a str),
    Environment(&'a str),
    /// Nothing: headers and parameters do.
    Elsewhere,
}

/// The parameter `name`, which is written `like_this`, in either spelling.
pub(super) fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let found = request.parameter(name);
    found.or_else(|| request.parameter(&camel_name(name)))
}

/// The kind and the id in the header, as far as they can be told apart.
pub(super) fn bearer(header: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = header.split(' ').collect();
    match parts[..] {
        [first, kind, id, ..]
            if first.eq_ignore_ascii_case("bearer") && !kind.is_empty() && !id.is_empty() =>
        {
            Some((kind, id))
        }
        _ => None,
    }
}

impl World {
    /// Who asks, and what they mean.
    pub(super) fn caller(&self, request: &Request, target: Target) -> Answer<Caller> {
        let missing = || Refusal::new(401, "Authentication credentials were not provided.");
        let header = request.header("authorization").ok_or_else(missing)?;
        let invalid = || Refusal::new(401, "Invalid token");
        let (kind, id) = bearer(header).ok_or_else(invalid)?;
        if !Kind::ALL.iter().any(|known| known.word() == kind) {
            return Err(invalid());
        }
        let dead = || Refusal::new(401, "Token expired or deleted");
        let account = self.token(kind, id).ok_or_else(dead)?.account;
        let (app, place) = self.meant(request, target)?;
        let caller = Caller {
            account,
            app,
            place,
        };
        self.admits(caller)?;
        let found = &self.accounts[account];
        if found.is(Limit::Address) {
            let text =
                "Access denied: a network access policy restricts access from your IP address.";
            return Err(Refusal::new(403, text));
        }
        match self.throttled {
            Some(seconds) => Err(Refusal::throttled(seconds)),
            None => Ok(caller),
        }
    }

    /// The app and the environment that a request means.
    fn meant(&self, request: &Request, target: Target) -> Answer<(Option<usize>, Option<Place>)> {
        match target {
            Target::App(id) => return Ok((Some(self.app(id)?), None)),
            Target::Environment(id) => {
                let place = self.environment(id, 404)?;
                return Ok((Some(place.app), None));
            }
            Target::Elsewhere => {}
        }
        let secret = request.header("secret-id");
        if let Some(id) = secret.or_else(|| parameter(request, "secret_id")) {
            let holds = |place: &Place| {
                let environment = self.at(*place);
                environment.secrets.iter().any(|secret| secret.id == id)
                    || environment.dynamics.iter().any(|dynamic| dynamic.id == id)
            };
            let place = self.places().into_iter().find(holds);
            let place = place.ok_or_else(|| Refusal::new(404, "Secret not found"))?;
            return Ok((Some(place.app), Some(place)));
        }
        if let Some(id) = request.header("environment").filter(|id| !id.is_empty()) {
            let place = self.environment(id, 401)?;
            return Ok((Some(place.app), Some(place)));
        }
        let Some(id) = parameter(request, "app_id").filter(|id| !id.is_empty()) else {
            return Ok((None, None));
        };
        let app = self.app(id)?;
        let Some(name) = request.parameter("env").filter(|name| !name.is_empty()) else {
            return Ok((Some(app), None));
        };
        let mut environments = self.apps[app].environments.iter();
        let environment = environments.position(|one| one.name.eq_ignore_ascii_case(name));
        let missing = || Refusal::new(404, format!("Environment '{name}' not found in App {id}"));
        let environment = environment.ok_or_else(missing)?;
        Ok((Some(app), Some(Place { app, environment })))
    }

    fn app(&self, id: &str) -> Answer<usize> {
        let found = self.apps.iter().position(|app| app.id == id);
        found.ok_or_else(|| Refusal::new(404, format!("App with ID {id} not found")))
    }

    /// The environment with that id; this status if there is none.
    pub(super) fn environment(&self, id: &str, status: u16) -> Answer<Place> {
        let found = self
            .places()
            .into_iter()
            .find(|&place| self.at(place).id == id);
        found.ok_or_else(|| Refusal::new(status, "Environment not found"))
    }

    /// Fails if the account may not come near what it means.
    fn admits(&self, caller: Caller) -> Answer<()> {
        let account = &self.accounts[caller.account];
        let reaches = match (caller.place, caller.app) {
            (Some(place), _) => account.may_reach(place),
            (None, Some(app)) => reaches_app(account, app),
            (None, None) => true,
        };
        let what = if caller.place.is_some() {
            "environment"
        } else {
            "app"
        };
        match account.kind {
            Kind::User if account.is(Limit::Left) => Err(Refusal::new(404, "User not found")),
            Kind::Service if caller.place.is_none() => {
                let text = "Service tokens require an environment context";
                Err(Refusal::new(401, text))
            }
            _ if reaches => Ok(()),
            Kind::User => Err(Refusal::new(403, format!("User cannot access this {what}"))),
            Kind::Service => {
                let text = "Service token cannot access this environment";
                Err(Refusal::new(401, text))
            }
            Kind::ServiceAccount => {
                let text = format!("Service account cannot access this {what}");
                Err(Refusal::new(401, text))
            }
        }
    }

    /// The environment whose secrets are asked for, if the caller may do that to them.
    pub(super) fn admitted(&self, request: &Request, caller: Caller) -> Answer<Place> {
        let right = match request.method.as_str() {
            "DELETE" => "delete",
            "GET" => "read",
            "POST" => "create",
            "PUT" => "update",
            other => {
                return Err(Refusal::new(
                    403,
                    format!("Unsupported HTTP method: {other}"),
                ));
            }
        };
        let missing = || {
            let text =
                "Environment context required. Supply `app_id` and `env` as query parameters.";
            Refusal::new(403, text)
        };
        let place = caller.place.ok_or_else(missing)?;
        let lacks = |limit: &Limit| *limit == Limit::Without(right);
        if self.accounts[caller.account].limits.iter().any(lacks) {
            let text = format!("You don't have permission to {right} secrets in this environment.");
            return Err(Refusal::new(403, text));
        }
        Ok(place)
    }

    /// The account's id, if it is a person's: only they have values of their own.
    pub(super) fn person(&self, caller: Caller) -> Option<String> {
        let account = &self.accounts[caller.account];
        (account.kind == Kind::User).then(|| account.id.clone())
    }
}

/// Whether an account has the keys of any environment of an app.
pub(super) fn reaches_app(account: &Account, app: usize) -> bool {
    account
        .environment_keys
        .iter()
        .any(|key| key.place.app == app)
}
