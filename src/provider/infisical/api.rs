//! The requests for secrets, one function each, in the newest form that the
//! server knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use reqwest::Method;
use zeroize::Zeroizing;

use super::found::ProjectId;
use super::refusal::ApiError;
use super::session::Service;
use super::trimmed::changed;
use super::wire::{Kept, Move, Moved, Single, Written};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Effect, Request, json, percent_encoded};
use crate::outside::shown;
use crate::provider::text::Text;
use crate::scope::Folder;
use crate::secret::SecretValue;

/// The most UTF-16 units of a part of a path, as the server's web framework has it.
const LONGEST_SEGMENT: usize = 100;

/// What [`segment`] calls a secret's name.
pub(super) const SECRET_NAME: &str = "a secret's name";

/// The API of one server.
#[derive(Debug)]
pub(super) struct Api {
    /// Whether the server is known to have no version 4 of its routes for secrets.
    old: AtomicBool,
    pub(super) service: Service,
}

/// How secrets are to come. References come as they are stored, but for imported
/// secrets, in which the server replaces them whatever is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) imports: bool,
    /// Whether names will do where values may not be read.
    pub(super) names_will_do: bool,
    /// Whether overrides stand in for what they override.
    pub(super) personal: bool,
}

impl Manner {
    /// As they are stored.
    pub(super) const STORED: Self = Self {
        imports: false,
        names_will_do: true,
        personal: false,
    };
}

/// Which secrets are asked for.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) environment: &'a str,
    pub(super) folder: &'a Folder,
    pub(super) manner: Manner,
    pub(super) project: &'a ProjectId,
    pub(super) recursive: bool,
    /// Separated by commas; empty for all secrets.
    pub(super) tags: &'a str,
}

impl Query<'_> {
    pub(super) fn about(&self) -> String {
        about(self.project, self.environment, self.folder)
    }

    /// The query of version 4 or 3, for `values` too or for names alone. Every switch
    /// is named: their defaults have changed over time, and so has the spelling of one.
    fn pairs(&self, old: bool, values: bool) -> Vec<(&str, &str)> {
        let word = |yes| if yes { "true" } else { "false" };
        let mut pairs = vec![
            self.project.parameter(old),
            ("environment", self.environment),
            ("secretPath", self.folder.as_str()),
            ("viewSecretValue", word(values)),
            ("expandSecretReferences", "false"),
            ("recursive", word(self.recursive)),
            ("include_imports", word(self.manner.imports)),
        ];
        if !old {
            pairs.push(("includeImports", word(self.manner.imports)));
            pairs.push(("includePersonalOverrides", word(self.manner.personal)));
        }
        if !self.tags.is_empty() {
            pairs.push(("tagSlugs", self.tags));
        }
        pairs
    }
}

/// One secret, as it is written.
#[derive(Clone, Copy)]
pub(super) struct Write<'a> {
    pub(super) body: &'a Written<'a>,
    pub(super) folder: &'a Folder,
    pub(super) method: &'a Method,
    pub(super) name: &'a str,
    pub(super) project: &'a ProjectId,
    /// What no message may repeat.
    pub(super) value: Option<&'a SecretValue>,
}

fn about(project: &ProjectId, environment: &str, folder: &Folder) -> String {
    format!("{folder} of environment {environment:?} in {project}")
}

impl Api {
    pub(super) fn new(service: Service) -> Self {
        Self {
            old: AtomicBool::new(false),
            service,
        }
    }

    /// Remembers that the server has no version 4.
    pub(super) fn remember_old(&self) {
        if !self.old.swap(true, Ordering::Relaxed) {
            tracing::debug!(
                "this server has no version 4 of the API: version 3 is used, in which a reference in an imported secret is looked up where it stands"
            );
        }
    }

    /// Whether the server is known to have no version 4.
    pub(super) fn is_old(&self) -> bool {
        self.old.load(Ordering::Relaxed)
    }

    /// The secrets of a folder, and those that it imports. Where names will do, what
    /// may not be read is in a second list.
    pub(super) async fn list(
        &self,
        query: &Query<'_>,
        until: Instant,
    ) -> Result<Vec<Answer>, ApiError> {
        let names_will_do = query.manner.names_will_do;
        let mut lists = match self.list_with(query, true, until).await {
            Err(ApiError::Unreadable(_)) if names_will_do => Vec::new(),
            answer => vec![answer?],
        };
        // Below the folder the server leaves out what may not be read, and says nothing.
        if lists.is_empty() || names_will_do && query.recursive {
            lists.push(self.list_with(query, false, until).await?);
        }
        Ok(lists)
    }

