//! `vault environments`: what a vault has room for.

use super::confirm::confirm;
use super::vault::{context, open, work};
use crate::args::{AppOfVault, Context, Environments};
use crate::exit::{Failure, Reason};
use crate::print::{print, printable};
use crate::report::Report;
use crate::settings::{self, ProcessContext};

pub(super) fn environments(
    args: &Environments,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    match args {
        Environments::List { of } => list(of, process, report),
        Environments::Create { of, name } => {
            let app = required(of, process)?;
            let file = open(&of.key, process, report)?;
            work(&file, report, file.add_environment(&app, name))?;
            report.tell(&format!("created the environment {name} of {app}"));
            Ok(())
        }
        Environments::Delete { of, name, yes } => {
            let app = required(of, process)?;
            let file = open(&of.key, process, report)?;
            let delete = |all| work(&file, report, file.remove_environment(&app, name, all));
            match delete(*yes) {
                Err(failure) if failure.reason() == Reason::Conflict => {
                    confirm(&format!("{failure}. Delete them all?"), false)?;
                    delete(true)?;
                }
                done => done?,
            }
            report.tell(&format!("deleted the environment {name} of {app}"));
            Ok(())
        }
    }
}

/// The environments of the app, or those of every app.
fn list(of: &AppOfVault, process: &ProcessContext<'_>, report: Report) -> Result<(), Failure> {
    let app = settings::vault_app(&with_app(of), process)?;
    let file = open(&of.key, process, report)?;
    let lines = if let Some(app) = app {
        work(&file, report, file.environments(&app))?
    } else {
        let apps = work(&file, report, file.apps())?;
        let line =
            |app: phase_run::AppSummary| format!("{}: {}", app.name, app.environments.join(", "));
        apps.into_iter().map(line).collect()
    };
    let lines: Vec<String> = lines.iter().map(|line| printable(line) + "\n").collect();
    print(&lines.concat())
}

fn required(of: &AppOfVault, process: &ProcessContext<'_>) -> Result<String, Failure> {
    settings::required_vault_app(&with_app(of), process)
}

fn with_app(of: &AppOfVault) -> Context {
    Context {
        app: of.app.clone(),
        ..context(&of.key, None)
    }
}
