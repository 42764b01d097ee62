//! What stands in for flags that were not typed: variables, then the user's file.
//! Each is checked by itself, so that a message names what was set.

use std::error::Error as _;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};
use phase_run::outside::shown;

use super::LOG;
use super::content::misused;
use super::layers::{Origin, Variables, unfit, variable};
use super::options::{ALL, Optional, Shape};
use super::parse::at_home;
use super::project::File;
use crate::args::Args;
use crate::exit::{Failure, Reason};
use crate::usage::Typed;

/// The whole command line, and what was added to it.
#[derive(Debug)]
pub(crate) struct StandIns {
    /// `name = value (origin)`, for `-v`.
    pub(crate) origins: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) words: Vec<OsString>,
}

/// A value of an option that makes others mean nothing.
struct Rule {
    ruling: (&'static str, &'static str),
    /// Each with its value, or with none for any.
    ruled_out: &'static [(&'static str, Option<&'static str>)],
    why: &'static str,
}

const RULES: [Rule; 2] = [
    Rule {
        ruling: ("mode", "exec"),
        ruled_out: &[
            ("kill-after", None),
            ("map-signal", None),
            ("revoke-leases", None),
            ("signal-scope", Some("group")),
        ],
        why: "needs a supervisor, and with --mode exec there is none",
    },
    Rule {
        ruling: ("leases", "skip"),
        ruled_out: &[("lease-ttl", None), ("revoke-leases", None)],
        why: "is about leases, and with --leases skip there are none",
    },
];

/// Options that say what the variable [`LOG`] says too, which goes before a file.
const OF_THE_LOG: [&str; 2] = ["quiet", "verbose"];

/// The option without which `--shell` means nothing.
const SCRIPT: &str = "command";

/// An option that was not typed, in words.
struct StandIn<'a> {
    argument: &'a clap::Arg,
    optional: &'static Optional,
    origin: Origin,
    words: Vec<String>,
}

/// `words`, the program's name first, which mean `args`, and what stands in for flags
/// that are not among those `typed`; `None` where nothing does. `user` is the user's
/// file.
///
/// # Errors
///
/// A variable or a key that means nothing to the command.
pub(crate) fn stand_ins(
    words: &[OsString],
    (args, typed): (&Args, &Typed),
    variables: Variables<'_>,
    user: Option<&File>,
) -> Result<Option<StandIns>, Failure> {
    let is_given = |optional: &Optional| {
        let key = user.and_then(|file| file.content.options.get(optional.flag));
        key.is_some() || variables(optional.variable).is_some()
    };
    if !ALL.iter().any(is_given) {
        return Ok(None);
    }
    let mut command = Args::command();
    // Subcommands are put together when they are named; here one of them is wanted.
    command.build();
    let mut command = &command;
    for name in &typed.subcommands {
        command = command.find_subcommand(name).unwrap_or(command);
    }
    let mut found = Vec::new();
    for optional in &ALL {
        let mut arguments = command.get_arguments();
        if let Some(argument) = arguments.find(|one| one.get_long() == Some(optional.flag))
            && !is_typed(argument, typed)
        {
            found.extend(given(optional, argument, variables, user)?);
        }
    }
    let mut warnings = Vec::new();
    let found = possible(found, command, typed)?;
    let found = reconciled(found, args, &mut warnings)?;
    added(words, found, warnings).map(Some)
}

