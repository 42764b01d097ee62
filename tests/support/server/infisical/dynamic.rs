//! Dynamic secrets, and the leases that are made of them.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::super::Request;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::store::{Place, World, stamp, trimmed};

pub(super) struct Dynamic {
    pub(super) created: String,
    pub(super) default_ttl: Duration,
    /// Why no lease can be made.
    pub(super) failing: Option<String>,
    /// The id of its folder.
    pub(super) folder: String,
    pub(super) id: String,
    /// What its values are called.
    pub(super) keys: Vec<String>,
    pub(super) max_ttl: Duration,
    pub(super) name: String,
}

/// A lease.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(super) created: SystemTime,
    pub(super) dynamic: String,
    pub(super) expires: SystemTime,
    pub(crate) id: String,
    pub(crate) revoked: bool,
}

impl Lease {
    /// For how long it was made, with all that was added.
    pub(crate) fn ttl(&self) -> Duration {
        self.expires
            .duration_since(self.created)
            .unwrap_or_default()
    }
}

impl World {
    /// `/api/v1/dynamic-secrets` and all below it.
    pub(super) fn dynamic(&mut self, request: &Request, rest: &[&str]) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let needed = ["dynamicSecretName", "projectSlug", "environmentSlug"];
        let leased = (request.method.as_str(), rest) == ("POST", &["leases"][..]);
        fields.require(if leased { &needed } else { &needed[1..] })?;
        let project = self.project_called(&fields.text("projectSlug")?)?;
        self.enter(actor, project)?;
        self.check_licence(&request.method, rest)?;
        let slug = fields.text("environmentSlug")?;
        let path = trimmed(&fields.optional("path")?.unwrap_or_default());
        let missing = || {
            let text = format!("Folder with path '{path}' in environment '{slug}' not found");
            Refusal::new(404, text)
        };
        let place = self.folder(project, &slug, &path).ok_or_else(missing)?;
        match (request.method.as_str(), rest) {
            ("GET", []) => {
                let rows: Vec<Value> = self.at(place).dynamics.iter().map(row).collect();
                Ok(json!({"dynamicSecrets": rows}))
            }
            ("POST", ["leases"]) => self.lease(place, &fields),
            ("GET", ["leases", id]) => {
                let number = self.living(id)?;
                Ok(json!({"lease": self.lease_row(place, number)}))
            }
            ("DELETE", ["leases", id]) => {
                let number = self.living(id)?;
                self.leases[number].revoked = true;
                Ok(json!({"lease": self.lease_row(place, number)}))
            }
            ("POST", ["leases", id, "renew"]) => self.renew_lease(place, id, &fields),
            ("GET", [name]) => {
                // The quotation mark is missing there too.
                let missing =
                    || format!("Dynamic secret with name '{name} in folder '{path}' not found");
                let dynamic = &self.at(place).dynamics[self.named_dynamic(place, name, missing)?];
                Ok(json!({"dynamicSecret": row(dynamic)}))
            }
            ("GET", [name, "leases"]) => {
                let missing = || {
                    format!(
                        "Dynamic secret with name '{name}' in folder with path '{path}' not found"
                    )
                };
                let number = self.named_dynamic(place, name, missing)?;
                let dynamic = &self.at(place).dynamics[number].id;
                let living = |lease: &Lease| lease.dynamic == *dynamic && !lease.revoked;
                let numbers = (0..self.leases.len()).filter(|&one| living(&self.leases[one]));
                let rows: Vec<Value> = numbers.map(|one| self.lease_row(place, one)).collect();
                Ok(json!({"leases": rows}))
            }
            _ => Err(Refusal::route(request)),
        }
    }

    /// Fails for what is not paid for.
    fn check_licence(&self, method: &str, rest: &[&str]) -> Answer<()> {
        let task = match (method, rest) {
            _ if self.settings.licensed => return Ok(()),
            ("POST", []) => "create dynamic secret",
            ("POST", ["leases"]) => "create lease",
            ("POST", ["leases", _, "renew"]) => "renew lease",
            _ => return Ok(()),
        };
        let text = format!(
            "Failed to {task} due to plan restriction. Upgrade plan to create dynamic secret."
        );
        Err(Refusal::new(400, text))
    }

    fn lease(&mut self, place: Place, fields: &Fields) -> Answer<Value> {
        let name = fields.text("dynamicSecretName")?;
        let path = &self.at(place).path;
        let missing =
            || format!("Dynamic secret with name '{name}' in folder with path '{path}' not found");
        let number = self.named_dynamic(place, &name, missing)?;
        let asked = duration(fields)?;
        let (id, now) = (self.fresh_id(), self.now());
        let dynamic = &self.at(place).dynamics[number];
        let ttl = asked.unwrap_or(dynamic.default_ttl);
        if ttl > dynamic.max_ttl {
            return Err(Refusal::new(400, "TTL cannot be larger than max TTL"));
        }
        if let Some(text) = &dynamic.failing {
            return Err(Refusal::new(400, text.clone()));
        }
        let turn = self
            .leases
            .iter()
            .filter(|lease| lease.dynamic == dynamic.id)
            .count()
            + 1;
        let value = |key: &String| (key.clone(), format!("{}-{turn}", key.to_lowercase()).into());
        let data: Map<String, Value> = dynamic.keys.iter().map(value).collect();
        let dynamic_row = row(dynamic);
        let dynamic = dynamic.id.clone();
        self.leases.push(Lease {
            created: now,
            dynamic,
            expires: now + ttl,
            id,
            revoked: false,
        });
        let lease = self.bare_row(self.leases.len() - 1);
        Ok(json!({"lease": lease, "dynamicSecret": dynamic_row, "data": data}))
    }

    fn renew_lease(&mut self, place: Place, id: &str, fields: &Fields) -> Answer<Value> {
        let number = self.living(id)?;
        let lease = &self.leases[number];
        let dynamics = self.at(place).dynamics.iter();
        let dynamic = dynamics
            .into_iter()
            .find(|dynamic| dynamic.id == lease.dynamic);
        let dynamic = dynamic.ok_or_else(|| missing_lease(id))?;
        let more = duration(fields)?.unwrap_or(dynamic.default_ttl);
        if lease.ttl() + more > dynamic.max_ttl {
            let text = "The requested renewal would exceed the maximum TTL";
            return Err(Refusal::new(400, text));
        }
        self.leases[number].expires += more;
        Ok(json!({"lease": self.lease_row(place, number)}))
    }

    /// The number of a dynamic secret in a folder.
    fn named_dynamic(
        &self,
        place: Place,
        name: &str,
        missing: impl FnOnce() -> String,
    ) -> Answer<usize> {
        let mut dynamics = self.at(place).dynamics.iter();
        let found = dynamics.position(|dynamic| dynamic.name == name);
        found.ok_or_else(|| Refusal::new(404, missing()))
    }

    /// The number of a lease that has not ended.
    fn living(&self, id: &str) -> Answer<usize> {
        let now = self.now();
        let mut leases = self.leases.iter();
        let living = |lease: &Lease| lease.id == id && !lease.revoked && now < lease.expires;
        leases.position(living).ok_or_else(|| missing_lease(id))
    }

    fn lease_row(&self, place: Place, number: usize) -> Value {
        let mut lease = self.bare_row(number);
        let mut dynamics = self.at(place).dynamics.iter();
        let found = dynamics.find(|dynamic| dynamic.id == self.leases[number].dynamic);
        lease["dynamicSecret"] = found.map(row).into();
        lease
    }

    fn bare_row(&self, number: usize) -> Value {
        let lease = &self.leases[number];
        let created = stamp(lease.created);
        json!({
            "id": lease.id, "version": 1, "externalEntityId": lease.id, "status": null,
            "expireAt": stamp(lease.expires), "statusDetails": null, "config": null,
            "dynamicSecretId": lease.dynamic, "createdAt": created, "updatedAt": created,
        })
    }
}

fn row(dynamic: &Dynamic) -> Value {
    let ttl = |time: Duration| match time.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds => format!("{seconds}s"),
    };
    json!({
        "id": dynamic.id, "name": dynamic.name, "version": 1, "type": "sql-database",
        "defaultTTL": ttl(dynamic.default_ttl), "maxTTL": ttl(dynamic.max_ttl),
        "folderId": dynamic.folder, "status": null, "statusDetails": null,
        "createdAt": dynamic.created, "updatedAt": dynamic.created,
    })
}

/// The TTL that is asked for: `30m`.
fn duration(fields: &Fields) -> Answer<Option<Duration>> {
    let Some(text) = fields.optional("ttl")? else {
        return Ok(None);
    };
    let found = humantime::parse_duration(&text).ok();
    let found = found.filter(|found| *found >= Duration::from_mins(1));
    let kind = json!({"code": "custom"});
    let invalid = || fields.wrong("ttl", kind, "TTL must be at least 1min");
    found.ok_or_else(invalid).map(Some)
}

fn missing_lease(id: &str) -> Refusal {
    Refusal::new(
        404,
        format!("Dynamic secret lease with ID '{id}' not found"),
    )
}
