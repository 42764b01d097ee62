//! What people type first, and how it is spelled here.

/// A word that is none of ours where it stands, behind `phase-run` or `phase-run
/// secrets`, and what does what it seems to ask for.
const SPELLINGS: &[(&str, &str, &str)] = &[
    (TOP, "create", CREATE),
    (TOP, "delete", DELETE),
    (TOP, "doctor", "phase-run --dry-run -v"),
    (TOP, "environments", "phase-run vault environments list"),
    (TOP, "exec", "phase-run -- COMMAND"),
    (TOP, "export", "phase-run secrets export"),
    (TOP, "get", "phase-run secrets get NAME"),
    (TOP, "help", "phase-run --help"),
    (TOP, "import", ONE_BY_ONE),
    (TOP, "init", "phase-run vault init"),
    (TOP, "list", LIST),
    (TOP, "login", "phase-run auth login"),
    (TOP, "logout", "phase-run auth logout"),
    (TOP, "ls", LIST),
    (TOP, "secret", "phase-run secrets"),
    (TOP, "set", CREATE_OR_UPDATE),
    (TOP, "status", STATUS),
    (TOP, "update", "phase-run secrets update NAME"),
    (TOP, "version", "phase-run --version"),
    (TOP, "whoami", STATUS),
    ("apps", "list", "phase-run apps"),
    ("secrets", "add", CREATE),
    ("secrets", "import", ONE_BY_ONE),
    ("secrets", "ls", LIST),
    ("secrets", "remove", DELETE),
    ("secrets", "rm", DELETE),
    ("secrets", "set", CREATE_OR_UPDATE),
];

const TOP: &str = "phase-run";
const CREATE: &str = "phase-run secrets create NAME";
const CREATE_OR_UPDATE: &str = "phase-run secrets create NAME, or secrets update NAME, with the value on stdin; NAME=VALUE takes --from-argv";
const DELETE: &str = "phase-run secrets delete NAME";
const LIST: &str = "phase-run secrets list";
const ONE_BY_ONE: &str = "phase-run secrets create NAME, one secret at a time";
const STATUS: &str = "phase-run auth status";

/// What does what `word` behind `command` seems to ask for.
pub(super) fn of(command: &str, word: &str) -> Option<&'static str> {
    let known = |&&(behind, typed, _): &&(&str, &str, &str)| (behind, typed) == (command, word);
    let spelling = SPELLINGS.iter().find(known);
    spelling.map(|(_, _, spelling)| *spelling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_in_their_place_are_taken_for_what_they_are() {
        assert_eq!(of(TOP, "login"), Some("phase-run auth login"));
        assert_eq!(of("secrets", "rm"), Some(DELETE));
        for (command, word) in [
            (TOP, "log"),
            (TOP, "rm"),
            ("secrets", "login"),
            ("copy", "list"),
        ] {
            assert_eq!(of(command, word), None, "{command} {word}");
        }
    }
}
