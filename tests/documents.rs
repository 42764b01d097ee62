//! The documents say what the code does: tables, flags, variables, commands.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use exit::Reason;

// The tables lie in the program, which nothing can import: they are compiled here once more.
#[expect(dead_code, reason = "the tables are all that is wanted here")]
#[path = "../src/bin/phase-run/exit.rs"]
mod exit;
#[path = "../src/bin/phase-run/settings/names.rs"]
mod names;

const README: &str = include_str!("../README.md");
const CI: &str = include_str!("../.ci/run");

/// The flags of the contract that this version has.
const PROMISED: &str = "\
    --accept-new-key --accept-recipients --all-paths --allow-empty --allow-partial --allow-unresolved --api --app --app-id --auth \
    --azure-resource --ca-cert --client-cert --client-id --client-key \
    --clean-env --command --dry-run --env --exclude --host --identity --insecure \
    --json --kill-after --lease-ttl --leases --log-format --machine-identity-id --map-signal --mode --no-expand --no-imports \
    --no-pdeathsig --no-personal --no-project-file --organization \
    --only --pass-auth --path --prefix --preserve-env --project-file --provider --quiet --recursive --rename \
    --require --revoke-leases --service-account-id --shell --signal-scope --sysexits --tag --timeout --token-file --vault";

/// Flags in the README that belong to somebody else's program.
const FOREIGN: &str = "--domain --expand --file --from --generate-leases --include-imports --locked --method \
    --now --project --release --rm --secret-overriding --silent --tags --token --watch";

/// Variables that the library reads, and not the program.
const OF_THE_LIBRARY: [&str; 1] = ["HTTPS_PROXY"];

