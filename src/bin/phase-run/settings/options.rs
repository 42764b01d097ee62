//! The options of a run that a variable or the user's file may give too: the entry
//! point of a container leaves no room for flags.

use super::parse::{name, yes};
use phase_run::outside::trimmed_text;

/// Such an option.
#[derive(Debug)]
pub(crate) struct Optional {
    pub(crate) flag: &'static str,
    pub(crate) shape: Shape,
    pub(crate) variable: &'static str,
}

/// What is said by it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// One text, whatever it holds.
    Any,
    /// How often: not at all, once or twice.
    Count,
    /// The name of a file.
    File,
    /// Several texts: the flag is repeated, a variable has commas.
    List,
    /// Names, or all: a flag with or without a value.
    Names,
    /// A time span.
    Span,
    /// Yes or no.
    Switch,
    /// One text.
    Text,
}

const fn optional(flag: &'static str, variable: &'static str, shape: Shape) -> Optional {
    Optional {
        flag,
        shape,
        variable,
    }
}

/// All of them.
pub(crate) const ALL: [Optional; 27] = [
    optional("only", "PHASE_RUN_ONLY", Shape::List),
    optional("exclude", "PHASE_RUN_EXCLUDE", Shape::List),
    optional("require", "PHASE_RUN_REQUIRE", Shape::List),
    optional("prefix", "PHASE_RUN_PREFIX", Shape::Text),
    optional("rename", "PHASE_RUN_RENAME", Shape::List),
    optional("preserve-env", "PHASE_RUN_PRESERVE_ENV", Shape::Names),
    optional("clean-env", "PHASE_RUN_CLEAN_ENV", Shape::Names),
    optional("pass-auth", "PHASE_RUN_PASS_AUTH", Shape::Switch),
    optional(
        "allow-unresolved",
        "PHASE_RUN_ALLOW_UNRESOLVED",
        Shape::Switch,
    ),
    optional("allow-partial", "PHASE_RUN_ALLOW_PARTIAL", Shape::Switch),
    optional("mode", "PHASE_RUN_MODE", Shape::Text),
    optional("signal-scope", "PHASE_RUN_SIGNAL_SCOPE", Shape::Text),
    optional("map-signal", "PHASE_RUN_MAP_SIGNAL", Shape::List),
    optional("kill-after", "PHASE_RUN_KILL_AFTER", Shape::Span),
    optional("no-pdeathsig", "PHASE_RUN_NO_PDEATHSIG", Shape::Switch),
    optional("leases", "PHASE_RUN_LEASES", Shape::Text),
    optional("lease-ttl", "PHASE_RUN_LEASE_TTL", Shape::Span),
    optional("revoke-leases", "PHASE_RUN_REVOKE_LEASES", Shape::Switch),
    optional("no-personal", "PHASE_RUN_NO_PERSONAL", Shape::Switch),
    optional("accept-new-key", "PHASE_RUN_ACCEPT_NEW_KEY", Shape::Switch),
    optional(
        "accept-recipients",
        "PHASE_RUN_ACCEPT_RECIPIENTS",
        Shape::Switch,
    ),
    optional("command", "PHASE_RUN_COMMAND", Shape::Any),
    optional("shell", "PHASE_RUN_SHELL", Shape::File),
    optional("quiet", "PHASE_RUN_QUIET", Shape::Switch),
    optional("verbose", "PHASE_RUN_VERBOSE", Shape::Count),
    optional("log-format", "PHASE_RUN_LOG_FORMAT", Shape::Text),
    optional("sysexits", "PHASE_RUN_SYSEXITS", Shape::Switch),
];

impl Optional {
    /// What it is called in a file.
    pub(crate) fn key(&self) -> String {
        self.flag.replace('-', "_")
    }

    /// The flag as often as `values` say, with their texts.
    pub(crate) fn words<T: AsRef<str>>(&self, values: &[T]) -> Vec<String> {
        let values = values.iter().map(AsRef::as_ref);
        match self.shape {
            Shape::Any | Shape::File | Shape::List | Shape::Span | Shape::Text => values
                .map(|value| format!("--{}={value}", self.flag))
                .collect(),
            Shape::Names => {
                let names: Vec<_> = values.collect();
                vec![format!("--{}={}", self.flag, names.join(","))]
            }
            Shape::Count | Shape::Switch => self.bare(true),
        }
    }

    /// The flag without a value, if it is wanted.
    pub(crate) fn bare(&self, wanted: bool) -> Vec<String> {
        self.times(wanted.into())
    }

    /// The flag so often.
    pub(crate) fn times(&self, count: usize) -> Vec<String> {
        vec![format!("--{}", self.flag); count]
    }

    /// What the text of its variable means, as words of the command line.
    ///
    /// # Errors
    ///
    /// What the text must be.
    pub(crate) fn words_of_variable(&self, text: &str) -> Result<Vec<String>, String> {
        if self.shape != Shape::Any {
            // What separates may stand beside a token, or in it.
            name(text)?;
        }
        let parts = text.split(',').map(trimmed_text);
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        match self.shape {
            Shape::Any | Shape::File | Shape::Span | Shape::Text => Ok(self.words(&[text])),
            Shape::Count if text == "2" => Ok(self.times(2)),
            Shape::Count => match yes(text) {
                Ok(wanted) => Ok(self.bare(wanted)),
                Err(expected) => Err(format!("2, {expected}")),
            },
            Shape::List => Ok(self.words(&parts)),
            Shape::Names => Ok(yes(text).map_or_else(|_| self.words(&parts), |all| self.bare(all))),
            Shape::Switch => yes(text).map(|wanted| self.bare(wanted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_says_what_its_flag_would() {
        let of = |flag: &str| ALL.iter().find(|one| one.flag == flag).unwrap();
        for (flag, text, words) in [
            ("only", "A*, B,", &["--only=A*", "--only=B"][..]),
            ("rename", "A=B,C=D", &["--rename=A=B", "--rename=C=D"]),
            ("preserve-env", "A, B", &["--preserve-env=A,B"]),
            ("preserve-env", "true", &["--preserve-env"]),
            ("clean-env", "0", &[]),
            ("pass-auth", "yes", &["--pass-auth"]),
            ("pass-auth", "off", &[]),
            ("kill-after", "5s", &["--kill-after=5s"]),
            ("verbose", "on", &["--verbose"]),
            ("verbose", "2", &["--verbose", "--verbose"]),
            ("verbose", "0", &[]),
            ("command", "a, b && c", &["--command=a, b && c"]),
        ] {
            assert_eq!(
                of(flag).words_of_variable(text).unwrap(),
                words,
                "{flag} {text}"
            );
        }
        for flag in ["pass-auth", "verbose"] {
            assert!(of(flag).words_of_variable("maybe").is_err(), "{flag}");
        }
        for flag in [
            "only",
            "exclude",
            "require",
            "rename",
            "clean-env",
            "prefix",
        ] {
            let list = "A,TOKEN=pss_service:v2:hunter2";
            assert!(of(flag).words_of_variable(list).is_err(), "{flag}");
        }
    }

    #[test]
    fn each_variable_is_called_as_its_flag() {
        for Optional { flag, variable, .. } in &ALL {
            let expected = flag.replace('-', "_").to_uppercase();
            assert_eq!(*variable, format!("PHASE_RUN_{expected}"));
        }
    }
}
