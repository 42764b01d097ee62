//! Secrets are made, changed and removed here.

use serde_json::{Value, json};

use super::super::Request;
use super::access::Api;
use super::fields::Fields;
use super::refusal::{Answer, Refusal, issue};
use super::render::{Form, View};
use super::store::{Former, Place, Secret, World};
use super::token::Actor;

/// What is said of one secret.
#[derive(Clone)]
pub(super) struct Item {
    comment: Option<String>,
    pub(super) key: String,
    metadata: Option<Vec<(String, String)>>,
    multiline: Option<bool>,
    new_key: Option<String>,
    pub(super) personal: bool,
    /// Ids.
    tags: Option<Vec<Value>>,
    value: Option<String>,
}

impl Item {
    /// Of the secret that is called `key`, which was said at that place.
    pub(super) fn read(
        world: &World,
        key: &str,
        way: &[Value],
        fields: &Fields,
        method: &str,
    ) -> Answer<Self> {
        let old = world.settings.version.is_old();
        if method == "POST" || (method == "PATCH" && old) {
            fields.require(&["secretValue"])?;
        }
        let pair = |value: &Value| {
            let pair = Fields::at(value, vec!["secretMetadata".into()])?;
            Ok((
                pair.text("key")?,
                pair.optional("value")?.unwrap_or_default(),
            ))
        };
        let metadata = fields.list("secretMetadata")?;
        let new_key = fields.optional("newSecretName")?;
        let new_way = ["newSecretName".into()];
        let new_key = new_key.map(|text| name(&text, &new_way, old));
        let kind = fields.word("type", &["shared", "personal"])?;
        Ok(Self {
            comment: fields.optional("secretComment")?,
            key: name(key, way, old)?,
            metadata: metadata
                .map(|pairs| pairs.iter().map(pair).collect())
                .transpose()?,
            multiline: fields.boolean("skipMultilineEncoding")?,
            new_key: new_key.transpose()?,
            personal: kind.as_deref() == Some("personal"),
            tags: fields.list("tagIds")?.cloned(),
            value: fields.optional("secretValue")?.as_deref().map(kept),
        })
    }

    /// Says of `secret` what is said.
    fn write(self, secret: &mut Secret) {
        secret.comment = self.comment.unwrap_or_else(|| secret.comment.clone());
        secret.metadata = self.metadata.unwrap_or_else(|| secret.metadata.clone());
        secret.multiline = self.multiline.unwrap_or(secret.multiline);
        if let Some(ids) = self.tags {
            let ids = ids.iter().filter_map(|id| id.as_str().map(str::to_owned));
            secret.tags = ids.collect();
        }
        secret.value = self.value.unwrap_or_else(|| secret.value.clone());
    }
}

