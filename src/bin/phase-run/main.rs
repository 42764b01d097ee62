//! Starts a program with its secrets in the environment.

mod args;
mod command;
mod environment;
mod exit;
mod fetch;
mod held;
mod hint;
mod keyring;
mod launch;
mod preview;
mod print;
mod report;
mod run;
mod settings;
mod sys;
mod usage;
mod variables;
mod waiting;

use std::env;
use std::ffi::OsString;
use std::panic;
use std::process::ExitCode;

use args::{Args, Command, LogFormat, Output};
use exit::{Failure, Reason};
use launch::Outcome;
use report::Report;
use settings::{StandIns, Variables, World};
use tracing::level_filters::LevelFilter;
use usage::Refused;
use variables::Environment;

fn main() -> ExitCode {
    sys::protect();
    panic::set_hook(Box::new(|panic| {
        report::plain(&bug(panic));
        sys::leave(Reason::Internal.status().into());
    }));
    let arguments: Vec<OsString> = env::args_os().collect();
    let environment = Environment::new();
    let variables = |name: &str| environment.variable(name);
    let (args, stand_ins) = match parse(&arguments, &variables) {
        Ok(parsed) => parsed,
        Err(Refused::Help(text)) => return help(&text),
        Err(Refused::Usage(failure, mut output)) => {
            guess_output(&mut output, &variables);
            start_report(&output, None, &variables).fail(&failure);
            return status(&failure, output.sysexits).into();
        }
    };
    let mut output = args.output.clone();
    let level = match output_settings(&mut output, &variables) {
        Ok(level) => level,
        Err(failure) => {
            start_report(&output, None, &variables).fail(&failure);
            return status(&failure, output.sysexits).into();
        }
    };
    let report = start_report(&output, level.as_deref(), &variables);
    environment.report_to(report);
    if let Some(StandIns {
        origins, warnings, ..
    }) = stand_ins
    {
        report.settings(&warnings, &origins);
    }
    let sysexits = output.sysexits;
    panic::set_hook(Box::new(move |panic| {
        let failure = bug(panic);
        report.fail(&failure);
        sys::leave(status(&failure, sysexits).into());
    }));
    match dispatch(args, &variables, report) {
        Ok(outcome) => launch::finish(outcome),
        Err(failure) => {
            report.fail(&failure);
            status(&failure, sysexits).into()
        }
    }
}

/// The arguments: what was typed, and what stands in for flags that were not.
fn parse(
    words: &[OsString],
    variables: Variables<'_>,
) -> Result<(Args, Option<StandIns>), Refused> {
    let args = usage::parse(words)?;
    let stand_ins = settings::stand_ins(words, variables);
    match stand_ins.map_err(|failure| Refused::Usage(failure, args.output.clone()))? {
        Some(all) => Ok((usage::parse(&all.words)?, Some(all))),
        None => Ok((args, None)),
    }
}

/// Whether variables ask for other statuses, and which log they ask for.
fn output_settings(
    output: &mut Output,
    variables: Variables<'_>,
) -> Result<Option<String>, Failure> {
    const LOG: &str = "PHASE_RUN_LOG";
    let sysexits = settings::variable_yes(variables, SYSEXITS)?;
    output.sysexits |= sysexits.unwrap_or(false);
    let Some(level) = variables(LOG) else {
        return Ok(None);
    };
    let level = level.to_string_lossy().into_owned();
    match level.parse::<LevelFilter>() {
        Ok(_) => Ok(Some(level)),
        Err(_) => Err(settings::unfit(
            LOG,
            &level,
            "one of: off, error, warn, info, debug, trace",
        )),
    }
}

const SYSEXITS: &str = "PHASE_RUN_SYSEXITS";

/// How a failure is to be told, by variables too. What is wrong with these is of less
/// weight than the failure.
fn guess_output(output: &mut Output, variables: Variables<'_>) {
    output.sysexits |= matches!(settings::variable_yes(variables, SYSEXITS), Ok(Some(true)));
    if variables("PHASE_RUN_LOG_FORMAT").is_some_and(|format| format == "json") {
        output.log_format = LogFormat::Json;
    }
}

fn start_report(output: &Output, level: Option<&str>, variables: Variables<'_>) -> Report {
    Report::start(output, level, variables("NO_COLOR").is_some())
}

fn dispatch(args: Args, variables: Variables<'_>, report: Report) -> Result<Outcome, Failure> {
    let Args { command, run, .. } = args;
    let done = |()| Outcome::Exited(0);
    let directory = env::current_dir().unwrap_or_default();
    let world = World {
        directory: &directory,
        has_variables: &sys::has_variables,
        variables,
    };
    match command {
        None => run::run(&run, &world, report),
        Some(Command::Run(run)) => run::run(&run.0, &world, report),
        Some(Command::Shell(shell)) => run::shell(&shell.0, &world, report),
        Some(Command::Secrets(secrets)) => command::secrets(&secrets.0, &world, report).map(done),
        Some(Command::Apps(apps)) => command::apps(&apps.0, &world, report).map(done),
        Some(Command::Vault(vault)) => command::vault(&vault.0, &world, report).map(done),
        Some(Command::Auth(auth)) => command::auth(&auth.0, &world, report).map(done),
        Some(Command::Copy { dest }) => command::copy(&dest).map(done),
        Some(Command::Completions { shell }) => command::completions(shell).map(done),
        Some(Command::Man) => command::man().map(done),
    }
}

fn status(failure: &Failure, sysexits: bool) -> u8 {
    let reason = failure.reason();
    if sysexits {
        reason.sysexit()
    } else {
        reason.status()
    }
}

/// A bug: says where, never what was being worked on.
fn bug(panic: &panic::PanicHookInfo<'_>) -> Failure {
    let place = panic
        .location()
        .map_or_else(String::new, |at| format!(" at {at}"));
    Failure::new(Reason::Internal, format!("a bug in phase-run{place}")).help("please report it")
}

/// A page that was asked for.
fn help(text: &str) -> ExitCode {
    match print::print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::plain(&failure);
            status(&failure, false).into()
        }
    }
}
