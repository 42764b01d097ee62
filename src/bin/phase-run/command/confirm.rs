//! A question before something that cannot be undone.

use crate::exit::{Failure, Reason};
use crate::settings;

/// Goes on if `yes` was said beforehand, or is said now.
///
/// # Errors
///
/// The answer is no, or there is nobody to ask.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let refused = |why: &str| {
        let text = format!("{question} {why}: nothing was changed");
        Failure::new(Reason::Configuration, text)
    };
    match settings::confirm(question) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused("The answer was not yes")),
        Err(_) => Err(refused("There is nobody to ask").help("say --yes beforehand")),
    }
}
