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

/// How long a tag may be.
const TAG: usize = 64;

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

/// The tags of an item, trimmed; those that are no text or empty are nothing. A text in
/// place of the list is a list of its letters.
pub(super) fn tags(item: &Value) -> Option<Vec<String>> {
    let names: Vec<String> = match item.get("tags")? {
        Value::String(text) => text.chars().map(String::from).collect(),
        other => {
            let names = other.as_array().into_iter().flatten();
            let names = names.filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }
    };
    let names = names.iter().map(|name| name.trim());
    let mut unique: Vec<String> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
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
            let by_secret = environment.living().any(|secret| {
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

    /// Fails if one of the tags cannot be had.
    pub(super) fn refuse_tags(&self, item: &Item) -> Answer<()> {
        for name in item.tags.iter().flatten() {
            if name.chars().count() > TAG {
                let start: String = name.chars().take(TAG / 2).collect();
                let text = format!("Tag name exceeds {TAG} characters: '{start}'\u{2026}");
                return Err(Refusal::new(400, text));
            }
            if self.doubled_tags.contains(name) {
                return Err(Refusal::internal());
            }
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
            deleted: false,
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

    /// Changes what is given of a secret, which lies in `from`, and puts it into `place`. A
    /// changed secret moves to the end. One that was removed is changed as well, unseen.
    pub(super) fn update(
        &mut self,
        caller: Caller,
        from: Place,
        place: Place,
        item: Item,
    ) -> Answer<()> {
        let mut secrets = self.at(from).secrets.iter();
        let number = secrets.position(|secret| item.id.as_ref() == Some(&secret.id));
        let number = number.ok_or_else(Refusal::internal)?;
        let mut secret = self.at(from).secrets[number].clone();
        if secret.rotating {
            return Err(rotating("updated"));
        }
        self.refuse_tags(&item)?;
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
        self.at_mut(from).secrets.remove(number);
        self.at_mut(place).secrets.push(secret);
        self.touch(place);
        Ok(())
    }

    /// Removes secrets, wherever they lie. Ids that there are not are the caller's affair.
    pub(super) fn delete(&mut self, ids: &[&str]) -> Answer<()> {
        let places = self.places();
        let meant = |secret: &Secret| ids.contains(&secret.id.as_str());
        let mut all = places.iter().flat_map(|&place| &self.at(place).secrets);
        if all.any(|secret| meant(secret) && secret.rotating) {
            return Err(rotating("deleted"));
        }
        for place in places {
            let found = self.at_mut(place).secrets.iter_mut();
            let mut found: Vec<_> = found.filter(|secret| meant(secret)).collect();
            for secret in &mut found {
                secret.deleted = true;
            }
            if !found.is_empty() {
                self.touch(place);
            }
        }
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
