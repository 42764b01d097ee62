//! Service tokens: an older kind, good for some folders of one project.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::super::Request;
use super::USER;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::store::{World, stamp};
use super::token::Actor;

/// A service token.
pub(super) struct Service {
    created: SystemTime,
    pub(super) deleted: bool,
    pub(super) expires: Option<SystemTime>,
    id: String,
    name: String,
    /// `read`, `write`.
    pub(super) permissions: Vec<String>,
    /// The id of its project.
    pub(super) project: String,
    /// Environments and folders, which may be patterns.
    pub(super) scopes: Vec<(String, String)>,
    secret: String,
}

impl Service {
    fn text(&self) -> String {
        format!("st.{}.{}", self.id, self.secret)
    }
}

impl World {
    /// The number of a service token that is good.
    pub(super) fn shown_service(&mut self, shown: &str) -> Answer<usize> {
        // The fourth part was a key that the server never had.
        let mut parts = shown.split('.').skip(1);
        let (id, secret) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let missing = || {
            let text = format!("Service token with ID '{id}' not found");
            Refusal::new(404, text).before_counting()
        };
        let mut services = self.services.iter();
        let found = services.position(|service| service.id == id && !service.deleted);
        let found = found.ok_or_else(missing)?;
        let now = self.now();
        let service = &mut self.services[found];
        if service.expires.is_some_and(|expires| expires <= now) {
            service.deleted = true;
            return Err(Refusal::new(403, "Service token has expired").before_counting());
        }
        if service.secret != secret {
            return Err(Refusal::new(401, "Invalid service token").before_counting());
        }
        Ok(found)
    }

    /// A new one, with what is sent.
    pub(super) fn new_service(
        &mut self,
        name: &str,
        project: &str,
        scopes: Vec<(String, String)>,
        permissions: Vec<String>,
        ttl: Option<Duration>,
    ) -> String {
        let (id, created) = (self.fresh_id(), self.now());
        let service = Service {
            created,
            deleted: false,
            expires: ttl.map(|ttl| created + ttl),
            id,
            name: name.to_owned(),
            permissions,
            project: project.to_owned(),
            scopes,
            secret: "0123456789abcdef".to_owned(),
        };
        let text = service.text();
        self.services.push(service);
        text
    }

    /// `/api/v2/service-token` and what follows.
    pub(super) fn service_token(&mut self, request: &Request, rest: &[&str]) -> Answer<Value> {
        let actor = self.actor(request)?;
        match (request.method.as_str(), rest, actor) {
            ("GET", [], Actor::Service(number)) => {
                let mut row = self.service_row(number);
                let mut user = json!({
                    "authMethods": ["email"], "id": USER, "createdAt": row["createdAt"],
                    "updatedAt": row["createdAt"], "devices": [], "email": "user@example.com",
                    "firstName": "A", "lastName": "User", "mfaMethods": null, "__v": 0,
                });
                user["_id"] = USER.into();
                for (name, value) in [
                    ("secretHash", json!("$2b$10$")),
                    ("encryptedKey", json!("x")),
                    ("iv", json!("x")),
                    ("tag", json!("x")),
                    ("workspace", row["projectId"].clone()),
                    ("user", user),
                    ("_id", row["id"].clone()),
                    ("__v", json!(0)),
                ] {
                    row[name] = value;
                }
                Ok(row)
            }
            ("POST", [], Actor::User) => self.make_service(request),
            ("DELETE", [id], Actor::User) => {
                let mut services = self.services.iter();
                let found = services.position(|service| service.id == *id && !service.deleted);
                let missing =
                    || Refusal::new(404, format!("Service token with ID '{id}' not found"));
                let found = found.ok_or_else(missing)?;
                self.services[found].deleted = true;
                Ok(json!({"serviceTokenData": self.service_row(found)}))
            }
            ("GET" | "POST", [], _) | ("DELETE", [_], _) => Err(Refusal::closed(request)),
            _ => Err(Refusal::route(request)),
        }
    }

    fn make_service(&mut self, request: &Request) -> Answer<Value> {
        let fields = Fields::read(request)?;
        let (name, project) = (fields.text("name")?, fields.text("workspaceId")?);
        self.project(&project)?;
        let mut scopes = Vec::new();
        for row in fields.list("scopes")?.into_iter().flatten() {
            let row = Fields::at(row, vec!["scopes".into()])?;
            scopes.push((row.text("environment")?, row.text("secretPath")?));
        }
        let words = fields.list("permissions")?.cloned().unwrap_or_default();
        let words = words
            .iter()
            .filter_map(|word| word.as_str().map(str::to_owned));
        let ttl = fields.seconds("expiresIn")?.map(Duration::from_secs);
        let text = self.new_service(&name, &project, scopes, words.collect(), ttl);
        let row = self.service_row(self.services.len() - 1);
        Ok(json!({"serviceToken": text, "serviceTokenData": row}))
    }

    fn service_row(&self, number: usize) -> Value {
        let service = &self.services[number];
        let scope =
            |(slug, path): &(String, String)| json!({"secretPath": path, "environment": slug});
        let scopes: Vec<Value> = service.scopes.iter().map(scope).collect();
        let created = stamp(service.created);
        let mut row = json!({
            "id": service.id, "name": service.name, "scopes": scopes,
            "permissions": service.permissions, "lastUsed": null,
            "expiresAt": service.expires.map(stamp), "createdAt": created, "updatedAt": created,
            "createdBy": USER, "projectId": service.project,
        });
        if !self.settings.version.is_old() {
            row["expiryNotificationSent"] = false.into();
        }
        row
    }
}
