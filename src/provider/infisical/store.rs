//! Changes of single secrets.

use std::time::Instant;

use reqwest::Method;

use super::Infisical;
use super::api::{Manner, Write};
use super::found::Found;
use super::refusal::ApiError;
use super::trimmed::stays;
use super::wire::{Move, Written};
use crate::error::{Error, ErrorKind, Result};
use crate::scope::{Folder, Folders, Scope};
use crate::secret::{Change, NewSecret, Secret, SecretType, SecretValue};

const SHARED: &str = "shared";
const PERSONAL: &str = "personal";

impl Infisical {
    /// Adds `secret`, and its override if it comes with one.
    pub(super) async fn add(
        &self,
        found: &Found,
        secret: &NewSecret,
        until: Instant,
    ) -> Result<()> {
        plain(secret.kind)?;
        for value in [&secret.value].into_iter().chain(&secret.personal) {
            stays(secret.name.as_str(), value)?;
        }
        if secret.personal.is_some() {
            self.only_for_users(until).await?;
        }
        let name = secret.name.as_str();
        let tags = self.tag_ids(found, &secret.tags, until).await?;
        let one = One {
            folder: &secret.folder,
            found,
            name,
            value: Some(&secret.value),
        };
        let body = Written {
            secret_comment: Some(&secret.comment),
            secret_value: Some(secret.value.expose()),
            tag_ids: (!tags.is_empty()).then_some(&tags),
            ..one.body(SHARED)
        };
        self.write(one, &Method::POST, &body, until)
            .await
            .map_err(|trouble| known(trouble, name, &secret.folder))?;
        match &secret.personal {
            Some(value) => {
                self.add_override(
                    One {
                        value: Some(value),
                        ..one
                    },
                    until,
                )
                .await
            }
            None => Ok(()),
        }
    }

    async fn add_override(&self, one: One<'_>, until: Instant) -> Result<()> {
        let body = Written {
            secret_value: one.value.map(SecretValue::expose),
            ..one.body(PERSONAL)
        };
        Ok(self.write(one, &Method::POST, &body, until).await?)
    }

    /// Changes the secret `name`, or the override of it.
    pub(super) async fn alter(
        &self,
        found: &Found,
        folder: &Folder,
        name: &str,
        change: &Change,
        until: Instant,
    ) -> Result<()> {
        if change.toggle_personal {
            let message =
                "Infisical has no switch for personal overrides: one that is there is in force";
            return Err(Error::new(ErrorKind::Configuration, message)
                .help("run with --no-personal to do without"));
        }
        change.kind.map_or(Ok(()), plain)?;
        for value in change.value.iter().chain(&change.personal) {
            stays(name, value)?;
        }
        if change.personal.is_some() {
            self.only_for_users(until).await?;
        }
        let one = One {
            folder,
            found,
            name,
            value: change.value.as_ref(),
        };
        let tags = match &change.tags {
            Some(tags) => Some(self.tag_ids(found, tags, until).await?),
            None => None,
        };
        let body = Written {
            secret_comment: change.comment.as_deref(),
            secret_value: change.value.as_ref().map(SecretValue::expose),
            tag_ids: tags.as_deref(),
            ..one.body(SHARED)
        };
        if change.value.is_some() || change.comment.is_some() || tags.is_some() {
            let written = self.write(one, &Method::PATCH, &body, until).await;
            written.map_err(|trouble| gone(trouble, one))?;
        }
        if let Some(value) = &change.personal {
            self.override_with(
                One {
                    value: Some(value),
                    ..one
                },
                until,
            )
            .await?;
        }
        match &change.folder {
            Some(target) if target != folder => self.move_to(one, target, until).await,
            _ => Ok(()),
        }
    }

    /// Writes the override, whether there is one or not.
    async fn override_with(&self, one: One<'_>, until: Instant) -> Result<()> {
        let body = Written {
            secret_value: one.value.map(SecretValue::expose),
            ..one.body(PERSONAL)
        };
        match self.write(one, &Method::PATCH, &body, until).await {
            Err(ApiError::Missing(_)) => {
                // Not the folder's fault: a secret has no override yet, or is not there.
                self.stored(one, until).await?;
                self.add_override(one, until).await
            }
            written => Ok(written?),
        }
    }

