//! Tags: people know them by their slugs, and the server by their ids.

use std::time::Instant;

use serde::Deserialize;

use super::Infisical;
use super::api::segment;
use super::found::Found;
use super::refusal::ApiError;
use super::wire::TagRow;
use crate::error::{Error, ErrorKind, Result};

/// A tag, in either wrapping.
#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow, alias = "workspaceTag")]
    tag: TagRow<'a>,
}

impl Infisical {
    /// The ids of the project's tags with these slugs.
    pub(super) async fn tag_ids(
        &self,
        found: &Found,
        slugs: &[String],
        until: Instant,
    ) -> Result<Vec<String>> {
        if slugs.is_empty() {
            return Ok(Vec::new());
        }
        let project = segment("a project's id", &found.id.0)?;
        let mut ids = Vec::with_capacity(slugs.len());
        for slug in slugs {
            let about = format!("the tag {slug:?}");
            let path = format!("{project}/tags/slug/{}", segment("a tag", slug)?);
            let newer = format!("/api/v1/projects/{path}");
            let older = format!("/api/v1/workspace/{path}");
            let answer = self.ask_either(&newer, &older, &about, until).await;
            let answer = answer.map_err(|trouble| match trouble {
                ApiError::Missing(error) => {
                    let message = format!("{} has no tag {slug:?}", found.id);
                    ApiError::Other(
                        Error::new(ErrorKind::Missing, message)
                            .with_source(error.with_cause_text())
                            .help("make it in the console, or choose another --tag"),
                    )
                }
                trouble => trouble,
            })?;
            let tag: Tag<'_> = answer.json("a tag")?;
            ids.push(tag.tag.id.into_string());
        }
        Ok(ids)
    }
}