#[test]
fn the_readme_lists_every_reason_with_its_statuses() {
    let listed: Vec<_> = rows("## Exit status")
        .into_iter()
        .map(|row| (unquoted(&row[0]), row[1].clone(), row[2].clone()))
        .collect();
    let known: Vec<_> = Reason::ALL
        .iter()
        .map(|reason| {
            let statuses = (reason.status().to_string(), reason.sysexit().to_string());
            (reason.word().to_owned(), statuses.0, statuses.1)
        })
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn the_readme_lists_every_variable_with_its_meaning() {
    let listed: Vec<_> = rows("## Variables")
        .into_iter()
        .map(|row| (unquoted(&row[0]), row[1].clone()))
        .collect();
    let known: Vec<_> = names::ALL
        .iter()
        .map(|variable| (variable.name.to_owned(), variable.meaning.to_owned()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn the_readme_lists_every_variable_of_infisical_with_its_meaning() {
    let listed: Vec<_> = rows("## Variables of Infisical")
        .into_iter()
        .map(|row| (unquoted(&row[0]), row[1].clone()))
        .collect();
    let known: Vec<_> = names::INFISICAL
        .iter()
        .map(|variable| (variable.name.to_owned(), variable.meaning.to_owned()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn every_variable_in_a_help_page_is_listed_in_the_table() {
    let known: BTreeSet<_> = variables().map(|variable| variable.name).collect();
    let mut found = 0;
    for command in commands() {
        let page = words(&output(&with(&command, "--help")));
        for tail in page.split("[env: ").skip(1) {
            let name = tail.split(['=', ']']).next().unwrap();
            assert!(known.contains(name), "{command:?}: {name}");
            found += 1;
        }
    }
    assert!(found > 0, "no help page names a variable");
}

#[test]
fn every_variable_of_the_table_is_read_somewhere() {
    let source = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    for variable in variables() {
        let literal = format!("\"{}\"", variable.name);
        assert!(
            source.contains(&literal) || OF_THE_LIBRARY.contains(&variable.name),
            "nothing reads {}",
            variable.name
        );
    }
}

#[test]
fn every_flag_of_every_command_is_in_the_manual_page() {
    let manual = output(&["man".to_owned()]).replace("\\-", "-");
    for command in commands() {
        for flag in options(&command) {
            let printed = format!("\\fB{flag}\\fR");
            assert!(manual.contains(&printed), "{command:?}: {flag}");
        }
    }
}

#[test]
fn every_promised_flag_of_the_launcher_is_in_its_help() {
    for command in [vec![], vec!["run".to_owned()]] {
        let there = options(&command);
        for flag in PROMISED.split_whitespace() {
            assert!(there.contains(flag), "{command:?}: {flag}");
        }
    }
}

#[test]
fn every_option_of_a_run_has_a_variable_and_a_key() {
    let known: BTreeSet<_> = variables().map(|variable| variable.name).collect();
    let (_, keys) = README.split_once("Both files may say").expect("the keys");
    let (keys, _) = keys.split_once("\n\n").expect("an end of the keys");
    let page = output(&with(&["run".to_owned()], "--help"));
    let headings = ["What gets in", "How it runs", "Messages"];
    let options = headings.map(|heading| flags_under(&page, heading)).concat();
    let page = words(&page);
    assert!(options.len() > 20, "{options:?}");
    for flag in options
        .iter()
        .map(String::as_str)
        .chain(["--command", "--shell"])
    {
        let name = flag.trim_start_matches("--").replace('-', "_");
        let variable = format!("PHASE_RUN_{}", name.to_uppercase());
        assert!(known.contains(&*variable), "{variable}");
        assert!(page.contains(&format!("[env: {variable}]")), "{variable}");
        assert!(keys.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_flag_in_the_readme_exists() {
    let there: BTreeSet<_> = commands()
        .iter()
        .flat_map(|command| options(command))
        .collect();
    for flag in flags(README) {
        assert!(
            there.contains(&flag) || FOREIGN.split(' ').any(|known| known == flag),
            "{flag}"
        );
    }
}

#[test]
fn every_help_page_fits_a_terminal_of_80_columns() {
    for command in commands() {
        for flag in ["-h", "--help"] {
            for line in output(&with(&command, flag)).lines() {
                assert!(line.chars().count() <= 80, "{command:?} {flag}: {line}");
            }
        }
    }
}

#[test]
fn the_readme_has_lines_of_100_columns_at_most() {
    let prose = README.lines().filter(|line| !line.starts_with('|'));
    for line in prose {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn the_two_commands_that_set_up_are_those_that_are_checked() {
    let blocks: Vec<_> = section("## Set-up")
        .split("```sh\n")
        .skip(1)
        .map(|tail| tail.split("```").next().unwrap())
        .collect();
    assert!(blocks.len() >= 2, "{blocks:?}");
    for block in &blocks[..2] {
        assert!(CI.contains(&format!("\n{block}")), "{block}");
    }
}

fn variables() -> impl Iterator<Item = &'static names::Variable> {
    names::ALL.iter().chain(names::INFISICAL)
}

/// What follows the line `heading`, up to the next one of its level.
fn section(heading: &str) -> &'static str {
    let marker = format!("\n{heading}\n");
    let start = README.find(&marker).expect(heading) + marker.len();
    let rest = &README[start..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The cells of the last table under `heading`, without the line of titles.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let lines: Vec<_> = section(heading).lines().collect();
    let end = lines.iter().rposition(|line| line.starts_with("| "));
    let end = end.expect("a table") + 1;
    let start = lines[..end].iter().rposition(|line| line.starts_with("|-"));
    lines[start.expect("a line below the titles") + 1..end]
        .iter()
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

fn unquoted(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

/// One space wherever a page has any, so that broken lines are whole again.
fn words(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The long flags that a command takes, by its help page.
fn options(command: &[String]) -> BTreeSet<String> {
    let page = output(&with(command, "--help"));
    let lines = page.lines();
    lines
        .filter(|line| line.trim_start().starts_with('-'))
        .flat_map(flags)
        .collect()
}

/// The long flags that `page` lists under `heading`.
fn flags_under(page: &str, heading: &str) -> Vec<String> {
    let start = page.find(&format!("\n{heading}:\n")).expect(heading);
    let lines = page[start..].lines().skip(2);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    // What is said of an option stands further in.
    let is_option = |line: &&str| line.starts_with("  -") || line.starts_with("      --");
    lines.filter(is_option).flat_map(flags).collect()
}

/// The long flags that a text names.
fn flags(text: &str) -> BTreeSet<String> {
    text.match_indices("--")
        .filter(|&(at, _)| !text[..at].ends_with(|c: char| c == '-' || c.is_alphanumeric()))
        .map(|(at, _)| {
            let part_of_name = |c: &char| *c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit();
            text[at..].chars().take_while(part_of_name).collect()
        })
        .filter(|flag: &String| flag.trim_matches('-').len() > 1)
        .collect()
}

/// Every command, as the words that lead to it; the first is the program itself.
fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = found.get(next).cloned() {
        next += 1;
        let page = output(&with(&command, "--help"));
        let below = page
            .split_once("\nCommands:\n")
            .map_or("", |(_, list)| list);
        for line in below.lines().take_while(|line| line.starts_with("  ")) {
            if !line.starts_with("   ") {
                let name = line.split_whitespace().next().expect("a name");
                found.push(with(&command, name));
            }
        }
    }
    assert!(found.len() > 10, "{found:?}");
    found
}

fn with(command: &[String], word: &str) -> Vec<String> {
    let mut arguments = command.to_vec();
    arguments.push(word.to_owned());
    arguments
}

/// What the program prints.
fn output(arguments: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_phase-run"))
        .args(arguments)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("a page is UTF-8")
}

/// All sources under `folder` but the table itself.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if !path.ends_with("settings/names.rs") {
            text.push_str(&fs::read_to_string(&path).expect("a source is UTF-8"));
        }
    }
    text
}
