//! `secrets`: the store itself.

use std::io::{self, IsTerminal as _};

use phase_run::{Plan, Secret};

use super::change::{create, delete, update};
use super::store::Store;
use crate::args::{self, Secrets};
use crate::exit::Failure;
use crate::print::{columns, print, print_json};
use crate::report::Report;
use crate::settings::World;

pub(crate) fn secrets(args: &Secrets, world: &World<'_>, report: Report) -> Result<(), Failure> {
    match args {
        Secrets::List {
            context,
            show,
            json,
        } => {
            let store = Store::open(context, world, report)?;
            list(&store, *show, *json)
        }
        Secrets::Get {
            context,
            name,
            allow_empty,
            raw,
        } => {
            let store = Store::open(context, world, report)?;
            get(&store, name, *allow_empty || store.allow_empty, *raw)
        }
        Secrets::Create {
            write,
            new_environment,
        } => {
            let mut store = Store::open(&write.context, world, report)?;
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
            let store = Store::open(&write.context, world, report)?;
            let keep_value = *keep_value || *toggle_override;
            update(
                &store,
                write,
                keep_value,
                *toggle_override,
                move_to.as_deref(),
            )
        }
        Secrets::Delete { context, names } => delete(&Store::open(context, world, report)?, names),
        Secrets::Export {
            context,
            format: args::Format::Json,
            allow_empty,
            allow_unresolved,
        } => {
            let store = Store::open(context, world, report)?;
            export(&store, *allow_empty || store.allow_empty, *allow_unresolved)
        }
    }
}

fn list(store: &Store, show: bool, json: bool) -> Result<(), Failure> {
    let secrets = store.listing(&store.scope)?.secrets;
    if secrets.is_empty() && store.report.can_show() {
        store.report.tell(if store.scope.tags.is_empty() {
            "there is no secret here yet"
        } else {
            "there is no secret with such a tag here"
        });
    }
    if json {
        let rows: Vec<_> = secrets.iter().map(|secret| as_json(secret, show)).collect();
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
    table.extend(secrets.iter().map(|secret| {
        let personal = match &secret.personal {
            None => "",
            Some(personal) if personal.active => "active",
            Some(_) => "off",
        };
        [
            secret.name.clone(),
            secret.folder.to_string(),
            secret.kind.as_str().to_owned(),
            secret.tags.join(","),
            personal.to_owned(),
            secret.comment.clone(),
            if show {
                secret.value.expose().to_owned()
            } else {
                String::new()
            },
        ]
    }));
    print(&columns(&table))
}

fn as_json(secret: &Secret, show: bool) -> serde_json::Value {
    let mut row = serde_json::json!({
        "name": secret.name,
        "path": secret.folder.as_str(),
        "type": secret.kind.as_str(),
        "tags": secret.tags,
        "comment": secret.comment,
        "version": secret.version,
        "updated": secret.updated,
        "metadata": metadata(secret, show),
        "override": secret.personal.as_ref().map(|personal| personal.active),
    });
    if show {
        row["value"] = secret.value.expose().into();
        if let Some(personal) = &secret.personal {
            row["override_value"] = personal.value.expose().into();
        }
    }
    row
}

/// What the store keeps with it; a value that is a secret too is shown like one.
fn metadata(secret: &Secret, show: bool) -> serde_json::Value {
    let lines = secret.metadata.iter().map(|line| {
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
