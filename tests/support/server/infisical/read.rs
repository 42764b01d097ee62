//! Secrets are listed and shown here, over both APIs.

use serde_json::{Value, json};

use super::super::Request;
use super::Version;
use super::access::{Api, no_folder};
use super::fields::Fields;
use super::reference::Resolver;
use super::refusal::{Answer, Refusal};
use super::render::{Form, HIDDEN, View};
use super::store::{Import, Place, Secret, World};
use super::token::Actor;

/// What becomes of the values that are the user's own.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Personal {
    /// They stand beside those of all.
    All,
    Never,
    /// They stand for them.
    Priority,
}

/// How secrets are to be read.
struct Query {
    actor: Actor,
    api: Api,
    expand: bool,
    imports: bool,
    metadata: Vec<(String, String)>,
    personal: Personal,
    tags: Vec<String>,
    view: bool,
}

impl Query {
    fn read(world: &World, api: Api, fields: &Fields, actor: Actor) -> Answer<Self> {
        let current = api == Api::V4;
        let imports = if current {
            "includeImports"
        } else {
            "include_imports"
        };
        let personal = match fields.flag("includePersonalOverrides", false)? {
            _ if actor != Actor::User => Personal::Never,
            _ if !current => Personal::All,
            true => Personal::Priority,
            false => Personal::Never,
        };
        let tags = fields.optional("tagSlugs")?.unwrap_or_default();
        let tags = tags.split(',').filter(|slug| !slug.is_empty());
        let metadata = fields.optional("metadataFilter")?.unwrap_or_default();
        let pair = |text: &str| {
            let (key, value) = text.split_once(",value=")?;
            Some((key.strip_prefix("key=")?.to_owned(), value.to_owned()))
        };
        let view = fields.flag("viewSecretValue", true)?;
        Ok(Self {
            actor,
            api,
            expand: fields.flag("expandSecretReferences", current)?,
            imports: fields.flag(imports, current)?,
            metadata: metadata.split('|').filter_map(pair).collect(),
            personal,
            tags: tags.map(str::to_owned).collect(),
            // An older server does not know the question.
            view: view || world.settings.version.is_old(),
        })
    }

    /// Whether an own secret of the folder is asked for.
    fn fits(&self, world: &World, place: Place, secret: &Secret) -> bool {
        let tags = world.projects[place.project].tags.iter();
        let mut tags = tags.filter(|tag| secret.tags.contains(&tag.id));
        let tagged = self.tags.is_empty() || tags.any(|tag| self.tags.contains(&tag.slug));
        let mut pairs = self.metadata.iter();
        tagged && pairs.all(|pair| secret.metadata.contains(pair))
    }

    /// The secrets of a folder that are seen, by their keys.
    fn pick<'a>(&self, world: &'a World, place: Place, personal: Personal) -> Vec<&'a Secret> {
        let folder = world.at(place);
        let seen = |secret: &&Secret| match personal {
            Personal::All => true,
            Personal::Never => !secret.personal,
            Personal::Priority => {
                let own = folder.find(&secret.key, true);
                own.is_none_or(|own| own.id == secret.id)
            }
        };
        let mut seen: Vec<&Secret> = folder.secrets.iter().filter(seen).collect();
        seen.sort_by_key(|secret| (&secret.key, secret.personal));
        if !world.may_describe(self.actor, place) {
            seen.clear();
        }
        seen
    }

    /// As `pick`, for a folder that another one imports.
    fn pick_imported<'a>(&self, world: &'a World, place: Place) -> Vec<&'a Secret> {
        let personal = match self.personal {
            Personal::All => Personal::Never,
            other => other,
        };
        let mut seen = self.pick(world, place, personal);
        seen.retain(|secret| !self.view || world.may_read(self.actor, place, secret));
        seen
    }
}