impl World {
    /// `POST`, `PATCH` and `DELETE` of one secret.
    pub(super) fn change(&mut self, api: Api, request: &Request, name: &str) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let (task, done) = match request.method.as_str() {
            "POST" => ("CreateSecret", "create"),
            "PATCH" => ("UpdateSecret", "create"),
            _ => ("DeleteSecret", "delete"),
        };
        let needed = [api.project(), "environment"];
        fields.require(if api == Api::V3 {
            &needed[1..]
        } else {
            &needed
        })?;
        let way = ["secretName".into()];
        let item = Item::read(self, name, &way, &fields, &request.method)?;
        let place = self.write_place(api, &fields, actor, task)?;
        if item.personal && actor != Actor::User {
            let text = format!("Must be user to {done} personal secret");
            return Err(Refusal::new(400, text));
        }
        if self.at(place).reviewed {
            return Ok(self.approval(place));
        }
        let row = match request.method.as_str() {
            "POST" => {
                let secret = self.create(place, item)?;
                self.written(place, &secret, Form::Created)
            }
            "PATCH" => {
                let said = item.clone();
                let missing = format!("Secret with name {} not found", item.key);
                let secret = self.update(place, item, || Refusal::new(404, missing))?;
                self.updated(place, &secret, &said)
            }
            _ => {
                let old = self.settings.version.is_old();
                let missing = || {
                    if old {
                        let text = format!("Secret with name '{}' not found", item.key);
                        Refusal::named(404, "DeleteSecret", text)
                    } else {
                        Refusal::new(404, "Secret not found")
                    }
                };
                let secret = self.delete(place, &item, missing)?;
                self.written(place, &secret, Form::Deleted)
            }
        };
        self.touch(place);
        Ok(json!({"secret": row}))
    }

    /// What is answered where changes wait for somebody.
    pub(super) fn approval(&mut self, place: Place) -> Value {
        let (id, now) = (self.fresh_id(), self.stamp());
        json!({"approval": {
            "id": id, "status": "open", "hasMerged": false, "slug": "change",
            "folderId": self.at(place).id, "createdAt": now, "updatedAt": now,
        }})
    }

    /// Notes that a secret of a folder was changed.
    pub(super) fn touch(&mut self, place: Place) {
        let now = self.stamp();
        self.at_mut(place).modified = Some(now);
    }

    pub(super) fn written(&self, place: Place, secret: &Secret, form: Form) -> Value {
        self.after(place, secret, form, &secret.value, &secret.comment)
    }

    /// After a change: of one secret, what was said is shown alone.
    fn updated(&self, place: Place, secret: &Secret, said: &Item) -> Value {
        let value = said.value.as_deref().unwrap_or_default();
        let comment = said.comment.as_deref().unwrap_or_default();
        self.after(place, secret, Form::Updated, value, comment)
    }

    fn after(
        &self,
        place: Place,
        secret: &Secret,
        form: Form,
        value: &str,
        comment: &str,
    ) -> Value {
        let view = View {
            comment,
            hidden: false,
            path: &self.at(place).path,
            slug: &self.environment(place).slug,
            value,
        };
        self.secret_row(place, secret, form, &view)
    }

    /// Fails unless all tags of a secret are there.
    fn check_tags(&self, place: Place, item: &Item) -> Answer<()> {
        let known = &self.projects[place.project].tags;
        let asked = item.tags.iter().flatten();
        let (found, lost): (Vec<_>, Vec<_>) =
            asked.partition(|id| known.iter().any(|tag| *id == tag.id.as_str()));
        if lost.is_empty() {
            return Ok(());
        }
        let found: Vec<&str> = found.into_iter().filter_map(Value::as_str).collect();
        let text = format!("Tag not found. Found {}", found.join(","));
        Err(Refusal::new(404, text))
    }

    /// A new secret.
    pub(super) fn create(&mut self, place: Place, item: Item) -> Answer<Secret> {
        let known = self.at(place).find(&item.key, false).is_some();
        if known && !item.personal {
            let text = if self.settings.version.is_old() {
                "Secret already exist"
            } else {
                "Secret already exists"
            };
            return Err(Refusal::new(400, text));
        }
        // That there is one of the user's own already, nobody minds.
        if item.personal && !known {
            let text =
                "Failed to create personal secret override for no corresponding shared secret";
            return Err(Refusal::new(400, text));
        }
        self.check_tags(place, &item)?;
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
    pub(super) fn update(
        &mut self,
        place: Place,
        item: Item,
        missing: impl FnOnce() -> Refusal,
    ) -> Answer<Secret> {
        let updated = self.stamp();
        let (key, personal) = (item.key.clone(), item.personal);
        let new_key = item.new_key.clone().filter(|new| *new != key);
        if let Some(new) = &new_key
            && self.at(place).find(new, false).is_some()
        {
            return Err(Refusal::new(400, "Secret with the new name already exists"));
        }
        self.at(place).find(&key, personal).ok_or_else(missing)?;
        self.check_tags(place, &item)?;
        let old = self.settings.version.is_old();
        let secrets = &mut self.at_mut(place).secrets;
        let same = |secret: &Secret| secret.key == key && secret.personal == personal;
        // There may be more of the user's own.
        let found = if old {
            secrets.iter().position(same)
        } else {
            secrets.iter().rposition(same)
        };
        let mut found = found.unwrap();
        if personal {
            let moved = secrets.remove(found);
            secrets.push(moved);
            found = secrets.len() - 1;
        }
        let secret = &mut secrets[found];
        secret.formers.push(Former {
            comment: secret.comment.clone(),
            key: secret.key.clone(),
            value: secret.value.clone(),
            version: secret.version,
        });
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

    /// Removes one, and with it what is the user's own, which is then what is shown.
    pub(super) fn delete(
        &mut self,
        place: Place,
        item: &Item,
        missing: impl FnOnce() -> Refusal,
    ) -> Answer<Secret> {
        let gone = |secret: &Secret| secret.key == item.key && secret.personal >= item.personal;
        let secrets = self.at(place).secrets.iter().filter(|secret| gone(secret));
        // The first of them, if there are more.
        let found = secrets.min_by_key(|secret| !secret.personal).cloned();
        let found = found.ok_or_else(missing)?;
        self.at_mut(place).secrets.retain(|secret| !gone(secret));
        Ok(found)
    }
}

/// The name of a secret as the server takes it.
fn name(text: &str, way: &[Value], old: bool) -> Answer<String> {
    let text = text.trim();
    if text.is_empty() {
        let kind = json!({
            "code": "too_small", "minimum": 1, "type": "string", "inclusive": true, "exact": false,
        });
        let said = "String must contain at least 1 character(s)";
        return Err(Refusal::invalid(vec![issue(kind, way, said)]));
    }
    if text.contains([':', '/']) && !old {
        let said = "Secret name cannot contain colon or forward slash.";
        let kind = json!({"code": "custom"});
        return Err(Refusal::invalid(vec![issue(kind, way, said)]));
    }
    Ok(text.to_owned())
}

/// A value as the server keeps it: with nothing around it but for one newline at its end.
fn kept(value: &str) -> String {
    let end = if value.ends_with('\n') { "\n" } else { "" };
    format!("{}{end}", value.trim())
}
