//! Finding a login at Infisical: a list of places where one may stand.

mod environment;
mod method;
mod parts;

use std::fmt;

use crate::credentials::InfisicalLogin;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::EnvSnapshot;

pub use method::InfisicalMethod;
pub use parts::LoginOverrides;

/// A login that was found, and what was found with it.
#[derive(Clone, Debug)]
pub struct FoundLogin {
    /// The only server that it is good for, where that is known.
    pub host: Option<String>,
    /// The login.
    pub login: InfisicalLogin,
    /// What its user should be told.
    pub notices: Vec<String>,
    /// The sub-organisation to log in to, by its slug.
    pub organisation: Option<String>,
    /// What it was found by, for messages: a variable, a file.
    pub origin: String,
}

/// What came of a look for a login.
#[derive(Clone, Debug)]
pub enum LoginLookup {
    /// Nothing of a login is there.
    Absent,
    /// A login.
    Found(Box<FoundLogin>),
    /// A part of a login, or one of no use: what is wrong with it.
    Unusable(String),
}

type Look = dyn Fn() -> Result<LoginLookup> + Send + Sync;

/// Places where a login may stand, in the order in which they are asked. The
/// first one that has a login ends the search, and so does one that fails.
///
/// ```
/// use phase_run::{FoundLogin, InfisicalChain, InfisicalLogin, LoginLookup, SecretValue, EnvSnapshot};
///
/// # fn ask_the_wallet() -> Option<String> { Some("a token".into()) }
/// let env = EnvSnapshot::new(std::env::home_dir(), |name| std::env::var_os(name));
/// let mut chain = InfisicalChain::new();
/// chain.push_environment(env);
/// chain.insert(0, "our wallet", || Ok(match ask_the_wallet() {
///     None => LoginLookup::Absent,
///     Some(token) => LoginLookup::Found(Box::new(FoundLogin {
///         host: None,
///         login: InfisicalLogin::Token(SecretValue::new(token)),
///         notices: Vec::new(),
///         organisation: None,
///         origin: "our wallet".into(),
///     })),
/// }));
/// assert_eq!(chain.names(), ["our wallet", "environment"]);
/// assert_eq!(chain.find()?.origin, "our wallet");
/// # Ok::<(), phase_run::Error>(())
/// ```
#[derive(Default)]
pub struct InfisicalChain {
    places: Vec<(String, Box<Look>)>,
}

impl InfisicalChain {
    /// A list of no places.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a place called `name` at `index`, before what stands there.
    ///
    /// # Panics
    ///
    /// If `index` is greater than the number of places.
    pub fn insert(
        &mut self,
        index: usize,
        name: impl Into<String>,
        look: impl Fn() -> Result<LoginLookup> + Send + Sync + 'static,
    ) {
        self.places.insert(index, (name.into(), Box::new(look)));
    }

    /// Adds a place called `name` at the end.
    pub fn push(
        &mut self,
        name: impl Into<String>,
        look: impl Fn() -> Result<LoginLookup> + Send + Sync + 'static,
    ) {
        self.insert(self.places.len(), name, look);
    }

    /// Adds the variables that Infisical's own tools and SDKs read, at the end:
    /// `INFISICAL_AUTH_METHOD` and what belongs to it, a token, a client's id and
    /// secret, or an identity's id, in this order.
    pub fn push_environment(&mut self, env: EnvSnapshot) {
        self.push("environment", move || environment::look(&env));
    }

    /// What the places are called, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.places.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The first login there is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] if there is none: its advice tells of each
    /// place what it had. Otherwise the error of the place that failed.
    pub fn find(&self) -> Result<FoundLogin> {
        self.search()?.map_err(|tried| {
            let error = Error::new(ErrorKind::Credentials, "there is no login for Infisical");
            error.help(format!("tried: {}", told(&tried)))
        })
    }

