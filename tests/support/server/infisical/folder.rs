//! `/api/v1/folders` and `/api/v2/folders`.

use serde_json::{Value, json};

use super::super::Request;
use super::fields::Fields;
use super::project::environment_name;
use super::refusal::{Answer, Refusal};
use super::store::{Place, World, below, parent, trimmed};

impl World {
    /// All that can be done to folders. Which one is meant, `name` says, an id or a name.
    pub(super) fn folders(
        &mut self,
        request: &Request,
        version: &str,
        name: Option<&str>,
    ) -> Answer<Value> {
        self.actor(request)?;
        let fields = Fields::read(request)?;
        if let ("GET", Some(id)) = (request.method.as_str(), name) {
            return self.folder_by_id(id);
        }
        let project = if version == "v1" {
            "workspaceId"
        } else {
            "projectId"
        };
        let project = fields.text(project)?;
        let environment = fields.text("environment")?;
        let path = fields.optional("path")?.or(fields.optional("directory")?);
        let path = trimmed(&path.unwrap_or_default());
        let root = self.root(self.project(&project)?, &environment)?;
        match (request.method.as_str(), name) {
            ("GET", None) => {
                let Ok(place) = self.folder(root.project, &environment, &path) else {
                    return Ok(json!({"folders": []}));
                };
                // Here alone, any spelling will do; older servers know none.
                let recursive = fields.optional("recursive")?.unwrap_or_default();
                let recursive = recursive.eq_ignore_ascii_case("true") && !self.is_old();
                Ok(self.folder_list(place, recursive))
            }
            ("POST", None) => {
                let place = self.make_folder(root, &inside(&path, &folder_name(&fields)?));
                self.at_mut(place).description = fields.optional("description")?;
                Ok(json!({"folder": self.folder_row(place, true)}))
            }
            ("PATCH", Some(name)) => {
                let place = self.named_folder(root, &path, name)?;
                self.rename_folder(place, &folder_name(&fields)?);
                Ok(json!({"folder": self.folder_row(place, true)}))
            }
            ("DELETE", Some(name)) => {
                let place = self.named_folder(root, &path, name)?;
                let row = self.folder_row(place, false);
                let path = self.at(place).path.clone();
                let environments = &mut self.projects[place.project].environments;
                let folders = &mut environments[place.environment].folders;
                folders.retain(|folder| folder.path != path && !folder.is_below(&path));
                Ok(json!({"folder": row}))
            }
            _ => Err(Refusal::route(request)),
        }
    }

    fn folder_by_id(&self, id: &str) -> Answer<Value> {
        let mut places = self.places().into_iter();
        let found = places.find(|&place| self.at(place).id == id);
        let missing = || Refusal::new(404, format!("Folder with ID '{id}' not found"));
        let place = found.ok_or_else(missing)?;
        let mut row = self.folder_row(place, true);
        let environment = self.environment(place);
        row["projectId"] = self.projects[place.project].id.clone().into();
        row["environment"] = json!({
            "envId": environment.id, "envName": environment_name(&environment.slug),
            "envSlug": environment.slug,
        });
        Ok(json!({"folder": row}))
    }

    fn folder_list(&self, place: Place, recursive: bool) -> Value {
        let path = &self.at(place).path;
        let mut places = self.places();
        places.retain(|&found| self.environment(found).id == self.environment(place).id);
        places.sort_by_key(|&found| self.at(found).path.clone());
        let rows = places.into_iter().filter_map(|found| {
            let way = below(path, &self.at(found).path)?;
            let mut row = self.folder_row(found, false);
            if recursive {
                row["relativePath"] = format!("/{way}").into();
            }
            Some(row).filter(|_| recursive || !way.contains('/'))
        });
        json!({"folders": rows.collect::<Vec<_>>()})
    }

    fn folder_row(&self, place: Place, path: bool) -> Value {
        let folder = self.at(place);
        let above = self.beside(place, parent(&folder.path));
        let above = above.filter(|_| folder.path != "/");
        let mut row = json!({
            "id": folder.id, "name": folder.name(), "version": 1, "createdAt": folder.created,
            "updatedAt": folder.updated, "envId": self.environment(place).id,
            "parentId": above.map(|above| &self.at(above).id), "isReserved": false,
            "description": folder.description, "lastSecretModified": null,
        });
        if path {
            row["path"] = folder.path.clone().into();
        }
        row
    }

    /// The folder in `path` that is called so, or has that id.
    fn named_folder(&self, root: Place, path: &str, name: &str) -> Answer<Place> {
        let mut folders = self.environment(root).folders.iter();
        let found =
            folders.position(|folder| folder.id == name || folder.path == inside(path, name));
        let missing = || Refusal::new(404, format!("Folder with name '{name}' not found"));
        let folder = found.ok_or_else(missing)?;
        Ok(Place { folder, ..root })
    }

    /// Those below it go along.
    fn rename_folder(&mut self, place: Place, name: &str) {
        let old = self.at(place).path.clone();
        let new = inside(parent(&old), name);
        let updated = self.stamp();
        self.at_mut(place).updated = updated;
        let environments = &mut self.projects[place.project].environments;
        for folder in &mut environments[place.environment].folders {
            if folder.path == old {
                folder.path.clone_from(&new);
            } else if let Some(way) = below(&old, &folder.path) {
                folder.path = inside(&new, way);
            }
        }
    }
}

/// The path of what is in `path`.
fn inside(path: &str, name: &str) -> String {
    format!("{}/{name}", path.trim_end_matches('/'))
}

fn folder_name(fields: &Fields) -> Answer<String> {
    let name = fields.text("name")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.bytes().all(fits) {
        let issue = json!({"code": "custom"});
        let text = "Folder name can only contain alphanumeric characters, dashes, and underscores";
        return Err(Refusal::invalid(issue, "name", text));
    }
    Ok(name)
}
