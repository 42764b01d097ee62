//! Advice that fits the command at hand: what names an option that the command does
//! not have is left out.
//!
//! The library knows nothing of commands, and its advice is for all of them.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;

use clap::{Command, CommandFactory as _};

use crate::args::Args;
use crate::exit::Failure;

/// `failure` with the advice that fits the command that `subcommands` lead to.
pub(crate) fn fitting(failure: Failure, subcommands: &[String]) -> Failure {
    // Most failures name no option, and all commands are some work to describe.
    let options = OnceCell::new();
    let has = |option: &str| {
        let options = options.get_or_init(|| options_of(subcommands));
        options.contains(option)
    };
    failure.each_help(|line| fit(line, &has))
}

/// The options of the command that `subcommands` lead to, with their dashes.
fn options_of(subcommands: &[String]) -> BTreeSet<String> {
    let mut root = Args::command();
    root.build();
    let mut command = &root;
    for name in subcommands {
        command = command.find_subcommand(name).unwrap_or(command);
    }
    options(command)
}

fn options(command: &Command) -> BTreeSet<String> {
    let names = command.get_arguments().flat_map(|argument| {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        argument.get_long().into_iter().chain(aliases)
    });
    names.map(|name| format!("--{name}")).collect()
}

/// `line` without the ways that need an option that there is not; none if there is
/// no other way. What stands in backticks and is a whole command has its own options.
fn fit(line: &str, has: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut kept = String::new();
    let mut is_alone = true;
    for (separator, clause) in split(line, &["; ", ". "]) {
        // What follows a clause that is left out speaks of it, unless it is another way.
        let other = clause.strip_prefix("else ");
        let clause = if is_alone { Some(clause) } else { other };
        let Some(clause) = clause.and_then(|clause| fit_clause(clause, has)) else {
            is_alone = false;
            continue;
        };
        is_alone = true;
        if !kept.is_empty() {
            kept.push_str(separator);
        }
        kept.push_str(&clause);
    }
    (!kept.is_empty()).then_some(kept)
}

/// One sentence, which may name several ways: `do this, that with --x, or those`.
fn fit_clause(clause: &str, has: &dyn Fn(&str) -> bool) -> Option<String> {
    if fits(clause, has) {
        return Some(clause.to_owned());
    }
    let ways = split(clause, &[", or ", ", and ", ", "]);
    // Commas alone do not make parts that can do without each other.
    let (last, _) = ways.last().copied()?;
    if ways.len() > 1 && last == ", " {
        return None;
    }
    let fitting = ways.iter().filter_map(|(_, way)| fit_way(way, has));
    joined(&fitting.collect::<Vec<_>>(), ", ", last)
}

/// One way, which may name several options: `look at --x, --y and --z`.
fn fit_way(way: &str, has: &dyn Fn(&str) -> bool) -> Option<String> {
    if fits(way, has) {
        return Some(way.to_owned());
    }
    let first = named(way).into_iter().next()?;
    // An option alone in backticks begins with them.
    let start = first.start - usize::from(way[..first.start].ends_with('`'));
    let (before, from) = way.split_at(start);
    let (items, joint, rest) = items(from);
    let fitting = items.into_iter().filter(|item| fits(item, has));
    let kept = fitting.map(str::to_owned).collect::<Vec<_>>();
    let way = format!("{before}{}{rest}", joined(&kept, ", ", joint)?);
    fits(&way, has).then_some(way)
}

/// The items of the list with which `text` begins, what stands before the last of them,
/// and what follows.
fn items(text: &str) -> (Vec<&str>, &str, &str) {
    let mut all = Vec::new();
    let mut joint = "";
    let mut rest = text;
    loop {
        let (item, after) = rest.split_at(item(rest));
        all.push(item);
        let mut joints = [", ", " and ", " or "].into_iter();
        let next = joints.find_map(|one| Some((one, after.strip_prefix(one)?)));
        let Some((found, following)) = next.filter(|(_, text)| is_item(text)) else {
            return (all, joint, after);
        };
        (joint, rest) = (found, following);
    }
}

/// How long the option or the variable is with which `text` begins, with what is
/// given to it.
fn item(text: &str) -> usize {
    let end = |from: usize| {
        text[from..]
            .find([' ', ',', ';', ':'])
            .map_or(text.len(), |at| from + at)
    };
    let mut length = end(0);
    if text.starts_with("--")
        && let Some(value) = text[length..].strip_prefix(' ')
    {
        let word = &value[..value.find([' ', ',']).unwrap_or(value.len())];
        let is_value = word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase());
        if is_value || VALUES.contains(&word) {
            length = end(length + 1);
        }
    }
    length
}

/// Values of options that advice names.
const VALUES: [&str; 7] = [
    "e2ee",
    "file",
    "infisical",
    "phase",
    "rest",
    "skip",
    "vault",
];

fn is_item(text: &str) -> bool {
    let word = &text[..item(text)];
    let is_variable = word.contains('_') && word.starts_with(|first: char| first.is_uppercase());
    word.starts_with("--") || word.starts_with("`--") || is_variable
}

/// `parts` with `separator` between them, and `last` before the last one.
fn joined(parts: &[String], separator: &str, last: &str) -> Option<String> {
    let (end, parts) = parts.split_last()?;
    Some(match parts {
        [] => end.clone(),
        parts => format!("{}{last}{end}", parts.join(separator)),
    })
}

/// Whether there is each option that `text` names.
fn fits(text: &str, has: &dyn Fn(&str) -> bool) -> bool {
    named(text).into_iter().all(|option| has(&text[option]))
}

/// Where `text` names options, but for those of commands in backticks.
fn named(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut start = 0;
    for (number, part) in text.split('`').enumerate() {
        let quoted = number % 2 == 1;
        let is_name = |at: usize| !quoted && part[..at].matches('"').count() % 2 == 1;
        let found = part.match_indices("--").map(|(at, _)| at);
        // Behind the option that is quoted stands what it is given.
        let found = found.filter(|at| (!quoted || *at == 0) && !is_name(*at));
        all.extend(found.filter_map(|at| option(part, at)).map(|length| {
            let (at, length) = length;
            start + at..start + at + length
        }));
        start += part.len() + 1;
    }
    all
}

/// Where the option that may begin `at` these dashes is, and how long.
fn option(text: &str, at: usize) -> Option<(usize, usize)> {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let (before, name) = (&text[..at], &text[at + 2..]);
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    let length = name.find(|letter| !of_name(letter)).unwrap_or(name.len());
    (begins && !before.ends_with(of_name)).then_some((at, 2 + length))
}

/// The parts of `text` between `separators`, each with the one before it. What is in
/// backticks or quotes is whole, and so is a list of options.
fn split<'a>(text: &'a str, separators: &[&'static str]) -> Vec<(&'static str, &'a str)> {
    let mut parts = Vec::new();
    let mut before = "";
    let mut start = 0;
    let mut quote = None;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        match quote {
            None if letter == '`' || letter == '"' => quote = Some(letter),
            Some(open) if open == letter => quote = None,
            _ => {}
        }
        let found = separators.iter().find(|one| text[at..].starts_with(**one));
        match found {
            Some(separator) if quote.is_none() => {
                let next = at + separator.len();
                if separator.starts_with(',') && is_item(&text[next..]) {
                    at = next;
                    continue;
                }
                parts.push((before, &text[start..at]));
                (before, start, at) = (separator, next, next);
            }
            _ => at += letter.len_utf8(),
        }
    }
    parts.push((before, &text[start..]));
    parts
}

#[cfg(test)]
mod tests;
