//! From what is stored to what a program gets. Pure: it fetches nothing.

mod failure;
#[cfg(fuzzing)]
pub mod fuzz;
mod plan;
mod reference;
mod winner;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::{ErrorKind, Result};
use crate::notice::Notice;
use crate::scope::{Folder, Place};
use crate::secret::{Secret, SecretValue};
use failure::{Failures, Nowhere};
pub use plan::{Plan, Resolved};
use reference::{Piece, Reference, pieces};
pub(crate) use winner::{Chosen, chosen};
use winner::{effective, named};

/// How far [`Resolver::step`] came.
#[derive(Debug)]
pub(crate) enum Step {
    /// Every reference is replaced, or told in a notice.
    Done(Vec<Resolved>, Vec<Notice>),
    /// These environments must be [supplied](Resolver::supply) first. Never empty.
    Needs(BTreeSet<Place>),
}

/// More levels than any sane store has, and few enough for every stack.
const DEEPEST: usize = 100;

/// Values that quote each other can grow without bound; this is where it ends, in bytes.
const LONGEST: usize = 4 << 20;

/// So many bytes are as much work as a reference.
const STRIDE: usize = 1 << 10;

/// Cut cycles cannot be remembered, so that a knot of them could be walked for
/// ever; this is where it ends, in references followed.
const MOST_WORK: usize = 100_000;

/// Follows references, recursively, each in the app and environment of the
/// secret that holds it.
#[derive(Debug)]
pub(crate) struct Resolver {
    failures: Failures,
    follow: bool,
    home: Place,
    known: BTreeMap<Position, Arc<Zeroizing<String>>>,
    lenient: bool,
    personal: bool,
    work: usize,
    world: BTreeMap<Place, std::result::Result<Environment, String>>,
}

/// One secret of one environment.
type Position = (Place, Folder, String);

#[derive(Clone, Debug)]
struct Environment {
    place: Place,
    secrets: Arc<Vec<Secret>>,
}

/// What a value or a reference becomes.
enum Text {
    /// An environment must be supplied first.
    Pending,
    /// The text, and whether it is the same wherever it is asked for: not so
    /// if a cycle was cut inside it.
    Ready(Arc<Zeroizing<String>>, bool),
}

/// One walk through a value: the secrets we are inside of, and what is needed.
struct Walk {
    chain: Vec<Position>,
    needs: BTreeSet<Place>,
}

impl Resolver {
    /// A resolver that replaces references in the secrets of `home`.
    pub(crate) fn following(home: Place, plan: &Plan<'_>) -> Self {
        Self {
            failures: Failures::default(),
            follow: true,
            home,
            known: BTreeMap::new(),
            lenient: plan.allow_unresolved,
            personal: plan.personal,
            work: 0,
            world: BTreeMap::new(),
        }
    }

    /// A resolver for values in which the server replaced what it could.
    pub(crate) fn checking(home: Place, plan: &Plan<'_>) -> Self {
        Self {
            follow: false,
            ..Self::following(home, plan)
        }
    }

    /// Hands over the whole environment that was asked for as `asked`: what it
    /// is really called, and its secrets. Where it is not there, ambiguous or
    /// denied, the references into it lead nowhere.
    ///
    /// # Errors
    ///
    /// The given one, where it says nothing about the reference.
    pub(crate) fn supply(
        &mut self,
        asked: Place,
        answer: Result<(Place, Arc<Vec<Secret>>)>,
    ) -> Result<()> {
        let answer = match answer {
            Ok((place, secrets)) => {
                let environment = Environment { place, secrets };
                self.world
                    .insert(environment.place.clone(), Ok(environment.clone()));
                Ok(environment)
            }
            Err(error) => match error.kind() {
                ErrorKind::Ambiguous | ErrorKind::Denied | ErrorKind::Missing => {
                    Err(error.to_string())
                }
                _ => return Err(error),
            },
        };
        self.world.insert(asked, answer);
        Ok(())
    }

