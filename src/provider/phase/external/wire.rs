//! JSON as it is on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::Result;
use crate::http::json;
use crate::identity::CallerIdentity;
use crate::secret::SecretValue;

/// What a cloud says.
pub(super) enum Proof {
    Aws(CallerIdentity),
    /// A token.
    Azure(SecretValue),
}

impl Proof {
    /// What no message may repeat.
    pub(super) fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Aws(caller) => caller.secrets().collect(),
            Self::Azure(token) => vec![token.expose()],
        }
    }

    /// The body of a login as `account`, for a token that lives so many seconds.
    /// Each part of the proof is in Base64, a token too.
    pub(super) fn login(&self, account: &str, lifetime: Option<u64>) -> Result<Zeroizing<Vec<u8>>> {
        let (headers, jwt);
        let (mut aws_iam, mut azure_entra) = (None, None);
        match self {
            Self::Aws(caller) => {
                headers = Zeroizing::new(STANDARD.encode(&*caller.headers()?));
                aws_iam = Some(AwsIam {
                    body: STANDARD.encode(CallerIdentity::BODY),
                    headers: &headers,
                    method: CallerIdentity::METHOD,
                    url: STANDARD.encode(&caller.url),
                });
            }
            Self::Azure(token) => {
                jwt = Zeroizing::new(STANDARD.encode(token.expose()));
                azure_entra = Some(AzureEntra { jwt: &jwt });
            }
        }
        let login = Login {
            account: Account {
                id: account,
                r#type: "service",
            },
            aws_iam,
            azure_entra,
            token_request: lifetime.map(|ttl| TokenRequest { ttl }),
        };
        json(&login)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Login<'a> {
    account: Account<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_iam: Option<AwsIam<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    azure_entra: Option<AzureEntra<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_request: Option<TokenRequest>,
}

#[derive(Serialize)]
struct Account<'a> {
    id: &'a str,
    r#type: &'static str,
}

#[derive(Serialize)]
struct AwsIam<'a> {
    #[serde(rename = "httpRequestBody")]
    body: String,
    #[serde(rename = "httpRequestHeaders")]
    headers: &'a str,
    #[serde(rename = "httpRequestMethod")]
    method: &'static str,
    #[serde(rename = "httpRequestUrl")]
    url: String,
}

#[derive(Serialize)]
struct AzureEntra<'a> {
    jwt: &'a str,
}

#[derive(Serialize)]
struct TokenRequest {
    ttl: u64,
}

/// An answer that says yes.
#[derive(Deserialize)]
pub(super) struct Granted {
    pub(super) authentication: Authentication,
}

#[derive(Deserialize)]
pub(super) struct Authentication {
    pub(super) token: String,
}

/// An answer that says no.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorBody {
    #[serde(default, alias = "detail")]
    pub(super) error: String,
    /// The endpoint of STS that the account's settings name.
    #[serde(default)]
    pub(super) expected_endpoint: String,
}
