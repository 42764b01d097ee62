//! What resolving is asked for, and what it gives.

use crate::scope::Folder;
use crate::secret::SecretValue;

/// What [`Client::resolve`](crate::Client::resolve) is to do.
///
/// The default takes every secret, applies personal overrides, and fails on a
/// reference that leads nowhere.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Leave a reference that leads nowhere as it stands, and give a notice.
    pub allow_unresolved: bool,
    /// Whether active personal overrides count.
    pub personal: bool,
    /// Which names are wanted. What is not wanted cannot fail the call.
    pub wanted: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            allow_unresolved: false,
            personal: true,
            wanted: &|_| true,
        }
    }
}

/// A secret ready for use.
#[derive(Debug)]
pub struct Resolved {
    /// The folder it came from.
    pub folder: Folder,
    /// Its name as stored; see [`SecretName`](crate::SecretName).
    pub name: String,
    /// Whether a personal override took the place of the shared value.
    pub overridden: bool,
    /// The value, references followed.
    pub value: SecretValue,
}
