//! References, which the server follows if it is asked to: `${KEY}` and `${env.folder.KEY}`.

use super::access::Api;
use super::store::{Place, Secret, World};
use super::token::Actor;

/// How deep an older server follows, which does not see that it goes in a circle.
const DEPTH: usize = 10;

/// What a reference leads to.
enum Target<'a> {
    Found(Place, &'a Secret),
    Missing,
    /// It may not be read, and is not said to be there; where it would be.
    Unread(String, String),
}

/// How the references of one secret are followed.
pub(super) struct Resolver<'a> {
    pub(super) actor: Actor,
    pub(super) api: Api,
    /// The folder that has imported the secret, which is searched first.
    pub(super) importer: Option<Place>,
    pub(super) world: &'a World,
}

impl Resolver<'_> {
    /// The secret's value with what its references lead to. What may not be read is said
    /// to `unread`.
    pub(super) fn value(&self, place: Place, secret: &Secret, unread: &mut Vec<String>) -> String {
        let importer = self.importer.filter(|_| self.api == Api::V4);
        let names = names(&secret.value);
        let local = |name: &&&str| !name.contains('.') && !name.starts_with('@');
        let lost = |name: &&str| self.local(importer, place, name).is_none();
        if importer.is_some() && names.iter().filter(local).any(lost) {
            // The whole value is left as it is.
            return secret.value.clone();
        }
        let mut text = secret.value.clone();
        let mut pending = vec![(place, secret.value.as_str(), 0)];
        let mut seen: Vec<&str> = Vec::new();
        while let Some((place, value, depth)) = pending.pop() {
            for name in self::names(value) {
                let reference = format!("${{{name}}}");
                match self.target(importer, place, name) {
                    Target::Found(place, found) => {
                        let stop = if self.world.settings.version.is_old() {
                            depth > DEPTH || found.value.is_empty()
                        } else {
                            seen.contains(&found.id.as_str())
                        };
                        if !stop {
                            seen.push(&found.id);
                            text = text.replace(&reference, &found.value);
                            pending.push((place, &found.value, depth + 1));
                        }
                    }
                    Target::Missing if self.world.settings.version.is_old() => {}
                    Target::Missing => text = text.replace(&reference, ""),
                    Target::Unread(slug, path) => {
                        let key = name.rsplit('.').next().unwrap_or_default();
                        let from = self.world.environment(place);
                        unread.push(format!(
                            "You do not have permission to read secret '{key}' in environment \
                             '{slug}' at path '{path}', which is referenced by secret '{}' in \
                             environment '{}' at path '{}'.",
                            secret.key,
                            from.slug,
                            self.world.at(place).path,
                        ));
                    }
                }
            }
        }
        // As the server has it: only where something was replaced.
        if secret.multiline && text != secret.value && text.contains('\n') {
            text = format!("\"{}\"", text.replace('\n', "\\n"));
        }
        text
    }

    fn target(&self, importer: Option<Place>, place: Place, name: &str) -> Target<'_> {
        let parts: Vec<&str> = name.split('.').collect();
        let found = match parts[..] {
            // Other projects are shared by nobody.
            _ if name.starts_with('@') => None,
            [key] => self.local(importer, place, key),
            [slug, ref folders @ .., key] => {
                let path = format!("/{}", folders.join("/"));
                if !self.world.may_read_in(self.actor, slug, &path) {
                    return Target::Unread(slug.to_owned(), path);
                }
                let place = self.world.folder(place.project, slug, &path);
                place.and_then(|place| self.find(place, key))
            }
            [] => None,
        };
        match found {
            None => Target::Missing,
            Some((place, secret)) if !self.world.may_read(self.actor, place, secret) => {
                let slug = self.world.environment(place).slug.clone();
                Target::Unread(slug, self.world.at(place).path.clone())
            }
            Some((place, secret)) => Target::Found(place, secret),
        }
    }

    /// A secret of the same folder, or of the one that imports it.
    fn local(&self, importer: Option<Place>, place: Place, key: &str) -> Option<(Place, &Secret)> {
        let mut places = importer.into_iter().chain([place]);
        places.find_map(|place| self.find(place, key))
    }

    /// The secret in a folder, or over the new API in one that it imports, the last one first.
    fn find(&self, place: Place, key: &str) -> Option<(Place, &Secret)> {
        let mut places = vec![place];
        if self.api == Api::V4 {
            for source in self.world.imports(place).into_iter().rev() {
                places.push(source);
                places.extend(self.world.imports(source));
            }
        }
        let mut places = places.into_iter();
        places.find_map(|place| Some((place, self.world.at(place).find(key, false)?)))
    }
}

/// What stands between `${` and `}` in a text.
fn names(text: &str) -> Vec<&str> {
    let parts = text.split("${").skip(1);
    let name = |part: &'_ str| {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.@".contains(c))?;
        (end > 0 && part[end..].starts_with('}')).then_some(end)
    };
    parts
        .filter_map(|part| Some(&part[..name(part)?]))
        .collect()
}

impl World {
    /// The folders that a folder imports, in their order.
    pub(super) fn imports(&self, place: Place) -> Vec<Place> {
        let sources = self.sources(place).into_iter();
        sources.filter_map(|(_, source)| source).collect()
    }
}
