//! Environment variables as they are meant.

use std::cell::{Cell, RefCell};
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use phase_run::outside;

use crate::report::Report;
use crate::settings::names::is_as_it_is;

/// The environment, and what is to be said of it.
pub(crate) struct Environment {
    /// Variables with quotes round their value, and that were not told of so far.
    quoted: RefCell<Vec<String>>,
    report: Cell<Option<Report>>,
    told: RefCell<Vec<String>>,
}

impl Environment {
    pub(crate) fn new() -> Self {
        Self {
            quoted: RefCell::default(),
            report: Cell::new(None),
            told: RefCell::default(),
        }
    }

    /// The variable `name`, as it is meant.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        let (value, is_quoted) = meant(name, env::var_os(name)?);
        if is_quoted {
            self.quoted.borrow_mut().push(name.to_owned());
            self.tell();
        }
        Some(value).filter(|value| !value.is_empty())
    }

    /// From now on `report` tells of quotes, and first of those that were seen before.
    pub(crate) fn report_to(&self, report: Report) {
        self.report.set(Some(report));
        self.tell();
    }

    fn tell(&self) {
        let Some(report) = self.report.get() else {
            return;
        };
        for name in self.quoted.take() {
            let mut told = self.told.borrow_mut();
            if !told.contains(&name) {
                report.warn(&format!(
                    "the value of {name} stands in quotes, which are taken off: whatever set it keeps them"
                ));
                told.push(name);
            }
        }
    }
}

/// What `value` means, which the variable `name` has: without a byte order mark, white
/// space and a pair of quotes round it, but for a password; and whether there were
/// quotes. What is empty then, counts as not set.
fn meant(name: &str, value: OsString) -> (OsString, bool) {
    if is_as_it_is(name) {
        return (value, false);
    }
    let (meant, is_quoted) = outside::variable(value.as_bytes());
    (OsStr::from_bytes(meant).to_owned(), is_quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::names::{ALL, INFISICAL};

    #[test]
    fn what_is_round_the_value_of_every_variable_falls_off_but_a_passwords() {
        for variable in ALL.iter().chain(INFISICAL) {
            let name = variable.name;
            for (value, expected, quoted) in [
                ("\u{feff}a b\r\n", "a b", false),
                (" 'a b'\t", "a b", true),
                ("\"a b\"\n", "a b", true),
                (" \r\n", "", false),
                ("\"\"", "", true),
            ] {
                let found = meant(name, value.into());
                if is_as_it_is(name) {
                    assert_eq!(found, (value.into(), false), "{name}");
                } else {
                    assert_eq!(found, (expected.into(), quoted), "{name}");
                }
            }
        }
    }
}
