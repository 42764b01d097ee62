//! What resolving gives.

use crate::scope::Folder;
use crate::secret::SecretValue;

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
