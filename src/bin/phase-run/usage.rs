//! From the words typed to arguments, or to what is wrong with them.

mod spelling;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::mem;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use phase_run::outside::{looks_like_token, masked, shown};

use crate::args::{Args, LogFormat, Output};
use crate::exit::{Failure, Reason};

/// Why there are no arguments.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A page of help, or the version, was asked for.
    Help(String),
    /// The words make no sense, but for how that is to be told.
    Usage(Failure, Output),
}

/// What was typed, but for the values.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    /// The arguments of the command, by their ids.
    pub(crate) arguments: BTreeSet<String>,
    /// The subcommands that lead to the command.
    pub(crate) subcommands: Vec<String>,
}

/// Options that may stand before a subcommand.
const BEFORE: [&str; 4] = ["quiet", "verbose", "log_format", "sysexits"];

/// Takes `words` apart, the program's name first.
pub(crate) fn parse(words: &[OsString]) -> Result<(Args, Typed), Refused> {
    // What is typed most needs no parser, which takes a fifth of a whole run.
    match words {
        [_, dashes, argv @ ..] if dashes == "--" && !argv.is_empty() => {
            let typed = Typed {
                arguments: [COMMAND.to_owned()].into(),
                subcommands: Vec::new(),
            };
            Ok((Args::starting(argv.to_vec()), typed))
        }
        [_, flag] if flag == "--version" => Err(Refused::Help(VERSION.to_owned())),
        _ => parse_all(words),
    }
}

/// The id of the command that is to be started.
const COMMAND: &str = "argv";

const VERSION: &str = concat!("phase-run ", env!("CARGO_PKG_VERSION"), "\n");

fn parse_all(words: &[OsString]) -> Result<(Args, Typed), Refused> {
    let mut command = Args::command();
    let matches = command.try_get_matches_from_mut(words);
    let args = matches.and_then(|mut matches| {
        misplaced(&matches, &mut command)?;
        let typed = Typed::of(&matches);
        Ok((Args::from_arg_matches_mut(&mut matches)?, typed))
    });
    // A thousand blocks, which go with the process.
    mem::forget(command);
    args.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Refused::Help(error.render().to_string())
        }
        _ => Refused::Usage(failure(&error, words), output(words)),
    })
}

impl Typed {
    fn of(mut matches: &ArgMatches) -> Self {
        let mut subcommands = Vec::new();
        while let Some((name, below)) = matches.subcommand() {
            subcommands.push(name.to_owned());
            matches = below;
        }
        let ids = matches.ids().map(clap::Id::as_str);
        let typed = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine);
        Self {
            arguments: ids.filter(typed).map(str::to_owned).collect(),
            subcommands,
        }
    }
}

/// How a failure is to be told, from words that cannot be taken apart.
fn output(words: &[OsString]) -> Output {
    let ours = words.iter().take_while(|word| *word != "--");
    let ours: Vec<&OsString> = ours.collect();
    let json = ours
        .windows(2)
        .any(|pair| pair[0] == "--log-format" && pair[1] == "json");
    let json = json || ours.iter().any(|word| *word == "--log-format=json");
    Output {
        log_format: if json {
            LogFormat::Json
        } else {
            LogFormat::Text
        },
        sysexits: ours.iter().any(|word| *word == "--sysexits"),
        ..Output::default()
    }
}

/// Whether `words` say how messages are written.
pub(crate) fn names_log_format(words: &[OsString]) -> bool {
    let mut ours = words.iter().take_while(|word| *word != "--");
    ours.any(|word| word.to_string_lossy().starts_with("--log-format"))
}

/// An option of the launcher in front of a subcommand would be without effect.
fn misplaced(matches: &ArgMatches, command: &mut clap::Command) -> Result<(), clap::Error> {
    let Some((subcommand, inner)) = matches.subcommand() else {
        return Ok(());
    };
    let typed = |id: &&clap::Id| {
        matches.value_source(id.as_str()) == Some(ValueSource::CommandLine)
            && !BEFORE.contains(&id.as_str())
            && command
                .get_arguments()
                .any(|argument| argument.get_id() == *id)
    };
    let Some(id) = matches.ids().find(typed) else {
        return Ok(());
    };
    let mut path = subcommand.to_owned();
    let mut deepest = inner;
    while let Some((subcommand, inner)) = deepest.subcommand() {
        path = format!("{path} {subcommand}");
        deepest = inner;
    }
    let flag = id.as_str().replace('_', "-");
    let text = if deepest.try_contains_id(id.as_str()).is_ok() {
        format!("--{flag} belongs after `{path}`")
    } else {
        format!("`{path}` has no --{flag}")
    };
    Err(command.error(ErrorKind::ArgumentConflict, text))
}

