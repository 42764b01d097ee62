//! `apps`: what these credentials reach.

use super::settings;
use crate::args;
use crate::exit::Failure;
use crate::fetch::fetch;
use crate::print::{print, print_json, printable};
use crate::report::Report;
use crate::settings::World;

pub(crate) fn apps(args: &args::Apps, world: &World<'_>, report: Report) -> Result<(), Failure> {
    let settings = settings(&args.context, world, report)?;
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
        let line = match &app.environments[..] {
            [] => app.name.clone(),
            names => format!("{}: {}", app.name, names.join(", ")),
        };
        printable(&line) + "\n"
    });
    print(&lines.collect::<String>())
}
