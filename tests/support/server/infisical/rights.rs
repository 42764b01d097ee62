//! Who may do what, and where.

use serde_json::{Value, json};

use super::refusal::{Answer, Refusal};
use super::store::{Place, Secret, World};
use super::token::Actor;

/// What a machine identity may do.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    /// Where it learns that a secret is there.
    pub(crate) describes: Vec<Rule>,
    /// The slugs of its projects; all of them, if there are none to name.
    pub(crate) projects: Option<Vec<String>>,
    /// Where it reads what a secret is.
    pub(crate) reads: Vec<Rule>,
    pub(crate) writes: bool,
}

/// A part of a project: an environment or any, and a pattern of paths or all.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) environment: Option<String>,
    pub(crate) path: Option<String>,
}

impl Rule {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        environment: None,
        path: None,
    };

    pub(crate) fn new(environment: &str, path: Option<&str>) -> Self {
        Self {
            environment: Some(environment.to_owned()),
            path: path.map(str::to_owned),
        }
    }

    fn fits(&self, slug: &str, path: &str) -> bool {
        let matches =
            |pattern: &String| glob::Pattern::new(pattern).is_ok_and(|found| found.matches(path));
        self.environment.as_ref().is_none_or(|known| known == slug)
            && self.path.as_ref().is_none_or(matches)
    }

    /// As it is shown to somebody who asked for more.
    fn shown(&self, action: &str) -> Value {
        let mut row = json!({"action": [action], "inverted": false, "subject": ["secrets"]});
        if let Some(path) = &self.path {
            row["conditions"]["secretPath"] = json!({"$glob": path});
        }
        if let Some(slug) = &self.environment {
            row["conditions"]["environment"] = json!({"$eq": slug});
        }
        row
    }
}

impl Rights {
    /// All of them.
    pub(crate) fn all() -> Self {
        Self {
            describes: vec![Rule::ALL],
            projects: None,
            reads: vec![Rule::ALL],
            writes: true,
        }
    }
}

impl World {
    pub(super) fn rights(&self, actor: Actor) -> Rights {
        match actor {
            Actor::Machine(number) => self.machines[number].rights.clone(),
            Actor::Service(number) => {
                let service = &self.services[number];
                let scopes = service.scopes.iter();
                let rules: Vec<Rule> = scopes
                    .map(|(slug, path)| Rule::new(slug, Some(path)))
                    .collect();
                let project = self.projects.iter().find(|one| one.id == service.project);
                Rights {
                    describes: rules.clone(),
                    projects: project.map(|one| vec![one.slug.clone()]),
                    reads: rules,
                    writes: service.permissions.iter().any(|word| word == "write"),
                }
            }
            Actor::Session | Actor::User => Rights::all(),
        }
    }

    /// Fails for somebody who has nothing to do with the project.
    pub(super) fn enter(&self, actor: Actor, project: usize) -> Answer<()> {
        if self.belongs(actor, project) {
            return Ok(());
        }
        let id = &self.projects[project].id;
        if self.settings.version.is_old() {
            let error = format!("Identity is not a member of the specified project with ID '{id}'");
            let text = "You are not allowed to access this resource";
            return Err(Refusal::named(403, &error, text));
        }
        let text = format!(
            "You are not a member of this project with ID {id}. Please assign this identity to \
             the project with the appropriate permissions, then try again."
        );
        Err(Refusal::named(403, "ProjectMembershipNotFound", text))
    }

    pub(super) fn belongs(&self, actor: Actor, project: usize) -> bool {
        let projects = self.rights(actor).projects;
        projects.is_none_or(|slugs| slugs.contains(&self.projects[project].slug))
    }

    /// Whether somebody learns of secrets in a folder.
    pub(super) fn may_describe(&self, actor: Actor, place: Place) -> bool {
        let (slug, path) = (&self.environment(place).slug, &self.at(place).path);
        let rules = self.rights(actor).describes;
        !self.at(place).forbidden && rules.iter().any(|rule| rule.fits(slug, path))
    }

    /// Whether somebody reads a secret of a folder.
    pub(super) fn may_read(&self, actor: Actor, place: Place, secret: &Secret) -> bool {
        let (slug, path) = (&self.environment(place).slug, &self.at(place).path);
        !secret.hidden && !self.at(place).forbidden && self.may_read_in(actor, slug, path)
    }

    /// Whether somebody would read secrets of a folder, if there is one.
    pub(super) fn may_read_in(&self, actor: Actor, slug: &str, path: &str) -> bool {
        let rules = self.rights(actor).reads;
        rules.iter().any(|rule| rule.fits(slug, path))
    }

    /// What is said to somebody who may not read.
    pub(super) fn unread(&self, actor: Actor) -> Refusal {
        if self.settings.version.is_old() {
            return Refusal::denied("read", "secrets", Vec::new());
        }
        let rules = self.rights(actor).reads;
        // One for everything is not what stood in the way.
        let rules = rules
            .iter()
            .filter(|rule| rule.path.is_some() || rule.environment.is_some());
        let rules = rules.map(|rule| rule.shown("readValue")).collect();
        Refusal::denied("readValue", "secrets", rules)
    }

    /// Fails for somebody who may change nothing.
    pub(super) fn may_write(&self, actor: Actor, action: &str, subject: &str) -> Answer<()> {
        if self.rights(actor).writes {
            Ok(())
        } else {
            Err(Refusal::denied(action, subject, Vec::new()))
        }
    }
}
