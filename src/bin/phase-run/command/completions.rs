//! `completions`: a script for each shell, and what the scripts ask for.
//!
//! The scripts of bash, fish and zsh know nothing: at each press of the key they ask
//! what may stand there, and the parser's own tables answer.

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;

use crate::args::Args;
use crate::exit::Failure;
use crate::print::print;

const BASH: &str = include_str!("completions/phase-run.bash");
const FISH: &str = include_str!("completions/phase-run.fish");
const ZSH: &str = include_str!("completions/phase-run.zsh");

/// What may stand at a place of the command line.
#[derive(Debug, Eq, PartialEq)]
enum Completion {
    /// A command, which begins after the first `--`.
    Command,
    Files,
    /// One of these, each with a description.
    Words(Vec<(String, String)>),
}

/// Prints the script for `shell`, or what may stand in the place of the last of
/// `words`, the program's name first.
pub(crate) fn completions(shell: Shell, words: &[OsString]) -> Result<(), Failure> {
    let mut root = Args::command();
    let [_, words @ ..] = words else {
        return print(&script(shell, &mut root));
    };
    root.build();
    let words = words.iter().map(|word| word.to_string_lossy().into_owned());
    let words = match shell {
        Shell::Bash => joined(words),
        _ => words.collect(),
    };
    let (before, last) = match &words[..] {
        [before @ .., last] => (before, last.as_str()),
        [] => (&[][..], ""),
    };
    print(&match completion(&root, before, last) {
        Completion::Command => ":command\n".to_owned(),
        Completion::Files => ":files\n".to_owned(),
        Completion::Words(found) => found
            .iter()
            .filter_map(|one| line(shell, one, last))
            .collect(),
    })
}

fn script(shell: Shell, root: &mut Command) -> String {
    match shell {
        Shell::Bash => BASH.to_owned(),
        Shell::Fish => FISH.to_owned(),
        Shell::Zsh => ZSH.to_owned(),
        _ => {
            let mut text = Vec::new();
            clap_complete::generate(shell, root, "phase-run", &mut text);
            String::from_utf8_lossy(&text).into_owned()
        }
    }
}

/// bash parts words at `=` and `:`; these are whole.
fn joined(parts: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut goes_on = false;
    for part in parts {
        let parts_words = !part.is_empty() && part.chars().all(|c| matches!(c, '=' | ':'));
        match words.last_mut() {
            Some(word) if goes_on || parts_words => word.push_str(&part),
            _ => words.push(part),
        }
        goes_on = parts_words;
    }
    words
}

/// A line for `shell`, if `word` goes on where `last` ends.
fn line(shell: Shell, (word, what): &(String, String), last: &str) -> Option<String> {
    // Of `--flag=value` the shells replace the value, but for fish.
    let (head, typed) = match last.split_once('=') {
        Some((flag, typed)) => (format!("{flag}="), typed),
        None => (String::new(), last),
    };
    word.starts_with(typed).then(|| match shell {
        Shell::Fish => format!("{head}{word}\t{what}\n"),
        Shell::Zsh => format!("{}:{what}\n", word.replace(':', "\\:")),
        _ => format!("{word}\n"),
    })
}

/// What may stand where `last` begins, after the words `before`.
fn completion(root: &Command, before: &[String], last: &str) -> Completion {
    let mut command = root;
    let mut has_options = false;
    let mut places = 0;
    let mut words = before.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            return match command.get_positionals().find(|one| one.is_last_set()) {
                Some(_) => Completion::Command,
                None => values(command.get_positionals().nth(places + words.count())),
            };
        }
        if word.starts_with('-') {
            has_options = true;
            if let Some(option) = option(command, word)
                && takes_next(option)
                && words.next().is_none()
            {
                return values(Some(option));
            }
        } else if let Some(below) = command.find_subcommand(word) {
            command = below;
            has_options = false;
        } else {
            places += 1;
        }
    }
    match last.split_once('=') {
        Some((flag, _)) if flag.starts_with("--") => values(option(command, flag)),
        _ if last.starts_with('-') => Completion::Words(options(command)),
        _ => in_place(command, places, has_options),
    }
}

/// The option that `word` is, alone: with a value behind `=` there is no more to it.
fn option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let name = word.strip_prefix("--")?;
    let mut all = command.get_arguments();
    all.find(|one| {
        one.get_long_and_visible_aliases()
            .is_some_and(|names| names.contains(&name))
    })
}

