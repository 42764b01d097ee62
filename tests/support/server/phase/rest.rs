//! `/v1/…`: the API over which the server encrypts and decrypts itself.

use serde_json::{Value, json};

use super::super::{Reply, Request};
use super::access::{Caller, Target, parameter};
use super::change::{Item, body, tags};
use super::crypto::{decrypt, digest};
use super::reference::Resolver;
use super::refusal::{Answer, Refusal};
use super::render::{camel, secret_row};
use super::select::Query;
use super::store::{Place, Secret, World};

/// The types of secrets.
const KINDS: [&str; 3] = ["config", "sealed", "secret"];

impl World {
    /// `/v1/secrets/`.
    pub(super) fn plain(&mut self, request: &Request) -> Answer {
        let caller = self.caller(request, Target::Elsewhere)?;
        let place = self.admitted(request, caller)?;
        self.refuse_without_sse(place)?;
        let rows = match request.method.as_str() {
            "GET" => {
                let key = parameter(request, "key").filter(|key| !key.is_empty());
                let digest = key.map(|key| digest(&key.to_uppercase(), &self.at(place).salt));
                let query = Query::read(digest, |name| parameter(request, name)).detailed();
                self.select(caller, place, &query)
                    .map_err(|refusal| refusal.map(camel))?
            }
            "POST" => self.create_plain(caller, place, request)?,
            "PUT" => self.update_plain(caller, place, request)?,
            _ => return self.delete_plain(place, request),
        };
        self.opened(caller, place, rows)
    }

    pub(super) fn refuse_without_sse(&self, place: Place) -> Answer<()> {
        if self.apps[place.app].sse {
            return Ok(());
        }
        Err(Refusal::new(400, "SSE is not enabled for this App"))
    }

    /// The rows, decrypted and with references followed.
    pub(super) fn opened(&self, caller: Caller, place: Place, rows: Vec<Value>) -> Answer {
        let rows = rows
            .into_iter()
            .map(|row| self.open_row(caller, place, row));
        let rows = rows
            .collect::<Option<Vec<_>>>()
            .ok_or_else(Refusal::internal)?;
        Ok(Reply::json(200, camel(json!(rows)).to_string()))
    }

    fn open_row(&self, caller: Caller, place: Place, mut row: Value) -> Option<Value> {
        let keys = self.at(place).keys;
        let open = |text: &mut Value| {
            // An empty text is none, and not encrypted.
            if text != "" {
                *text = json!(decrypt(text.as_str()?, &keys)?);
            }
            Some(())
        };
        if row["type"] == "dynamic" {
            for key in row["key_map"].as_array_mut()? {
                open(&mut key["key_name"])?;
            }
            let credentials = row["lease"].get_mut("credentials");
            let credentials = credentials.and_then(Value::as_array_mut);
            for credential in credentials.into_iter().flatten() {
                open(&mut credential["key"])?;
                open(&mut credential["value"])?;
            }
            return Some(row);
        }
        let account = &self.accounts[caller.account];
        let named = account.kind != super::Kind::Service;
        let resolver = Resolver {
            account: named.then_some(caller.account),
            world: self,
        };
        let secret = self.secret(place, row["id"].as_str()?)?;
        open(&mut row["key"])?;
        open(&mut row["comment"])?;
        row["value"] = json!(resolver.value(place, secret, &secret.value)?);
        if let Some(own) = row["override"]["value"].as_str() {
            row["override"]["value"] = json!(resolver.value(place, secret, own)?);
        }
        Some(row)
    }

    /// Also one that was removed.
    fn secret(&self, place: Place, id: &str) -> Option<&Secret> {
        self.at(place).secrets.iter().find(|secret| secret.id == id)
    }

    fn row(&self, caller: Caller, place: Place, id: &str) -> Answer<Value> {
        let secret = self.secret(place, id).ok_or_else(Refusal::internal)?;
        Ok(secret_row(
            self.at(place),
            secret,
            self.person(caller).as_deref(),
        ))
    }

    fn create_plain(
        &mut self,
        caller: Caller,
        place: Place,
        request: &Request,
    ) -> Answer<Vec<Value>> {
        let entries = entries(request)?;
        for entry in &entries {
            let refused = |text: &str| Err(Refusal::new(400, text));
            if !entry.is_object() {
                return refused("Each entry in 'secrets' must be an object.");
            }
            if entry["key"]
                .as_str()
                .is_none_or(|key| key.trim().is_empty())
            {
                return refused("Each secret requires a non-empty 'key'.");
            }
            if !entry["value"].is_string() {
                return refused("Each secret requires a 'value' string.");
            }
            check(entry)?;
        }
        let items: Answer<Vec<Item>> = entries
            .iter()
            .map(|entry| self.item(place, entry))
            .collect();
        let items = items?;
        self.refuse_duplicates(place, &items)?;
        let mut ids = Vec::new();
        for mut item in items {
            let refused = self.refuse_tags(&item);
            if refused.is_err() {
                // The secret lies there before its tags are looked at.
                (item.personal, item.tags) = (None, None);
            }
            ids.push(self.create(Some(caller), place, item));
            refused?;
        }
        ids.iter().map(|id| self.row(caller, place, id)).collect()
    }