/// Those of `found` that mean something beside what was typed and the others. What
/// stands in a file gives way, with a warning.
///
/// # Errors
///
/// A variable that contradicts another one, or what was typed.
fn reconciled<'a>(
    mut found: Vec<StandIn<'a>>,
    args: &Args,
    warnings: &mut Vec<String>,
) -> Result<Vec<StandIn<'a>>, Failure> {
    for rule in &RULES {
        for (flag, value) in rule.ruled_out {
            let sides = [(rule.ruling.0, Some(rule.ruling.1)), (*flag, *value)];
            let [by, out] = sides.map(|(flag, value)| Said::of(flag, value, &found, args));
            let (Some(by), Some(out)) = (by, out) else {
                continue;
            };
            // The parser of a run tells what was typed in full.
            if matches!((&by, &out), (Said::Typed(_), Said::Typed(_))) {
                continue;
            }
            let told = [&by, &out].map(|side| side.told(&found));
            if let Some(at) = out.in_file(&found) {
                warnings.push(format!("{} {}", told[1], rule.why));
                found.remove(at);
            } else if let Some(at) = by.in_file(&found) {
                warnings.push(format!("{} gives way to {}", told[0], told[1]));
                found.remove(at);
            } else {
                let text = format!("{} and {} contradict each other", told[0], told[1]);
                return Err(Failure::new(Reason::Configuration, text).help("leave one of them out"));
            }
        }
    }
    Ok(found)
}

/// Where an option is said.
enum Said {
    At(usize),
    Typed(&'static str),
}

impl Said {
    /// Where `flag` is said, with this value if one counts.
    fn of(
        flag: &'static str,
        value: Option<&str>,
        found: &[StandIn<'_>],
        args: &Args,
    ) -> Option<Self> {
        let says = |one: &StandIn<'_>| {
            one.optional.flag == flag && value.is_none_or(|value| one.values() == value)
        };
        let at = found.iter().position(says).map(Self::At);
        at.or_else(|| args.says(flag).then_some(Self::Typed(flag)))
    }

    fn told(&self, found: &[StandIn<'_>]) -> String {
        match self {
            Self::At(at) => found[*at].named(),
            Self::Typed(flag) => format!("--{flag}"),
        }
    }

    /// Its place among `found`, if it stands in a file.
    fn in_file(&self, found: &[StandIn<'_>]) -> Option<usize> {
        match self {
            Self::At(at) if !is_variable(&found[*at].origin) => Some(*at),
            _ => None,
        }
    }
}

/// `words` and those of `found`.
fn added(
    words: &[OsString],
    found: Vec<StandIn<'_>>,
    warnings: Vec<String>,
) -> Result<StandIns, Failure> {
    let end = words.iter().position(|word| word == "--");
    let (ours, rest) = words.split_at(end.unwrap_or(words.len()));
    let mut all = StandIns {
        origins: Vec::new(),
        warnings,
        words: ours.to_vec(),
    };
    for one in found {
        one.check()?;
        let (key, values) = (one.optional.key(), one.values());
        // A script says what it likes, passwords too.
        let told = match one.optional.flag {
            SCRIPT => "(not shown)",
            _ => shown(&values),
        };
        all.origins.push(format!("{key} = {told} ({})", one.origin));
        all.words.extend(one.words.into_iter().map(OsString::from));
    }
    all.words.extend_from_slice(rest);
    Ok(all)
}

fn is_typed(argument: &clap::Arg, typed: &Typed) -> bool {
    typed.arguments.contains(argument.get_id().as_str())
}

/// What the variable, or else the user's file, says of an option, if it says that it
/// is wanted.
fn given<'a>(
    optional: &'static Optional,
    argument: &'a clap::Arg,
    variables: Variables<'_>,
    user: Option<&File>,
) -> Result<Option<StandIn<'a>>, Failure> {
    let name = optional.variable;
    let (origin, words) = if let Some(text) = variable(variables, name)? {
        let words = optional.words_of_variable(&text);
        let words = words.map_err(|expected| unfit(name, &text, &expected))?;
        (Origin::Variable(name), words)
    } else if let Some(file) = user
        && let Some(words) = file.content.options.get(optional.flag)
        && !(OF_THE_LOG.contains(&optional.flag) && variables(LOG).is_some())
    {
        (Origin::File(file.path.clone()), words.clone())
    } else {
        return Ok(None);
    };
    let words = match optional.shape {
        Shape::File => words.iter().map(|word| expanded(word, variables)).collect(),
        _ => words,
    };
    let wanted = !words.is_empty();
    Ok(wanted.then_some(StandIn {
        argument,
        optional,
        origin,
        words,
    }))
}

/// Those of `found` that go with what was typed, and with each other: a variable goes
/// before a file.
///
/// # Errors
///
/// Two of the same origin contradict each other.
fn possible<'a>(
    found: Vec<StandIn<'a>>,
    command: &clap::Command,
    typed: &Typed,
) -> Result<Vec<StandIn<'a>>, Failure> {
    let arguments = command.get_arguments();
    let typed: Vec<_> = arguments.filter(|one| is_typed(one, typed)).collect();
    let (of_variables, of_file): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|one| is_variable(&one.origin));
    let mut all: Vec<StandIn<'_>> = Vec::new();
    for one in of_variables.into_iter().chain(of_file) {
        let excludes = |other: &clap::Arg| exclude(command, one.argument, other);
        if typed.iter().any(|other| excludes(other)) {
            continue;
        }
        match all.iter().find(|other| excludes(other.argument)) {
            Some(other) if is_variable(&one.origin) == is_variable(&other.origin) => {
                let text = format!(
                    "{} and {} contradict each other",
                    other.named(),
                    one.named()
                );
                return Err(Failure::new(Reason::Configuration, text).help("leave one of them out"));
            }
            Some(_) => {}
            None => all.push(one),
        }
    }
    let has_script = typed.iter().any(|one| one.get_long() == Some(SCRIPT))
        || all.iter().any(|one| one.optional.flag == SCRIPT);
    all.retain(|one| one.optional.flag != "shell" || has_script);
    Ok(all)
}

