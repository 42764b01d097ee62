//! References, as the server follows them over REST: recursively, by the shared values,
//! and left as they are where that is not possible.

use super::crypto::{decrypt, digest};
use super::store::{Place, Secret, World, normalized};

/// How deep references may go.
const DEPTH: usize = 25;

/// A secret: where, and which.
type Identity = (Place, String, String);

/// Where a reference leads.
struct Aim<'a> {
    app: Option<&'a str>,
    environment: Option<&'a str>,
    key: &'a str,
    path: String,
}

impl<'a> Aim<'a> {
    /// Of the text between `${` and `}`.
    fn parse(text: &'a str) -> Option<Self> {
        let (app, rest) = match text.split_once("::") {
            Some((app, rest)) if rest.contains('.') => (Some(app), rest),
            _ => (None, text),
        };
        let (environment, rest) = match rest.split_once('.') {
            Some((environment, rest)) => (Some(environment), rest),
            None => (None, rest),
        };
        let (path, key) = rest.rsplit_once('/').unwrap_or(("/", rest));
        let empty = |part: Option<&str>| part.is_some_and(str::is_empty);
        (!empty(app) && !empty(environment) && !rest.is_empty()).then(|| Self {
            app,
            environment,
            key,
            path: normalized(path),
        })
    }
}

/// One account's way through references.
pub(super) struct Resolver<'a> {
    /// The number of an account that must have access; an older service token need not.
    pub(super) account: Option<usize>,
    pub(super) world: &'a World,
}

impl Resolver<'_> {
    /// What `encrypted` says, which is `secret`'s value or somebody's own, with what its
    /// references lead to.
    pub(super) fn value(&self, place: Place, secret: &Secret, encrypted: &str) -> Option<String> {
        self.follow(place, secret, encrypted, &[])
    }

    /// Nothing for a secret that does not open, or is on the way already.
    fn follow(
        &self,
        place: Place,
        secret: &Secret,
        encrypted: &str,
        way: &[Identity],
    ) -> Option<String> {
        let identity = (place, secret.path.clone(), secret.digest.clone());
        if way.contains(&identity) || way.len() >= DEPTH {
            return None;
        }
        let way = [way, &[identity]].concat();
        let text = decrypt(encrypted, &self.world.at(place).keys)?;
        let mut result = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            rest = after;
            let end = after.find(['{', '}']);
            let end = end.filter(|&end| after[end..].starts_with('}'));
            let Some(aim) = end.and_then(|end| Aim::parse(&after[..end])) else {
                result.push_str("${");
                continue;
            };
            let aimed = self.target(place, &aim);
            if aimed.is_some_and(|target| !self.may_read(place, target)) {
                // The rest is not looked at.
                return Some(result + "${" + rest);
            }
            let value = aimed.and_then(|target| {
                let found = self.find(target, &aim)?;
                self.follow(target, found, &found.value, &way)
            });
            match (value, end) {
                (Some(value), Some(end)) => {
                    result.push_str(&value);
                    rest = &after[end + 1..];
                }
                _ => result.push_str("${"),
            }
        }
        Some(result + rest)
    }

    fn may_read(&self, from: Place, target: Place) -> bool {
        let reaches = |account: usize| self.world.accounts[account].may_reach(target);
        from == target || self.account.is_none_or(reaches)
    }

    /// The environment that is meant. Names are whole, in any case; an app's must be the only one.
    fn target(&self, from: Place, aim: &Aim) -> Option<Place> {
        let apps = self.world.apps.iter().enumerate();
        let app = match aim.app {
            None => from.app,
            Some(name) => {
                let mut fits = apps.filter(|(_, app)| app.name.eq_ignore_ascii_case(name));
                let (app, _) = fits.next()?;
                fits.next().is_none().then_some(app)?
            }
        };
        let Some(name) = aim.environment else {
            return Some(Place { app, ..from });
        };
        let mut environments = self.world.apps[app].environments.iter();
        let environment = environments.position(|one| one.name.eq_ignore_ascii_case(name))?;
        Some(Place { app, environment })
    }

    /// The server has no keys for an app without server-side encryption.
    fn find(&self, place: Place, aim: &Aim) -> Option<&Secret> {
        if !self.world.apps[place.app].sse {
            return None;
        }
        let environment = self.world.at(place);
        let digest = digest(aim.key, &environment.salt);
        let mut secrets = environment.living();
        secrets.find(|secret| secret.path == aim.path && secret.digest == digest)
    }
}
