//! What resolving is asked for.

use crate::lease::Leases;

/// What [`Client::resolve`](crate::Client::resolve) is to do.
///
/// The default takes every secret, applies personal overrides, makes no leases,
/// and fails on a reference that leads nowhere.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Leave out what does not decrypt, and give a notice.
    pub allow_partial: bool,
    /// Leave a reference that leads nowhere as it stands, and give a notice.
    pub allow_unresolved: bool,
    /// What an earlier [`Resolution::hint`](crate::Resolution::hint) said for the
    /// same scope: with it two requests are made at the same time that would
    /// otherwise follow each other. A wrong one costs a request, and two seconds at most.
    pub hint: Option<&'a str>,
    /// What to do about dynamic secrets.
    pub leases: Leases,
    /// Whether active personal overrides count.
    pub personal: bool,
    /// Which names are wanted. What is not wanted cannot fail the call.
    pub wanted: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            allow_partial: false,
            allow_unresolved: false,
            hint: None,
            leases: Leases::Skip,
            personal: true,
            wanted: &|_| true,
        }
    }
}
