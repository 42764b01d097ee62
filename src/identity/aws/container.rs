//! The credentials of a container's task: ECS, Fargate, and pod identities of EKS.

use zeroize::Zeroizing;

use super::{Keys, document};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;
use crate::identity::{Found, Search, env_snapshot};

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const SOURCE: &str = "the container's metadata service";

/// The hosts besides this one that may be asked without TLS: those of ECS and EKS.
const HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// The keys of the role that the container was given.
pub(super) async fn keys(search: &Search<'_>) -> Result<Found<Keys>> {
    let Some((address, name)) = address(search)? else {
        return Ok(Found::Nothing(format!(
            "{RELATIVE} and …_FULL_URI are not set"
        )));
    };
    let (base, query) = address.split_once('?').unwrap_or((&address, ""));
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let query: Vec<_> = pairs
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let token = authorization(search)?;
    let http = search.metadata(base, name)?;
    let request = Request {
        authorization: token.as_ref().map(|token| token.as_str()),
        query: &query,
        ..Request::get("")
    };
    let answer = http.send(&request, search.until).await;
    let answer = answer.map_err(|error| document::unusable(SOURCE, &error))?;
    match answer.status() {
        200 => document::keys(&answer, SOURCE).map(Found::It),
        status => Err(document::denied(SOURCE, status).help(
            "check the role of the task or the pod, and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        )),
    }
}

/// Where to ask, as the container was told by which variable.
fn address(search: &Search<'_>) -> Result<Option<(String, &'static str)>> {
    if let Some(path) = search.env.text(RELATIVE)? {
        if !path.starts_with('/') {
            let message = format!("{RELATIVE} cannot be used: it does not begin with /");
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        return Ok(Some((format!("http://{}{path}", HOSTS[0]), RELATIVE)));
    }
    let Some(url) = search.env.text(FULL)? else {
        return Ok(None);
    };
    let base = url.split('?').next().unwrap_or_default();
    let rest = base.strip_prefix("http://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    let known = HOSTS
        .iter()
        .any(|known| host.strip_prefix(known).is_some_and(is_port));
    if search.to(base).is_plain() && !known {
        let message =
            format!("{FULL} cannot be used: without TLS it may name this host, ECS or EKS alone");
        return Err(Error::new(ErrorKind::Configuration, message));
    }
    Ok(Some((url.to_owned(), FULL)))
}

/// Whether nothing, or a port, follows a host's name.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .map_or(text.is_empty(), |port| port.parse::<u16>().is_ok())
}

/// The value of `Authorization` for the service.
fn authorization(search: &Search<'_>) -> Result<Option<Zeroizing<String>>> {
    let variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    match search.env.file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => env_snapshot::token(&file, search.until).map(Some),
        None => Ok(search
            .env
            .text(variable)?
            .map(|token| Zeroizing::new(token.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::http::Connection;
    use crate::identity::EnvSnapshot;

    #[test]
    fn a_path_is_that_of_the_service_of_ecs_and_counts_first() {
        for (relative, full, expected) in [
            (
                "/v2/a?b=c",
                "https://example.com/",
                "http://169.254.170.2/v2/a?b=c",
            ),
            (
                "",
                "http://169.254.170.23/v1/a",
                "http://169.254.170.23/v1/a",
            ),
            ("", "http://[fd00:ec2::23]:80/", "http://[fd00:ec2::23]:80/"),
            ("", "http://localhost:9/a", "http://localhost:9/a"),
            ("", "https://example.com/a?b", "https://example.com/a?b"),
        ] {
            let env = EnvSnapshot::new(None, |name| match name {
                RELATIVE => Some(relative.into()),
                FULL => Some(full.into()),
                _ => None,
            });
            let search = Search {
                connection: &Connection::new("https://phase.example"),
                env: &env,
                until: Instant::now(),
            };
            assert_eq!(address(&search).unwrap().unwrap().0, expected);
        }
    }
}
