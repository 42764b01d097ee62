//! What a folder imports: `/api/v2/secret-imports`, and `/api/v1/secret-imports` before.

use serde_json::{Value, json};

use super::super::Request;
use super::fields::Fields;
use super::project::environment_name;
use super::refusal::{Answer, Refusal};
use super::store::{Import, Place, World, trimmed};

impl World {
    /// All that can be done to imports.
    pub(super) fn secret_imports(
        &mut self,
        request: &Request,
        version: &str,
        rest: &[&str],
    ) -> Answer<Value> {
        let actor = self.member(request)?;
        let fields = Fields::read(request)?;
        let project = if version == "v1" {
            "workspaceId"
        } else {
            "projectId"
        };
        let project = self.project(&fields.text(project)?)?;
        self.enter(actor, project)?;
        let slug = fields.text("environment")?;
        let path = trimmed(&fields.optional("path")?.unwrap_or_default());
        let place = self.folder(project, &slug, &path);
        let place = place.ok_or_else(|| Refusal::new(404, "Folder not found"))?;
        let (done, body) = match (request.method.as_str(), rest) {
            ("GET", []) => {
                let imports = self.at(place).imports.iter();
                let rows = imports.map(|import| self.import_row(place, import, true));
                ("fetched secret imports", ("secretImports", rows.collect()))
            }
            ("POST", []) => {
                self.may_write(actor, "create", "secret-imports")?;
                let import = self.make_import(place, &fields.object("import")?)?;
                let row = self.import_row(place, &import, false);
                ("created secret import", ("secretImport", row))
            }
            ("DELETE", [id]) => {
                self.may_write(actor, "delete", "secret-imports")?;
                let mut imports = self.at(place).imports.iter();
                let found = imports.position(|import| import.id == *id);
                let missing = || Refusal::new(404, format!("Import with ID '{id}' not found"));
                let import = self
                    .at_mut(place)
                    .imports
                    .remove(found.ok_or_else(missing)?);
                for other in &mut self.at_mut(place).imports {
                    other.position -= u64::from(other.position > import.position);
                }
                let row = self.import_row(place, &import, false);
                ("deleted secret import", ("secretImport", row))
            }
            _ => return Err(Refusal::route(request)),
        };
        Ok(json!({"message": format!("Successfully {done}"), body.0: body.1}))
    }

    fn make_import(&mut self, place: Place, fields: &Fields) -> Answer<Import> {
        let slug = fields.text("environment")?;
        let path = trimmed(&fields.text("path")?);
        let source = self.root(place.project, &slug);
        let source =
            source.ok_or_else(|| Refusal::new(404, "The requested entity is not found"))?;
        let itself = self.beside(source, &path) == Some(place);
        if itself && !self.settings.version.is_old() {
            return Err(Refusal::new(400, "Cyclic import not allowed"));
        }
        Ok(self.new_import(place, &slug, &path))
    }

    /// Another import, after all others.
    pub(super) fn new_import(&mut self, place: Place, slug: &str, path: &str) -> Import {
        let import = Import {
            id: self.fresh_id(),
            created: self.stamp(),
            environment: slug.to_owned(),
            path: path.to_owned(),
            position: self.at(place).imports.len() as u64 + 1,
        };
        self.at_mut(place).imports.push(import.clone());
        import
    }

    fn import_row(&self, place: Place, import: &Import, listed: bool) -> Value {
        let source = self.root(place.project, &import.environment).unwrap();
        let environment = self.environment(source);
        let mut row = json!({
            "id": import.id, "version": 1, "importPath": import.path,
            "position": import.position, "createdAt": import.created,
            "updatedAt": import.created, "folderId": self.at(place).id, "isReplication": false,
            "isReplicationSuccess": null, "replicationStatus": null, "lastReplicated": null,
            "isReserved": false, "importEnv": {
                "name": environment_name(&environment.slug), "slug": environment.slug,
                "id": environment.id,
            },
        });
        if listed && !self.settings.version.is_old() {
            let project = &self.projects[place.project];
            row["importEnv"]["projectId"] = project.id.clone().into();
            row["sourceProjectName"] = project.name.clone().into();
        }
        row
    }

    /// What a folder imports, each folder once, in the order of the imports.
    pub(super) fn sources(&self, place: Place) -> Vec<(&Import, Option<Place>)> {
        let mut imports: Vec<&Import> = self.at(place).imports.iter().collect();
        imports.sort_by_key(|import| import.position);
        let mut found: Vec<(&Import, Option<Place>)> = Vec::new();
        for import in imports {
            let same = |(known, _): &(&Import, _)| {
                (&known.environment, &known.path) == (&import.environment, &import.path)
            };
            if !found.iter().any(same) {
                let source = self.folder(place.project, &import.environment, &import.path);
                found.push((import, source));
            }
        }
        found
    }
}
