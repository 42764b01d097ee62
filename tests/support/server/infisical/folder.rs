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
        let actor = self.actor(request)?;
        let fields = Fields::read(request)?;
        if let ("GET", Some(id)) = (request.method.as_str(), name) {
            return self.folder_by_id(id);
        }
        let project = if version == "v1" {
            "workspaceId"
        } else {
            "projectId"
        };
        fields.require(&[project, "environment"])?;
        let new = match request.method.as_str() {
            "POST" | "PATCH" => folder_name(&fields)?,
            _ => String::new(),
        };
        let project = self.project(&fields.text(project)?)?;
        self.enter(actor, project)?;
        let environment = fields.text("environment")?;
        let path = fields.optional("path")?.or(fields.optional("directory")?);
        let path = trimmed(&path.unwrap_or_default());
        if request.method == "GET" {
            return self.folder_list(project, &environment, &path, &fields);
        }
        let action = match request.method.as_str() {
            "POST" => "create",
            "PATCH" => "edit",
            _ => "delete",
        };
        self.may_write(actor, action, "secret-folders")?;
        let missing = || {
            let id = &self.projects[project].id;
            let text = format!(
                "Environment with slug '{environment}' in project with ID '{id}' not found"
            );
            Refusal::new(404, text)
        };
        let root = self.root(project, &environment).ok_or_else(missing)?;
        match (request.method.as_str(), name) {
            ("POST", None) => self.create_folder(root, &path, &new, &fields),
            ("PATCH", Some(name)) => {
                let missing = format!("Folder with ID '{name}' not found");
                let found = self.named_folder(root, &path, name);
                let place = found.ok_or_else(|| Refusal::named(404, "UpdateFolder", missing))?;
                self.rename_folder(place, &new);
                Ok(json!({"folder": self.folder_row(place, true)}))
            }
            ("DELETE", Some(name)) => self.delete_folder(root, &path, name, &fields),
            _ => Err(Refusal::route(request)),
        }
    }

    fn create_folder(
        &mut self,
        root: Place,
        path: &str,
        name: &str,
        fields: &Fields,
    ) -> Answer<Value> {
        let known = self.beside(root, &inside(path, name)).is_some();
        if known && !self.settings.version.is_old() {
            let text = format!("Folder with name '{name}' already exists in path '{path}'");
            return Err(Refusal::new(400, text));
        }
        let place = self.make_folder(root, &inside(path, name));
        if !known {
            self.at_mut(place).description = fields.optional("description")?;
        }
        Ok(json!({"folder": self.folder_row(place, true)}))
    }

    fn delete_folder(
        &mut self,
        root: Place,
        path: &str,
        name: &str,
        fields: &Fields,
    ) -> Answer<Value> {
        let old = self.settings.version.is_old();
        let missing = if old {
            format!("Failed to delete folder with ID '{name}', not found")
        } else {
            format!("Folder with ID '{name}' not found")
        };
        let place = self.named_folder(root, path, name);
        let place = place.ok_or_else(|| Refusal::new(404, missing))?;
        let row = self.folder_row(place, false);
        let path = self.at(place).path.clone();
        let folder = self.at(place);
        let held = !folder.secrets.is_empty()
            || !folder.dynamics.is_empty()
            || self
                .environment(place)
                .folders
                .iter()
                .any(|one| one.is_below(&path));
        let forced = fields.boolean("forceDelete")?.unwrap_or(false);
        if held && !forced && !old {
            let text = format!(
                "Cannot delete folder \"{}\" because it contains resources. Use forceDelete=true \
                 to delete it forcefully.",
                folder.name()
            );
            return Err(Refusal::named(400, "deleteFolder", text));
        }
        let environments = &mut self.projects[place.project].environments;
        let folders = &mut environments[place.environment].folders;
        folders.retain(|folder| folder.path != path && !folder.is_below(&path));
        Ok(json!({"folder": row}))
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

    fn folder_list(
        &self,
        project: usize,
        slug: &str,
        path: &str,
        fields: &Fields,
    ) -> Answer<Value> {
        let missing = || Refusal::new(404, format!("Environment with slug '{slug}' not found"));
        self.root(project, slug).ok_or_else(missing)?;
        let Some(place) = self.folder(project, slug, path) else {
            return Ok(json!({"folders": []}));
        };
        let old = self.settings.version.is_old();
        // Here alone, any spelling will do.
        let recursive = fields.optional("recursive")?.unwrap_or_default();
        let recursive = recursive.eq_ignore_ascii_case("true") && !old;
        let path = &self.at(place).path;
        let mut places = self.places();
        places.retain(|&found| self.environment(found).id == self.environment(place).id);
        if !old {
            places.sort_by_key(|&found| self.at(found).path.clone());
        }
        let rows = places.into_iter().filter_map(|found| {
            let way = below(path, &self.at(found).path)?;
            let mut row = self.folder_row(found, false);
            if recursive {
                row["relativePath"] = format!("/{way}").into();
            }
            Some(row).filter(|_| recursive || !way.contains('/'))
        });
        Ok(json!({"folders": rows.collect::<Vec<_>>()}))
    }

    fn folder_row(&self, place: Place, path: bool) -> Value {
        let folder = self.at(place);
        let above = self.beside(place, parent(&folder.path));
        let above = above.filter(|_| folder.path != "/");
        let mut row = json!({
            "id": folder.id, "name": folder.name(), "version": folder.version,
            "createdAt": folder.created, "updatedAt": folder.updated,
            "envId": self.environment(place).id,
            "parentId": above.map(|above| &self.at(above).id), "isReserved": false,
        });
        if self.settings.version.is_old() {
            return row;
        }
        row["description"] = folder.description.clone().into();
        row["lastSecretModified"] = folder.modified.clone().into();
        if path {
            row["path"] = folder.path.clone().into();
        }
        row
    }

    /// The folder in `path` that is called so, or has that id.
    fn named_folder(&self, root: Place, path: &str, name: &str) -> Option<Place> {
        let mut folders = self.environment(root).folders.iter();
        let folder =
            folders.position(|folder| folder.id == name || folder.path == inside(path, name))?;
        Some(Place { folder, ..root })
    }

    /// Those below it go along.
    fn rename_folder(&mut self, place: Place, name: &str) {
        let old = self.at(place).path.clone();
        let new = inside(parent(&old), name);
        let updated = self.stamp();
        self.at_mut(place).updated = updated;
        self.at_mut(place).version += 1;
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
    if name.is_empty() || !name.bytes().all(fits) {
        let text = "Invalid folder name. Only alphanumeric characters, dashes, and underscores are allowed.";
        return Err(fields.wrong("name", json!({"code": "custom"}), text));
    }
    Ok(name)
}
