//! The tags of a project.

use serde_json::{Value, json};

use super::super::Request;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::store::World;
use super::token::Actor;
use super::{USER, store};

/// A tag.
#[derive(Clone)]
pub(super) struct Tag {
    pub(super) color: String,
    pub(super) created: String,
    pub(super) creator: Actor,
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) updated: String,
}

impl World {
    /// `/api/v1/projects/ID/tags`, `/api/v1/workspace/ID/tags`, and what follows.
    pub(super) fn tags(
        &mut self,
        request: &Request,
        noun: &str,
        id: &str,
        rest: &[&str],
    ) -> Answer<Value> {
        let actor = self.member(request)?;
        let project = self.project(id)?;
        self.enter(actor, project)?;
        let (one, many) = match noun {
            "projects" => ("tag", "tags"),
            _ => ("workspaceTag", "workspaceTags"),
        };
        let body = match (request.method.as_str(), rest) {
            ("GET", []) => {
                let tags = self.projects[project].tags.iter();
                json!({many: tags.map(|tag| self.tag_row(project, tag)).collect::<Vec<_>>()})
            }
            ("POST", []) => {
                let (slug, color) = said(request)?;
                self.may_write(actor, "create", "tags")?;
                json!({one: self.make_tag(project, actor, &slug, &color)?})
            }
            ("GET", ["slug", slug]) => {
                let mut tags = self.projects[project].tags.iter();
                let found = tags.find(|tag| tag.slug == *slug);
                let missing = || Refusal::new(404, format!("Tag with slug '{slug}' not found"));
                json!({one: self.named(project, found.ok_or_else(missing)?)})
            }
            ("GET", [id]) => {
                let found = &self.projects[project].tags[self.tag(project, id)?];
                json!({one: self.named(project, found)})
            }
            ("PATCH", [id]) => {
                let (slug, color) = said(request)?;
                self.may_write(actor, "edit", "tags")?;
                let (found, updated) = (self.tag(project, id)?, self.stamp());
                let tag = &mut self.projects[project].tags[found];
                (tag.slug, tag.color, tag.updated) = (slug, color, updated);
                json!({one: self.tag_row(project, &self.projects[project].tags[found])})
            }
            ("DELETE", [id]) => {
                self.may_write(actor, "delete", "tags")?;
                let found = self.tag(project, id)?;
                let tag = self.projects[project].tags.remove(found);
                json!({one: self.tag_row(project, &tag)})
            }
            _ => return Err(Refusal::route(request)),
        };
        Ok(body)
    }

    fn make_tag(
        &mut self,
        project: usize,
        creator: Actor,
        slug: &str,
        color: &str,
    ) -> Answer<Value> {
        let known = &self.projects[project].tags;
        if known.iter().any(|tag| tag.slug == slug) {
            return Err(Refusal::new(400, "Tag already exists"));
        }
        let tag = self.new_tag(project, slug, color, creator);
        Ok(self.tag_row(project, &tag))
    }

    /// A tag that was not there.
    pub(super) fn new_tag(
        &mut self,
        project: usize,
        slug: &str,
        color: &str,
        creator: Actor,
    ) -> Tag {
        let created = self.stamp();
        let tag = Tag {
            color: color.to_owned(),
            updated: created.clone(),
            created,
            creator,
            id: store::uuid(&format!("{} {slug}", self.projects[project].id)),
            slug: slug.to_owned(),
        };
        self.projects[project].tags.push(tag.clone());
        tag
    }

    fn tag(&self, project: usize, id: &str) -> Answer<usize> {
        let found = self.projects[project].tags.iter();
        let found = found.clone().position(|tag| tag.id == id);
        found.ok_or_else(|| Refusal::new(404, format!("Tag with ID '{id}' not found")))
    }

    fn tag_row(&self, project: usize, tag: &Tag) -> Value {
        let (creator, kind) = match tag.creator {
            Actor::Machine(number) => (self.machines[number].id.as_str(), "identity"),
            _ => (USER, "user"),
        };
        json!({
            "id": tag.id, "slug": tag.slug, "color": tag.color, "createdAt": tag.created,
            "updatedAt": tag.updated, "createdBy": creator,
            "projectId": self.projects[project].id, "createdByActorType": kind,
        })
    }

    fn named(&self, project: usize, tag: &Tag) -> Value {
        let mut row = self.tag_row(project, tag);
        row["name"] = tag.slug.clone().into();
        row
    }
}

fn said(request: &Request) -> Answer<(String, String)> {
    let fields = Fields::read(request)?;
    fields.require(&["slug", "color"])?;
    let slug = fields.text("slug")?;
    check_slug(&fields, &slug)?;
    Ok((slug, fields.text("color")?))
}

/// Fails unless it is in small letters, digits and dashes.
pub(super) fn check_slug(fields: &Fields, slug: &str) -> Answer<()> {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if slug.bytes().all(fits) {
        return Ok(());
    }
    let text = "Slug field can only contain lowercase letters, numbers, and hyphens";
    Err(fields.wrong("slug", json!({"code": "custom"}), text))
}
