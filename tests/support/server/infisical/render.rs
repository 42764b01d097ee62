//! How secrets look in an answer.

use serde_json::{Value, json};

use super::store::{Place, Secret, World};
use super::tag::Tag;

/// What stands for a value that may not be read.
pub(super) const HIDDEN: &str = "<hidden-by-infisical>";

/// Where a secret is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// By its id.
    ById,
    Created,
    Deleted,
    /// By itself, as it was before.
    Former,
    /// By a folder that imports it.
    Imported,
    Listed,
    /// By itself.
    Shown,
    /// By itself, as a folder has it that imports it.
    ShownImported,
    Updated,
}

/// What is shown of a secret, apart from what it is.
pub(super) struct View<'a> {
    pub(super) comment: &'a str,
    pub(super) hidden: bool,
    /// The path of its folder, as it was asked for.
    pub(super) path: &'a str,
    /// The slug of its environment.
    pub(super) slug: &'a str,
    pub(super) value: &'a str,
}

impl World {
    /// A secret, with what is shown for its value.
    pub(super) fn secret_row(
        &self,
        place: Place,
        secret: &Secret,
        form: Form,
        view: &View,
    ) -> Value {
        let project = &self.projects[place.project];
        let mut row = json!({
            "id": secret.id, "_id": secret.id, "environment": view.slug,
            // Who imports a secret is not told whose it is.
            "workspace": if form == Form::Imported { "" } else { &project.id },
            "version": secret.version, "type": secret.kind(), "secretKey": secret.key,
            "secretValue": view.value, "secretComment": view.comment,
            "skipMultilineEncoding": secret.multiline,
        });
        let fields = row.as_object_mut().unwrap();
        let mut add = |more: Value| fields.extend(more.as_object().unwrap().clone());
        if form != Form::Imported {
            add(json!({
                "secretReminderNote": null, "secretReminderRepeatDays": null,
                "createdAt": secret.created, "updatedAt": secret.updated,
            }));
        }
        let tags = || {
            let ids = secret.tags.iter();
            let tags = ids.filter_map(|id| project.tags.iter().find(|tag| tag.id == *id));
            let row = |tag: &Tag| json!({"id": tag.id, "slug": tag.slug, "name": tag.slug, "color": tag.color});
            json!({"tags": tags.map(row).collect::<Vec<_>>()})
        };
        if self.settings.version.is_old() {
            add(json!({"metadata": null}));
            if matches!(form, Form::Listed | Form::Shown | Form::ById) {
                add(tags());
            }
            if form == Form::Listed {
                add(json!({"secretPath": view.path}));
            }
            return row;
        }
        if !matches!(form, Form::Deleted | Form::Former) {
            add(json!({"isRotatedSecret": false, "rotationId": null}));
        }
        if !matches!(form, Form::ById | Form::Created) {
            add(json!({"secretValueHidden": view.hidden}));
        }
        let whole = matches!(
            form,
            Form::ById | Form::Listed | Form::Shown | Form::ShownImported
        );
        if whole || form == Form::Former {
            add(json!({"secretPath": view.path}));
        }
        if whole {
            add(tags());
        }
        if whole || form == Form::Imported {
            let pairs = secret.metadata.iter();
            let pair = |(key, value): &(String, String)| json!({"key": key, "value": value, "isEncrypted": false});
            add(json!({"secretMetadata": pairs.map(pair).collect::<Vec<_>>()}));
        }
        row
    }
}

impl Secret {
    /// Whose value it is.
    fn kind(&self) -> &'static str {
        if self.personal { "personal" } else { "shared" }
    }
}
