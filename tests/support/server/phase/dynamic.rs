//! Dynamic secrets, and the leases that are made of them.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::account::{Account, Kind};
use super::render::{duration, stamp};
use super::store::{Environment, Place, World};

/// The parts of a credential that the only provider makes, and whether each is hidden.
/// A fourth name of a dynamic secret stays without a value.
const PARTS: [(&str, bool); 3] = [
    ("username", false),
    ("access_key_id", false),
    ("secret_access_key", true),
];

const UNMADE: (&str, bool) = ("session_token", true);

const DAY: Duration = Duration::from_hours(24);

pub(super) struct Dynamic {
    pub(super) created: SystemTime,
    pub(super) default_ttl: Duration,
    /// Why no lease can be made.
    pub(super) failing: Option<String>,
    pub(super) id: String,
    pub(super) keys: Vec<DynamicKey>,
    pub(super) leases: Vec<Lease>,
    pub(super) max_ttl: Duration,
    pub(super) name: String,
    pub(super) path: String,
}

pub(super) struct DynamicKey {
    pub(super) digest: String,
    pub(super) masked: bool,
    /// Encrypted.
    pub(super) name: String,
    pub(super) part: &'static str,
}

/// Why there is no lease.
pub(super) enum Unmade {
    /// It was asked for in vain, as is said everywhere.
    Asked(&'static str),
    /// The provider failed, with these words.
    Failed(String),
}

/// A lease.
#[derive(Clone)]
pub(crate) struct Lease {
    pub(super) created: SystemTime,
    /// A part and its value, encrypted.
    pub(super) credentials: Vec<(&'static str, String)>,
    pub(super) expires: SystemTime,
    pub(crate) id: String,
    /// The number of an account. An older service token owns nothing.
    pub(super) owner: Option<usize>,
    pub(super) revoked: Option<SystemTime>,
    pub(crate) ttl: Duration,
}

impl Lease {
    /// Whether it is of no use any more.
    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.is_some()
    }
}

impl World {
    /// A new dynamic secret whose values will have these names.
    pub(super) fn add_dynamic(&mut self, place: Place, path: &str, name: &str, names: &[&str]) {
        let parts = PARTS.iter().chain([&UNMADE]);
        let salt = self.at(place).salt.clone();
        let keys = names
            .iter()
            .zip(parts)
            .map(|(name, &(part, masked))| DynamicKey {
                digest: super::crypto::digest(name, &salt),
                masked,
                name: self.encrypt(place, name),
                part,
            });
        let dynamic = Dynamic {
            keys: keys.collect(),
            created: self.now(),
            default_ttl: Duration::from_hours(1),
            failing: None,
            id: self.draw.id(),
            leases: Vec::new(),
            max_ttl: DAY,
            name: name.to_owned(),
            path: path.to_owned(),
        };
        self.make_folder(place, path);
        self.at_mut(place).dynamics.push(dynamic);
    }

    /// Makes a lease of the dynamic secret with that number.
    pub(super) fn lease(
        &mut self,
        place: Place,
        number: usize,
        seconds: Option<i64>,
        owner: usize,
    ) -> Result<(), Unmade> {
        let dynamic = &self.at(place).dynamics[number];
        // Zero counts as nothing.
        let seconds = seconds.filter(|&seconds| seconds != 0);
        let default = i64::try_from(dynamic.default_ttl.as_secs()).unwrap();
        let ttl = seconds.unwrap_or(default);
        if ttl > i64::try_from(dynamic.max_ttl.as_secs()).unwrap() {
            let text = "The specified TTL exceeds the maximum TTL for this dynamic secret.";
            return Err(Unmade::Asked(text));
        }
        let Some(ttl) = u64::try_from(ttl).ok().filter(|&ttl| ttl >= 60) else {
            let text = "The specified TTL must be at least 60 seconds.";
            return Err(Unmade::Asked(text));
        };
        if let Some(text) = &dynamic.failing {
            return Err(Unmade::Failed(text.clone()));
        }
        let turn = dynamic.leases.len() + 1;
        let made = |part: &str| PARTS.iter().any(|(known, _)| *known == part);
        let parts: Vec<_> = dynamic.keys.iter().map(|key| key.part).collect();
        let credentials = parts.into_iter().filter(|part| made(part)).map(|part| {
            let value = format!("{part}-{turn}");
            (part, self.encrypt(place, &value))
        });
        let credentials = credentials.collect();
        let (created, ttl) = (self.now(), Duration::from_secs(ttl));
        let lease = Lease {
            created,
            credentials,
            expires: created + ttl,
            id: self.draw.id(),
            owner: Some(owner).filter(|&owner| self.accounts[owner].kind != Kind::Service),
            revoked: None,
            ttl,
        };
        self.at_mut(place).dynamics[number].leases.push(lease);
        Ok(())
    }

