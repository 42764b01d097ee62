//! The token of an application, for a secret or for the token of a workload.

use reqwest::Method;

use super::{granted, reason};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;
use crate::identity::{Found, Search, env_snapshot, failed, form};
use crate::outside;
use crate::secret::SecretValue;

const ID: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const TENANT: &str = "AZURE_TENANT_ID";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// Where applications get their tokens, unless a variable says otherwise.
const AUTHORITY: &str = "https://login.microsoftonline.com";
const BY_TOKEN: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The token for the client secret in the environment.
pub(super) async fn by_secret(search: &Search<'_>, resource: &str) -> Result<Found<SecretValue>> {
    let Some(secret) = search.env.text(SECRET)? else {
        let certificate = "AZURE_CLIENT_CERTIFICATE_PATH";
        if search.env.file(certificate).is_some() {
            let message = format!("{certificate} is set, and certificates are not supported");
            return Err(Error::new(ErrorKind::Configuration, message).help(format!(
                "set {SECRET}, or use a workload or a managed identity"
            )));
        }
        return Ok(Found::Nothing(format!("{SECRET} is not set")));
    };
    let application = Application::find(search, SECRET)?;
    let token = application
        .token(search, resource, &[("client_secret", secret)], SECRET)
        .await?;
    Ok(Found::It(token))
}

/// The token for the one that Kubernetes gave to this workload.
pub(super) async fn by_workload(search: &Search<'_>, resource: &str) -> Result<Found<SecretValue>> {
    let Some(file) = search.env.file(TOKEN_FILE) else {
        return Ok(Found::Nothing(format!("{TOKEN_FILE} is not set")));
    };
    let application = Application::find(search, TOKEN_FILE)?;
    let assertion = env_snapshot::token(&file, search.until)?;
    let proof = [
        ("client_assertion_type", BY_TOKEN),
        ("client_assertion", assertion.as_str()),
    ];
    let token = application
        .token(search, resource, &proof, TOKEN_FILE)
        .await?;
    Ok(Found::It(token))
}

/// An application of Entra ID.
struct Application<'a> {
    id: &'a str,
    tenant: &'a str,
}

impl<'a> Application<'a> {
    /// The one that the environment names, as it must where `proof` is set.
    fn find(search: &Search<'a>, proof: &str) -> Result<Self> {
        let variable = |name| match search.env.text(name)? {
            Some(text) => Ok(text),
            None => Err(Error::new(
                ErrorKind::Credentials,
                format!("{proof} is set, and {name} is not"),
            )
            .help(format!("{proof} needs {TENANT} and {ID}"))),
        };
        let (tenant, id) = (variable(TENANT)?, variable(ID)?);
        // It becomes a part of a path.
        if !tenant
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        {
            let message = format!(
                "{TENANT} cannot be {:?}: that is no id and no domain",
                outside::shown(tenant)
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        Ok(Self { id, tenant })
    }

    /// The token for `resource`. `proof` is what the variable `source` holds or names.
    async fn token(
        &self,
        search: &Search<'_>,
        resource: &str,
        proof: &[(&str, &str)],
        source: &str,
    ) -> Result<SecretValue> {
        let name = "AZURE_AUTHORITY_HOST";
        let host = search.env.text(name)?.unwrap_or(AUTHORITY);
        let http = search.login(host, name)?;
        let scope = format!("{}/.default", resource.trim_end_matches('/'));
        let mut pairs = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.id),
            ("scope", &scope),
        ];
        pairs.extend_from_slice(proof);
        let path = format!("/{}/oauth2/v2.0/token", self.tenant);
        let request = Request {
            body: Some(form(&pairs)),
            headers: &[("Content-Type", "application/x-www-form-urlencoded")],
            method: Method::POST,
            ..Request::get(&path)
        };
        let answer = http
            .send(&request, search.until)
            .await
            .map_err(|error| failed("Entra ID cannot be asked for a token", &error))?;
        if answer.status() == 200 {
            return granted(&answer, "Entra ID");
        }
        let hidden: Vec<_> = proof.iter().map(|(_, proof)| *proof).collect();
        let kind = match answer.status() {
            500.. => ErrorKind::Unreachable,
            _ => ErrorKind::Credentials,
        };
        let message = format!(
            "Entra ID gives no token for {source} (status {})",
            answer.status()
        );
        let error = Error::new(kind, message).help(format!(
            "check {source}, {TENANT} and {ID}, and the resource"
        ));
        Err(match reason(&answer, &hidden) {
            Some(text) => error.with_source(format!("it said {text}")),
            None => error,
        })
    }
}
