//! What was noticed of a vault's files, for calls whose answer has no room for it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::notice::Notice;

/// Notices until somebody takes them. Each thing is told once, however often
/// the vault is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Noticed(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    all: Vec<Notice>,
    taken: usize,
}

impl Noticed {
    pub(super) fn add(&self, notice: Notice) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.all.contains(&notice) {
            told.all.push(notice);
        }
    }

    /// Those that nobody has taken yet.
    pub(super) fn take(&self) -> Vec<Notice> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = told.all[told.taken..].to_vec();
        told.taken = told.all.len();
        new
    }
}
