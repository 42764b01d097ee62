//! Secrets are listed and shown here, over both APIs.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::{Reply, Request};
use super::access::Api;
use super::fields::Fields;
use super::reference::Resolver;
use super::refusal::{Answer, Refusal, reply};
use super::render::{Form, HIDDEN, secret_row};
use super::store::{Place, Secret, World};
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
    api: Api,
    expand: bool,
    imports: bool,
    personal: Personal,
    tags: Vec<String>,
    view: bool,
}

impl Query {
    fn read(api: Api, fields: &Fields, actor: &Actor) -> Answer<Self> {
        let current = api == Api::V4;
        let imports = if current {
            "includeImports"
        } else {
            "include_imports"
        };
        let personal = match fields.flag("includePersonalOverrides", false)? {
            _ if *actor != Actor::User => Personal::Never,
            _ if !current => Personal::All,
            true => Personal::Priority,
            false => Personal::Never,
        };
        let tags = fields.optional("tagSlugs")?.unwrap_or_default();
        let tags = tags.split(',').filter(|slug| !slug.is_empty());
        Ok(Self {
            api,
            expand: fields.flag("expandSecretReferences", current)?,
            imports: fields.flag(imports, current)?,
            personal,
            tags: tags.map(str::to_owned).collect(),
            view: fields.flag("viewSecretValue", true)?,
        })
    }

    fn fits(&self, secret: &Secret) -> bool {
        let tagged = secret.tags.iter().any(|slug| self.tags.contains(slug));
        self.tags.is_empty() || tagged
    }

    /// The secrets of a folder that are seen, by their keys.
    fn pick<'a>(&self, secrets: &'a [Secret]) -> Vec<&'a Secret> {
        let own = |key: &str| {
            secrets
                .iter()
                .any(|secret| secret.personal && secret.key == key)
        };
        let seen = |secret: &&Secret| match self.personal {
            Personal::All => true,
            Personal::Never => !secret.personal,
            Personal::Priority => secret.personal || !own(&secret.key),
        };
        let mut seen: Vec<&Secret> = secrets.iter().filter(seen).collect();
        seen.sort_by_key(|secret| (&secret.key, secret.personal));
        seen
    }
}

impl World {
    /// `GET /api/v3/secrets/raw` and `GET /api/v4/secrets`.
    pub(super) fn list(&mut self, api: Api, request: &Request) -> Answer {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let query = Query::read(api, &fields, &actor)?;
        let recursive = fields.flag("recursive", false)?;
        let place = match self.read_place(api, &fields, &actor) {
            // Older servers know no difference.
            Err(refusal) if self.is_old() && refusal.is_missing() => {
                return Ok(reply(200, &json!({"secrets": [], "imports": []})));
            }
            place => place?,
        };
        let folders = self.visited(place, recursive);
        let mut secrets = Vec::new();
        let mut imports = Vec::new();
        for &place in &folders {
            for secret in query.pick(&self.at(place).secrets) {
                if query.fits(secret) {
                    secrets.push(self.row(place, secret, &query, Form::Listed, None)?);
                }
            }
            if query.imports {
                imports.extend(self.import_rows(place, &query)?);
            }
        }
        let body = if query.imports {
            json!({"secrets": secrets, "imports": imports})
        } else {
            json!({"secrets": secrets})
        };
        Ok(self.tagged(request, &body))
    }

