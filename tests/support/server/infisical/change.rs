//! Secrets are made, changed and removed here.

use serde_json::{Value, json};

use super::super::Request;
use super::access::Api;
use super::fields::{self, Fields};
use super::refusal::{Answer, Refusal};
use super::render::{Form, secret_row};
use super::store::{Place, Secret, World};
use super::token::Actor;

/// What is said of one secret.
pub(super) struct Item {
    comment: Option<String>,
    pub(super) key: String,
    metadata: Option<Vec<(String, String)>>,
    multiline: Option<bool>,
    new_key: Option<String>,
    pub(super) personal: bool,
    tags: Option<Vec<String>>,
    value: Option<String>,
}

impl Item {
    /// Of the secret that is called `key`.
    pub(super) fn read(world: &World, place: Place, key: &str, fields: &Fields) -> Answer<Self> {
        let project = &world.projects[place.project];
        let slug = |id: &Value| {
            let known = project.tags.iter().find(|slug| id == &project.tag_id(slug));
            known
                .cloned()
                .ok_or_else(|| Refusal::new(404, "One or more tags not found"))
        };
        let pair = |value: &Value| {
            let pair = Fields::of(value);
            Ok((
                pair.text("key")?,
                pair.optional("value")?.unwrap_or_default(),
            ))
        };
        let tags = fields.list("tagIds")?;
        let metadata = fields.list("secretMetadata")?;
        Ok(Self {
            comment: fields.optional("secretComment")?,
            key: name(key, "secretName")?,
            metadata: metadata
                .map(|pairs| pairs.iter().map(pair).collect())
                .transpose()?,
            multiline: fields.boolean("skipMultilineEncoding")?,
            new_key: fields.optional("newSecretName")?,
            personal: fields.optional("type")?.as_deref() == Some("personal"),
            tags: tags.map(|ids| ids.iter().map(slug).collect()).transpose()?,
            value: fields.optional("secretValue")?.as_deref().map(kept),
        })
    }

    /// Says of `secret` what is said.
    fn write(self, secret: &mut Secret) {
        secret.comment = self.comment.unwrap_or_else(|| secret.comment.clone());
        secret.metadata = self.metadata.unwrap_or_else(|| secret.metadata.clone());
        secret.multiline = self.multiline.unwrap_or(secret.multiline);
        secret.tags = self.tags.unwrap_or_else(|| secret.tags.clone());
        secret.value = self.value.unwrap_or_else(|| secret.value.clone());
    }
}

impl World {
    /// `POST`, `PATCH` and `DELETE` of one secret.
    pub(super) fn change(&mut self, api: Api, request: &Request, name: &str) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let place = self.write_place(api, &fields, &actor)?;
        let item = Item::read(self, place, name, &fields)?;
        if item.personal && actor != Actor::User {
            return Err(Refusal::new(400, "Must be user to create personal secret"));
        }
        if self.at(place).reviewed {
            return Ok(self.approval(place));
        }
        let secret = match request.method.as_str() {
            "POST" => self.create(place, item)?,
            "PATCH" => self.update(place, item)?,
            _ => self.delete(place, &item)?,
        };
        Ok(json!({"secret": self.written(place, &secret, Form::Written)}))
    }

    /// What is answered where changes wait for somebody.
    pub(super) fn approval(&mut self, place: Place) -> Value {
        let (id, now) = (self.fresh_id(), self.stamp());
        json!({"approval": {
            "id": id, "status": "open", "hasMerged": false, "slug": "change",
            "folderId": self.at(place).id, "createdAt": now, "updatedAt": now,
        }})
    }

    pub(super) fn written(&self, place: Place, secret: &Secret, form: Form) -> Value {
        secret_row(self, place, secret, &secret.value, false, form)
    }

    /// A new secret.
    pub(super) fn create(&mut self, place: Place, item: Item) -> Answer<Secret> {
        if item.value.is_none() {
            return Err(fields::missing("secretValue"));
        }
        if self.at(place).find(&item.key, item.personal).is_some() {
            return Err(Refusal::new(400, "Secret already exist"));
        }
        if item.personal && self.at(place).find(&item.key, false).is_none() {
            let text =
                "Failed to create personal secret override for no corresponding shared secret";
            return Err(Refusal::new(400, text));
        }
        let secret = self.add(place, &item.key.clone(), item.personal);
        item.write(secret);
        Ok(secret.clone())
    }

    /// A new secret about which nothing is known yet.
    pub(super) fn add(&mut self, place: Place, key: &str, personal: bool) -> &mut Secret {
        let (id, created) = (self.fresh_id(), self.stamp());
        let secret = Secret {
            updated: created.clone(),
            created,
            id,
            key: key.to_owned(),
            personal,
            version: 1,
            ..Secret::default()
        };
        let secrets = &mut self.at_mut(place).secrets;
        secrets.push(secret);
        secrets.last_mut().unwrap()
    }

    /// Changes what is given.
    pub(super) fn update(&mut self, place: Place, item: Item) -> Answer<Secret> {
        let updated = self.stamp();
        let (key, personal) = (item.key.clone(), item.personal);
        let missing = || missing(&key);
        let new_key = item
            .new_key
            .as_deref()
            .map(|text| name(text, "newSecretName"));
        let new_key = new_key.transpose()?.filter(|new| *new != key);
        if let Some(new) = &new_key
            && self.at(place).find(new, false).is_some()
        {
            return Err(Refusal::new(400, "Secret with the new name already exists"));
        }
        let secrets = &mut self.at_mut(place).secrets;
        let mut known = secrets.iter_mut();
        let secret = known.find(|secret| secret.key == key && secret.personal == personal);
        let secret = secret.ok_or_else(missing)?;
        item.write(secret);
        secret.version += 1;
        secret.updated = updated;
        let number = secret.id.clone();
        // What is the user's own goes along.
        for secret in secrets.iter_mut().filter(|secret| secret.key == key) {
            secret.key = new_key.clone().unwrap_or_else(|| key.clone());
        }
        let secret = secrets.iter().find(|secret| secret.id == number);
        Ok(secret.unwrap().clone())
    }

    /// Removes one, and with it what is the user's own.
    pub(super) fn delete(&mut self, place: Place, item: &Item) -> Answer<Secret> {
        let found = self.at(place).find(&item.key, item.personal).cloned();
        let found = found.ok_or_else(|| missing(&item.key))?;
        let gone = |secret: &Secret| secret.key == item.key && secret.personal >= item.personal;
        self.at_mut(place).secrets.retain(|secret| !gone(secret));
        Ok(found)
    }
}

fn missing(key: &str) -> Refusal {
    Refusal::new(404, format!("Secret with name '{key}' not found"))
}

/// The name of a secret as the server takes it.
fn name(text: &str, field: &str) -> Answer<String> {
    let text = text.trim();
    if text.is_empty() || text.contains([':', '/']) {
        let issue = json!({"code": "custom"});
        let text = "Secret name cannot contain colon or forward slash.";
        return Err(Refusal::invalid(issue, field, text));
    }
    Ok(text.to_owned())
}

/// A value as the server keeps it: with nothing around it but for one newline at its end.
fn kept(value: &str) -> String {
    let end = if value.ends_with('\n') { "\n" } else { "" };
    format!("{}{end}", value.trim())
}
