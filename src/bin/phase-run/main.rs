//! Starts a program with its secrets in the environment.

mod advice;
mod args;
mod command;
mod environment;
mod exit;
mod fetch;
mod hint;
mod keyring;
mod launch;
mod pending_leases;
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
use settings::{File, ProcessContext, StandIns, UserFile, Variables};
use tracing::level_filters::LevelFilter;
use usage::{Refused, Typed};
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
    let typed = match usage::parse(&arguments) {
        Ok(typed) => typed,
        Err(refused) => return refuse(refused, &arguments, &variables),
    };
    let user = settings::user_file(&variables);
    let subcommands = typed.1.subcommands.clone();
    // What is wrong with it is told to those who need it.
    let keys = user.as_ref().ok().and_then(Option::as_ref);
    let (args, stand_ins) = match complete(typed, &arguments, &variables, keys) {
        Ok(parsed) => parsed,
        Err(refused) => return refuse(refused, &arguments, &variables),
    };
    let output = args.output.clone();
    let level = match settings::log_level(&variables, keys) {
        Ok(level) => level,
        Err(failure) => {
            start_report(&output, None, &variables).fail(&failure);
            return status(&failure, output.sysexits).into();
        }
    };
    let report = start_report(&output, level, &variables);
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
    match dispatch(args, &variables, &user, report) {
        Ok(outcome) => launch::finish(outcome),
        Err(failure) => {
            let failure = advice::fitting(failure, &subcommands);
            report.fail(&failure);
            status(&failure, sysexits).into()
        }
    }
}

/// Answers words that are no arguments.
fn refuse(refused: Refused, words: &[OsString], variables: Variables<'_>) -> ExitCode {
    match refused {
        Refused::Help(text) => help(&text),
        Refused::Usage(failure, mut output) => {
            guess_output(&mut output, words, variables);
            start_report(&output, None, variables).fail(&failure);
            status(&failure, output.sysexits).into()
        }
    }
}

/// The arguments: what was `typed` as `words`, and what stands in for flags that were
/// not.
fn complete(
    (args, typed): (Args, Typed),
    words: &[OsString],
    variables: Variables<'_>,
    user: Option<&File>,
) -> Result<(Args, Option<StandIns>), Refused> {
    let stand_ins = settings::stand_ins(words, (&args, &typed), variables, user);
    match stand_ins.map_err(|failure| Refused::Usage(failure, args.output.clone()))? {
        Some(all) => Ok((usage::parse(&all.words)?.0, Some(all))),
        None => Ok((args, None)),
    }
}

/// How a failure is to be told where `words` do not say it: by variables, then by the
/// user's file. What is wrong with these is of less weight than the failure.
fn guess_output(output: &mut Output, words: &[OsString], variables: Variables<'_>) {
    let user = settings::user_file(variables).ok().flatten();
    let key = |flag: &str| user.as_ref()?.content.options.get(flag);
    let sysexits = settings::variable_yes(variables, "PHASE_RUN_SYSEXITS");
    let in_file = || key("sysexits").is_some_and(|words| !words.is_empty());
    output.sysexits |= sysexits.ok().flatten().unwrap_or_else(in_file);
    if usage::names_log_format(words) {
        return;
    }
    let json = match variables("PHASE_RUN_LOG_FORMAT") {
        Some(format) => format == "json",
        None => key("log-format").is_some_and(|words| words == &["--log-format=json"]),
    };
    if json {
        output.log_format = LogFormat::Json;
    }
}

fn start_report(output: &Output, level: Option<LevelFilter>, variables: Variables<'_>) -> Report {
    Report::start(output, level, variables("NO_COLOR").is_some())
}

fn dispatch(
    args: Args,
    variables: Variables<'_>,
    user: &UserFile,
    report: Report,
) -> Result<Outcome, Failure> {
    let Args { command, run, .. } = args;
    let done = |()| Outcome::Exited(0);
    let directory = env::current_dir().unwrap_or_default();
    let process = ProcessContext {
        directory: &directory,
        has_variables: &sys::has_variables,
        user,
        variables,
    };
    match command {
        None => run::run(&run, &process, report),
        Some(Command::Run(run)) => run::run(&run.0, &process, report),
        Some(Command::Shell(shell)) => run::shell(&shell.0, &process, report),
        Some(Command::Secrets(secrets)) => command::secrets(&secrets.0, &process, report).map(done),
        Some(Command::Apps(apps)) => command::apps(&apps.0, &process, report).map(done),
        Some(Command::Vault(vault)) => command::vault(&vault.0, &process, report).map(done),
        Some(Command::Auth(auth)) => command::auth(&auth.0, &process, report).map(done),
        Some(Command::Copy { dest }) => command::copy(&dest).map(done),
        Some(Command::Completions { shell, words }) => {
            command::completions(shell, &words).map(done)
        }
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