/// A flag with a file, where `~/` at its start is the home.
fn expanded(word: &str, variables: Variables<'_>) -> String {
    let home = variables("HOME").map(PathBuf::from);
    match word.split_once('=') {
        Some((flag, file)) => {
            let file = at_home(Path::new(file), home.as_deref());
            format!("{flag}={}", file.display())
        }
        None => word.to_owned(),
    }
}

fn is_variable(origin: &Origin) -> bool {
    origin.variable().is_some()
}

/// Whether the parser takes only one of both.
fn exclude(command: &clap::Command, one: &clap::Arg, other: &clap::Arg) -> bool {
    let names = |one: &clap::Arg, other: &clap::Arg| {
        let excluded = command.get_arg_conflicts_with(one);
        excluded.iter().any(|one| one.get_id() == other.get_id())
    };
    names(one, other) || names(other, one)
}

impl StandIn<'_> {
    /// What says it, for people.
    fn named(&self) -> String {
        match &self.origin {
            Origin::File(path) => format!("`{}` of {}", self.optional.key(), path.display()),
            origin => origin.to_string(),
        }
    }

    /// The values in its words, without the flag.
    fn values(&self) -> String {
        if self.optional.shape == Shape::Count {
            return self.words.len().to_string();
        }
        let values = self.words.iter().map(|word| match word.split_once('=') {
            Some((_, value)) => value,
            None => "true",
        });
        values.collect::<Vec<_>>().join(" ")
    }

    /// That the parser takes it.
    fn check(&self) -> Result<(), Failure> {
        if matches!(
            self.optional.shape,
            Shape::Any | Shape::Count | Shape::File | Shape::Switch
        ) {
            return Ok(());
        }
        let command = clap::Command::new("phase-run").no_binary_name(true);
        let command = command.arg(self.argument);
        let Err(error) = command.try_get_matches_from(&self.words) else {
            return Ok(());
        };
        let valid = match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(valid)) => Some(format!("one of: {}", valid.join(", "))),
            _ => None,
        };
        // Our own parsers say what a text must be, and repeat nothing of it.
        let why = error.source().map(ToString::to_string);
        let why = why
            .as_deref()
            .and_then(|why| why.strip_prefix("it must be "));
        let usual = || format!("what --{} takes", self.optional.flag);
        let expected = valid.or(why.map(str::to_owned)).unwrap_or_else(usual);
        Err(match &self.origin {
            Origin::File(path) => {
                let key = self.optional.key();
                misused(path, &format!("`{key}` must be {expected}"))
            }
            _ => unfit(self.optional.variable, &self.values(), &expected),
        })
    }
}
