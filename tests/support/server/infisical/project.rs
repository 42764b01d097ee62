//! Projects, under both their names.

use serde_json::{Value, json};

use super::super::Request;
use super::ORGANISATION;
use super::fields::Fields;
use super::refusal::{Answer, Refusal, issue};
use super::store::{Project, World};
use super::tag::check_slug;

/// What projects are for.
const KINDS: [&str; 7] = [
    "secret-manager",
    "cert-manager",
    "kms",
    "ssh",
    "secret-scanning",
    "pam",
    "ai",
];

impl World {
    /// `/api/v1/workspace` and `/api/v1/projects`.
    pub(super) fn project_list(&mut self, request: &Request, noun: &str) -> Answer<Value> {
        let actor = self.member(request)?;
        if self.settings.version.is_old() && !actor.is_user() {
            return Err(Refusal::closed(request));
        }
        let kind = Fields::read(request)?.word("type", &KINDS)?;
        let projects = self.projects.iter().enumerate();
        let rows: Vec<Value> = projects
            .filter(|(_, project)| kind.as_ref().is_none_or(|kind| *kind == project.kind))
            .filter(|(number, _)| self.belongs(actor, *number))
            .map(|(_, project)| self.project_row(project, noun))
            .collect();
        let many = if noun == "projects" {
            noun
        } else {
            "workspaces"
        };
        Ok(json!({many: rows}))
    }

    /// One of them, by its id.
    pub(super) fn project_by_id(
        &mut self,
        request: &Request,
        noun: &str,
        id: &str,
    ) -> Answer<Value> {
        let actor = self.actor(request)?;
        let old = |refusal| {
            if self.settings.version.is_old() {
                Refusal::unforeseen("Failed to find project by id")
            } else {
                refusal
            }
        };
        let project = self.project(id).map_err(old)?;
        self.enter(actor, project)?;
        let row = self.project_row(&self.projects[project], noun);
        let one = if noun == "projects" { "project" } else { noun };
        Ok(json!({one: row}))
    }

    /// One of them, changed: as far as saying that somebody may not.
    pub(super) fn change_project(&mut self, request: &Request, id: &str) -> Answer<Value> {
        let actor = self.actor(request)?;
        let project = self.project(id)?;
        self.enter(actor, project)?;
        self.may_write(actor, "edit", "settings")?;
        if let Some(name) = Fields::read(request)?.optional("name")? {
            self.projects[project].name = name;
        }
        Ok(json!({"project": self.project_row(&self.projects[project], "projects")}))
    }

    /// `/api/v1/projects/slug/SLUG`, and `/api/v2/workspace/SLUG` before.
    pub(super) fn project_by_slug(
        &mut self,
        request: &Request,
        noun: &str,
        slug: &str,
    ) -> Answer<Value> {
        let actor = self.member(request)?;
        let old = self.settings.version.is_old();
        let odd = slug.len() > 36 || slug.bytes().any(|byte| byte.is_ascii_uppercase());
        if old && odd {
            // What it says, whatever is wrong.
            let text = "Slug must be at least 5 character but no more than 36";
            let kind = json!({"code": "custom"});
            return Err(Refusal::invalid(vec![issue(kind, &["slug".into()], text)]));
        }
        check_slug(&Fields::at(&json!({}), Vec::new())?, slug)?;
        let project = self.project_called(slug)?;
        self.enter(actor, project)?;
        let mut row = self.project_row(&self.projects[project], noun);
        if noun == "workspace" && !old {
            row["kmsSecretManagerKeyId"] = self.fresh_id().into();
        }
        Ok(row)
    }

    /// `/api/v2/organizations/ID/workspaces`.
    pub(super) fn organisation_projects(&mut self, request: &Request) -> Answer<Value> {
        let actor = self.member(request)?;
        let projects = self.projects.iter().enumerate();
        let rows: Vec<Value> = projects
            .filter(|(number, _)| self.belongs(actor, *number))
            .map(|(_, project)| {
                let environments = project.environments.iter().map(|environment| {
                    let slug = &environment.slug;
                    json!({"name": environment_name(slug), "slug": slug})
                });
                json!({
                    "id": project.id, "name": project.name, "slug": project.slug,
                    "organization": ORGANISATION,
                    "environments": environments.collect::<Vec<_>>(),
                })
            })
            .collect();
        Ok(json!({"workspaces": rows}))
    }

    /// A project, as it is shown by the newer of its names or by the older one.
    fn project_row(&self, project: &Project, noun: &str) -> Value {
        let old = self.settings.version.is_old();
        let environments = project.environments.iter().map(|environment| {
            let slug = &environment.slug;
            json!({"id": environment.id, "name": environment_name(slug), "slug": slug})
        });
        let first = project.environments.first();
        let created = &first.map(|one| &one.folders[0].created);
        let mut row = json!({
            "id": project.id, "_id": project.id, "name": project.name, "slug": project.slug,
            "orgId": ORGANISATION, "autoCapitalization": old, "version": 3,
            "createdAt": created, "updatedAt": created, "upgradeStatus": null,
            "pitVersionLimit": 10, "kmsCertificateKeyId": null, "auditLogsRetentionDays": null,
            "environments": environments.collect::<Vec<_>>(),
        });
        if !old {
            let more = json!({
                "description": null, "type": project.kind, "defaultProduct": null,
                "hasDeleteProtection": false, "secretSharing": true, "showSnapshotsLegacy": false,
                "secretDetectionIgnoreValues": null,
                "enforceEncryptedSecretManagerSecretMetadata": null,
            });
            let more = more.as_object().unwrap().clone();
            row.as_object_mut().unwrap().extend(more);
            if noun == "projects" {
                row["deletedEnvironments"] = json!([]);
            }
        }
        row
    }
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
