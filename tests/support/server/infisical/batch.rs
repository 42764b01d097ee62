//! Many secrets at once: changed together or not at all, and moved.

use serde_json::{Value, json};

use super::super::Request;
use super::access::Api;
use super::change::Item;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::render::Form;
use super::store::{Place, Secret, World, trimmed};

/// What becomes of secrets that are to be changed and are not there.
const MODES: [&str; 3] = ["ignore", "upsert", "failOnNotFound"];

impl World {
    /// `/api/v3/secrets/batch/raw` and `/api/v4/secrets/batch`.
    pub(super) fn batch(&mut self, api: Api, request: &Request) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let rows = fields.list("secrets")?.cloned().unwrap_or_default();
        if rows.is_empty() {
            let kind = json!({
                "code": "too_small", "minimum": 1, "type": "array", "inclusive": true,
                "exact": false,
            });
            let text = "Array must contain at least 1 element(s)";
            return Err(fields.wrong("secrets", kind, text));
        }
        let mode = fields.word("mode", &MODES)?;
        let items = self.items(&rows, &request.method)?;
        let task = match request.method.as_str() {
            "POST" => "CreateSecret",
            "PATCH" => "UpdateSecret",
            _ => "DeleteSecret",
        };
        let place = self.write_place(api, &fields, actor, task)?;
        if self.at(place).reviewed {
            return Ok(self.approval(place));
        }
        self.check_batch(place, &items, &request.method, mode.as_deref())?;
        let before = self.at(place).secrets.clone();
        let mut written = Vec::new();
        for item in items {
            match self.batch_one(place, item, &request.method, mode.as_deref()) {
                Ok(row) => written.extend(row),
                Err(refusal) => {
                    self.at_mut(place).secrets = before;
                    return Err(refusal);
                }
            }
        }
        self.touch(place);
        Ok(json!({"secrets": written}))
    }

    /// What is said of each; of a name that is there twice, the last counts.
    fn items(&self, rows: &[Value], method: &str) -> Answer<Vec<Item>> {
        let mut items: Vec<Item> = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            let way = vec!["secrets".into(), number.into()];
            let fields = Fields::at(row, way.clone())?;
            let key = fields.text("secretKey")?;
            let way = [way, vec!["secretKey".into()]].concat();
            // What an older server wants of one secret, it does not of many.
            let needed = if method == "POST" { "POST" } else { "" };
            let item = Item::read(self, &key, &way, &fields, needed)?;
            items.retain(|known| (&known.key, known.personal) != (&item.key, item.personal));
            items.push(item);
        }
        Ok(items)
    }

    /// Fails if some are there that may not be, or are not and should.
    fn check_batch(
        &self,
        place: Place,
        items: &[Item],
        method: &str,
        mode: Option<&str>,
    ) -> Answer<()> {
        let known = |item: &&Item| self.at(place).find(&item.key, item.personal).is_some();
        let (there, lost): (Vec<&Item>, Vec<&Item>) = items.iter().partition(known);
        let names = |items: &[&Item]| {
            let names: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
            names.join(",")
        };
        let old = self.settings.version.is_old();
        match (method, mode) {
            ("POST", _) if !there.is_empty() => {
                let word = if old { "exist" } else { "exists" };
                let text = format!("Secret already {word}: {}", names(&there));
                Err(Refusal::new(400, text))
            }
            ("PATCH", None | Some("failOnNotFound")) if !lost.is_empty() => {
                let text = if old {
                    format!("Secret does not exist: {}", names(&there))
                } else {
                    format!(
                        "Secret does not exist: {} in path {}",
                        names(&lost),
                        self.at(place).path
                    )
                };
                Err(Refusal::new(404, text))
            }
            ("DELETE", _) if !lost.is_empty() => {
                let text = format!("One or more secrets does not exist: {}", names(&there));
                Err(Refusal::new(404, text))
            }
            _ => Ok(()),
        }
    }

    fn batch_one(
        &mut self,
        place: Place,
        item: Item,
        method: &str,
        mode: Option<&str>,
    ) -> Answer<Option<Value>> {
        let known = self.at(place).find(&item.key, item.personal).is_some();
        let missing = || Refusal::new(404, "Secret does not exist");
        let (secret, form) = match (method, mode) {
            ("DELETE", _) => (self.delete(place, &item, missing)?, Form::Deleted),
            ("PATCH", Some("ignore")) if !known => return Ok(None),
            ("PATCH", _) if known => (self.update(place, item, missing)?, Form::Updated),
            ("PATCH", _) => (self.create(place, item)?, Form::Updated),
            _ => (self.create(place, item)?, Form::Created),
        };
        Ok(Some(self.written(place, &secret, form)))
    }

    /// `/api/v3/secrets/move` and `/api/v4/secrets/move`.
    pub(super) fn relocate(&mut self, api: Api, request: &Request) -> Answer<Value> {
        let actor = self.member(request)?;
        let fields = Fields::read(request)?;
        let project = match api {
            Api::V3 => self.project_called(&fields.text("projectSlug")?)?,
            Api::Early | Api::V4 => self.project(&fields.text("projectId")?)?,
        };
        self.enter(actor, project)?;
        self.may_write(actor, "edit", "secrets")?;
        let folder = |which: &str, title: &str| {
            let slug = fields.text(&format!("{which}Environment"))?;
            let path = fields.optional(&format!("{which}SecretPath"))?;
            let path = trimmed(&path.unwrap_or_default());
            let text = format!(
                "{title} folder with path '{path}' in environment with slug '{slug}' not found"
            );
            let place = self.folder(project, &slug, &path);
            place.ok_or_else(|| Refusal::new(404, text))
        };
        let (source, target) = (
            folder("source", "Source")?,
            folder("destination", "Destination")?,
        );
        let overwrite = fields.boolean("shouldOverwrite")?.unwrap_or(false);
        let ids = fields.list("secretIds")?.cloned().unwrap_or_default();
        let asked = self.at(source).secrets.iter();
        let asked = asked.filter(|secret| ids.iter().any(|id| id == secret.id.as_str()));
        let moved: Vec<_> = asked.cloned().collect();
        if moved.len() != ids.len() {
            let text = format!(
                "One or more secrets not found in source folder with path '{}' and environment \
                 slug '{}'",
                self.at(source).path,
                self.environment(source).slug,
            );
            return Err(Refusal::new(404, text));
        }
        let taken = |key: &str| self.at(target).find(key, false).is_some();
        let taken: Vec<&str> = moved
            .iter()
            .map(|secret| secret.key.as_str())
            .filter(|key| taken(key))
            .collect();
        if !overwrite && !taken.is_empty() {
            let text = format!(
                "Failed to move secrets. The following secrets already exist in the destination: {}",
                taken.join(",")
            );
            return Err(Refusal::new(400, text));
        }
        let waiting = [source, target].map(|place| self.at(place).reviewed);
        if !waiting[1] {
            for secret in &moved {
                self.put(target, secret);
            }
        }
        if !waiting[0] {
            let secrets = &mut self.at_mut(source).secrets;
            secrets.retain(|known| moved.iter().all(|secret| secret.id != known.id));
        }
        Ok(json!({"isSourceUpdated": !waiting[0], "isDestinationUpdated": !waiting[1]}))
    }

    /// A secret that comes from another folder. It is a new one, or another version of what
    /// is there.
    fn put(&mut self, target: Place, secret: &Secret) {
        let known = self.at(target).find(&secret.key, false).cloned();
        let (id, created, updated) = (self.fresh_id(), self.stamp(), self.stamp());
        let mut new = secret.clone();
        (new.id, new.created, new.version) = match &known {
            Some(known) => (known.id.clone(), known.created.clone(), known.version + 1),
            None => (id, created, 1),
        };
        new.updated = updated;
        let secrets = &mut self.at_mut(target).secrets;
        secrets.retain(|known| known.id != new.id);
        secrets.push(new);
    }
}
