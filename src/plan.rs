//! What resolving is asked for.

use crate::lease::Leases;

/// What [`Client::resolve`](crate::Client::resolve) is to do.
///
/// The default takes every secret, applies personal overrides, makes no leases,
/// and fails on a reference that leads nowhere.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Plan<'a> {
    /// Let a folder, a tag or a whole scope that holds no secret be, and take a
    /// folder that is not there for one. Otherwise that is
    /// [`Missing`](crate::ErrorKind::Missing).
    pub allow_empty: bool,
    /// Leave out what does not decrypt, and give a notice.
    pub allow_partial: bool,
    /// Leave a reference that leads nowhere as it stands, and give a notice.
    pub allow_unresolved: bool,
    /// Whether references are followed. Otherwise values come as they are
    /// stored. Not for Phase over REST, whose server always follows them.
    pub expand: bool,
    /// What an earlier [`Resolution::hint`](crate::Resolution::hint) said for the
    /// same scope: with it two requests are made at the same time that would
    /// otherwise follow each other. A wrong one costs a request.
    pub hint: Option<&'a str>,
    /// Whether a folder's imports count. (Infisical)
    pub imports: bool,
    /// What to do about dynamic secrets.
    pub leases: Leases,
    /// The one name that is wanted, where it is one. In one folder, and without tags, a
    /// store that can sends no other secret, and does not say whether the folder holds
    /// any. `wanted` still counts. (Phase, end to end encrypted)
    pub only: Option<&'a str>,
    /// Whether active personal overrides count.
    pub personal: bool,
    /// Which names are wanted. What is not wanted cannot fail the call.
    pub wanted: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            allow_empty: false,
            allow_partial: false,
            allow_unresolved: false,
            expand: true,
            hint: None,
            imports: true,
            leases: Leases::Skip,
            only: None,
            personal: true,
            wanted: &|_| true,
        }
    }
}
