//! Starts a program with its secrets in the environment.

mod args;
mod command;
mod environment;
mod exit;
mod fetch;
mod launch;
mod preview;
mod report;
mod run;
mod settings;
mod sys;

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use args::{Args, Command, Output};
use exit::{Failure, Reason};
use launch::Outcome;
use report::Report;
use settings::World;

fn main() -> ExitCode {
    sys::protect();
    sys::end_on_panic(Reason::Internal.status());
    let arguments: Vec<OsString> = env::args_os().collect();
    let args = match Args::try_parse_from(&arguments) {
        Ok(args) => args,
        Err(error) => return refuse(&error, &arguments),
    };
    let report = Report::start(
        &args.output,
        variable("PHASE_RUN_LOG").as_deref().and_then(OsStr::to_str),
        variable("NO_COLOR").is_some(),
    );
    match dispatch(args, report) {
        Ok(outcome) => launch::finish(outcome),
        Err((failure, output)) => {
            report.fail(&failure);
            status(&failure, output.sysexits)
        }
    }
}

fn dispatch(args: Args, report: Report) -> Result<Outcome, (Failure, Output)> {
    let Args {
        command,
        run,
        output,
    } = args;
    let done = |()| Outcome::Exited(0);
    let directory = env::current_dir().unwrap_or_default();
    let world = World {
        directory: &directory,
        variables: &variable,
    };
    let result = match command {
        None => run::run(&run, &world, report),
        Some(Command::Run(run)) => run::run(&run, &world, report),
        Some(Command::Shell(shell)) => run::shell(&shell, &world, report),
        Some(Command::Secrets(secrets)) => command::secrets(&secrets, &world, report).map(done),
        Some(Command::Apps(apps)) => command::apps(&apps, &world).map(done),
        Some(Command::Vault(vault)) => command::vault(&vault, &world, report).map(done),
        Some(Command::Copy { dest }) => command::copy(&dest).map(done),
        Some(Command::Completions { shell }) => command::completions(shell).map(done),
        Some(Command::Man) => command::man().map(done),
    };
    result.map_err(|failure| (failure, output))
}

/// An environment variable; an empty one counts as not set.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn status(failure: &Failure, sysexits: bool) -> ExitCode {
    let wanted = sysexits || variable("PHASE_RUN_SYSEXITS").is_some_and(|value| value == "1");
    let reason = failure.reason();
    ExitCode::from(if wanted {
        reason.sysexit()
    } else {
        reason.status()
    })
}

/// What the parser did not take, or a page of help it was asked for.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return match command::print(&error.render().to_string()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => status(&failure, false),
        };
    }
    let text = error.render().to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let ours = arguments.iter().take_while(|argument| *argument != "--");
    let sysexits = ours.clone().any(|argument| argument == "--sysexits");
    let mut failure = Failure::new(Reason::Usage, first);
    if matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument
    ) && let Some(spelling) = spelled_right(arguments)
    {
        failure = failure.help(format!(
            "to start a command, put `--` before it: {spelling}"
        ));
    }
    for line in rest.lines().map(str::trim).filter(|line| !line.is_empty()) {
        failure = failure.help(line);
    }
    report::write(&failure_text(&failure));
    status(&failure, sysexits)
}

fn failure_text(failure: &Failure) -> String {
    let mut text = format!("phase-run: error[{}]: {failure}\n", failure.reason().word());
    for line in failure.advice() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The command line with `--` where it is missing, if that is what is wrong.
fn spelled_right(arguments: &[OsString]) -> Option<String> {
    let ours = &arguments[1..];
    if ours.iter().any(|argument| argument == "--") {
        return None;
    }
    let first = ours
        .iter()
        .position(|argument| !argument.as_encoded_bytes().starts_with(b"-"))?;
    let shown = |argument: &OsString| argument.to_string_lossy().into_owned();
    let mut words = vec!["phase-run".to_owned()];
    words.extend(ours[..first].iter().map(shown));
    words.push("--".to_owned());
    words.extend(ours[first..].iter().map(shown));
    Some(words.join(" "))
}
