//! A question before something that cannot be undone.

use crate::exit::{Failure, Reason};
use crate::settings::prompt;

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
    let answer = prompt(&format!("{question} [y/N] "))
        .map_err(|_| refused("There is nobody to ask").help("say --yes beforehand"))?;
    match answer.expose().trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(refused("The answer was not yes")),
    }
}
