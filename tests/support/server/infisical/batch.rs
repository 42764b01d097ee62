//! Many secrets at once: changed together or not at all, and moved.

use serde_json::{Value, json};

use super::super::Request;
use super::access::Api;
use super::change::Item;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::render::Form;
use super::store::{Place, World, trimmed};
use super::token::Actor;

impl World {
    /// `/api/v3/secrets/batch/raw` and `/api/v4/secrets/batch`.
    pub(super) fn batch(&mut self, api: Api, request: &Request) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let place = self.write_place(api, &fields, &actor)?;
        let rows = fields.list("secrets")?.cloned().unwrap_or_default();
        if rows.is_empty() {
            let issue = json!({"code": "too_small", "minimum": 1, "type": "array"});
            let text = "Array must contain at least 1 element(s)";
            return Err(Refusal::invalid(issue, "secrets", text));
        }
        if self.at(place).reviewed {
            return Ok(self.approval(place));
        }
        let mode = fields.optional("mode")?;
        let before = self.at(place).secrets.clone();
        let mut written = Vec::new();
        for row in &rows {
            match self.batch_one(place, row, &request.method, mode.as_deref()) {
                Ok(row) => written.extend(row),
                Err(refusal) => {
                    self.at_mut(place).secrets = before;
                    return Err(refusal);
                }
            }
        }
        Ok(json!({"secrets": written}))
    }

    fn batch_one(
        &mut self,
        place: Place,
        row: &Value,
        method: &str,
        mode: Option<&str>,
    ) -> Answer<Option<Value>> {
        let fields = Fields::of(row);
        let item = Item::read(self, place, &fields.text("secretKey")?, &fields)?;
        let known = self.at(place).find(&item.key, item.personal).is_some();
        let secret = match (method, mode) {
            ("DELETE", _) => self.delete(place, &item)?,
            ("PATCH", Some("ignore")) if !known => return Ok(None),
            ("PATCH", Some("upsert")) if !known => self.create(place, item)?,
            ("PATCH", _) => self.update(place, item)?,
            _ => self.create(place, item)?,
        };
        Ok(Some(self.written(place, &secret, Form::Listed)))
    }

    /// `/api/v3/secrets/move` and `/api/v4/secrets/move`.
    pub(super) fn relocate(&mut self, api: Api, request: &Request) -> Answer<Value> {
        if matches!(self.actor(request)?, Actor::Service(..)) {
            return Err(Refusal::denied("edit", "secrets"));
        }
        let fields = Fields::read(request)?;
        let project = match api {
            Api::V3 => self.project_called(&fields.text("projectSlug")?)?,
            Api::Early | Api::V4 => self.project(&fields.text("projectId")?)?,
        };
        let folder = |environment: &str, path: &str| {
            let path = trimmed(&fields.optional(path)?.unwrap_or_default());
            self.folder(project, &fields.text(environment)?, &path)
        };
        let source = folder("sourceEnvironment", "sourceSecretPath")?;
        let target = folder("destinationEnvironment", "destinationSecretPath")?;
        let overwrite = fields.boolean("shouldOverwrite")?.unwrap_or(false);
        let ids = fields.list("secretIds")?.cloned().unwrap_or_default();
        let asked = self.at(source).secrets.iter();
        let asked = asked.filter(|secret| ids.iter().any(|id| id == secret.id.as_str()));
        let moved: Vec<_> = asked.cloned().collect();
        if moved.len() != ids.len() {
            return Err(Refusal::new(404, "One or more secrets not found"));
        }
        let taken = |key: &str| self.at(target).find(key, false).is_some();
        if !overwrite && moved.iter().any(|secret| taken(&secret.key)) {
            let text = "Failed to move secret: it exists in the destination";
            return Err(Refusal::new(400, text));
        }
        let waiting = [source, target].map(|place| self.at(place).reviewed);
        if !waiting[1] {
            let secrets = &mut self.at_mut(target).secrets;
            secrets.retain(|known| moved.iter().all(|secret| secret.key != known.key));
            secrets.extend(moved.clone());
        }
        if !waiting[0] {
            let secrets = &mut self.at_mut(source).secrets;
            secrets.retain(|known| moved.iter().all(|secret| secret.id != known.id));
        }
        Ok(json!({"isSourceUpdated": !waiting[0], "isDestinationUpdated": !waiting[1]}))
    }
}
