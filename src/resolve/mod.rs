//! From what is stored to what a program gets. Pure: it fetches nothing.

mod failure;
#[cfg(fuzzing)]
pub mod fuzz;
mod reference;
mod resolved;
mod walk;
mod winner;
mod world;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::plan::Plan;
use crate::scope::{Place, Site, Target};
use crate::secret::SecretValue;
use crate::secret_set::{Entry, SecretSet};
use failure::Failures;
pub use resolved::Resolved;
use walk::{Text, Walk};
#[cfg(test)]
pub(crate) use winner::tests::secret;
pub(crate) use winner::{Chosen, chosen};
use world::World;

/// How far [`Resolver::step`] came.
#[derive(Debug)]
pub(crate) enum Step {
    /// Every reference is replaced, or told in a notice.
    Done(Vec<Resolved>, Vec<Notice>),
    /// These secrets, their folders or their environments must be
    /// [supplied](Resolver::supply) first. Never empty.
    Needs(BTreeSet<Target>),
}

/// Follows references, recursively, each in the app and environment of the
/// secret that holds it.
#[derive(Debug)]
pub(crate) struct Resolver {
    failures: Failures,
    known: HashMap<Position, Arc<Zeroizing<String>>>,
    lenient: bool,
    partial: bool,
    /// What this round cannot know, so that nobody walks there twice.
    pending: HashSet<Position>,
    treatment: Treatment,
    work: usize,
    world: World,
}

/// What becomes of references.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Treatment {
    /// Those that are still there lead nowhere.
    Check,
    Follow,
    Leave,
}

/// One secret of one environment, both by number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Position {
    environment: usize,
    secret: usize,
}

impl Resolver {
    /// A resolver that replaces references in secrets of `home`, which is `set`.
    pub(crate) fn following(home: Place, set: Arc<dyn SecretSet>, plan: &Plan<'_>) -> Self {
        Self {
            failures: Failures::default(),
            known: HashMap::new(),
            lenient: plan.allow_unresolved,
            partial: plan.allow_partial,
            pending: HashSet::new(),
            treatment: if plan.expand {
                Treatment::Follow
            } else {
                Treatment::Leave
            },
            work: 0,
            world: World::new(home, set),
        }
    }

    /// A resolver for values in which the server replaced what it could.
    pub(crate) fn checking(home: Place, set: Arc<dyn SecretSet>, plan: &Plan<'_>) -> Self {
        let mut resolver = Self::following(home, set, plan);
        if resolver.treatment == Treatment::Follow {
            resolver.treatment = Treatment::Check;
        }
        resolver
    }

    /// Whether it is known what that reference means.
    pub(crate) fn knows(&self, target: &Target) -> bool {
        self.world.site(&target.site, &target.key).is_some()
    }

    /// Hands over environments under the names the store has for them, then says
    /// which of them each place that was asked for means. Where one is denied or
    /// gone, the references into it lead nowhere.
    ///
    /// # Errors
    ///
    /// The first one that says nothing about the reference.
    pub(crate) fn supply(
        &mut self,
        sets: Vec<(Place, Result<Arc<dyn SecretSet>>)>,
        names: Vec<(Place, Result<Place>)>,
    ) -> Result<()> {
        for (place, set) in sets {
            self.world.add(place, set)?;
        }
        for (asked, canonical) in names {
            self.world.name(asked, canonical)?;
        }
        Ok(())
    }

    /// Hands over single folders, with all that references into them may mean.
    ///
    /// # Errors
    ///
    /// As for [`supply`](Self::supply).
    pub(crate) fn supply_folders(
        &mut self,
        folders: Vec<(Site, Result<Arc<dyn SecretSet>>)>,
    ) -> Result<()> {
        for (site, set) in folders {
            self.world.add_site(site, set)?;
        }
        Ok(())
    }

    /// Resolves `roots`, secrets of the home place, as far as the environments
    /// supplied so far allow.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unresolved`], naming secret and reference, and
    /// [`ErrorKind::Decryption`], unless the plan allows it.
    pub(crate) fn step(&mut self, roots: &[Entry<'_>]) -> Result<Step> {
        self.pending.clear();
        self.work = 0;
        let mut needs = BTreeSet::new();
        let mut left_out = Vec::new();
        let mut resolved = Vec::with_capacity(roots.len());
        let set = Arc::clone(&self.world[World::HOME].set);
        for root in roots {
            let (value, overridden) = match set.value(root.number) {
                Ok(value) => value,
                Err(error) if self.partial && is_closed(&error) => {
                    left_out.push(Notice::left_out(root.name, &error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let refers = self.treatment != Treatment::Leave && value.expose().contains("${");
            let value = if refers {
                let position = Position {
                    environment: World::HOME,
                    secret: root.number,
                };
                let mut walk = Walk {
                    chain: vec![position],
                    needs: BTreeSet::new(),
                };
                let text = self.expand(position, value.expose(), &mut walk)?;
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
                name: root.name.to_owned(),
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
            _ => {
                left_out.extend(failures.notices());
                Ok(Step::Done(resolved, left_out))
            }
        }
    }
}

/// Whether it is a value that these credentials cannot open.
fn is_closed(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Decryption | ErrorKind::Denied)
}

#[cfg(test)]
mod observed;
#[cfg(test)]
mod tests;
