//! How a vault's revision counts.
//!
//! Each write counts one more, so that an old copy is known as one. Whoever knows the
//! recipients can write a document of any revision, though: had every one been
//! believed, a single forged one would make all that follow look old.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How often a vault was written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub(super) struct Revision(u64);

/// What a revision is, beside the highest that was seen.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Another branch, an old copy, or the one that was seen.
    Back,
    /// Later by more writes than anybody made in between: it tells nothing.
    Leap,
    /// Written since.
    On,
}

impl Revision {
    pub(super) const FIRST: Self = Self(1);

    /// With a write every second, a vault comes here in more than a hundred years.
    const LAST: Self = Self(1 << 32);

    /// More writes than a team makes while one of it does not look: with ten every
    /// working day it is most of half a year.
    const MOST_UNSEEN: u64 = 1_000;

    /// Whether a vault may have been written so often.
    pub(super) fn is_possible(self) -> bool {
        self <= Self::LAST
    }

    /// That of the next write, if there can be one.
    pub(super) fn next(self) -> Option<Self> {
        (self < Self::LAST).then(|| Self(self.0 + 1))
    }

    pub(super) fn step_from(self, seen: Self) -> Step {
        match self.0.checked_sub(seen.0) {
            None | Some(0) => Step::Back,
            Some(writes) if writes <= Self::MOST_UNSEEN => Step::On,
            Some(_) => Step::Leap,
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Revision> for u64 {
    fn from(revision: Revision) -> Self {
        revision.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_steps_on_by_as_many_writes_as_others_may_have_made() {
        const LAST: u64 = 1 << 32;
        for (seen, found, step) in [
            (0, 0, Step::Back),
            (0, 1, Step::On),
            (7, 6, Step::Back),
            (7, 7, Step::Back),
            (7, 8, Step::On),
            (7, 507, Step::On),
            (7, 1_007, Step::On),
            (7, 1_008, Step::Leap),
            (7, LAST, Step::Leap),
            (LAST - 1, LAST, Step::On),
            (LAST, 7, Step::Back),
        ] {
            assert_eq!(
                Revision(found).step_from(Revision(seen)),
                step,
                "{seen} {found}"
            );
        }
    }

    #[test]
    fn a_revision_counts_to_the_last_one_and_no_further() {
        for (revision, possible, next) in [
            (0, true, Some(1)),
            (1, true, Some(2)),
            ((1 << 32) - 1, true, Some(1 << 32)),
            (1 << 32, true, None),
            ((1 << 32) + 1, false, None),
            (u64::MAX, false, None),
        ] {
            let revision = Revision(revision);
            assert_eq!(revision.is_possible(), possible, "{revision}");
            assert_eq!(revision.next().map(u64::from), next, "{revision}");
        }
    }
}
