//! What stands in for flags that were not typed: variables, then the user's file.
//! Each is checked by itself, so that a message names what was set.

use std::error::Error as _;
use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};
use phase_run::outside::{looks_like_token, shown};

use super::content::misused;
use super::layers::{Origin, Variables, unfit, variable};
use super::options::{ALL, Optional, Shape};
use super::project::File;
use crate::args::{Args, Mode};
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

/// Options that a supervisor alone can follow.
const OF_SUPERVISORS: [&str; 3] = ["kill-after", "map-signal", "revoke-leases"];

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
    added(words, possible(found, command, typed)?, args.mode()).map(Some)
}

/// `words` and those of `found`, where `mode` is the one that was typed.
fn added(
    words: &[OsString],
    found: Vec<StandIn<'_>>,
    mode: Option<Mode>,
) -> Result<StandIns, Failure> {
    let is_exec = match found.iter().find(|one| one.optional.flag == "mode") {
        Some(mode) => mode.words == ["--mode=exec"],
        None => mode == Some(Mode::Exec),
    };
    let end = words.iter().position(|word| word == "--");
    let (ours, rest) = words.split_at(end.unwrap_or(words.len()));
    let mut all = StandIns {
        origins: Vec::new(),
        warnings: Vec::new(),
        words: ours.to_vec(),
    };
    for one in found {
        one.check()?;
        let (key, values) = (one.optional.key(), one.values());
        let supervises = OF_SUPERVISORS.contains(&one.optional.flag) || values == "group";
        if let (Origin::File(path), true, true) = (&one.origin, is_exec, supervises) {
            let path = path.display();
            all.warnings.push(format!(
                "`{key}` of {path} needs a supervisor, and with --mode exec there is none"
            ));
            continue;
        }
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
    {
        (Origin::File(file.path.clone()), words.clone())
    } else {
        return Ok(None);
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
            Shape::Any | Shape::Count | Shape::Switch
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
        let (variable, text) = (self.optional.variable, self.values());
        let usual = format!("what --{} takes", self.optional.flag);
        Err(match (&self.origin, error.source()) {
            (Origin::File(path), _) => {
                let (key, expected) = (self.optional.key(), valid.unwrap_or(usual));
                misused(path, &format!("`{key}` must be {expected}"))
            }
            // The reason may repeat a part of the text.
            (_, Some(why)) if valid.is_none() && !looks_like_token(&text) => {
                unfit(variable, &text, &format!("{usual}: {why}"))
            }
            _ => unfit(variable, &text, &valid.unwrap_or(usual)),
        })
    }
}