    /// Resolves `roots`, secrets of the home place, as far as the environments
    /// supplied so far allow.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unresolved`], naming secret and reference, unless the plan
    /// allows it.
    pub(crate) fn step(&mut self, roots: &[&Secret]) -> Result<Step> {
        let mut needs = BTreeSet::new();
        let mut resolved = Vec::with_capacity(roots.len());
        for root in roots {
            let (value, overridden) = effective(root, self.personal);
            let value = if value.expose().contains("${") {
                let position = (self.home.clone(), root.folder.clone(), root.name.clone());
                let mut walk = Walk {
                    chain: vec![position],
                    needs: BTreeSet::new(),
                };
                let home = self.home.clone();
                let text = self.expand(&home, value.expose(), &mut walk);
                needs.append(&mut walk.needs);
                let Text::Ready(text, _) = text else {
                    continue;
                };
                SecretValue::new(text.as_str().to_owned())
            } else {
                value.clone()
            };
            resolved.push(Resolved {
                folder: root.folder.clone(),
                name: root.name.clone(),
                overridden,
                value,
            });
        }
        if !needs.is_empty() {
            return Ok(Step::Needs(needs));
        }
        let failures = std::mem::take(&mut self.failures);
        match failures.error() {
            Some(error) if !self.lenient => Err(error),
            _ => Ok(Step::Done(resolved, failures.notices())),
        }
    }

    /// `value`, which stands in `home`, with its references replaced.
    fn expand(&mut self, home: &Place, value: &str, walk: &mut Walk) -> Text {
        let mut out = Zeroizing::new(String::new());
        let mut pending = false;
        let mut stable = true;
        for piece in pieces(value) {
            let reference = match piece {
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Reference(reference) => reference,
            };
            let found = match self.follow(home, &reference, walk) {
                Ok(Text::Ready(text, _)) if out.len() + text.len() > LONGEST => {
                    Err(Nowhere::Growth)
                }
                found => found,
            };
            match found {
                Ok(Text::Pending) => pending = true,
                Ok(Text::Ready(text, same)) => {
                    stable &= same;
                    self.work += text.len() / STRIDE;
                    out.push_str(&text);
                }
                Err(nowhere) => {
                    out.push_str(reference.text);
                    // A strict run fails anyway, and need not be exact.
                    stable &= !(self.lenient && matches!(nowhere, Nowhere::Circle(_)));
                    self.failures.add(&walk.chain, &reference, nowhere);
                }
            }
        }
        if pending {
            Text::Pending
        } else {
            Text::Ready(Arc::new(out), stable)
        }
    }

    /// What `reference`, found in `home`, stands for.
    fn follow(
        &mut self,
        home: &Place,
        reference: &Reference<'_>,
        walk: &mut Walk,
    ) -> Result<Text, Nowhere> {
        let missing = |reason: String| {
            Err(if reference.is_plain() {
                Nowhere::Missing(reason)
            } else {
                Nowhere::NotMeant
            })
        };
        if !self.follow {
            return missing("the server could not resolve it".to_owned());
        }
        let asked = reference.place(home);
        let environment = match self.world.get(&asked) {
            Some(Ok(environment)) => environment.clone(),
            Some(Err(reason)) => return missing(reason.clone()),
            None => {
                walk.needs.insert(asked);
                return Ok(Text::Pending);
            }
        };
        let Some(secret) = named(&environment.secrets, &reference.folder, reference.key) else {
            let Place { environment, .. } = environment.place;
            let Reference { folder, key, .. } = reference;
            return missing(format!("there is no {key} in {folder} of {environment}"));
        };
        let place = environment.place;
        let position = (place.clone(), secret.folder.clone(), secret.name.clone());
        if self.work > MOST_WORK {
            return Err(Nowhere::Circle("there are too many references"));
        }
        if let Some(text) = self.known.get(&position) {
            return Ok(Text::Ready(Arc::clone(text), true));
        }
        self.work += 1;
        if walk.chain.contains(&position) {
            return Err(Nowhere::Circle("it leads back to where it stands"));
        }
        if walk.chain.len() >= DEEPEST {
            return Err(Nowhere::Circle("references nest too deeply"));
        }
        walk.chain.push(position.clone());
        let text = self.expand(&place, effective(secret, self.personal).0.expose(), walk);
        walk.chain.pop();
        if let Text::Ready(text, true) = &text {
            self.known.insert(position, Arc::clone(text));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
