//! `secrets`: the store itself.

use std::io::{self, IsTerminal as _};

use phase_run::{Outline, Plan, Secret, SecretValue};

use super::change::{create, delete, update};
use super::store::Store;
use crate::args::{self, Secrets};
use crate::exit::Failure;
use crate::print::{columns, print, print_json};
use crate::report::Report;
use crate::settings::ProcessContext;

pub(crate) fn secrets(
    args: &Secrets,
    process: &ProcessContext<'_>,
    report: Report,
) -> Result<(), Failure> {
    match args {
        Secrets::List {
            context,
            show,
            json,
        } => {
            let store = Store::open(context, process, report)?;
            list(&store, *show, *json)
        }
        Secrets::Get {
            context,
            name,
            allow_empty,
            raw,
        } => {
            let store = Store::open(context, process, report)?;
            get(&store, name, *allow_empty || store.allow_empty, *raw)
        }
        Secrets::Create {
            write,
            new_environment,
        } => {
            let mut store = Store::open(&write.context, process, report)?;
            if *new_environment {
                store = store.making_environments()?;
            }
            create(&store, write)
        }
        Secrets::Update {
            write,
            keep_value,
            toggle_override,
            move_to,
        } => {
            let store = Store::open(&write.context, process, report)?;
            let keep_value = *keep_value || *toggle_override;
            update(
                &store,
                write,
                keep_value,
                *toggle_override,
                move_to.as_deref(),
            )
        }
        Secrets::Delete { context, names } => {
            delete(&Store::open(context, process, report)?, names)
        }
        Secrets::Export {
            context,
            format: args::Format::Json,
            allow_empty,
            allow_unresolved,
        } => {
            let store = Store::open(context, process, report)?;
            export(&store, *allow_empty || store.allow_empty, *allow_unresolved)
        }
    }
}

/// What stands in a table for a value that the server hides.
const HIDDEN: &str = "(hidden)";

fn list(store: &Store, show: bool, json: bool) -> Result<(), Failure> {
    let rows: Vec<(Outline, Option<Secret>)> = if show {
        let secrets = store.told(store.client.listing(&store.scope))?;
        warn_of_hidden(&secrets, store.report);
        let row = |secret| (Outline::from(&secret), Some(secret));
        secrets.into_iter().map(row).collect()
    } else {
        // What is not shown need not decrypt.
        let outlines = store.told(store.client.outlines(&store.scope))?;
        outlines.into_iter().map(|one| (one, None)).collect()
    };
    if rows.is_empty() && store.report.can_show() {
        store.report.tell(if store.scope.tags.is_empty() {
            "there is no secret here yet"
        } else {
            "there is no secret with such a tag here"
        });
    }
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(outline, secret)| as_json(outline, secret.as_ref()))
            .collect();
        return print_json(&serde_json::json!(rows));
    }
    let mut table = vec![
        [
            "NAME",
            "PATH",
            "TYPE",
            "TAGS",
            "OVERRIDE",
            "COMMENT",
            if show { "VALUE" } else { "" },
        ]
        .map(str::to_owned),
    ];
    table.extend(rows.iter().map(|(outline, secret)| {
        let personal = match outline.personal {
            None => "",
            Some(true) => "active",
            Some(false) => "off",
        };
        let comment = outline.comment.as_deref();
        [
            outline.name.clone(),
            outline.folder.to_string(),
            outline.kind.as_str().to_owned(),
            outline.tags.join(","),
            personal.to_owned(),
            comment.unwrap_or("(does not decrypt)").to_owned(),
            match secret.as_ref().map(|secret| &secret.value) {
                None => String::new(),
                Some(Some(value)) => value.expose().to_owned(),
                Some(None) => HIDDEN.to_owned(),
            },
        ]
    }));
    print(&columns(&table))
}

/// What is hidden must not be taken for a value.
fn warn_of_hidden(secrets: &[Secret], report: Report) {
    let hidden = secrets.iter().filter(|secret| secret.value.is_none());
    let names: Vec<&str> = hidden.map(|secret| secret.name.as_str()).collect();
    if !names.is_empty() {
        let names = names.join(", ");
        report.warn(&format!(
            "the server gives these credentials no values of: {names}"
        ));
    }
}

/// Values too, where there is the `secret` itself.
fn as_json(outline: &Outline, secret: Option<&Secret>) -> serde_json::Value {
    let mut row = serde_json::json!({
        "name": outline.name,
        "path": outline.folder.as_str(),
        "type": outline.kind.as_str(),
        "tags": outline.tags,
        "comment": outline.comment,
        "version": outline.version,
        "updated": outline.updated,
        "metadata": metadata(outline, secret.is_some()),
        "hidden": outline.hidden,
        "override": outline.personal,
    });
    if let Some(secret) = secret {
        let shown = |value: &Option<SecretValue>| value.as_ref().map(|it| it.expose().to_owned());
        row["value"] = shown(&secret.value).into();
        if let Some(personal) = &secret.personal {
            row["override_value"] = shown(&personal.value).into();
        }
    }
    row
}

/// What the store keeps with it; a value that is a secret too is shown like one.
fn metadata(outline: &Outline, show: bool) -> serde_json::Value {
    let lines = outline.metadata.iter().map(|line| {
        let value = (show || !line.encrypted).then(|| line.value.expose());
        (line.key.clone(), serde_json::json!(value))
    });
    serde_json::Value::Object(lines.collect())
}

fn get(store: &Store, name: &str, allow_empty: bool, raw: bool) -> Result<(), Failure> {
    let secret = store.secret(name, allow_empty)?;
    print(secret.value.expose())?;
    if io::stdout().is_terminal() && !raw {
        print("\n")
    } else {
        Ok(())
    }
}

fn export(store: &Store, allow_empty: bool, allow_unresolved: bool) -> Result<(), Failure> {
    let plan = Plan {
        allow_empty,
        allow_unresolved,
        personal: store.personal,
        ..Plan::default()
    };
    let resolution = store.resolve(&plan)?;
    let object: serde_json::Map<String, serde_json::Value> = resolution
        .secrets
        .iter()
        .map(|secret| (secret.name.clone(), secret.value.expose().into()))
        .collect();
    print_json(&serde_json::Value::Object(object))
}
