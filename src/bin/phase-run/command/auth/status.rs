//! `auth status`: whose credentials these are. Never the token.

use phase_run::Owner;

use crate::args::{Context, ProviderName};
use crate::command::apps::told_apart;
use crate::command::settings;
use crate::exit::Failure;
use crate::fetch::fetch;
use crate::print::{columns, print, print_json};
use crate::report::Report;
use crate::settings::{ProcessContext, account_provider};

pub(super) fn status(
    context: &Context,
    json: bool,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    let provider = match context.provider {
        Some(provider) => provider,
        None => account_provider(context, process)?,
    };
    let context = Context {
        provider: Some(provider),
        ..context.clone()
    };
    let settings = settings(&context, process, report)?;
    let client = settings.client()?;
    let host = settings.access.host();
    let source = settings.token.as_deref().unwrap_or_default();
    let owner = fetch(client.owner())?;
    if json {
        return print_json(&as_json(&owner, host, source));
    }
    let called = match provider {
        ProviderName::Infisical => "project",
        ProviderName::Phase | ProviderName::Vault => "app",
    };
    print(&as_text(&owner, called, host, source))
}

fn as_json(owner: &Owner, host: &str, source: &str) -> serde_json::Value {
    let apps: Vec<_> = owner
        .apps
        .iter()
        .map(|app| {
            serde_json::json!({ "name": app.name, "id": app.id, "environments": app.environments })
        })
        .collect();
    let organisation = owner.organisation.as_ref();
    serde_json::json!({
        "host": host,
        "account": { "kind": super::kind_word(owner), "id": owner.id },
        "organisation": organisation.map(|it| serde_json::json!({ "name": it.name, "id": it.id })),
        "token_from": source,
        "expires": Some(&owner.expires).filter(|expires| !expires.is_empty()),
        "apps": apps,
    })
}

/// `called` is the provider's own word for an app.
fn as_text(owner: &Owner, called: &str, host: &str, source: &str) -> String {
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
    let expires = match &*owner.expires {
        "" => "unknown: the server does not say",
        expires => expires,
    };
    rows.push(["expires".to_owned(), expires.to_owned()]);
    rows.extend(owner.apps.iter().map(|app| {
        let name = format!("{called} {}", told_apart(app, &owner.apps));
        [name, app.environments.join(", ")]
    }));
    columns(&rows)
}