    fn update_plain(
        &mut self,
        caller: Caller,
        place: Place,
        request: &Request,
    ) -> Answer<Vec<Value>> {
        let entries = entries(request)?;
        for entry in &entries {
            if entry.get("id").is_none() {
                return Err(Refusal::new(400, "Secret ID not provided"));
            }
            check(entry)?;
        }
        // Before anything is changed, and only for those that say their key.
        let names: Answer<Vec<Item>> = entries
            .iter()
            .map(|entry| self.name(place, entry))
            .collect();
        self.refuse_duplicates(place, &names?)?;
        let mut ids = Vec::new();
        for entry in &entries {
            let id = entry["id"].as_str().unwrap_or_default();
            if self.secret(place, id).is_none() {
                return Err(Refusal::new(404, format!("Secret not found: {id}")));
            }
            let item = self.item(place, entry)?;
            self.update(caller, place, place, item)?;
            ids.push(id);
        }
        ids.iter().map(|id| self.row(caller, place, id)).collect()
    }

    fn delete_plain(&mut self, place: Place, request: &Request) -> Answer {
        let body = body(request)?;
        let ids = body["secrets"].as_array().filter(|ids| !ids.is_empty());
        let empty = "'secrets' must be a non-empty list of secret IDs.";
        let ids = ids.ok_or_else(|| Refusal::new(400, empty))?;
        let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
        let living = |id: &str| self.secret(place, id).is_some_and(|secret| !secret.deleted);
        let missing = ids.iter().filter(|id| !living(id));
        let missing: Vec<&str> = missing.copied().collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let text = format!("Secret(s) not found in this environment: {missing}");
            return Err(Refusal::new(404, text));
        }
        self.delete(&ids)?;
        let plural = if ids.len() == 1 { "" } else { "s" };
        let text = format!("Deleted {} secret{plural}", ids.len());
        Ok(Reply::json(200, json!({"message": text}).to_string()))
    }

    /// Where an entry is to lie under which name, as far as that is said.
    fn name(&self, place: Place, entry: &Value) -> Answer<Item> {
        let text = |name: &str| entry.get(name)?.as_str().map(str::to_owned);
        let key = entry
            .get("key")
            .map(|key| key.as_str().ok_or_else(Refusal::internal));
        let key = key.transpose()?.map(str::to_uppercase);
        Ok(Item {
            digest: key.map(|key| digest(&key, &self.at(place).salt)),
            id: text("id"),
            path: text("path"),
            ..Item::default()
        })
    }

    /// An entry with its texts encrypted. Keys become upper case.
    fn item(&mut self, place: Place, entry: &Value) -> Answer<Item> {
        let mut encrypted = |name: &str| {
            let text = entry
                .get(name)
                .map(|text| text.as_str().ok_or_else(Refusal::internal));
            Ok(text.transpose()?.map(|text| self.encrypt(place, text)))
        };
        let (comment, value) = (encrypted("comment")?, encrypted("value")?);
        let name = self.name(place, entry)?;
        let key = entry["key"].as_str().map(str::to_uppercase);
        let own = &entry["override"];
        let own_value = own["value"].as_str().map(|text| self.encrypt(place, text));
        let text = |name: &str| entry.get(name)?.as_str().map(str::to_owned);
        Ok(Item {
            comment,
            digest: name.digest,
            id: name.id,
            key: key.map(|key| self.encrypt(place, &key)),
            kind: text("type"),
            path: name.path,
            personal: own_value.zip(own["isActive"].as_bool()),
            tags: tags(entry),
            value,
        })
    }
}

fn entries(request: &Request) -> Answer<Vec<Value>> {
    let body = body(request)?;
    let entries = body["secrets"]
        .as_array()
        .filter(|entries| !entries.is_empty());
    let empty = || Refusal::new(400, "'secrets' must be a non-empty list.");
    entries.cloned().ok_or_else(empty)
}

/// What holds for new secrets and for changes.
fn check(entry: &Value) -> Answer<()> {
    let refused = |text: &str| Err(Refusal::new(400, text));
    let kind = entry.get("type").filter(|kind| !kind.is_null());
    if let Some(kind) = kind.filter(|kind| !KINDS.iter().any(|known| kind == known)) {
        let kind = kind.as_str().unwrap_or_default();
        return refused(&format!(
            "Invalid 'type': '{kind}'. Must be one of ['config', 'sealed', 'secret']."
        ));
    }
    match entry.get("override") {
        Some(own) if !own.is_object() => refused("'override' must be a JSON object."),
        Some(own) if !own["value"].is_string() => refused("'override.value' must be a string."),
        Some(own) if !own["isActive"].is_boolean() => {
            refused("'override.isActive' must be a boolean.")
        }
        _ => Ok(()),
    }
}
