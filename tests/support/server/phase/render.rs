//! How things look in an answer.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::store::{App, Environment, Secret};

/// A secret, encrypted, as `user` sees it.
pub(super) fn secret_row(environment: &Environment, secret: &Secret, user: Option<&str>) -> Value {
    let own = secret
        .personal
        .iter()
        .find(|own| Some(own.user.as_str()) == user);
    let own = own.map(|own| {
        json!({
            "id": own.id, "value": own.value, "is_active": own.active,
            "created_at": stamp(own.created), "updated_at": stamp(own.updated),
        })
    });
    let lifecycle = if secret.rotating {
        "rotating"
    } else {
        "static"
    };
    json!({
        "id": secret.id, "key": secret.key, "value": secret.value, "comment": secret.comment,
        "tags": secret.tags, "override": own, "type": secret.kind, "lifecycle": lifecycle,
        "path": secret.path, "key_digest": secret.digest, "version": secret.version,
        "created_at": stamp(secret.created), "updated_at": stamp(secret.updated),
        "environment": environment.id, "folder": environment.folder(&secret.path),
    })
}

/// An environment; its number is its place among the app's.
pub(super) fn environment_row(environment: &Environment, number: usize) -> Value {
    json!({
        "id": environment.id, "name": environment.name, "env_type": environment.kind(),
        "index": number, "created_at": stamp(environment.created),
        "updated_at": stamp(environment.updated),
    })
}

/// An app.
pub(super) fn app_row(app: &App) -> Value {
    json!({
        "id": app.id, "name": app.name, "description": null, "sse_enabled": app.sse,
        "created_at": stamp(app.created), "updated_at": stamp(app.created),
    })
}

/// A moment.
pub(super) fn stamp(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string()
}

/// A length of time as Django writes it.
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let days = if days == 0 {
        String::new()
    } else {
        format!("{days} ")
    };
    format!(
        "{days}{hours:02}:{:02}:{:02}",
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The same with `likeThis` for `like_this` in every name.
pub(super) fn camel(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(camel).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (camel_name(&name), camel(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// The other spelling of a name.
pub(super) fn camel_name(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |result, word| {
        let (head, tail) = word.split_at(1.min(word.len()));
        result + &head.to_uppercase() + tail
    })
}
