//! The credentials of an EC2 instance: its metadata service, version 2.

use reqwest::Method;
use serde::Deserialize;

use super::{Keys, Region, document};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Http, Request};
use crate::identity::{Found, Search, failed};

const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const SOURCE: &str = "the instance's metadata service";
const PLACE: &str = "/latest/dynamic/instance-identity/document";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// What an instance says of itself.
#[derive(Deserialize)]
struct Place {
    region: String,
}

/// The keys of the role that the instance was given; with its region, if `locate`
/// says so.
pub(super) async fn keys(search: &Search<'_>, locate: bool) -> Result<Found<Keys>> {
    if search.env.is_true("AWS_EC2_METADATA_DISABLED") {
        return Ok(Found::Nothing(
            "AWS_EC2_METADATA_DISABLED is true".to_owned(),
        ));
    }
    let http = search.metadata(address(search)?, ENDPOINT)?;
    let session = match session(&http, search).await? {
        Found::It(session) => session,
        Found::Nothing(reason) => return Ok(Found::Nothing(reason)),
    };
    let unusable = |error: Error| document::unusable(SOURCE, &error);
    let ask = async |path: &str| get(&http, path, &session, search).await.map_err(unusable);
    let roles = ask(ROLES).await?;
    let role = match roles.status() {
        200 => roles.text("the name of a role").map_err(unusable)?.trim(),
        404 => "",
        status => return Err(document::denied(SOURCE, status)),
    };
    let Some(role) = role.lines().next() else {
        return Ok(Found::Nothing("the instance has no role".to_owned()));
    };
    let answer = ask(&format!("{ROLES}{role}")).await?;
    if answer.status() != 200 {
        return Err(document::denied(SOURCE, answer.status()));
    }
    let mut keys = document::keys(&answer, SOURCE)?;
    if locate {
        keys.region = region(&ask(PLACE).await?)?;
    }
    Ok(Found::It(keys))
}

/// The region in `answer`. Other services that play this one have no such document.
fn region(answer: &Answer) -> Result<Option<Region>> {
    if answer.status() != 200 {
        return Ok(None);
    }
    let place: Place = answer
        .json_of_any_type("where the instance is")
        .map_err(|error| failed(format!("{SOURCE} names no region"), &error))?;
    Region::new(&place.region, "the region of the instance").map(Some)
}

fn address<'a>(search: &Search<'a>) -> Result<&'a str> {
    let env = search.env;
    if let Some(address) = env.text(ENDPOINT)? {
        return Ok(address);
    }
    let mode = env.text("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?;
    Ok(match mode {
        Some(mode) if mode.eq_ignore_ascii_case("ipv6") => "http://[fd00:ec2::254]",
        _ => "http://169.254.169.254",
    })
}

/// What the service wants to see with every question, or why there is none: it
/// is off, or this is no instance.
async fn session(http: &Http, search: &Search<'_>) -> Result<Found<Answer>> {
    let request = Request {
        headers: &[("X-aws-ec2-metadata-token-ttl-seconds", "21600")],
        method: Method::PUT,
        ..Request::get("/latest/api/token")
    };
    match http.send(&request, search.soon()).await {
        Ok(answer) => match answer.status() {
            200 => Ok(Found::It(answer)),
            status @ 500.. => Err(document::denied(SOURCE, status)),
            status => Ok(Found::Nothing(format!(
                "{} answered with status {status}",
                http.name()
            ))),
        },
        Err(error) if error.kind() == ErrorKind::Throttled => {
            Err(document::unusable(SOURCE, &error))
        }
        Err(error) => Ok(Found::Nothing(error.with_cause_text())),
    }
}

async fn get(http: &Http, path: &str, session: &Answer, search: &Search<'_>) -> Result<Answer> {
    let session = session.text("a session token")?;
    let request = Request {
        headers: &[("X-aws-ec2-metadata-token", session)],
        ..Request::get(path)
    };
    http.send(&request, search.until).await
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::http::Connection;
    use crate::identity::EnvSnapshot;

    #[test]
    fn the_service_has_two_addresses_and_may_be_given_another() {
        for (endpoint, mode, expected) in [
            ("", "", "http://169.254.169.254"),
            ("", "IPv4", "http://169.254.169.254"),
            ("", "IPv6", "http://[fd00:ec2::254]"),
            ("http://localhost:9", "IPv6", "http://localhost:9"),
        ] {
            let env = EnvSnapshot::new(None, |name| match name {
                "AWS_EC2_METADATA_SERVICE_ENDPOINT" => Some(endpoint.into()),
                "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE" => Some(mode.into()),
                _ => None,
            });
            let search = Search {
                connection: &Connection::new("https://phase.example"),
                env: &env,
                until: Instant::now(),
            };
            assert_eq!(address(&search).unwrap(), expected);
        }
    }
}
