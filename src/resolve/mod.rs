//! From what is stored to what a program gets: overrides, references, collisions.

use std::collections::BTreeSet;

use crate::client::{Plan, Resolved};
use crate::error::Result;
use crate::notice::Notice;
use crate::scope::{Place, Scope};
use crate::secret::Secret;

pub(crate) enum Step {
    Done(Vec<Resolved>, Vec<Notice>),
    Needs(BTreeSet<Place>),
}
pub(crate) fn chosen(
    _: &[Secret],
    _: &Scope,
    _: &dyn Fn(&str) -> bool,
) -> (Vec<Secret>, Vec<Notice>) {
    unimplemented!()
}
pub(crate) struct Resolver;
impl Resolver {
    pub(crate) fn following(_: Place, _: &Plan<'_>) -> Self {
        Self
    }
    pub(crate) fn checking(_: Place, _: &Plan<'_>) -> Self {
        Self
    }
    pub(crate) fn supply(&mut self, _: Place, _: Result<(Place, Vec<Secret>)>) {}
    pub(crate) fn step(&mut self, _: &[Secret]) -> Result<Step> {
        unimplemented!()
    }
}
