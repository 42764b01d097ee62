//! The secrets of a scope, some of which may be hidden from these credentials.

use std::collections::HashSet;

use super::merge::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::scope::Folder;
use crate::secret::SecretValue;
use crate::stock::{Entry, Plain, Stock};

#[derive(Debug)]
pub(super) struct Listed {
    hidden: HashSet<String>,
    plain: Plain,
}

impl Listed {
    pub(super) fn new(rows: Rows, personal: bool) -> Self {
        Self {
            hidden: rows.hidden,
            plain: Plain::new(rows.secrets, personal),
        }
    }
}

impl Stock for Listed {
    fn entries(&self) -> Vec<Entry<'_>> {
        self.plain.entries()
    }

    fn entry(&self, number: usize) -> Entry<'_> {
        self.plain.entry(number)
    }

    fn find(&self, folder: &Folder, name: &str) -> Result<Option<usize>> {
        self.plain.find(folder, name)
    }

    fn open(&self, _: &[usize]) {}

    fn value(&self, number: usize) -> Result<(&SecretValue, bool)> {
        let entry = self.entry(number);
        if self.hidden.contains(entry.id) {
            let message = format!(
                "the value of {} is hidden: these credentials may not read it",
                entry.name
            );
            return Err(Error::new(ErrorKind::Denied, message).help(
                "give the identity a role that may read values, or leave the secret out with --exclude",
            ));
        }
        self.plain.value(number)
    }
}
