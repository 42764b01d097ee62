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
mod token_shape;
mod usage;

use std::env;
use std::ffi::{OsStr, OsString};
use std::panic;
use std::process::ExitCode;

use args::{Args, Command, Output};
use exit::{Failure, Reason};
use launch::Outcome;
use report::Report;
use settings::World;
use usage::Refused;

fn main() -> ExitCode {
    sys::protect();
    panic::set_hook(Box::new(|panic| {
        report::plain(&bug(panic));
        sys::leave(Reason::Internal.status().into());
    }));
    let arguments: Vec<OsString> = env::args_os().collect();
    let args = match usage::parse(&arguments) {
        Ok(args) => args,
        Err(Refused::Help(text)) => return help(&text),
        Err(Refused::Usage(failure, output)) => {
            start_report(&output).fail(&failure);
            return status(&failure, output.sysexits).into();
        }
    };
    let report = start_report(&args.output);
    let sysexits = args.output.sysexits;
    panic::set_hook(Box::new(move |panic| {
        let failure = bug(panic);
        report.fail(&failure);
        sys::leave(status(&failure, sysexits).into());
    }));
    match dispatch(args, report) {
        Ok(outcome) => launch::finish(outcome),
        Err((failure, output)) => {
            report.fail(&failure);
            status(&failure, output.sysexits).into()
        }
    }
}

fn start_report(output: &Output) -> Report {
    Report::start(
        output,
        variable("PHASE_RUN_LOG").as_deref().and_then(OsStr::to_str),
        variable("NO_COLOR").is_some(),
    )
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
        has_variables: &sys::has_variables,
        variables: &variable,
    };
    let result = match command {
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
    };
    result.map_err(|failure| (failure, output))
}

/// An environment variable; an empty one counts as not set.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn status(failure: &Failure, sysexits: bool) -> u8 {
    let wanted = sysexits || variable("PHASE_RUN_SYSEXITS").is_some_and(|value| value == "1");
    let reason = failure.reason();
    if wanted {
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
