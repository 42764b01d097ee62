//! The token that Google signs for a service account, where the one signed here
//! is not taken.

use std::time::SystemTime;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::account::{Claims, ServiceAccount};
use super::reason;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Request, json};
use crate::identity::{Search, failed, form};
use crate::secret::SecretValue;

/// The variable by which Google's own tools are sent elsewhere.
const ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

#[derive(Serialize)]
struct FetchRequest<'a> {
    payload: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    signed_jwt: String,
}

impl ServiceAccount {
    /// A token of the account for `audience`, signed by Google.
    pub(crate) async fn token_by_google(
        &self,
        search: &Search<'_>,
        audience: &str,
    ) -> Result<SecretValue> {
        let access = self.access(search).await?;
        let endpoint = search.env.text(ENDPOINT)?;
        let endpoint = endpoint.unwrap_or("https://iamcredentials.googleapis.com");
        let http = search.login(endpoint, ENDPOINT)?;
        let claims = Claims {
            aud: audience,
            sub: Some(&self.email),
            ..Claims::default()
        };
        let payload = json(&claims)?;
        let payload = std::str::from_utf8(&payload).unwrap_or_default();
        let path = format!("/v1/projects/-/serviceAccounts/{}:signJwt", self.email);
        let authorization = Zeroizing::new(format!("Bearer {}", access.expose()));
        let request = Request {
            authorization: Some(&authorization),
            body: Some(json(&FetchRequest { payload })?),
            method: Method::POST,
            ..Request::get(&path)
        };
        let answer = http.send(&request, search.until).await;
        let answer =
            answer.map_err(|error| failed("Google cannot be asked to sign a token", &error))?;
        if answer.status() != 200 {
            let advice = "give the account the role Service Account Token Creator on itself, and enable the IAM Service Account Credentials API";
            return Err(denied(&answer, "signs no token", access.expose(), advice));
        }
        let Signed { signed_jwt } = answer
            .json_of_any_type("a signed token")
            .map_err(|error| failed("Google signed no usable token", &error))?;
        Ok(SecretValue::new(signed_jwt))
    }

    /// A token for Google's own services.
    async fn access(&self, search: &Search<'_>) -> Result<SecretValue> {
        let http = search.login(&self.token_uri, "the token_uri of the key")?;
        let claims = Claims {
            aud: &self.token_uri,
            iss: Some(&self.email),
            scope: Some(SCOPE),
            ..Claims::default()
        };
        let assertion = self.sign(&claims.at(SystemTime::now()))?;
        let pairs = [("grant_type", GRANT), ("assertion", assertion.expose())];
        let request = Request {
            body: Some(form(&pairs)),
            headers: &[("Content-Type", "application/x-www-form-urlencoded")],
            method: Method::POST,
            ..Request::get("")
        };
        let answer = http.send(&request, search.until).await;
        let answer =
            answer.map_err(|error| failed("Google cannot be asked for a token", &error))?;
        if answer.status() != 200 {
            let advice = "see whether the key still stands at the service account; check this machine's clock";
            let hidden = assertion.expose();
            return Err(denied(
                &answer,
                "gives no token for the key",
                hidden,
                advice,
            ));
        }
        let Granted { access_token } = answer
            .json_of_any_type("a token")
            .map_err(|error| failed("Google gave no usable token for the key", &error))?;
        Ok(SecretValue::new(access_token))
    }
}

fn denied(answer: &Answer, what: &str, hidden: &str, advice: &str) -> Error {
    let kind = match answer.status() {
        403 => ErrorKind::Denied,
        500.. => ErrorKind::Unreachable,
        _ => ErrorKind::Credentials,
    };
    let message = format!("Google {what} (status {})", answer.status());
    let error = Error::new(kind, message).help(advice);
    match reason(answer, &[hidden]) {
        Some(text) => error.with_source(format!("it said {text}")),
        None => error,
    }
}
