//! Tags: people know them by their slugs, and the server by their ids.

use std::time::Instant;

use serde::Deserialize;

use super::Infisical;
use super::api::segment;
use super::found::Found;
use super::refusal::Trouble;
use super::wire::TagRow;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;

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
        let (_, project) = found.target.parameter(false);
        let project = segment(project)?;
        let mut ids = Vec::with_capacity(slugs.len());
        for slug in slugs {
            let path = format!("/api/v1/projects/{project}/tags/slug/{}", segment(slug)?);
            let about = format!("the tag {slug:?}");
            let request = Request::get(&path);
            let answer = self.api.service.ask(&request, &about, &[], until).await;
            let answer = answer.map_err(|trouble| match trouble {
                Trouble::Missing(error) => {
                    let message = format!("{} has no tag {slug:?}", found.target);
                    Trouble::Other(
                        Error::new(ErrorKind::Missing, message)
                            .because(error.told())
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