    /// The folder, and those below it: the higher ones come first.
    fn visited(&self, place: Place, recursive: bool) -> Vec<Place> {
        let path = &self.at(place).path;
        let mut places = self.places();
        places.retain(|&found| {
            let folder = self.at(found);
            let same = Place { folder: 0, ..found } == Place { folder: 0, ..place };
            let below = if self.is_old() {
                // It looks at letters alone.
                folder.path.starts_with(path.as_str())
            } else {
                folder.is_below(path)
            };
            let below = recursive && !folder.forbidden && below;
            same && (found == place || below)
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
    fn import_rows(&self, importer: Place, query: &Query) -> Answer<Vec<Value>> {
        let mut seen = self.imports(importer);
        seen.retain(|&place| !self.at(place).forbidden);
        let direct = seen.clone();
        let mut rows = Vec::new();
        for place in direct {
            let mut sources = vec![place];
            for deeper in self.imports(place) {
                // What was seen once is not gone through again.
                if !seen.contains(&deeper) && !self.at(deeper).forbidden {
                    seen.push(deeper);
                    sources.push(deeper);
                }
            }
            let mut secrets: Vec<Value> = Vec::new();
            for source in sources {
                for secret in query.pick(&self.at(source).secrets) {
                    let mut rows = secrets.iter();
                    let twice = query.expand && rows.any(|row| row["secretKey"] == secret.key);
                    if !twice && !secret.hidden {
                        let from = Some(importer);
                        secrets.push(self.row(source, secret, query, Form::Imported, from)?);
                    }
                }
            }
            rows.push(json!({
                "secretPath": self.at(place).path, "environment": self.environment(place).slug,
                "folderId": self.at(place).id, "secrets": secrets,
            }));
        }
        Ok(rows)
    }

    /// A secret as it is sent, if need be by the folder that imports it.
    fn row(
        &self,
        place: Place,
        secret: &Secret,
        query: &Query,
        form: Form,
        importer: Option<Place>,
    ) -> Answer<Value> {
        let hidden = secret.hidden || !query.view;
        let resolver = Resolver {
            importer: importer.filter(|_| query.api == Api::V4),
            world: self,
        };
        // What is imported is expanded, whatever is asked for.
        let value = match (hidden, query.expand || form == Form::Imported) {
            (true, _) => HIDDEN.to_owned(),
            (false, false) => secret.value.clone(),
            (false, true) => resolver.value(place, secret)?,
        };
        Ok(secret_row(self, place, secret, &value, hidden, form))
    }

    /// The answer, or that it has not changed.
    fn tagged(&self, request: &Request, body: &Value) -> Reply {
        if !self.settings.etags {
            return reply(200, body);
        }
        let etag = format!("\"{:x}\"", Sha256::digest(body.to_string()));
        let answer = match request.header("if-none-match") {
            Some(known) if known == etag => Reply::typed(304, "", ""),
            _ => reply(200, body),
        };
        answer.header("ETag", &etag)
    }

    /// `GET /api/v3/secrets/raw/NAME` and `GET /api/v4/secrets/NAME`.
    pub(super) fn show(&mut self, api: Api, request: &Request, name: &str) -> Answer<Value> {
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        let query = Query::read(api, &fields, &actor)?;
        let personal = fields.optional("type")?.as_deref() == Some("personal");
        let place = self.read_place(api, &fields, &actor)?;
        let own = self.at(place).find(name, personal);
        let own = own.filter(|_| actor == Actor::User || !personal);
        let sources = self.imports(place).into_iter().rev();
        let mut imported = sources.filter(|_| query.imports).filter_map(|source| {
            let secret = self.at(source).find(name, false)?;
            Some((source, secret, Some(place)))
        });
        let missing = || Refusal::new(404, format!("Secret with name '{name}' not found"));
        let found = own.map(|secret| (place, secret, None));
        let found = found.or_else(|| imported.next());
        let (place, secret, from) = found.ok_or_else(missing)?;
        let row = self.row(place, secret, &query, Form::Listed, from)?;
        Ok(json!({"secret": row}))
    }

    /// `GET …/id/ID`.
    pub(super) fn show_by_id(&mut self, api: Api, request: &Request, id: &str) -> Answer<Value> {
        let actor = self.actor(request)?;
        let query = Query::read(api, &Fields::read(request)?, &actor)?;
        let missing = || Refusal::new(404, format!("Secret with ID '{id}' not found"));
        let found = self.places().into_iter().find_map(|place| {
            let mut secrets = self.at(place).secrets.iter();
            let secret = secrets.find(|secret| secret.id == id)?;
            Some((place, secret)).filter(|_| actor == Actor::User || !secret.personal)
        });
        let (place, secret) = found.ok_or_else(missing)?;
        self.refuse_forbidden(place)?;
        let row = self.row(place, secret, &query, Form::Listed, None)?;
        Ok(json!({"secret": row}))
    }
}

/// Whose value it is.
pub(super) fn kind(secret: &Secret) -> &'static str {
    if secret.personal {
        "personal"
    } else {
        "shared"
    }
}
