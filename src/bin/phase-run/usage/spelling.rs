//! What people type first, and how it is spelled here.

use std::ffi::OsString;

/// Words that follow `phase-run`, and what does what they seem to ask for.
const SPELLINGS: &[(&[&str], &str)] = &[
    (&["apps", "list"], "phase-run apps"),
    (&["create"], "phase-run secrets create NAME"),
    (&["delete"], "phase-run secrets delete NAME"),
    (&["environments"], "phase-run vault environments list"),
    (&["exec"], "phase-run -- COMMAND"),
    (&["export"], "phase-run secrets export"),
    (&["get"], "phase-run secrets get NAME"),
    (&["help"], "phase-run --help"),
    (&["import"], ONE_BY_ONE),
    (&["init"], "phase-run vault init"),
    (&["list"], "phase-run secrets list"),
    (&["login"], "phase-run auth login"),
    (&["logout"], "phase-run auth logout"),
    (&["ls"], "phase-run secrets list"),
    (&["secret"], "phase-run secrets"),
    (&["secrets", "add"], "phase-run secrets create NAME"),
    (&["secrets", "import"], ONE_BY_ONE),
    (&["secrets", "ls"], "phase-run secrets list"),
    (&["secrets", "remove"], "phase-run secrets delete NAME"),
    (&["secrets", "rm"], "phase-run secrets delete NAME"),
    (&["secrets", "set"], CREATE_OR_UPDATE),
    (&["set"], CREATE_OR_UPDATE),
    (&["status"], "phase-run auth status"),
    (&["update"], "phase-run secrets update NAME"),
    (&["version"], "phase-run --version"),
    (&["whoami"], "phase-run auth status"),
];

const CREATE_OR_UPDATE: &str = "phase-run secrets create NAME, or secrets update NAME, with the value on stdin; NAME=VALUE takes --from-argv";

const ONE_BY_ONE: &str = "phase-run secrets create NAME, one secret at a time";

/// What does what the command line `words`, without the program's name, seems to ask
/// for.
pub(super) fn of(words: &[OsString]) -> Option<&'static str> {
    let begins = |typed: &&[&str]| {
        let words = words.iter().map(|word| word.to_str());
        words.len() >= typed.len() && words.zip(*typed).all(|(word, typed)| word == Some(typed))
    };
    let mut spellings = SPELLINGS.iter().filter(|(typed, _)| begins(typed));
    spellings.next().map(|(_, spelling)| *spelling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order_and_none_is_there_twice() {
        assert!(SPELLINGS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn only_whole_words_are_taken_for_what_they_are() {
        let of = |words: &[&str]| of(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["login"]), Some("phase-run auth login"));
        assert!(of(&["secrets", "set", "A=1"]).is_some());
        for words in [&["log"][..], &["secrets", "list"], &["npm", "login"], &[]] {
            assert_eq!(of(words), None, "{words:?}");
        }
    }
}
