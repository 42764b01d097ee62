//! Projects, under both their names, and their tags.

use serde_json::{Value, json};

use super::super::Request;
use super::ORGANISATION;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::render::tag_row;
use super::store::{Project, World};

impl World {
    /// `/api/v1/workspace` and `/api/v1/projects`, and one of them by its id.
    pub(super) fn project_list(
        &mut self,
        request: &Request,
        noun: &str,
        id: Option<&str>,
    ) -> Answer<Value> {
        self.actor(request)?;
        if let Some(id) = id {
            let row = project_row(&self.projects[self.project(id)?]);
            let one = if noun == "projects" { "project" } else { noun };
            return Ok(json!({one: row}));
        }
        let rows: Vec<Value> = self.projects.iter().map(project_row).collect();
        let many = if noun == "projects" {
            noun
        } else {
            "workspaces"
        };
        Ok(json!({many: rows}))
    }

    /// `/api/v1/projects/slug/SLUG`.
    pub(super) fn project_by_slug(&mut self, request: &Request, slug: &str) -> Answer<Value> {
        self.actor(request)?;
        Ok(project_row(&self.projects[self.project_called(slug)?]))
    }

    /// `/api/v1/projects/ID/tags`.
    pub(super) fn project_tags(&mut self, request: &Request, id: &str) -> Answer<Value> {
        self.actor(request)?;
        let project = self.project(id)?;
        let project = &mut self.projects[project];
        if request.method == "GET" {
            let rows = project.tags.iter().map(|slug| tag_row(project, slug));
            return Ok(json!({"tags": rows.collect::<Vec<_>>()}));
        }
        let slug = Fields::read(request)?.text("slug")?;
        if project.tags.contains(&slug) {
            return Err(Refusal::new(400, "Tag with the same slug already exists"));
        }
        project.tags.push(slug.clone());
        Ok(json!({"tag": tag_row(project, &slug)}))
    }

    /// `/api/v1/projects/ID/tags/slug/SLUG`.
    pub(super) fn project_tag(&mut self, request: &Request, id: &str, slug: &str) -> Answer<Value> {
        self.actor(request)?;
        let project = &self.projects[self.project(id)?];
        if !project.tags.iter().any(|known| known == slug) {
            return Err(Refusal::new(
                404,
                format!("Tag with slug '{slug}' not found"),
            ));
        }
        Ok(json!({"tag": tag_row(project, slug)}))
    }
}

fn project_row(project: &Project) -> Value {
    let environment = project.environments.iter().map(|environment| {
        let slug = &environment.slug;
        json!({"id": environment.id, "name": environment_name(slug), "slug": slug})
    });
    let created = &project
        .environments
        .first()
        .map(|one| &one.folders[0].created);
    json!({
        "id": project.id, "_id": project.id, "name": project.name, "slug": project.slug,
        "orgId": ORGANISATION, "autoCapitalization": false, "type": "secret-manager",
        "version": 3, "__v": 0, "createdAt": created, "updatedAt": created,
        "environments": environment.collect::<Vec<_>>(),
    })
}

/// What an environment is called, if nobody has chosen.
pub(super) fn environment_name(slug: &str) -> &str {
    match slug {
        "dev" => "Development",
        "prod" => "Production",
        "staging" => "Staging",
        other => other,
    }
}
