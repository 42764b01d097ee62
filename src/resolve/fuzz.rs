//! References and what they become, for the fuzz targets.

use std::sync::Arc;

use super::reference::{self, Piece};
use super::{Chosen, Plan, Resolved, Resolver, Step, chosen};
use crate::error::{Error, ErrorKind, Result};
use crate::scope::{App, Place, Scope};
use crate::secret::Secret;

/// The parts of a reference.
#[derive(Debug, Eq, PartialEq)]
pub struct Parts {
    /// The app, where another is named.
    pub app: Option<String>,
    /// The environment, where another is named.
    pub environment: Option<String>,
    /// The folder.
    pub folder: String,
    /// The secret's name.
    pub key: String,
}

/// The pieces of `value` as they stand in it, and what the references among them name.
#[must_use]
pub fn pieces(value: &str) -> Vec<(&str, Option<Parts>)> {
    let piece = |piece| match piece {
        Piece::Text(text) => (text, None),
        Piece::Reference(reference) => {
            let parts = Parts {
                app: reference.app.map(str::to_owned),
                environment: reference.environment.map(str::to_owned),
                folder: reference.folder.to_string(),
                key: reference.key.to_owned(),
            };
            (reference.text, Some(parts))
        }
    };
    reference::pieces(value).map(piece).collect()
}

/// What the whole environment `secrets` resolves to, where no other can be had.
///
/// # Errors
///
/// As [`Client::resolve`](crate::Client::resolve).
pub fn resolved(secrets: Vec<Secret>, plan: &Plan<'_>) -> Result<Vec<Resolved>> {
    let home = Place {
        app: App::Name("app".to_owned()),
        environment: "env".to_owned(),
    };
    let secrets = Arc::new(secrets);
    let scope = Scope::all_of(home.clone());
    let Chosen { roots, .. } = chosen(&secrets, &scope, plan.wanted);
    let mut resolver = Resolver::following(home.clone(), plan);
    resolver.supply(home.clone(), Ok((home, Arc::clone(&secrets))))?;
    loop {
        match resolver.step(&roots)? {
            Step::Done(resolved, _) => return Ok(resolved),
            Step::Needs(places) => {
                for place in places {
                    let absent = Error::new(ErrorKind::Missing, "there is no other environment");
                    resolver.supply(place, Err(absent))?;
                }
            }
        }
    }
}
