//! How secrets look in an answer.

use serde_json::{Value, json};

use super::read::kind;
use super::store::{Place, Project, Secret, World};

/// What stands for a value that may not be read.
pub(super) const HIDDEN: &str = "<hidden-by-infisical>";

/// Where a secret is shown.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Form {
    /// By a folder that imports it.
    Imported,
    Listed,
    /// After it was changed.
    Written,
}

/// A secret, with what is shown for its value.
pub(super) fn secret_row(
    world: &World,
    place: Place,
    secret: &Secret,
    value: &str,
    hidden: bool,
    form: Form,
) -> Value {
    let metadata = secret.metadata.iter();
    let metadata =
        metadata.map(|(key, value)| json!({"key": key, "value": value, "isEncrypted": false}));
    let project = &world.projects[place.project];
    let mut row = json!({
        "id": secret.id, "_id": secret.id, "workspace": project.id,
        "environment": world.environment(place).slug, "version": secret.version,
        "type": kind(secret), "secretKey": secret.key, "secretValue": value,
        "secretComment": secret.comment, "secretReminderNote": null,
        "secretReminderRepeatDays": null, "skipMultilineEncoding": secret.multiline,
        "isRotatedSecret": false, "rotationId": null, "secretValueHidden": hidden,
        "secretMetadata": metadata.collect::<Vec<_>>(),
    });
    if form != Form::Imported {
        row["createdAt"] = secret.created.clone().into();
        row["updatedAt"] = secret.updated.clone().into();
        let tags = secret.tags.iter().map(|slug| tag_row(project, slug));
        row["tags"] = tags.collect();
    }
    if form == Form::Listed {
        row["secretPath"] = world.at(place).path.clone().into();
    }
    row
}

/// A tag of a project.
pub(super) fn tag_row(project: &Project, slug: &str) -> Value {
    json!({"id": project.tag_id(slug), "slug": slug, "name": slug, "color": "#ff0000"})
}
