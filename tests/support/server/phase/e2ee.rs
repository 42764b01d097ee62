//! `/secrets/` and `/secrets/tokens/`: the end-to-end encrypted API. It answers with
//! what lies in the store, as it lies there.

use serde_json::{Value, json};

use super::super::{Reply, Request};
use super::access::{Caller, Target, bearer};
use super::account::{Account, Kind};
use super::change::{Item, body, refuse_plain, tags};
use super::refusal::{Answer, Refusal};
use super::render::{camel, environment_row, stamp};
use super::select::Query;
use super::store::{Place, World};

impl World {
    /// Everything a token can open.
    pub(super) fn tokens(&self, request: &Request) -> Answer<Value> {
        if request.method != "GET" {
            let text = format!("Method \"{}\" not allowed.", request.method);
            return Err(Refusal::new(405, text));
        }
        if let Some(seconds) = self.throttled {
            return Err(Refusal::throttled(seconds));
        }
        let header = request.header("authorization");
        let header = header.ok_or_else(Refusal::internal)?;
        let token = bearer(header).and_then(|(kind, id)| self.token(kind, id));
        let token = token.ok_or_else(|| Refusal::new(403, "Token expired or deleted"))?;
        let account = &self.accounts[token.account];
        let (id, name) = &self.organisation;
        let mut world = json!({
            "wrapped_key_share": token.wrapped_key_share,
            "organisation": {"id": id, "name": name},
            "apps": self.apps_of(account),
        });
        let id = match account.kind {
            Kind::Service => return Ok(world),
            Kind::ServiceAccount => "account_id",
            Kind::User => "user_id",
        };
        world[id] = json!(account.id);
        world["offline_enabled"] = json!(false);
        Ok(world)
    }

    fn apps_of(&self, account: &Account) -> Vec<Value> {
        let mut apps: Vec<Value> = Vec::new();
        let owner = |kind| (account.kind == kind).then_some(&account.id);
        for key in &account.environment_keys {
            let (app, environment) = (&self.apps[key.place.app], self.at(key.place));
            let created = stamp(key.created);
            let row = json!({
                "id": key.id, "environment": environment_row(environment, key.place.environment),
                "paths": null, "identity_key": super::crypto::hex(&environment.keys.public),
                "wrapped_seed": key.wrapped_seed, "wrapped_salt": key.wrapped_salt,
                "created_at": created, "updated_at": created, "deleted_at": null,
                "user": owner(Kind::User), "service_account": owner(Kind::ServiceAccount),
            });
            if let Some(known) = apps.iter_mut().find(|known| known["id"] == app.id.as_str()) {
                known["environment_keys"].as_array_mut().unwrap().push(row);
                continue;
            }
            // An older service token is told nothing of server-side encryption.
            let sse = app.sse && account.kind != Kind::Service;
            let encryption = if sse { "SSE" } else { "E2E" };
            apps.push(json!({
                "id": app.id, "name": app.name, "encryption": encryption, "environment_keys": [row],
            }));
        }
        apps
    }

    /// Secrets are read and written.
    pub(super) fn encrypted(&mut self, request: &Request) -> Answer {
        let caller = self.caller(request, Target::Elsewhere)?;
        let place = self.admitted(request, caller)?;
        let done = || Reply::typed(200, "", "");
        match request.method.as_str() {
            "GET" => {
                let digest = request.header("keydigest").map(str::to_owned);
                let header = |name: &str| request.header(&name.replace('_', "-"));
                let camels = request.header("x-use-camel-case") == Some("true");
                let spelt = |value: Value| if camels { camel(value) } else { value };
                let rows = self.select(caller, place, &Query::read(digest, header));
                let rows = rows.map_err(|refusal| refusal.map(spelt))?;
                Ok(Reply::json(200, spelt(json!(rows)).to_string()))
            }
            "POST" => self
                .create_encrypted(caller, place, request)
                .map(|()| done()),
            "PUT" => self
                .update_encrypted(caller, place, request)
                .map(|()| done()),
            _ => {
                let body = body(request)?;
                let ids = body["secrets"].as_array().ok_or_else(Refusal::internal)?;
                let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
                self.delete(&ids).map(|()| done())
            }
        }
    }

    fn create_encrypted(&mut self, caller: Caller, place: Place, request: &Request) -> Answer<()> {
        let entries = entries(request)?;
        self.refuse_duplicates(place, &names(&entries))?;
        for entry in &entries {
            let item = item(entry)?;
            let whole = [&item.key, &item.digest, &item.value, &item.comment];
            if whole.into_iter().any(Option::is_none) {
                return Err(Refusal::internal());
            }
            refuse_plain(&item)?;
            self.refuse_tags(&item)?;
            self.create(Some(caller), place, item);
        }
        Ok(())
    }

    fn update_encrypted(&mut self, caller: Caller, place: Place, request: &Request) -> Answer<()> {
        let entries = entries(request)?;
        self.refuse_duplicates(place, &names(&entries))?;
        for entry in &entries {
            let item = item(entry)?;
            // It is looked for everywhere, and comes here.
            let from = item.id.as_deref().and_then(|id| self.whereabouts(id));
            let from = from.ok_or_else(Refusal::internal)?;
            // A key comes with its digest.
            if item.key.is_some() && item.digest.is_none() {
                return Err(Refusal::internal());
            }
            refuse_plain(&item)?;
            // Tags that are not given are taken away.
            let tags = Some(item.tags.clone().unwrap_or_default());
            self.update(caller, from, place, Item { tags, ..item })?;
        }
        Ok(())
    }
}

fn entries(request: &Request) -> Answer<Vec<Value>> {
    let body = body(request)?;
    let entries = body["secrets"].as_array().cloned();
    entries.ok_or_else(Refusal::internal)
}

/// Where each is to lie under which name, as far as that is said: a digest says it alone.
fn names(entries: &[Value]) -> Vec<Item> {
    let name = |entry: &Value| {
        let text = |name: &str| entry.get(name)?.as_str().map(str::to_owned);
        Item {
            digest: text("keyDigest"),
            id: text("id"),
            path: text("path"),
            ..Item::default()
        }
    };
    entries.iter().map(name).collect()
}

fn item(item: &Value) -> Answer<Item> {
    let text = |name: &str| item.get(name)?.as_str().map(str::to_owned);
    let personal = item.get("override").map(|own| {
        let value = own["value"].as_str().ok_or_else(Refusal::internal)?;
        Ok((value.to_owned(), own["isActive"].as_bool().unwrap_or(true)))
    });
    Ok(Item {
        comment: text("comment"),
        digest: text("keyDigest"),
        id: text("id"),
        key: text("key"),
        kind: text("type"),
        path: text("path"),
        personal: personal.transpose()?,
        tags: tags(item),
        value: text("value"),
    })
}