fn failure(error: &clap::Error, words: &[OsString]) -> Failure {
    let mut command = Args::command();
    // Subcommands are put together when they are named; here all are wanted.
    command.build();
    let command = deepest(&command, &words[1..]);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    ) {
        let names: Vec<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        let text = format!("`{}` needs a subcommand", command.get_name());
        return Failure::new(Reason::Usage, text).help(format!("one of: {}", names.join(", ")));
    }
    if command.get_name() == "login" && is_stray(error) {
        let text = "`login` takes no token among its arguments, where others can read it";
        return Failure::new(Reason::Usage, text).help("give it on stdin, or at the prompt");
    }
    let writes = ["create", "update"].contains(&command.get_name());
    if writes && error.kind() == ErrorKind::UnknownArgument && !stray(error).starts_with('-') {
        // What is typed behind the name may be the value, which is not repeated.
        let text = format!("`{}` takes a name and nothing else", command.get_name());
        return Failure::new(Reason::Usage, text)
            .help("give the value on stdin; if it is no secret, as NAME=VALUE with --from-argv");
    }
    let text = error.render().to_string();
    if looks_like_token(&text) {
        return with_token(&text, command);
    }
    let stray = stray(error);
    let text = if is_login(stray) {
        text.replace(stray, shown(stray))
    } else {
        text
    };
    let mut lines = text.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let mut first = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    if first.ends_with(':') {
        // What follows is a list, and the first line has to say it all.
        let list: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        first = format!("{first} {}", list.join(" "));
    }
    let failure = Failure::new(Reason::Usage, first);
    let spelling = with_dashes(error, words);
    if let Some(meant) = spelling::of(command.get_name(), stray) {
        // What follows may be a value, and is not repeated.
        let failure = failure.help(format!("did you mean: {meant}"));
        return match spelling {
            Some(_) => failure.help(format!(
                "a command of that name is started by: phase-run -- {stray}"
            )),
            None => failure,
        };
    }
    if let Some(spelling) = spelling {
        return failure.help(format!("put `--` before the command: {spelling}"));
    }
    // The dashes have another meaning here than in the parser's advice.
    let useful = |line: &&str| !line.is_empty() && !line.starts_with("tip: to pass");
    lines.filter(useful).fold(failure, Failure::help)
}

/// What is wrong with a word that looks like a token, in the parser's words, where
/// the word itself is hidden.
fn with_token(text: &str, command: &clap::Command) -> Failure {
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let mut options = command.get_arguments().filter_map(clap::Arg::get_long);
    let file = if options.any(|option| option == "token-file") {
        ", or in a file with --token-file"
    } else {
        ""
    };
    Failure::new(Reason::Usage, masked(first))
        .help("a token is never a word of a command line, which others can read: end that one, if it was real")
        .help(format!("give a token in PHASE_SERVICE_TOKEN or INFISICAL_TOKEN{file}"))
}

/// Whether a word that is not understood may be a token, which is not repeated.
fn is_stray(error: &clap::Error) -> bool {
    match error.kind() {
        ErrorKind::TooManyValues => true,
        ErrorKind::UnknownArgument => !stray(error).starts_with('-'),
        _ => false,
    }
}

/// The subcommand that `words` name, however deep.
fn deepest<'a>(command: &'a clap::Command, words: &[OsString]) -> &'a clap::Command {
    let words = words.iter().take_while(|word| *word != "--");
    words.fold(command, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    })
}

/// The word that nobody expected.
fn stray(error: &clap::Error) -> &str {
    let context = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand];
    let text = context.into_iter().find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(stray)) => Some(stray.as_str()),
        _ => None,
    });
    text.unwrap_or_default()
}