    /// The same, with `values` or, for whoever may not read them, without.
    async fn list_with(
        &self,
        query: &Query<'_>,
        values: bool,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let about = query.about();
        if !self.is_old() {
            let pairs = query.pairs(false, values);
            let request = Request {
                query: &pairs,
                ..Request::get("/api/v4/secrets")
            };
            match self.service.ask(&request, &about, &[], until).await {
                Err(ApiError::NoRoute(_)) => self.remember_old(),
                answer => return answer,
            }
        }
        let pairs = query.pairs(true, values);
        let request = Request {
            query: &pairs,
            ..Request::get("/api/v3/secrets/raw")
        };
        self.service.ask(&request, &about, &[], until).await
    }

    /// Creates, changes or removes one secret.
    pub(super) async fn write(&self, write: Write<'_>, until: Instant) -> Result<(), ApiError> {
        let name = segment(SECRET_NAME, write.name)?;
        if !self.is_old() {
            let path = format!("/api/v4/secrets/{name}");
            match self.written(write, &path, false, until).await {
                Err(ApiError::NoRoute(_)) => self.remember_old(),
                answer => return answer,
            }
        }
        let path = format!("/api/v3/secrets/raw/{name}");
        self.written(write, &path, true, until).await
    }

    async fn written(
        &self,
        write: Write<'_>,
        path: &str,
        old: bool,
        until: Instant,
    ) -> Result<(), ApiError> {
        let (parameter, project) = write.project.parameter(old);
        let body = Written {
            project_id: (parameter == "projectId").then_some(project),
            workspace_id: (parameter == "workspaceId").then_some(project),
            ..*write.body
        };
        let about = about(write.project, body.environment, write.folder);
        let answer = self
            .change(write.method, path, json(&body)?, &about, write.value, until)
            .await?;
        let Single { approval, secret } = answer.json("what was changed")?;
        if let Some(approval) = approval {
            let names = [approval.slug, approval.id];
            let name = names.iter().map(Text::as_str).find(|name| !name.is_empty());
            let request = name.map(|name| format!(" (request {name:?})"));
            return Err(waiting(&about, &request.unwrap_or_default()));
        }
        match (body.secret_value, secret.and_then(Kept::value)) {
            (Some(sent), Some(kept)) if sent != kept.as_str() => Err(changed(write.name).into()),
            _ => Ok(()),
        }
    }

    /// Moves secrets to another folder.
    pub(super) async fn move_secrets(
        &self,
        body: &Move<'_>,
        about: &str,
        until: Instant,
    ) -> Result<(), ApiError> {
        let version = if body.project_slug.is_some() { 3 } else { 4 };
        let path = format!("/api/v{version}/secrets/move");
        let moved = self.change(&Method::POST, &path, json(body)?, about, None, until);
        match moved.await?.json("what was moved")? {
            Moved {
                is_destination_updated: true,
                is_source_updated: true,
            } => Ok(()),
            _ => Err(waiting(about, "")),
        }
    }

    /// Sends what changes something.
    async fn change(
        &self,
        method: &Method,
        path: &str,
        body: Zeroizing<Vec<u8>>,
        about: &str,
        value: Option<&SecretValue>,
        until: Instant,
    ) -> Result<Answer, ApiError> {
        let request = Request {
            body: Some(body),
            effect: Effect::Change,
            method: method.clone(),
            ..Request::get(path)
        };
        let values: Vec<&SecretValue> = value.into_iter().collect();
        self.service.ask(&request, about, &values, until).await
    }
}

/// That a change is asked for, and not made yet.
fn waiting(about: &str, request: &str) -> ApiError {
    let message = format!(
        "the change is not made yet: a policy wants somebody to approve it for {about}{request}"
    );
    let error = Error::new(ErrorKind::Denied, message);
    ApiError::Other(error.help("have it approved in the console, under Change Requests"))
}

/// `text`, which is `what`, as a segment of a path.
///
/// # Errors
///
/// It is one that URLs give a meaning of their own, or so long that the server would
/// say that there is no such route.
pub(super) fn segment(what: &str, text: &str) -> Result<String> {
    if matches!(text, "" | "." | "..") {
        let message = format!("{text:?} cannot be {what} here");
        return Err(Error::new(ErrorKind::InvalidName, message));
    }
    let length = text.encode_utf16().count();
    if length > LONGEST_SEGMENT {
        let begins: String = shown(text).chars().take(20).collect();
        let message = format!(
            "{begins:?}… cannot be {what}: it has {length} characters, and Infisical takes {LONGEST_SEGMENT} at most"
        );
        return Err(Error::new(ErrorKind::InvalidName, message)
            .help("choose a shorter one; what is there already is changed in the console"));
    }
    Ok(percent_encoded(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_of_a_path() {
        assert_eq!(segment(SECRET_NAME, "A_b-1.x~").unwrap(), "A_b-1.x~");
        assert_eq!(
            segment(SECRET_NAME, "a/b?c#d%41 ä").unwrap(),
            "a%2Fb%3Fc%23d%2541%20%C3%A4"
        );
        for name in ["", ".", ".."] {
            assert_eq!(
                segment(SECRET_NAME, name).unwrap_err().kind(),
                ErrorKind::InvalidName
            );
        }
    }
}
