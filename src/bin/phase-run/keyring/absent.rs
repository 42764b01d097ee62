//! No keyring: this program was built without.

use phase_run::SecretValue;

use super::{Entry, Keyring};

const WHY: &str = "this phase-run was built without the keyring";

pub(super) fn read(_: &Keyring, _: Entry<'_>) -> Result<Option<SecretValue>, String> {
    Err(WHY.to_owned())
}

pub(super) fn write(
    _: &Keyring,
    _: Entry<'_>,
    _label: &str,
    _: &SecretValue,
) -> Result<(), String> {
    Err(WHY.to_owned())
}

pub(super) fn delete(_: &Keyring, _: Entry<'_>) -> Result<bool, String> {
    Err(WHY.to_owned())
}
