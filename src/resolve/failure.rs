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
pub(super) struct Failures(BTreeMap<(Position, String), Failed>);

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
        self.0
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
            .0
            .values()
            .take(MOST)
            .map(|failed| format!("{} ({})", failed.way, failed.reason))
            .collect();
        if ways.is_empty() {
            return None;
        }
        let more = match self.0.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let cyclic = self.0.values().all(|failed| failed.cyclic);
        let word = if cyclic { "in a circle" } else { "nowhere" };
        let text = format!("a reference leads {word}: {}{more}", ways.join("; "));
        Some(Error::new(ErrorKind::Unresolved, text).help(
            "mend the reference, leave the secret out with --exclude, or pass --allow-unresolved",
        ))
    }

    /// One notice for each.
    pub(super) fn notices(self) -> Vec<Notice> {
        self.0
            .into_iter()
            .map(|((_, reference), failed)| Notice::Unresolved {
                name: failed.name,
                reference,
                reason: failed.reason,
            })
            .collect()
    }
}
