//! What stands in for flags that were not typed: variables, then the user's file.
//! Each is checked by itself, so that a message names what was set.

use std::error::Error as _;
use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};
use phase_run::outside::{looks_like_token, shown};

use super::content::misused;
use super::layers::{Origin, Variables, unfit};
use super::options::{ALL, Optional};
use super::places::Places;
use super::project::{self, File};
use crate::args::Args;
use crate::exit::Failure;

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

/// An option that was not typed, in words.
struct StandIn {
    optional: &'static Optional,
    origin: Origin,
    words: Vec<String>,
}

/// `words`, the program's name first, and what stands in for flags that are not
/// among them; `None` where nothing does.
///
/// # Errors
///
/// A variable or a key that means nothing to the command.
pub(crate) fn stand_ins(
    words: &[OsString],
    variables: Variables<'_>,
) -> Result<Option<StandIns>, Failure> {
    let found = found(words, variables)?;
    if found.is_empty() {
        return Ok(None);
    }
    let mut command = Args::command();
    // Subcommands are put together when they are named; here one of them is wanted.
    command.build();
    let ours = words.iter().take_while(|word| *word != "--");
    let command = ours.clone().skip(1).fold(&command, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    });
    let end = ours.count();
    let mut all = StandIns {
        origins: Vec::new(),
        warnings: Vec::new(),
        words: words[..end].to_vec(),
    };
    let is_exec = mode(words, &found).is_some_and(|mode| mode == "exec");
    for StandIn {
        optional,
        origin,
        words,
    } in found
    {
        let mut arguments = command.get_arguments();
        let Some(argument) = arguments.find(|one| one.get_long() == Some(optional.flag)) else {
            continue;
        };
        check(argument, &words, optional, &origin)?;
        let (key, values) = (optional.key(), values(&words));
        let supervises = OF_SUPERVISORS.contains(&optional.flag) || values == "group";
        if let (Origin::File(path), true, true) = (&origin, is_exec, supervises) {
            let path = path.display();
            all.warnings.push(format!(
                "`{key}` of {path} needs a supervisor, and with --mode exec there is none"
            ));
            continue;
        }
        all.origins
            .push(format!("{key} = {} ({origin})", shown(&values)));
        all.words.extend(words.into_iter().map(OsString::from));
    }
    all.words.extend_from_slice(&words[end..]);
    Ok(Some(all))
}

/// What was set of the options that were not typed.
fn found(words: &[OsString], variables: Variables<'_>) -> Result<Vec<StandIn>, Failure> {
    let user = user(variables);
    let mut found = Vec::new();
    for optional in &ALL {
        if typed(words, optional.flag).is_some() {
            continue;
        }
        if let Some(text) = variables(optional.variable) {
            let text = text.to_string_lossy();
            let read = optional.words_of_variable(&text);
            found.push(StandIn {
                optional,
                origin: Origin::Variable(optional.variable),
                words: read.map_err(|expected| unfit(optional.variable, &text, &expected))?,
            });
        } else if let Some(file) = &user
            && let Some(words) = file.content.options.get(optional.flag)
        {
            found.push(StandIn {
                optional,
                origin: Origin::File(file.path.clone()),
                words: words.clone(),
            });
        }
    }
    found.retain(|one| !one.words.is_empty());
    Ok(found)
}

/// The user's file. What is wrong with it is told to those who need it.
fn user(variables: Variables<'_>) -> Option<File> {
    let places = Places::find(variables);
    let folder = places.configuration?;
    project::user(&folder, places.home.as_deref()).ok()?
}

/// The word by which `flag` was typed, and the one behind it.
fn typed<'a>(words: &'a [OsString], flag: &str) -> Option<(&'a str, &'a str)> {
    let flag = format!("--{flag}");
    let mut ours = words.iter().take_while(|word| *word != "--");
    let is_it = |word: &&OsString| {
        let rest = word.to_str().and_then(|word| word.strip_prefix(&*flag));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    let word = ours.find(is_it)?.to_str()?;
    let next = ours.next().and_then(|word| word.to_str());
    Some((word, next.unwrap_or_default()))
}

/// The mode that was typed, or stands in for that.
fn mode<'a>(words: &'a [OsString], found: &'a [StandIn]) -> Option<&'a str> {
    let typed =
        typed(words, "mode").map(|(word, next)| word.split_once('=').map_or(next, |it| it.1));
    let stands_in = || {
        let mode = found.iter().find(|one| one.optional.flag == "mode")?;
        mode.words[0].strip_prefix("--mode=")
    };
    typed.or_else(stands_in)
}

/// The values in `words`, without the flag.
fn values(words: &[String]) -> String {
    let values = words.iter().map(|word| match word.split_once('=') {
        Some((_, value)) => value,
        None => "true",
    });
    values.collect::<Vec<_>>().join(" ")
}

/// That the parser takes `words` for `argument`.
fn check(
    argument: &clap::Arg,
    words: &[String],
    optional: &Optional,
    origin: &Origin,
) -> Result<(), Failure> {
    let command = clap::Command::new("phase-run").no_binary_name(true);
    let Err(error) = command.arg(argument).try_get_matches_from(words) else {
        return Ok(());
    };
    let valid = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) => Some(format!("one of: {}", valid.join(", "))),
        _ => None,
    };
    let (key, text) = (optional.key(), values(words));
    let usual = format!("what --{} takes", optional.flag);
    Err(match (origin, error.source()) {
        (Origin::File(path), _) => {
            let expected = valid.unwrap_or(usual);
            misused(path, &format!("`{key}` must be {expected}"))
        }
        // The reason may repeat a part of the text.
        (_, Some(why)) if valid.is_none() && !looks_like_token(&text) => {
            unfit(optional.variable, &text, &format!("{usual}: {why}"))
        }
        _ => unfit(optional.variable, &text, &valid.unwrap_or(usual)),
    })
}
