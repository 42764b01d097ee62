//! `apps`: what these credentials reach.

use phase_run::AppSummary;

use super::settings;
use crate::args;
use crate::exit::Failure;
use crate::fetch::fetch;
use crate::print::{print, print_json, printable};
use crate::report::Report;
use crate::settings::ProcessContext;

pub(crate) fn apps(
    args: &args::Apps,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    let settings = settings(&args.context, process, report)?;
    let client = settings.client()?;
    let apps = fetch(client.apps())?;
    for notice in client.notices() {
        report.warn(&notice.to_string());
    }
    if args.json {
        let apps: Vec<_> = apps
            .iter()
            .map(|app| {
                serde_json::json!({ "name": app.name, "id": app.id, "environments": app.environments })
            })
            .collect();
        return print_json(&serde_json::json!(apps));
    }
    let lines = apps.iter().map(|app| {
        let name = told_apart(app, &apps);
        let line = match &app.environments[..] {
            [] => name,
            names => format!("{name}: {}", names.join(", ")),
        };
        printable(&line) + "\n"
    });
    print(&lines.collect::<String>())
}

/// The name of `app`, with its id if another one of `apps` is called the same.
pub(in crate::command) fn told_apart(app: &AppSummary, apps: &[AppSummary]) -> String {
    let name = app.name.to_lowercase();
    let twins = apps.iter().filter(|one| one.name.to_lowercase() == name);
    if twins.count() > 1 && !app.id.is_empty() {
        format!("{} ({})", app.name, app.id)
    } else {
        app.name.clone()
    }
}