    /// Removes the secret `name`.
    pub(super) async fn remove(
        &self,
        found: &Found,
        folder: &Folder,
        name: &str,
        until: Instant,
    ) -> Result<()> {
        let one = One {
            folder,
            found,
            name,
            value: None,
        };
        let body = one.body(SHARED);
        let removed = self.write(one, &Method::DELETE, &body, until).await;
        removed.map_err(|trouble| gone(trouble, one))
    }

    async fn move_to(&self, one: One<'_>, folder: &Folder, until: Instant) -> Result<()> {
        let secret = self.stored(one, until).await?;
        let project = &one.found.id.0;
        let old = self.api.is_old();
        let slug = if old {
            self.project(project, until).await?.slug
        } else {
            String::new()
        };
        let environment = one.found.environment.as_str();
        let body = Move {
            destination_environment: environment,
            destination_secret_path: folder.as_str(),
            project_id: (!old).then_some(project),
            project_slug: old.then_some(&slug),
            secret_ids: [&secret.id],
            should_overwrite: false,
            source_environment: environment,
            source_secret_path: one.folder.as_str(),
        };
        let about = format!("folder {folder} of environment {environment:?}");
        let moved = self.api.move_secrets(&body, &about, until).await;
        moved.map_err(|trouble| known(trouble, one.name, folder))
    }

    /// The secret itself, as it is stored.
    async fn stored(&self, one: One<'_>, until: Instant) -> Result<Secret> {
        let scope = Scope::new(one.found.place().app, one.found.environment.clone())
            .in_folders(Folders::These(vec![one.folder.clone()]));
        let lists = self.lists(one.found, &scope, Manner::STORED, until).await?;
        let mut secrets = lists.rows.secrets.into_iter();
        let found = secrets.find(|secret| secret.name == one.name);
        found.ok_or_else(|| absent(one))
    }

    async fn write(
        &self,
        one: One<'_>,
        method: &Method,
        body: &Written<'_>,
        until: Instant,
    ) -> Result<(), ApiError> {
        let write = Write {
            body,
            folder: one.folder,
            method,
            name: one.name,
            project: &one.found.id,
            value: one.value,
        };
        self.api.write(write, until).await
    }
}

/// A secret that is there, or is to be.
#[derive(Clone, Copy)]
struct One<'a> {
    folder: &'a Folder,
    found: &'a Found,
    name: &'a str,
    value: Option<&'a SecretValue>,
}

impl<'a> One<'a> {
    /// The body of a request about it.
    fn body(self, kind: &'static str) -> Written<'a> {
        Written {
            environment: &self.found.environment,
            secret_path: self.folder.as_str(),
            r#type: kind,
            ..Written::default()
        }
    }
}

/// Infisical knows one kind of secret.
fn plain(kind: SecretType) -> Result<()> {
    if kind == SecretType::Secret {
        return Ok(());
    }
    let message = format!("Infisical has no secrets of the type {:?}", kind.as_str());
    Err(Error::new(ErrorKind::Configuration, message).help("leave --type out"))
}

fn known(trouble: ApiError, name: &str, folder: &Folder) -> Error {
    match trouble {
        ApiError::Exists(_) => Error::new(
            ErrorKind::Conflict,
            format!("{name} is already in {folder}"),
        )
        .help("update it, or choose another name or folder"),
        trouble => trouble.into(),
    }
}

fn gone(trouble: ApiError, one: One<'_>) -> Error {
    match trouble {
        ApiError::Missing(_) => absent(one),
        trouble => trouble.into(),
    }
}

fn absent(one: One<'_>) -> Error {
    let One {
        folder,
        found,
        name,
        ..
    } = one;
    Error::new(
        ErrorKind::Missing,
        format!(
            "there is no {name} in {folder} of environment {:?}",
            found.environment
        ),
    )
}