fn takes_next(option: &Arg) -> bool {
    option.get_action().takes_values() && !option.is_require_equals_set()
}

/// The options of `command`, and what ends them where a command follows.
fn options(command: &Command) -> Vec<(String, String)> {
    let all = command.get_arguments().filter(|one| !one.is_hide_set());
    let named =
        all.filter_map(|one| Some((format!("--{}", one.get_long()?), about(one.get_help()))));
    named.chain(dashes(command)).collect()
}

fn dashes(command: &Command) -> Option<(String, String)> {
    let mut all = command.get_positionals();
    let argv = all.find(|one| one.is_last_set() && !one.is_hide_set())?;
    Some(("--".to_owned(), about(argv.get_help())))
}

/// What may stand where no option is begun, after `places` words that are none.
fn in_place(command: &Command, places: usize, has_options: bool) -> Completion {
    let mut positionals = command.get_positionals().filter(|one| !one.is_last_set());
    if let Some(argument) = positionals.nth(places) {
        return values(Some(argument));
    }
    // An option in front is the launcher's, and a command follows.
    let below = command.get_subcommands().filter(|_| !has_options);
    let below = below.map(|one| (one.get_name().to_owned(), about(one.get_about())));
    Completion::Words(below.chain(dashes(command)).collect())
}

fn values(argument: Option<&Arg>) -> Completion {
    let Some(argument) = argument else {
        return Completion::Words(Vec::new());
    };
    if argument.get_value_hint() == ValueHint::AnyPath {
        return Completion::Files;
    }
    let possible = argument.get_possible_values();
    let shown = possible.iter().filter(|value| !value.is_hide_set());
    let words = shown.map(|value| (value.get_name().to_owned(), about(value.get_help())));
    Completion::Words(words.collect())
}

/// The first sentence of a help text, without what it says of defaults and variables.
fn about(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    let text = text.split(" [").next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str) -> Completion {
        let mut root = Args::command();
        root.build();
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let (last, before) = words.split_last().unwrap();
        completion(&root, before, last)
    }

    fn names(words: &str) -> Vec<String> {
        match found(words) {
            Completion::Words(words) => words.into_iter().map(|(name, _)| name).collect(),
            other => panic!("{words:?} gave {other:?}"),
        }
    }

    #[test]
    fn files_are_meant_where_the_parser_takes_a_path_and_nowhere_else() {
        for flag in [
            "vault",
            "token-file",
            "ca-cert",
            "identity",
            "client-key",
            "shell",
        ] {
            assert_eq!(found(&format!("--{flag} ")), Completion::Files, "{flag}");
            assert_eq!(
                found(&format!("run --{flag}=a")),
                Completion::Files,
                "{flag}"
            );
        }
        assert_eq!(found("copy "), Completion::Files);
        assert_eq!(found("vault rekey --to-identity "), Completion::Files);
        for words in [
            "--env ",
            "--app=",
            "secrets get ",
            "--command ",
            "secrets list --tag ",
        ] {
            assert!(names(words).is_empty(), "{words}");
        }
    }

    #[test]
    fn every_command_however_deep_is_completed_with_its_options() {
        fn walk(command: &Command, path: &str) {
            for below in command.get_subcommands() {
                let name = below.get_name();
                assert!(names(path).iter().any(|one| one == name), "{path}{name}");
                let path = format!("{path}{name} ");
                let offered = names(&format!("{path}-"));
                for option in below.get_arguments().filter_map(Arg::get_long) {
                    assert!(offered.contains(&format!("--{option}")), "{path} {option}");
                }
                walk(below, &path);
            }
        }
        let mut root = Args::command();
        root.build();
        walk(&root, "");
    }

    #[test]
    fn a_command_follows_the_dashes_of_the_launcher_alone() {
        for words in ["-- ", "run -- np", "--env prod -- npm st", "-- --provider "] {
            assert_eq!(found(words), Completion::Command, "{words}");
        }
        assert!(names("secrets get -- ").is_empty());
        assert_eq!(found("copy -- "), Completion::Files);
        assert_eq!(names("--env prod "), ["--"], "and no subcommand");
    }

    #[test]
    fn what_bash_parts_is_put_together() {
        let parts = ["--provider", "=", "in", "--host", "https", ":", "//a", "-q"];
        let words = joined(parts.map(str::to_owned).into_iter());
        assert_eq!(words, ["--provider=in", "--host", "https://a", "-q"]);
    }
}