    /// The same, but that there is none is no error.
    ///
    /// # Errors
    ///
    /// The error of the place that failed.
    pub fn look(&self) -> Result<LoginLookup> {
        Ok(match self.search()? {
            Ok(found) => LoginLookup::Found(Box::new(found)),
            Err(tried) if tried.iter().all(|(_, why)| why.is_none()) => LoginLookup::Absent,
            Err(tried) => LoginLookup::Unusable(told(&tried)),
        })
    }

    /// The first login there is, or the places with what is wrong there, if anything is.
    fn search(&self) -> Result<Result<FoundLogin, Vec<Tried<'_>>>> {
        let mut tried = Vec::new();
        for (name, look) in &self.places {
            match look()? {
                LoginLookup::Absent => tried.push((name.as_str(), None)),
                LoginLookup::Found(mut found) => {
                    let odd = tried.iter().filter_map(|(name, why)| {
                        let why = why.as_ref()?;
                        Some(format!("{name}: {why}; passed over"))
                    });
                    found.notices.splice(0..0, odd.collect::<Vec<_>>());
                    return Ok(Ok(*found));
                }
                LoginLookup::Unusable(why) => tried.push((name.as_str(), Some(why))),
            }
        }
        Ok(Err(tried))
    }
}

/// A place, and what is wrong with what is there.
type Tried<'a> = (&'a str, Option<String>);

fn told(tried: &[Tried<'_>]) -> String {
    let tried = tried.iter().map(|(name, why)| {
        let why = why.as_deref().unwrap_or("none");
        format!("{name} ({why})")
    });
    tried.collect::<Vec<_>>().join(", ")
}

impl fmt::Debug for InfisicalChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InfisicalChain")
            .field(&self.names())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretValue;

    fn none(why: &str) -> LoginLookup {
        LoginLookup::Unusable(why.to_owned())
    }

    fn token(origin: &str) -> LoginLookup {
        LoginLookup::Found(Box::new(FoundLogin {
            host: None,
            login: InfisicalLogin::Token(SecretValue::new("t".to_owned())),
            notices: Vec::new(),
            organisation: None,
            origin: origin.to_owned(),
        }))
    }

    #[test]
    fn the_first_place_that_has_a_login_counts() {
        let mut chain = InfisicalChain::new();
        chain.push("a", || Ok(LoginLookup::Absent));
        chain.push("c", || Ok(token("c")));
        chain.insert(1, "b", || Ok(token("b")));
        assert_eq!(chain.names(), ["a", "b", "c"]);
        let found = chain.find().unwrap();
        assert_eq!((&*found.origin, found.notices.len()), ("b", 0));
    }

    #[test]
    fn what_is_of_no_use_is_told_when_a_later_place_has_a_login() {
        let mut chain = InfisicalChain::new();
        chain.push("a", || Ok(none("the token has expired")));
        chain.push("b", || Ok(token("b")));
        let notices = chain.find().unwrap().notices;
        assert_eq!(notices, ["a: the token has expired; passed over"]);
    }

    #[test]
    fn without_a_login_each_place_is_named_with_what_it_had() {
        let mut chain = InfisicalChain::new();
        chain.push("flags", || Ok(LoginLookup::Absent));
        chain.push("~/.infisical", || Ok(none("expired")));
        let error = chain.find().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert_eq!(
            error.advice(),
            Some("tried: flags (none), ~/.infisical (expired)")
        );
    }

    #[test]
    fn places_with_nothing_of_a_login_come_to_nothing() {
        let mut chain = InfisicalChain::new();
        chain.push("flags", || Ok(LoginLookup::Absent));
        assert!(matches!(chain.look().unwrap(), LoginLookup::Absent));
        chain.push("b", || Ok(none("expired")));
        let LoginLookup::Unusable(why) = chain.look().unwrap() else {
            panic!("what is there is of no use");
        };
        assert_eq!(why, "flags (none), b (expired)");
    }

    #[test]
    fn a_place_that_fails_ends_the_search() {
        let mut chain = InfisicalChain::new();
        chain.push("a", || Err(Error::new(ErrorKind::System, "no")));
        chain.push("b", || Ok(token("b")));
        assert_eq!(chain.find().unwrap_err().kind(), ErrorKind::System);
    }
}
