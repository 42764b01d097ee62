//! References and what they become, for the fuzz targets.

use std::sync::Arc;

use super::reference::{self, Piece};
use super::{Chosen, Resolved, Resolver, Step, chosen};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;
use crate::scope::{App, Folders, Place, Scope};
use crate::secret::Secret;
use crate::secret_set::{Plain, SecretSet, Syntax};

/// The parts of a reference.
#[derive(Debug, Eq, PartialEq)]
pub struct Parts {
    /// The app, where another is named.
    pub app: Option<String>,
    /// The environment, where another is named.
    pub environment: Option<String>,
    /// The folder, where another is named.
    pub folder: Option<String>,
    /// The secret's name.
    pub key: String,
}

/// The pieces of `value` as they stand in it, and what the references among them
/// name: those of Infisical if they are `dotted`, or those of Phase.
#[must_use]
pub fn pieces(value: &str, dotted: bool) -> Vec<(&str, Option<Parts>)> {
    let syntax = if dotted {
        Syntax::Infisical
    } else {
        Syntax::Phase
    };
    let piece = |piece| match piece {
        Piece::Text(text) => (text, None),
        Piece::Reference(reference) => {
            let parts = Parts {
                app: reference.app.map(str::to_owned),
                environment: reference.environment.map(str::to_owned),
                folder: reference.folder.map(|folder| folder.to_string()),
                key: reference.key.to_owned(),
            };
            (reference.text, Some(parts))
        }
    };
    reference::pieces(value, syntax).map(piece).collect()
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
    let set = Arc::new(Plain::new(secrets, plan.personal));
    let scope = Scope::new(home.app.clone(), "env").in_folders(Folders::All);
    let Chosen { roots, .. } = chosen(set.entries(), &scope, plan.wanted);
    let mut resolver = Resolver::following(home, Arc::clone(&set) as Arc<dyn SecretSet>, plan);
    loop {
        match resolver.step(&roots)? {
            Step::Done(done, _) => return Ok(done),
            Step::Needs(targets) => {
                let absent = || Error::new(ErrorKind::Missing, "there is no other environment");
                let names = targets
                    .into_iter()
                    .map(|target| (target.site.place, Err(absent())));
                resolver.supply(Vec::new(), names.collect())?;
            }
        }
    }
}
