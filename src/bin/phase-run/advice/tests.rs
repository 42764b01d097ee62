use std::fs;
use std::path::Path;

use super::*;

/// The commands, each with its options.
fn commands() -> Vec<(String, BTreeSet<String>)> {
    fn add(command: &Command, path: &str, all: &mut Vec<(String, BTreeSet<String>)>) {
        all.push((path.to_owned(), options(command)));
        for below in command.get_subcommands() {
            add(below, &format!("{path} {}", below.get_name()), all);
        }
    }
    let mut root = Args::command();
    root.build();
    let mut all = Vec::new();
    add(&root, "phase-run", &mut all);
    all
}

/// All texts of the program and of the library that name an option, but for those of
/// tests, tables and help pages.
fn advices(folder: &Path, all: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let others = ["args", "tests", "tests.rs", "names.rs", "usage.rs"];
        if others.contains(&name) {
            continue;
        }
        if path.is_dir() {
            advices(&path, all);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim().starts_with("//"));
        let code = lines.collect::<String>().replace("\\\"", "\u{1}");
        let literals = code.split('"').skip(1).step_by(2);
        let literals = literals.map(|text| text.replace('\u{1}', "\""));
        all.extend(literals.filter(|text| text.contains(' ') && !named(text).is_empty()));
    }
}

fn all_advices() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    advices(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all
}

#[test]
fn no_advice_names_an_option_that_the_command_at_hand_lacks() {
    let advices = all_advices();
    assert!(advices.len() > 80, "{advices:?}");
    for (command, options) in commands() {
        for advice in &advices {
            let Some(fit) = fit(advice, &|option| options.contains(option)) else {
                continue;
            };
            let names = named(&fit);
            let known = names
                .iter()
                .all(|name| options.contains(&fit[name.clone()]));
            assert!(known, "{command}: {fit}");
            let dangling = [" or", " and", ",", ";", "with", "by"];
            let whole = !dangling.iter().any(|end| fit.ends_with(end)) && !fit.starts_with("or ");
            assert!(whole, "{command}: {fit}");
        }
    }
}

/// Else nobody would ever read it.
#[test]
fn each_option_that_advice_names_is_one_of_ours_unless_a_whole_command_is_quoted() {
    let commands = commands();
    for advice in all_advices() {
        for name in named(&advice) {
            let name = &advice[name];
            let known = commands.iter().any(|(_, options)| options.contains(name));
            assert!(known, "{name} in {advice}");
        }
    }
}

/// Advice, the options that there are, and what is left.
const LEFT: &[(&str, &str, &str)] = &[
    (
        "mend it, leave it out with --exclude, or pass --lenient",
        "",
        "mend it",
    ),
    (
        "mend it, leave it out with --exclude, or pass --lenient",
        "--lenient",
        "mend it, or pass --lenient",
    ),
    (
        "ask for another --lease-ttl, or leave them out with --leases skip",
        "",
        "",
    ),
    (
        "look at --app, --env and --tag; --allow-empty goes on without a secret",
        "--app --env --tag",
        "look at --app, --env and --tag",
    ),
    (
        "look at --app, --env, --path and --tag",
        "--app --env",
        "look at --app and --env",
    ),
    (
        "give --app or --app-id, set PHASE_APP, or write it down",
        "--app",
        "give --app, set PHASE_APP, or write it down",
    ),
    (
        "say which with --host or PHASE_HOST",
        "",
        "say which with PHASE_HOST",
    ),
    (
        "`x add --yes` accepts them, and so does --yes; `x remove` does not",
        "",
        "`x add --yes` accepts them; `x remove` does not",
    ),
    ("with this one, give --api rest, if it is on", "", ""),
    (
        "use --leases skip or --exclude",
        "--exclude",
        "use --exclude",
    ),
    (
        "leave some out with `--only` or `--exclude`",
        "--exclude",
        "leave some out with `--exclude`",
    ),
    (
        "there are: \"a, or b --x\"; --y makes another",
        "--x",
        "there are: \"a, or b --x\"",
    ),
    (
        "for those, choose --x infisical; else name the server with --y or PHASE_HOST",
        "--y",
        "name the server with --y or PHASE_HOST",
    ),
    (
        "add the root with --x FILE; PHASE_FILE replaces the others",
        "",
        "",
    ),
    ("give --x: there are a, b", "", ""),
    (
        "did you mean \"shop --old\"? a change needs the whole name",
        "",
        "did you mean \"shop --old\"? a change needs the whole name",
    ),
    (
        "nothing -- not even a-b--c",
        "",
        "nothing -- not even a-b--c",
    ),
];

#[test]
fn what_is_left_of_advice_is_a_sentence() {
    for (advice, options, left) in LEFT {
        let options: Vec<&str> = options.split(' ').collect();
        let fit = fit(advice, &|option| options.contains(&option));
        assert_eq!(fit.unwrap_or_default(), *left, "{advice}");
    }
}
