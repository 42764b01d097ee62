//! Roles: keys that STS gives for other keys, or for the token of a workload.

use std::path::Path;
use std::time::SystemTime;

use reqwest::Method;

use super::{Keys, Region, document, signature};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Http, Request, quoted};
use crate::identity::{Search, env_snapshot, failed, form};

/// Shown by AWS where nothing else names a session.
const SESSION: &str = "phase-run";

/// A role to take on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role<'a> {
    pub(super) arn: &'a str,
    /// In seconds.
    pub(super) duration: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
    pub(super) session: Option<&'a str>,
}

impl Role<'_> {
    /// The keys of the role, for one who has `keys`.
    pub(super) async fn by_keys(
        &self,
        keys: &Keys,
        search: &Search<'_>,
        region: Option<&Region>,
    ) -> Result<Keys> {
        let mut pairs = self.pairs("AssumeRole");
        pairs.extend(self.external_id.map(|id| ("ExternalId", id)));
        self.ask(&pairs, Some(keys), search, region).await
    }

    /// The keys of the role, for a workload whose token lies in `file`.
    pub(super) async fn by_token(
        &self,
        file: &Path,
        search: &Search<'_>,
        region: Option<&Region>,
    ) -> Result<Keys> {
        let token = env_snapshot::token(file, search.until)?;
        let mut pairs = self.pairs("AssumeRoleWithWebIdentity");
        pairs.push(("WebIdentityToken", &token));
        self.ask(&pairs, None, search, region).await
    }

    fn pairs<'a>(&'a self, action: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut pairs = vec![
            ("Action", action),
            ("Version", "2011-06-15"),
            ("RoleArn", self.arn),
            ("RoleSessionName", self.session.unwrap_or(SESSION)),
        ];
        pairs.extend(self.duration.map(|seconds| ("DurationSeconds", seconds)));
        pairs
    }

    async fn ask(
        &self,
        pairs: &[(&str, &str)],
        keys: Option<&Keys>,
        search: &Search<'_>,
        region: Option<&Region>,
    ) -> Result<Keys> {
        let http = sts(search, region)?;
        let body = form(pairs);
        let region = region.cloned().unwrap_or_default();
        let host = http.name();
        let signed = keys
            .map(|keys| signature::headers(keys, &region, &host, &body, SystemTime::now()))
            .unwrap_or_default();
        let mut headers = vec![("Accept", "*/*"), ("Content-Type", signature::FORM)];
        headers.extend(signed.iter().map(|(name, value)| (*name, value.expose())));
        let request = Request {
            body: Some(body),
            headers: &headers,
            method: Method::POST,
            ..Request::get("/")
        };
        let answer = http.send(&request, search.until).await;
        let answer = answer.map_err(|error| failed(self.unreachable(), &error))?;
        let hidden: Vec<_> = pairs
            .iter()
            .filter(|(name, _)| *name == "WebIdentityToken")
            .map(|(_, token)| *token)
            .collect();
        self.read(&answer, &hidden)
    }

    fn unreachable(&self) -> String {
        format!("AWS cannot be asked for role {}", self.arn)
    }

    fn read(&self, answer: &Answer, hidden: &[&str]) -> Result<Keys> {
        let malformed = || {
            let message = format!("AWS gave no usable credentials for role {}", self.arn);
            Error::new(ErrorKind::Protocol, message).with_source("STS did not answer as it should")
        };
        let text = answer.text("XML").map_err(|_| malformed())?;
        if answer.status() != 200 {
            return Err(self.refused(answer.status(), text, hidden));
        }
        let credentials = element(text, "Credentials").ok_or_else(malformed)?;
        let field = |name| element(credentials, name).ok_or_else(malformed);
        document::check(field("Expiration")?, &format!("role {}", self.arn))?;
        Ok(Keys::new(
            field("AccessKeyId")?,
            field("SecretAccessKey")?,
            Some(field("SessionToken")?),
        ))
    }

    fn refused(&self, status: u16, text: &str, hidden: &[&str]) -> Error {
        let code = element(text, "Code").unwrap_or_default();
        let (kind, advice) = match code {
            _ if status >= 500 => (ErrorKind::Unreachable, "try again later"),
            "Throttling" | "ThrottlingException" => (ErrorKind::Throttled, "try again later"),
            "AccessDenied" => (
                ErrorKind::Denied,
                "the trust policy of the role must name who asks, and their policy the role",
            ),
            "ExpiredTokenException" | "ExpiredToken" | "InvalidIdentityToken" => (
                ErrorKind::Credentials,
                "the token of the workload has expired, or the role trusts another issuer or audience",
            ),
            _ => (
                ErrorKind::Credentials,
                "check the role, and the keys or the token it is asked for with",
            ),
        };
        let error = Error::new(
            kind,
            format!("AWS refuses role {} (status {status})", self.arn),
        );
        let error = error.help(advice);
        let message = element(text, "Message").unwrap_or_default();
        match quoted(&format!("{code}: {message}"), hidden) {
            Some(text) if !code.is_empty() => error.with_source(format!("STS said {text}")),
            _ => error,
        }
    }
}

/// A client for STS: of the region, or of the world where none is known.
fn sts(search: &Search<'_>, region: Option<&Region>) -> Result<Http> {
    let env = search.env;
    if !env.is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        for name in ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"] {
            if let Some(url) = env.text(name)? {
                return search.login(url, name);
            }
        }
    }
    let host = region.map_or_else(|| Region::default().global_sts(), Region::sts);
    search.login(&format!("https://{host}"), "the region")
}

/// What stands in the first element called `name`, if it is not more than text
/// and elements: the answers of STS need no more of XML.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inside.trim())
}