    /// A dynamic secret as it is sent, encrypted, with its last lease if that is wanted.
    pub(super) fn dynamic_row(&self, place: Place, number: usize, lease: bool) -> Value {
        let environment = self.at(place);
        let dynamic = &environment.dynamics[number];
        let keys = dynamic.keys.iter().map(|key| {
            json!({
                "id": key.part, "masked": key.masked, "key_name": key.name, "key_digest": key.digest,
            })
        });
        let lease = dynamic.leases.last().filter(|_| lease);
        json!({
            "id": dynamic.id, "name": dynamic.name, "type": "dynamic", "description": "",
            "environment": environment.id, "folder": environment.folder(&dynamic.path),
            "path": dynamic.path, "default_ttl": duration(dynamic.default_ttl),
            "max_ttl": duration(dynamic.max_ttl), "provider": "aws",
            "key_map": keys.collect::<Vec<_>>(), "created_at": stamp(dynamic.created),
            "updated_at": stamp(dynamic.created), "deleted_at": null,
            "lease": lease.map(|lease| self.lease_row(dynamic, lease, true)),
        })
    }

    /// A lease as it is sent, encrypted.
    pub(super) fn lease_row(&self, dynamic: &Dynamic, lease: &Lease, credentials: bool) -> Value {
        let value = |part: &str| {
            let found = lease.credentials.iter().find(|(made, _)| *made == part);
            found.map(|(_, value)| value)
        };
        let keys = dynamic.keys.iter().filter(|_| credentials);
        let credentials =
            keys.filter_map(|key| Some(json!({"key": key.name, "value": value(key.part)?})));
        let status = if lease.is_revoked() {
            "revoked"
        } else {
            "active"
        };
        json!({
            "id": lease.id, "name": dynamic.name, "description": "", "secret": dynamic.id,
            "ttl": duration(lease.ttl), "status": status,
            "owner": lease.owner.map(|owner| owner_row(&self.accounts[owner])),
            "credentials": credentials.collect::<Vec<_>>(), "created_at": stamp(lease.created),
            "renewed_at": null, "expires_at": stamp(lease.expires),
            "revoked_at": lease.revoked.map(stamp), "deleted_at": null,
        })
    }
}

impl Environment {
    /// The numbers of the dynamic secrets in a folder, or in all.
    pub(super) fn dynamics_in(&self, path: Option<&str>) -> Vec<usize> {
        let numbered = self.dynamics.iter().enumerate();
        let fits = |dynamic: &Dynamic| path.is_none_or(|path| dynamic.path == path);
        let found = numbered.filter(|(_, dynamic)| fits(dynamic));
        found.map(|(number, _)| number).collect()
    }
}

fn owner_row(account: &Account) -> Value {
    let kind = match account.kind {
        Kind::User => "organisation_member",
        _ => "service_account",
    };
    json!({"type": kind, "data": {"id": account.id, "name": "ci", "role": {"id": "role", "name": "Service"}}})
}
