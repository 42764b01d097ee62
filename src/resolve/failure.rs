//! References that lead nowhere: collected, then told all at once.

use std::collections::BTreeMap;

use super::Position;
use super::reference::Reference;
use crate::error::{Error, ErrorKind};
use crate::notice::Notice;

/// How many failures one message tells.
const MOST: usize = 5;

/// Why a reference leads nowhere.
pub(super) enum Nowhere {
    /// It closes a cycle, or is part of a tangle.
    Circle(&'static str),
    /// The value would be longer than any may be.
    Growth,
    /// What it names is not there.
    Missing(String),
    /// Nobody surely meant a secret: the text stays, and nothing failed.
    NotMeant,
}

/// Failures, each once, whoever ran into it first.
#[derive(Debug, Default)]
pub(super) struct Failures {
    all: BTreeMap<(Position, String), Failed>,
    /// The secrets that were asked for and run into a circle, each with the reference
    /// that stays in its value, and why. Where a circle is entered decides what stays:
    /// so it is another one for each.
    kept: BTreeMap<(String, String), String>,
}

#[derive(Debug)]
struct Failed {
    /// The secret that holds it.
    name: String,
    /// `A → B → ${C}`: from the secret asked for to the reference.
    way: String,
    cyclic: bool,
    reason: String,
}

impl Failures {
    /// Adds `reference`, which stands in the secret `holder`; `names` leads
    /// from the secret asked for to that one.
    pub(super) fn add(
        &mut self,
        holder: Position,
        names: &[String],
        reference: &Reference<'_>,
        nowhere: Nowhere,
    ) {
        let (reason, cyclic) = match nowhere {
            Nowhere::Circle(reason) => (reason.to_owned(), true),
            Nowhere::Growth => ("the value grows past 4 MiB".to_owned(), true),
            Nowhere::Missing(reason) => (reason, false),
            Nowhere::NotMeant => return,
        };
        if cyclic && let Some(root) = names.first() {
            let stays = (root.clone(), reference.text.to_owned());
            let told = || format!("{reason} ({})", way(names, reference));
            self.kept.entry(stays).or_insert_with(told);
        }
        self.all
            .entry((holder, reference.text.to_owned()))
            .or_insert_with(|| Failed {
                name: names.last().cloned().unwrap_or_default(),
                way: format!("{} → {}", names.join(" → "), reference.text),
                cyclic,
                reason,
            });
    }

    /// One error for all of them, if there are any.
    pub(super) fn error(&self) -> Option<Error> {
        let ways: Vec<String> = self
            .all
            .values()
            .take(MOST)
            .map(|failed| format!("{} ({})", failed.way, failed.reason))
            .collect();
        if ways.is_empty() {
            return None;
        }
        let more = match self.all.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let cyclic = self.all.values().all(|failed| failed.cyclic);
        let word = if cyclic { "in a circle" } else { "nowhere" };
        let text = format!("a reference leads {word}: {}{more}", ways.join("; "));
        Some(Error::new(ErrorKind::Unresolved, text).help(
            "mend the reference, leave the secret out with --exclude, or pass --allow-unresolved",
        ))
    }

    /// One notice for each: which secret keeps which reference. What leads nowhere stays
    /// in the secret that holds it, a circle in the one that was asked for.
    pub(super) fn notices(self) -> Vec<Notice> {
        let held = self.all.into_iter().filter(|(_, failed)| !failed.cyclic);
        let held = held.map(|((_, reference), failed)| Notice::Unresolved {
            name: failed.name,
            reference,
            reason: failed.reason,
        });
        let kept = self.kept.into_iter();
        let kept = kept.map(|((name, reference), reason)| Notice::Unresolved {
            name,
            reference,
            reason,
        });
        held.chain(kept).collect()
    }
}

/// The way from the secret that was asked for to `reference`; a long one is cut.
fn way(names: &[String], reference: &Reference<'_>) -> String {
    let names = match names {
        [first, second, .., last] if names.len() > 6 => {
            format!("{first} → {second} → … → {last}")
        }
        names => names.join(" → "),
    };
    format!("{names} → {}", reference.text)
}
