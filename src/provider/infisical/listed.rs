//! The secrets of some folders: their own, those that they import, and what
//! leases gave. Some may be hidden from these credentials.

use super::api::Manner;
use super::merge::Rows;
use crate::error::Result;
use crate::scope::{Folder, Folders, Scope};
use crate::secret::{Secret, SecretValue};
use crate::secret_set::{Entry, Plain, SecretSet, Syntax};

#[derive(Debug)]
pub(super) struct Listed {
    imported: Plain,
    leased: Plain,
    own: Plain,
    /// The folders that are here with all that they hold and import.
    whole: Vec<Folder>,
}

impl Listed {
    /// `rows`, which were listed for `scope` in that `manner`, and what was `leased`.
    pub(super) fn new(rows: Rows, leased: Vec<Secret>, scope: &Scope, manner: Manner) -> Self {
        // A list of several folders does not say which of them imports what.
        let whole = match &scope.folders {
            Folders::These(folders) if scope.tags.is_empty() && manner.imports => folders.clone(),
            _ => Vec::new(),
        };
        let plain = |secrets| Plain::new(secrets, manner.personal);
        Self {
            imported: plain(rows.imported),
            leased: plain(leased),
            own: plain(rows.secrets),
            whole,
        }
    }

    /// The parts, with the number of the first secret of each.
    fn parts(&self) -> [(&Plain, usize); 3] {
        let own = self.own.len();
        [
            (&self.own, 0),
            (&self.imported, own),
            (&self.leased, own + self.imported.len()),
        ]
    }

    /// The part that a secret is in, and its number there.
    fn part(&self, number: usize) -> (&Plain, usize) {
        let mut parts = self.parts();
        parts.reverse();
        let found = parts.into_iter().find(|(_, first)| *first <= number);
        let (part, first) = found.unwrap_or((&self.own, 0));
        (part, number - first)
    }
}

impl SecretSet for Listed {
    fn entries(&self) -> Vec<Entry<'_>> {
        let count = self.own.len() + self.imported.len() + self.leased.len();
        (0..count).map(|number| self.entry(number)).collect()
    }

    fn entry(&self, number: usize) -> Entry<'_> {
        let (part, inner) = self.part(number);
        Entry {
            number,
            ..part.entry(inner)
        }
    }

    fn find(&self, folder: &Folder, name: &str) -> Result<Option<usize>> {
        for (part, first) in [(&self.own, 0), (&self.imported, self.own.len())] {
            if let Some(number) = part.find(folder, name)? {
                return Ok(Some(first + number));
            }
        }
        Ok(None)
    }

    fn decides(&self, folder: &Folder, name: &str) -> bool {
        self.whole.contains(folder) || matches!(self.own.find(folder, name), Ok(Some(_)))
    }

    fn syntax(&self, number: usize) -> Syntax {
        if number < self.own.len() {
            Syntax::Infisical
        } else if number < self.own.len() + self.imported.len() {
            // These come expanded, whatever is asked for.
            Syntax::InfisicalLeft
        } else {
            Syntax::Text
        }
    }

    fn open(&self, _: &[usize]) {}

    fn value(&self, number: usize) -> Result<(&SecretValue, bool)> {
        let (part, inner) = self.part(number);
        part.value(inner)
    }
}
