//! Secrets are made, changed and removed here, for both APIs: what comes in is
//! encrypted already.

use serde_json::Value;

use super::super::Request;
use super::access::Caller;
use super::crypto;
use super::refusal::{Answer, Refusal};
use super::store::{Personal, Place, Secret, World, normalized};

/// What is said of one secret.
#[derive(Default)]
pub(super) struct Item {
    pub(super) comment: Option<String>,
    /// Belongs to the key.
    pub(super) digest: Option<String>,
    pub(super) id: Option<String>,
    pub(super) key: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) path: Option<String>,
    pub(super) personal: Option<(String, bool)>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) value: Option<String>,
}

/// The body of a write.
pub(super) fn body(request: &Request) -> Answer<Value> {
    let refused = |text: &str| Err(Refusal::new(400, text));
    // Django reads no more than this.
    if request.body.len() > 2_621_440 {
        return Err(Refusal::internal());
    }
    if request.body.is_empty() {
        return refused("Request body is required.");
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        Ok(_) => refused("Request body must be a JSON object."),
        Err(_) => refused("Request body must be valid JSON."),
    }
}

/// The tags of an item, trimmed; those that are no text or empty are nothing.
pub(super) fn tags(item: &Value) -> Option<Vec<String>> {
    let names = item.get("tags")?.as_array().into_iter().flatten();
    let names = names.filter_map(|name| Some(name.as_str()?.trim()));
    let names = names.filter(|name| !name.is_empty());
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        if !unique.iter().any(|known| known == name) {
            unique.push(name.to_owned());
        }
    }
    Some(unique)
}

impl World {
    /// Fails if another secret has one of the keys. Two alike in one batch are not seen.
    pub(super) fn refuse_duplicates(&self, place: Place, items: &[Item]) -> Answer<()> {
        let environment = self.at(place);
        let taken = |item: &Item| {
            let Some(digest) = &item.digest else {
                return false;
            };
            let path = normalized(item.path.as_deref().unwrap_or("/"));
            let by_secret = environment.secrets.iter().any(|secret| {
                secret.path == path
                    && secret.digest == *digest
                    && item.id.as_ref() != Some(&secret.id)
            });
            let dynamics = environment.dynamics.iter();
            let dynamics = dynamics.filter(|dynamic| dynamic.path == path);
            let mut keys = dynamics.flat_map(|dynamic| &dynamic.keys);
            by_secret || keys.any(|key| key.digest == *digest)
        };
        if items.iter().any(taken) {
            return Err(Refusal::new(409, "Duplicate secret found"));
        }
        Ok(())
    }

    /// A new secret. Gives back its id.
    pub(super) fn create(&mut self, caller: Option<Caller>, place: Place, item: Item) -> String {
        let path = normalized(item.path.as_deref().unwrap_or("/"));
        self.make_folder(place, &path);
        let created = self.now();
        let mut secret = Secret {
            comment: item.comment.unwrap_or_default(),
            created,
            digest: item.digest.unwrap_or_default(),
            id: self.draw.id(),
            key: item.key.unwrap_or_default(),
            kind: item.kind.unwrap_or_else(|| "secret".to_owned()),
            path,
            personal: Vec::new(),
            rotating: false,
            tags: item.tags.unwrap_or_default(),
            updated: self.now(),
            value: item.value.unwrap_or_default(),
            version: 1,
        };
        let person = caller.and_then(|caller| self.person(caller));
        if let (Some(user), Some((value, _))) = (person, item.personal) {
            // What was said of its being active is not looked at.
            self.own(&mut secret, &user, value, true);
        }
        let id = secret.id.clone();
        self.at_mut(place).secrets.push(secret);
        self.touch(place);
        id
    }

    /// Changes what is given. A changed secret moves to the end.
    pub(super) fn update(&mut self, caller: Caller, place: Place, item: Item) -> Answer<()> {
        let mut secrets = self.at(place).secrets.iter();
        let number = secrets.position(|secret| item.id.as_ref() == Some(&secret.id));
        let number = number.ok_or_else(Refusal::internal)?;
        let mut secret = self.at(place).secrets[number].clone();
        if secret.rotating {
            return Err(rotating("updated"));
        }
        let sealed = secret.kind == "sealed";
        if sealed && item.kind.as_ref().is_some_and(|kind| kind != "sealed") {
            let text = "Sealed secrets cannot be unsealed. Delete and recreate the secret instead.";
            return Err(Refusal::new(400, text));
        }
        if let Some(path) = item.path {
            secret.path = normalized(&path);
            self.make_folder(place, &secret.path);
        }
        if let (Some(key), Some(digest)) = (item.key, item.digest) {
            (secret.key, secret.digest) = (key, digest);
        }
        secret.comment = item.comment.unwrap_or(secret.comment);
        secret.value = item.value.filter(|_| !sealed).unwrap_or(secret.value);
        secret.kind = item.kind.unwrap_or(secret.kind);
        secret.tags = item.tags.unwrap_or(secret.tags);
        secret.version += 1;
        secret.updated = self.now();
        if let (Some(user), Some((value, active))) = (self.person(caller), item.personal) {
            self.own(&mut secret, &user, value, active);
        }
        let secrets = &mut self.at_mut(place).secrets;
        secrets.remove(number);
        secrets.push(secret);
        self.touch(place);
        Ok(())
    }

    /// Removes secrets. Ids that there are not are the caller's affair.
    pub(super) fn delete(&mut self, place: Place, ids: &[&str]) -> Answer<()> {
        let secrets = &mut self.at_mut(place).secrets;
        let meant = |secret: &Secret| ids.contains(&secret.id.as_str());
        if secrets
            .iter()
            .any(|secret| meant(secret) && secret.rotating)
        {
            return Err(rotating("deleted"));
        }
        secrets.retain(|secret| !meant(secret));
        self.touch(place);
        Ok(())
    }

    fn own(&mut self, secret: &mut Secret, user: &str, value: String, active: bool) {
        let updated = self.now();
        match secret.personal.iter_mut().find(|own| own.user == user) {
            Some(own) => {
                own.active = active;
                own.updated = updated;
                own.value = value;
            }
            None => secret.personal.push(Personal {
                active,
                created: updated,
                id: self.draw.id(),
                updated,
                user: user.to_owned(),
                value,
            }),
        }
    }

    fn touch(&mut self, place: Place) {
        let now = self.now();
        self.at_mut(place).updated = now;
    }
}

/// Fails if a text that should be encrypted does not look like it.
pub(super) fn refuse_plain(item: &Item) -> Answer<()> {
    let own = item.personal.as_ref().map(|(value, _)| value);
    let texts = [
        item.key.as_ref(),
        item.value.as_ref(),
        item.comment.as_ref(),
        own,
    ];
    if texts
        .into_iter()
        .flatten()
        .all(|text| crypto::looks_encrypted(text))
    {
        return Ok(());
    }
    Err(Refusal::new(400, "Invalid ciphertext format"))
}

fn rotating(done: &str) -> Refusal {
    let text = format!(
        "Rotating secrets are managed by the Phase rotation engine and cannot be {done} via this \
         endpoint."
    );
    Refusal::new(400, text)
}