impl World {
    /// `GET /api/v3/secrets/raw` and `GET /api/v4/secrets`.
    pub(super) fn list(&mut self, api: Api, request: &Request) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let query = Query::read(self, api, &fields, actor)?;
        let recursive = fields.flag("recursive", false)?;
        let asked = self.read_place(api, &fields, actor)?;
        let old = self.settings.version.is_old();
        let Some(place) = asked.place else {
            return match (old, recursive) {
                (true, true) => Ok(json!({"secrets": []})),
                (true, false) => Ok(json!({"secrets": [], "imports": []})),
                (false, _) => Err(no_path(&asked.slug, &asked.path)),
            };
        };
        let path = &self.at(place).path;
        let closed = self.at(place).forbidden || !self.may_read_in(actor, &asked.slug, path);
        if old && closed {
            return Err(self.unread(actor));
        }
        let mut found: Vec<(Place, &Secret)> = Vec::new();
        let folders = self.visited(place, recursive);
        for &folder in &folders {
            for secret in query.pick(self, folder, query.personal) {
                let readable = !query.view || self.shows(actor, folder, secret);
                if !readable && folder == place {
                    return Err(self.unread(actor));
                }
                if readable && query.fits(self, folder, secret) {
                    found.push((folder, secret));
                }
            }
        }
        if !old {
            found.sort_by_key(|(_, secret)| (&secret.key, secret.personal));
        }
        let mut unread = Vec::new();
        let rows = found.into_iter().map(|(folder, secret)| {
            let path = if folder == place {
                &asked.path
            } else {
                &self.at(folder).path
            };
            let at = (folder, path.as_str());
            self.row(at, secret, &query, Form::Listed, None, &mut unread)
        });
        let mut body = json!({"secrets": rows.collect::<Vec<_>>()});
        let mut imports = Vec::new();
        if query.imports {
            for &folder in &folders {
                imports.extend(self.import_rows(folder, &query, &mut unread));
            }
        }
        if query.imports || !old {
            body["imports"] = imports.into();
        }
        if unread.is_empty() {
            Ok(body)
        } else {
            Err(Refusal::unreadable(unread))
        }
    }

    /// Whether there is anything to show of a secret. For a while, there was even where its
    /// value may not be read.
    fn shows(&self, actor: Actor, place: Place, secret: &Secret) -> bool {
        self.settings.version == Version::Early || self.may_read(actor, place, secret)
    }

    /// The folder, and those below it: the higher ones come first.
    fn visited(&self, place: Place, recursive: bool) -> Vec<Place> {
        let path = &self.at(place).path;
        let mut places = self.places();
        places.retain(|&found| {
            let folder = self.at(found);
            let same = Place { folder: 0, ..found } == Place { folder: 0, ..place };
            // An older server looks at letters alone.
            let below = if self.settings.version.is_old() {
                folder.path.starts_with(path.as_str())
            } else {
                folder.is_below(path)
            };
            same && (found == place || (recursive && !folder.forbidden && below))
        });
        places.sort_by_key(|&found| {
            let path = &self.at(found).path;
            (
                path.trim_end_matches('/').matches('/').count(),
                path.clone(),
            )
        });
        places
    }

    /// What a folder imports, and what that imports, one level deep.
    fn import_rows(&self, importer: Place, query: &Query, unread: &mut Vec<String>) -> Vec<Value> {
        let sources = self.sources(importer);
        let direct: Vec<Place> = sources.iter().filter_map(|(_, source)| *source).collect();
        let mut seen = direct.clone();
        let mut rows: Vec<(Place, Vec<Value>)> = Vec::new();
        for &place in &direct {
            let mut places = vec![place];
            for deeper in self.imports(place) {
                // What was seen once is not gone through again.
                if !seen.contains(&deeper) {
                    seen.push(deeper);
                    places.push(deeper);
                }
            }
            let mut secrets: Vec<Value> = Vec::new();
            for source in places {
                for secret in query.pick_imported(self, source) {
                    let mut known = secrets.iter();
                    if !known.any(|row| row["secretKey"] == secret.key) {
                        let at = (source, self.at(source).path.as_str());
                        let from = Some(importer);
                        secrets.push(self.row(at, secret, query, Form::Imported, from, unread));
                    }
                }
            }
            rows.push((place, secrets));
        }
        let old = self.settings.version.is_old();
        let mut rows = rows.into_iter();
        let row = |(import, source): (&Import, Option<Place>)| {
            // An older server passes over a folder that is missing, and takes the next one's
            // rows for its own.
            let found = if old {
                rows.next()
            } else {
                source.and_then(|_| rows.next())
            };
            let mut row = json!({
                "secretPath": import.path, "environment": import.environment, "secrets": [],
            });
            if let Some((place, secrets)) = found {
                row["folderId"] = self.at(place).id.clone().into();
                row["secrets"] = secrets.into();
            }
            row
        };
        sources.into_iter().map(row).collect()
    }

    /// A secret as it is sent, if need be by the folder that imports it.
    fn row(
        &self,
        (place, path): (Place, &str),
        secret: &Secret,
        query: &Query,
        form: Form,
        importer: Option<Place>,
        unread: &mut Vec<String>,
    ) -> Value {
        let resolver = Resolver {
            actor: query.actor,
            api: query.api,
            importer,
            world: self,
        };
        let hidden = !query.view || !self.may_read(query.actor, place, secret);
        // What is imported is expanded, whatever is asked for.
        let value = match (hidden, query.expand || form == Form::Imported) {
            (true, _) => HIDDEN.to_owned(),
            (false, false) => secret.value.clone(),
            (false, true) => resolver.value(place, secret, unread),
        };
        let slug = &self.environment(place).slug;
        let view = View {
            comment: &secret.comment,
            hidden,
            path,
            slug,
            value: &value,
        };
        self.secret_row(place, secret, form, &view)
    }

    /// `GET /api/v3/secrets/raw/NAME` and `GET /api/v4/secrets/NAME`.
    pub(super) fn show(&mut self, api: Api, request: &Request, name: &str) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let query = Query::read(self, api, &fields, actor)?;
        let kind = fields.word("type", &["shared", "personal"])?;
        let personal = kind.as_deref() == Some("personal");
        let asked = self.read_place(api, &fields, actor)?;
        let missing = || no_folder("GetSecretByName", &asked.slug, &asked.path);
        let place = asked.place.ok_or_else(missing)?;
        let own = self.own(place, name, personal);
        let own = own.filter(|_| actor == Actor::User || !personal);
        let missing = || Refusal::new(404, format!("Secret with name '{name}' not found"));
        let version = fields.optional("version")?;
        if let Some(version) = version {
            let row = own.and_then(|own| self.former(place, own, &version));
            return Ok(json!({"secret": row.ok_or_else(missing)?}));
        }
        let found = own.map(|secret| (place, place, secret, Form::Shown));
        let from_imports = || {
            let sources: Vec<Place> = self.imports(place).into_iter().rev().collect();
            let direct = sources.iter().map(|&source| (source, source));
            let deeper = sources.iter().flat_map(|&source| {
                let deeper = self.imports(source).into_iter();
                deeper.map(move |deeper| (source, deeper))
            });
            let found = direct.chain(deeper).find_map(|(source, place)| {
                let secret = self.own(place, name, personal)?;
                Some((source, place, secret, Form::ShownImported))
            });
            found.filter(|_| query.imports && (actor == Actor::User || !personal))
        };
        let (shown, place, secret, form) = found.or_else(from_imports).ok_or_else(missing)?;
        self.may_show(&query, place, secret)?;
        let mut unread = Vec::new();
        let importer = asked.place.filter(|_| form == Form::ShownImported);
        let at = (place, self.at(shown).path.as_str());
        let mut row = self.row(at, secret, &query, form, importer, &mut unread);
        row["environment"] = self.environment(shown).slug.clone().into();
        match unread.into_iter().next() {
            None => Ok(json!({"secret": row})),
            Some(text) => Err(Refusal::new(403, text)),
        }
    }

    /// One secret: of those that are the user's own, a newer server takes the last.
    fn own(&self, place: Place, name: &str, personal: bool) -> Option<&Secret> {
        if personal && !self.settings.version.is_old() {
            self.at(place).last_own(name)
        } else {
            self.at(place).find(name, personal)
        }
    }

    fn may_show(&self, query: &Query, place: Place, secret: &Secret) -> Answer<()> {
        let old = self.settings.version.is_old();
        if !self.may_describe(query.actor, place) {
            let action = if old { "read" } else { "describeSecret" };
            return Err(Refusal::denied(action, "secrets", Vec::new()));
        }
        if query.view && !self.shows(query.actor, place, secret) {
            if old {
                return Err(self.unread(query.actor));
            }
            let text = format!(
                "You do not have permission to view secret value on secret with name '{}'",
                secret.key
            );
            return Err(Refusal::named(403, "ForbiddenReadSecretError", text));
        }
        Ok(())
    }

    /// A secret as it was in an earlier version.
    fn former(&self, place: Place, secret: &Secret, version: &str) -> Option<Value> {
        let number = version.parse::<u64>().ok()?;
        let mut row = secret.clone();
        let mut formers = secret.formers.iter();
        if let Some(former) = formers.find(|former| former.version == number) {
            row.comment.clone_from(&former.comment);
            row.key.clone_from(&former.key);
            row.value.clone_from(&former.value);
            row.version = number;
        } else if number != secret.version {
            return None;
        }
        let view = View {
            comment: &row.comment,
            hidden: false,
            path: &self.at(place).path,
            slug: &self.environment(place).slug,
            value: &row.value,
        };
        Some(self.secret_row(place, &row, Form::Former, &view))
    }

    /// `GET …/id/ID`.
    pub(super) fn show_by_id(&mut self, api: Api, request: &Request, id: &str) -> Answer<Value> {
        let actor = self.actor(request)?;
        let query = Query::read(self, api, &Fields::read(request)?, actor)?;
        let missing = || Refusal::new(404, format!("Secret with ID '{id}' not found"));
        let found = self.places().into_iter().find_map(|place| {
            let mut secrets = self.at(place).secrets.iter();
            let secret = secrets.find(|secret| secret.id == id)?;
            Some((place, secret)).filter(|_| actor == Actor::User || !secret.personal)
        });
        let (place, secret) = found.ok_or_else(missing)?;
        self.enter(actor, place.project)?;
        self.may_show(&query, place, secret)?;
        let mut unread = Vec::new();
        let at = (place, self.at(place).path.as_str());
        let row = self.row(at, secret, &query, Form::ById, None, &mut unread);
        Ok(json!({"secret": row}))
    }
}

/// What a newer server says of a folder whose secrets it cannot list.
fn no_path(slug: &str, path: &str) -> Refusal {
    let text = format!(
        "Folder with path '{path}' in environment '{slug}' was not found. Please ensure the \
         environment slug and secret path is correct."
    );
    Refusal::named(404, "SecretPathNotFound", text)
}
