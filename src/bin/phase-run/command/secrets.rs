//! `secrets`: the store itself.

use std::io::{self, IsTerminal as _};

use phase_run::{
    Change, Folder, NewSecret, Outline, Plan, Scope, Secret, SecretName, SecretType, SecretValue,
};

use super::store::Store;
use super::value::{name, name_and_value};
use crate::args::{self, Secrets, StoredType, Write};
use crate::exit::{Failure, Reason};
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

/// What stands in a table for a value that the server hides.
const HIDDEN: &str = "(hidden)";

fn list(store: &Store, show: bool, json: bool) -> Result<(), Failure> {
    let rows: Vec<(Outline, Option<Secret>)> = if show {
        let secrets = store.fetch(store.client.list(&store.scope))?;
        warn_of_hidden(&secrets, store.report);
        let row = |secret| (Outline::from(&secret), Some(secret));
        secrets.into_iter().map(row).collect()
    } else {
        // What is not shown need not decrypt.
        let outlines = store.fetch(store.client.outlines(&store.scope))?;
        outlines.into_iter().map(|one| (one, None)).collect()
    };
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
            "the server hides these values from these credentials: {names}"
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

fn create(store: &Store, write: &Write) -> Result<(), Failure> {
    let folder = store.folder()?;
    let (name, value) = name_and_value(write, store.report)?;
    if write.personal {
        let secret = find(store, &name)?;
        if secret.personal.is_some() {
            let text = format!("{name} has a personal override already");
            return Err(Failure::new(Reason::Conflict, text)
                .help("change it with `secrets update --override`"));
        }
        let change = Change {
            personal: Some(value),
            ..beside(store, write)
        };
        return store.fetch(
            store
                .client
                .update(&store.scope.place, folder, &name, &change),
        );
    }
    let secret = NewSecret {
        comment: write.comment.clone().unwrap_or_default(),
        folder: folder.clone(),
        kind: write.kind.map_or(SecretType::Secret, stored),
        name: SecretName::new(&name)?,
        personal: None,
        tags: store.scope.tags.clone(),
        value,
    };
    let created = store.fetch(store.client.create(&store.scope.place, &secret));
    created.map_err(|failure| store.or_dynamic(&name, failure))
}

fn update(
    store: &Store,
    write: &Write,
    keep_value: bool,
    toggle_personal: bool,
    move_to: Option<&str>,
) -> Result<(), Failure> {
    let folder = store.folder()?;
    let (name, value) = if keep_value {
        (name(write)?, None)
    } else {
        let also = write.comment.is_some() || write.kind.is_some() || move_to.is_some();
        let given = name_and_value(write, store.report).map_err(|failure| {
            if also {
                failure.help("to change only what else is given, say --keep-value")
            } else {
                failure
            }
        });
        let (name, value) = given?;
        (name, Some(value))
    };
    let (personal, value) = if write.personal {
        (value, None)
    } else {
        (None, value)
    };
    let change = Change {
        folder: move_to.map(Folder::new).transpose()?,
        personal,
        toggle_personal,
        value,
        ..beside(store, write)
    };
    let updated = store.fetch(
        store
            .client
            .update(&store.scope.place, folder, &name, &change),
    );
    updated.map_err(|failure| store.or_dynamic(&name, failure))
}

/// What is to change beside a value.
fn beside(store: &Store, write: &Write) -> Change {
    Change {
        comment: write.comment.clone(),
        kind: write.kind.map(stored),
        tags: (!write.context.tag.is_empty()).then(|| store.scope.tags.clone()),
        ..Change::default()
    }
}

fn delete(store: &Store, names: &[String]) -> Result<(), Failure> {
    let folder = store.folder()?;
    // All of them are looked up first, so that a wrong name deletes nothing.
    let secrets = store.fetch(store.client.outlines(&untagged(&store.scope)))?;
    let here = secrets.iter().filter(|secret| secret.folder == *folder);
    let names_stored = here.map(|secret| secret.name.as_str());
    let mut doomed = Vec::new();
    for name in names {
        let stored = store.stored_as(name, names_stored.clone());
        let stored = stored.ok_or_else(|| store.missing(name))?;
        let count = names_stored.clone().filter(|name| *name == stored).count();
        if count > 1 {
            let text =
                format!("{stored} stands {count} times in {folder}, and nothing was removed");
            return Err(Failure::new(Reason::Ambiguous, text).help(format!(
                "the one changed last is in use: `secrets update {stored} --keep-value --move-to FOLDER` moves it away"
            )));
        }
        doomed.push(stored);
    }
    doomed.sort_unstable();
    doomed.dedup();
    for (number, name) in doomed.iter().enumerate() {
        let removed = store.fetch(store.client.delete(&store.scope.place, folder, name));
        let removed = removed.and_then(|removed| {
            if removed {
                Ok(())
            } else {
                Err(store.missing(name))
            }
        });
        removed.map_err(|failure| partly(failure, &doomed[..number], &doomed[number + 1..]))?;
    }
    Ok(())
}

/// `failure` between those that were removed and those that were not.
fn partly(failure: Failure, before: &[&str], after: &[&str]) -> Failure {
    let told = [("removed before that", before), ("not removed", after)];
    let told = told.into_iter().filter(|(_, names)| !names.is_empty());
    told.fold(failure, |failure, (what, names)| {
        failure.help(format!("{what}: {}", names.join(", ")))
    })
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

fn find(store: &Store, name: &str) -> Result<Outline, Failure> {
    let folder = store.folder()?;
    let mut secrets = store.fetch(store.client.outlines(&untagged(&store.scope)))?;
    secrets.retain(|secret| secret.folder == *folder);
    let names = secrets.iter().map(|secret| secret.name.as_str());
    let stored = store.stored_as(name, names).map(str::to_owned);
    let found = secrets
        .into_iter()
        .find(|secret| Some(&secret.name) == stored.as_ref());
    found.ok_or_else(|| store.missing(name))
}

/// The same scope, whatever the tags: they are no filter for a write.
fn untagged(scope: &Scope) -> Scope {
    scope.clone().tagged(Vec::new())
}

fn stored(kind: StoredType) -> SecretType {
    match kind {
        StoredType::Config => SecretType::Config,
        StoredType::Sealed => SecretType::Sealed,
        StoredType::Secret => SecretType::Secret,
    }
}
