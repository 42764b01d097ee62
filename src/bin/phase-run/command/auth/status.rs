//! `auth status`: whose credentials these are. Never the token.

use phase_run::Owner;

use crate::args::{Context, ProviderName};
use crate::command::settings;
use crate::exit::Failure;
use crate::fetch::fetch;
use crate::print::{columns, print};
use crate::report::Report;
use crate::settings::World;

pub(super) fn status(
    context: &Context,
    json: bool,
    world: &World<'_>,
    report: Report,
) -> Result<(), Failure> {
    let context = Context {
        // A vault has no accounts, even where it is the one in use.
        provider: Some(ProviderName::Phase),
        ..context.clone()
    };
    let settings = settings(&context, world, report)?;
    let client = settings.client()?;
    let holder = settings.access.holder();
    let host = holder
        .as_ref()
        .map_or("", |(connection, _)| &connection.host);
    let source = settings.token.as_deref().unwrap_or_default();
    let owner = fetch(client.owner())?;
    if json {
        return print(&as_json(&owner, host, source));
    }
    print(&as_text(&owner, host, source))
}

fn as_json(owner: &Owner, host: &str, source: &str) -> String {
    let apps: Vec<_> = owner
        .apps
        .iter()
        .map(|app| {
            serde_json::json!({ "name": app.name, "id": app.id, "environments": app.environments })
        })
        .collect();
    let organisation = owner.organisation.as_ref();
    let status = serde_json::json!({
        "host": host,
        "account": { "kind": super::kind_word(owner), "id": owner.id },
        "organisation": organisation.map(|it| serde_json::json!({ "name": it.name, "id": it.id })),
        "token_from": source,
        // Phase does not say.
        "expires": null,
        "apps": apps,
    });
    format!("{status}\n")
}

fn as_text(owner: &Owner, host: &str, source: &str) -> String {
    let id = |id: &str| format!(" ({id})");
    let account = owner.id.as_deref().map_or_else(String::new, id);
    let account = format!("{}{account}", super::kind(owner));
    let organisation = owner.organisation.as_ref();
    let organisation = organisation.map(|it| format!("{} ({})", it.name, it.id));
    let mut rows = vec![
        ["host".to_owned(), host.to_owned()],
        ["account".to_owned(), account],
    ];
    rows.extend(organisation.map(|text| ["organisation".to_owned(), text]));
    rows.push(["token from".to_owned(), source.to_owned()]);
    rows.push([
        "expires".to_owned(),
        "unknown: Phase does not say".to_owned(),
    ]);
    rows.extend(owner.apps.iter().map(|app| {
        let name = format!("app {}", app.name);
        [name, app.environments.join(", ")]
    }));
    columns(&rows)
}