/// The command line with the `--` that is missing, if that is what is wrong.
fn with_dashes(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let stray = stray(error);
    let expected = matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument
    );
    let at = words.iter().skip(1).position(|word| word == stray)? + 1;
    let starts_commands = |word: &&OsString| !is_subcommand(word) || *word == "run";
    if !expected
        || stray.starts_with('-')
        || words.iter().any(|word| word == "--")
        || !words[1..at].iter().all(|word| starts_commands(&word))
    {
        return None;
    }
    if words.iter().any(|word| is_login(&word.to_string_lossy())) {
        return Some("phase-run [OPTIONS] -- COMMAND [ARG]...".to_owned());
    }
    let typed = |word: &OsString| quoted(&word.to_string_lossy());
    let before = words[1..at].iter().map(typed);
    let after = words[at..].iter().map(typed);
    let all = ["phase-run".to_owned()]
        .into_iter()
        .chain(before)
        .chain(["--".to_owned()])
        .chain(after);
    Some(all.collect::<Vec<_>>().join(" "))
}

/// Whether `word` is a URL that may hold a user and a password.
fn is_login(word: &str) -> bool {
    word.contains("://") && shown(word) != word
}

/// A word as a shell has to see it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn is_subcommand(word: &OsString) -> bool {
    let command = Args::command();
    command.get_subcommands().any(|one| one.get_name() == *word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;

    fn typed(words: &[&str]) -> Vec<OsString> {
        let words = ["phase-run"].iter().chain(words);
        words.map(OsString::from).collect()
    }

    fn parsed(words: &[&str]) -> Result<Args, Refused> {
        parse(&typed(words)).map(|(args, _)| args)
    }

    fn refused(words: &[&str]) -> String {
        match parsed(words) {
            Err(Refused::Usage(failure, _)) => {
                format!("{failure}\n{}", failure.advice().join("\n"))
            }
            other => panic!("{words:?} gave {other:?}"),
        }
    }

    #[test]
    fn a_command_without_dashes_is_shown_how_it_is_spelled() {
        assert!(refused(&["npm", "start"]).contains("phase-run -- npm start"));
        let text = refused(&["--env", "prod", "npm", "start"]);
        assert!(text.contains("phase-run --env prod -- npm start"), "{text}");
        assert!(refused(&["run", "npm"]).contains("phase-run run -- npm"));
        let text = refused(&["--only", "A*", "sh", "-c", "echo \"it's $A\"", ""]);
        let spelling = r#"phase-run --only 'A*' -- sh -c 'echo "it'\''s $A"' ''"#;
        assert!(text.ends_with(spelling), "{text}");
        let text = refused(&["psql", "postgres://me:hunter2@db"]);
        assert!(text.ends_with("[OPTIONS] -- COMMAND [ARG]..."), "{text}");
    }

    #[test]
    fn a_login_in_a_url_is_not_repeated_whatever_its_password_holds() {
        for url in [
            "postgres://me:hunter2@db",
            "postgres://me:hunter2\"x@db",
            "postgres://me:hunter2 x@db",
            "https://me:hunter2%40db",
        ] {
            for words in [&["psql", url][..], &[url]] {
                let text = refused(words);
                assert!(!text.contains("hunter2"), "{text}");
            }
        }
    }

    #[test]
    fn the_first_words_that_people_type_get_the_right_spelling() {
        for (words, meant) in [
            (&["login"][..], "phase-run auth login"),
            (&["logout"], "phase-run auth logout"),
            (&["list", "--env", "prod"], "phase-run secrets list"),
            (&["get", "A"], "phase-run secrets get NAME"),
            (&["secret", "list"], "phase-run secrets"),
            (&["help"], "phase-run --help"),
            (&["secrets", "rm", "A"], "phase-run secrets delete NAME"),
            (&["--env", "prod", "list"], "phase-run secrets list"),
            (&["doctor"], "phase-run --dry-run -v"),
            (
                &["secrets", "import", ".env"],
                "phase-run secrets create NAME",
            ),
        ] {
            let text = refused(words);
            assert!(text.contains(&format!("did you mean: {meant}")), "{text}");
        }
        let text = refused(&["login"]);
        assert!(text.contains("started by: phase-run -- login"), "{text}");
        for words in [
            &["secrets", "set", "A=hunter2"][..],
            &["secrets", "-v", "set", "A=hunter2"],
            &["set", "A=hunter2"],
            &["--env", "prod", "set", "A", "hunter2"],
            &["create", "A", "hunter2"],
        ] {
            let text = refused(words);
            assert!(text.contains("phase-run secrets create NAME"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn what_is_missing_stands_in_the_first_line() {
        for (words, missing) in [
            (&["run", "--json"][..], "--dry-run"),
            (&["secrets", "get"], "<NAME>"),
            (&["secrets", "delete", "-v"], "<NAME>..."),
        ] {
            let text = refused(words);
            let first = text.lines().next().unwrap();
            assert!(first.ends_with(&format!("provided: {missing}")), "{text}");
        }
    }

    #[test]
    fn nothing_is_advised_that_would_make_an_option_the_command() {
        let text = refused(&["--nope"]);
        assert!(text.starts_with("unexpected argument '--nope'"), "{text}");
        assert!(!text.contains("-- --nope"), "{text}");
    }

    #[test]
    fn a_subcommand_that_starts_no_command_is_shown_what_it_takes() {
        let text = refused(&["secrets", "lst"]);
        assert!(
            text.contains("'list'") && !text.contains("--  lst"),
            "{text}"
        );
        assert!(!refused(&["copy", "a", "b"]).contains("-- b"));
    }

    #[test]
    fn a_value_typed_behind_the_name_is_not_repeated() {
        for words in [
            &["secrets", "create", "A", "hunter2"][..],
            &["secrets", "update", "A", "--from-argv", "hunter2"],
        ] {
            let text = refused(words);
            assert!(
                text.contains("stdin") && !text.contains("hunter2"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_token_typed_behind_a_login_is_not_repeated() {
        for words in [
            &["auth", "login", "hunter2"][..],
            &["auth", "login", "--token", "hunter2"],
            &["auth", "login", "--token=hunter2"],
        ] {
            let text = refused(words);
            assert!(
                text.contains("stdin") && !text.contains("hunter2"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_missing_subcommand_is_told_with_those_there_are() {
        let text = refused(&["vault", "recipients"]);
        assert_eq!(
            text,
            "`recipients` needs a subcommand\none of: list, accept, add, remove"
        );
        assert!(refused(&["vault", "-v"]).starts_with("`vault` needs a subcommand"));
    }

    #[test]
    fn after_the_dashes_everything_is_the_commands() {
        for words in [
            &["--", "secrets"][..],
            &["--", "--help"],
            &["--", "--", "-v"],
        ] {
            let args = parsed(words).unwrap();
            assert!(args.command.is_none());
            assert_eq!(args.run.argv.len(), words.len() - 1);
        }
    }

    #[test]
    fn what_needs_no_parser_is_what_the_parser_would_say() {
        for words in [&["--", "a", "--", "-v"][..], &["--", ""], &["--version"]] {
            let [short, long] = [parse, parse_all].map(|parse| {
                let parsed = parse(&typed(words));
                parsed.map(|(args, typed)| {
                    let command = typed.arguments.contains(COMMAND);
                    (args, typed.subcommands, command)
                })
            });
            assert_eq!(format!("{short:?}"), format!("{long:?}"));
        }
    }

    #[test]
    fn a_first_word_that_is_a_subcommand_is_that_subcommand() {
        assert!(matches!(
            parsed(&["secrets", "list"]).unwrap().command,
            Some(Command::Secrets(_))
        ));
        assert!(matches!(
            parsed(&["-v", "--sysexits", "man"]).unwrap().command,
            Some(Command::Man)
        ));
    }

    #[test]
    fn an_option_of_the_launcher_before_a_subcommand_is_refused() {
        let text = refused(&["--env", "prod", "secrets", "list"]);
        assert!(
            text.contains("--env belongs after `secrets list`"),
            "{text}"
        );
        let text = refused(&["--kill-after", "1s", "secrets", "list"]);
        assert!(
            text.contains("`secrets list` has no --kill-after"),
            "{text}"
        );
    }

    #[test]
    fn there_is_no_option_for_a_token_because_an_argv_is_public() {
        assert!(refused(&["--token", "x", "--", "env"]).contains("--token"));
    }

    #[test]
    fn the_parser_is_sound() {
        Args::command().debug_assert();
    }
}
