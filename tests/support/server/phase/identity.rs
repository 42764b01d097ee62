//! Log-ins of service accounts by who they are in a cloud.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::Request;
use super::super::sts::{self, SignedRequest};
use super::account::{Kind, Limit};
use super::refusal::{Answer, Refusal};
use super::store::World;

/// How long a token is good for, if nothing is asked for and at most.
const TTL: (i64, i64) = (3600, 86_400);

/// How far off the time of a signature may be.
const SKEW: Duration = Duration::from_mins(1);

/// What an account is known by in a cloud.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// A principal of AWS, that has these keys.
    Aws {
        access_key: String,
        /// The STS that must have been signed for: `https://…`.
        endpoint: String,
        secret_key: String,
        /// Whether it is one of those that may log in.
        trusted: bool,
    },
    /// A service principal of Azure, whose token this is.
    Azure { jwt: String, trusted: bool },
}

/// What is asked with a log-in: by whom, and for how long.
struct Asked {
    account: usize,
    ttl: Value,
}

impl World {
    /// `aws/iam/auth/`.
    pub(super) fn log_in_by_aws(&mut self, request: &Request) -> Answer<Value> {
        let body = self.login_body(request)?;
        let undecodable = || Refusal::new(400, "Invalid awsIam request encoding");
        let signed = signed_request(&body["awsIam"]).ok_or_else(undecodable)?;
        let date = signed.header("X-Amz-Date");
        let date = date.ok_or_else(|| Refusal::new(400, "Missing X-Amz-Date header"))?;
        let time = sts::time(date).ok_or_else(|| Refusal::new(400, "Invalid X-Amz-Date"))?;
        let asked = self.asked(&body)?;
        let known = self.accounts[asked.account].identities.iter();
        let known = known.filter_map(|identity| match identity {
            Identity::Aws {
                access_key,
                endpoint,
                secret_key,
                trusted,
            } => Some((access_key, endpoint, secret_key, *trusted)),
            Identity::Azure { .. } => None,
        });
        let missing = || Refusal::new(404, "No AWS IAM identity attached to this account");
        let known: Vec<_> = known.collect();
        let (access_key, endpoint, secret_key, trusted) = *known.first().ok_or_else(missing)?;
        let now = self.wall.unwrap_or_else(SystemTime::now);
        let off = now
            .duration_since(time)
            .or_else(|_| time.duration_since(now));
        if off.is_ok_and(|off| off > SKEW) {
            return Err(Refusal::new(401, "Signature expired"));
        }
        if !signed.is_for(endpoint) {
            let text =
                "STS endpoint mismatch. Please sign the request for the configured STS endpoint.";
            let body = json!({
                "error": text, "expectedEndpoint": endpoint, "receivedEndpoint": signed.url,
            });
            return Err(Refusal::with(400, body));
        }
        if !signed.is_signed_by(access_key, secret_key) {
            let body = json!({"error": "AWS STS validation failed", "status": 403});
            return Err(Refusal::with(401, body));
        }
        if !trusted {
            return Err(Refusal::new(403, "Untrusted principal"));
        }
        self.let_in(&asked)
    }

    /// `azure/entra/auth/`.
    pub(super) fn log_in_by_azure(&mut self, request: &Request) -> Answer<Value> {
        let body = self.login_body(request)?;
        let encoded = body["azureEntra"]["jwt"]
            .as_str()
            .filter(|jwt| !jwt.is_empty());
        let encoded = encoded.ok_or_else(|| Refusal::new(400, "Missing azureEntra.jwt"))?;
        let decoded = STANDARD.decode(encoded).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let shown = decoded.ok_or_else(|| Refusal::new(400, "Invalid JWT encoding"))?;
        let asked = self.asked(&body)?;
        let known = self.accounts[asked.account].identities.iter();
        let known = known.filter_map(|identity| match identity {
            Identity::Azure { jwt, trusted } => Some((jwt, *trusted)),
            Identity::Aws { .. } => None,
        });
        let known: Vec<_> = known.collect();
        if known.is_empty() {
            return Err(Refusal::new(
                404,
                "No Azure identity attached to this account",
            ));
        }
        match known.iter().find(|(jwt, _)| **jwt == shown) {
            None => Err(Refusal::new(401, "Azure JWT validation failed")),
            Some((_, false)) => Err(Refusal::new(403, "Untrusted service principal")),
            Some((_, true)) => self.let_in(&asked),
        }
    }

    fn login_body(&self, request: &Request) -> Answer<Value> {
        if let Some(seconds) = self.throttled {
            return Err(Refusal::throttled(seconds));
        }
        if request.method != "POST" {
            let text = format!("Method \"{}\" not allowed.", request.method);
            return Err(Refusal::new(405, text));
        }
        let body: Option<Value> = serde_json::from_slice(&request.body).ok();
        let body = body.ok_or_else(|| Refusal::new(400, "Invalid JSON"))?;
        let kind = body["account"]["type"].as_str().unwrap_or("service");
        if !kind.eq_ignore_ascii_case("service") || !body["account"]["id"].is_string() {
            let text = "Only service account authentication is supported.";
            return Err(Refusal::new(400, text));
        }
        Ok(body)
    }

    fn asked(&self, body: &Value) -> Answer<Asked> {
        let id = body["account"]["id"].as_str().unwrap_or_default();
        let mut accounts = self.accounts.iter();
        let account = accounts.position(|one| one.id == id && one.kind == Kind::ServiceAccount);
        let account = account.ok_or_else(|| Refusal::new(404, "Service account not found"))?;
        if self.accounts[account].is(Limit::KeysElsewhere) {
            let text = "Server-side key management must be enabled";
            return Err(Refusal::new(403, text));
        }
        let ttl = body["tokenRequest"]["ttl"].clone();
        Ok(Asked { account, ttl })
    }

    /// A token of its own for this log-in.
    fn let_in(&mut self, asked: &Asked) -> Answer<Value> {
        let (default, max) = TTL;
        let ttl = match &asked.ttl {
            Value::Null => Some(default),
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        let ttl = ttl.ok_or_else(|| Refusal::new(400, "Invalid TTL value"))?;
        if ttl <= 0 {
            return Err(Refusal::new(400, "TTL must be a positive integer"));
        }
        if ttl > max {
            let text = format!("Requested TTL ({ttl}s) exceeds maximum allowed TTL ({max}s)");
            return Err(Refusal::new(400, text));
        }
        let id = self.draw.hex();
        let token = self.mint(asked.account, id);
        Ok(json!({"authentication": {
            "tokenType": "ServiceAccount", "token": token.full, "bearerToken": token.rest,
            "TTL": ttl, "maxTTL": max,
        }}))
    }
}

/// A signed request as it is sent on: base64, field by field.
fn signed_request(sent: &Value) -> Option<SignedRequest> {
    let text = |name: &str| {
        let bytes = STANDARD
            .decode(sent[name].as_str().unwrap_or_default())
            .ok()?;
        String::from_utf8(bytes).ok()
    };
    Some(SignedRequest {
        body: text("httpRequestBody")?,
        headers: serde_json::from_str(&text("httpRequestHeaders")?).ok()?,
        method: sent["httpRequestMethod"]
            .as_str()
            .unwrap_or("POST")
            .to_owned(),
        url: sent["httpRequestUrl"]
            .is_string()
            .then(|| text("httpRequestUrl"))??,
    })
}
