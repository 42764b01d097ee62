//! References, which the server follows if it is asked to: `${KEY}` and `${env.folder.KEY}`.

use super::refusal::{Answer, Refusal};
use super::store::{Place, Secret, World};

/// How deep references may go, and how often a value is gone through: what comes of a
/// reference may be part of another.
const DEPTH: usize = 10;

/// A secret: where, and which.
type Aim = (Place, String);

/// The way through the references of one secret.
pub(super) struct Resolver<'a> {
    /// The folder that has imported the secret, which is searched first.
    pub(super) importer: Option<Place>,
    pub(super) world: &'a World,
}

impl Resolver<'_> {
    /// The secret's value with what its references lead to.
    pub(super) fn value(&self, place: Place, secret: &Secret) -> Answer<String> {
        let way = [(place, secret.key.clone())];
        let mut text = secret.value.clone();
        for _ in 0..DEPTH {
            let next = self.follow(place, &text, &way)?;
            if next == text {
                break;
            }
            text = next;
        }
        // As the server has it: only where something was replaced.
        if secret.multiline && text != secret.value && text.contains('\n') {
            text = format!("\"{}\"", text.replace('\n', "\\n"));
        }
        Ok(text)
    }

    fn follow(&self, place: Place, text: &str, way: &[Aim]) -> Answer<String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            rest = after;
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.@".contains(c));
            let end = end.filter(|&end| end > 0 && after[end..].starts_with('}'));
            let found = match end {
                Some(end) => self.target(place, &after[..end], way)?,
                None => None,
            };
            match (found, end) {
                (Some(value), Some(end)) => {
                    result.push_str(&value);
                    rest = &after[end + 1..];
                }
                _ => result.push_str("${"),
            }
        }
        Ok(result + rest)
    }

    /// What a reference stands for; nothing if it stays.
    fn target(&self, place: Place, name: &str, way: &[Aim]) -> Answer<Option<String>> {
        if name.starts_with('@') {
            // Other projects are shared by nobody.
            return Ok(Some(String::new()));
        }
        let parts: Vec<&str> = name.split('.').collect();
        let places: Vec<Place> = match parts[..] {
            [_] => self.importer.into_iter().chain([place]).collect(),
            [slug, ref folders @ .., _] => {
                let path = format!("/{}", folders.join("/"));
                let found = self.world.folder(place.project, slug, &path);
                found.into_iter().collect()
            }
            [] => Vec::new(),
        };
        let key = parts[parts.len() - 1];
        for place in places {
            let aim = (place, key.to_owned());
            if way.contains(&aim) || way.len() > DEPTH {
                continue;
            }
            if let Some((place, secret)) = self.find(place, key)? {
                let way = [way, &[aim]].concat();
                return self.follow(place, &secret.value, &way).map(Some);
            }
        }
        let own = way.first() == Some(&(place, key.to_owned()));
        let relative = self.importer.is_some() && parts.len() == 1 && !own;
        Ok(relative.then(String::new))
    }

    /// The secret in a folder, or in one that it imports, the last one first.
    fn find(&self, place: Place, key: &str) -> Answer<Option<(Place, &Secret)>> {
        let imports = self.world.imports(place);
        let mut places = [place].into_iter().chain(imports.into_iter().rev());
        let found = places.find_map(|place| Some((place, self.world.at(place).find(key, false)?)));
        match found {
            Some((place, secret)) if secret.hidden || self.world.at(place).forbidden => {
                Err(Refusal::denied("readValue", "secrets"))
            }
            found => Ok(found),
        }
    }
}

impl World {
    /// The folders that a folder imports, in their order.
    pub(super) fn imports(&self, place: Place) -> Vec<Place> {
        let imports = self.at(place).imports.iter();
        let found = imports.map(|(slug, path)| self.folder(place.project, slug, path));
        found.flatten().collect()
    }
}
