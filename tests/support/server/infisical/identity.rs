//! What the identity is known by elsewhere, and how that is proved.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::super::sts::{self, SignedRequest};
use super::IDENTITY;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};

/// How far off the time of a signature may be.
const SKEW: Duration = Duration::from_mins(5);

/// What AWS is asked.
const QUESTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// What is signed for Alibaba Cloud, in this order.
const SIGNED: [&str; 8] = [
    "AccessKeyId",
    "Action",
    "Format",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// What the identity is known by.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// A user of Alibaba Cloud, that has these keys.
    Alibaba {
        access_key: String,
        secret_key: String,
    },
    /// A principal of AWS, that has these keys.
    Aws {
        access_key: String,
        secret_key: String,
    },
    /// A service account of Google, that has the key with this id and this public half (PKCS #1).
    Google {
        account: String,
        key: String,
        public: Vec<u8>,
    },
    /// A user of a directory.
    Ldap { username: String, password: String },
    /// A user of Oracle's cloud, that has a key with this public half (PKCS #1).
    Oracle { user: String, public: Vec<u8> },
    /// Nothing: the certificate was checked before the request came.
    TlsCertificate,
    /// A token of somebody whom the server trusts for this method: `oidc`.
    Token { method: &'static str, token: String },
}

impl Identity {
    /// As in a URL.
    pub(super) fn method(&self) -> &'static str {
        match self {
            Self::Alibaba { .. } => "alicloud",
            Self::Aws { .. } => "aws",
            Self::Google { .. } => "gcp",
            Self::Ldap { .. } => "ldap",
            Self::Oracle { .. } => "oci",
            Self::TlsCertificate => "tls-cert",
            Self::Token { method, .. } => method,
        }
    }

    /// Fails unless `fields` prove that it is this one.
    pub(super) fn accepts(&self, fields: &Fields, now: SystemTime) -> Answer<()> {
        match self {
            Self::Alibaba {
                access_key,
                secret_key,
            } => is_alibaba(fields, access_key, secret_key, now),
            Self::Aws {
                access_key,
                secret_key,
            } => is_aws(fields, access_key, secret_key, now),
            Self::Google {
                account,
                key,
                public,
            } => {
                let found = google_account(&fields.text("jwt")?, key, public, now);
                require(found.as_ref() == Some(account))
            }
            Self::Ldap { username, password } => {
                let name = fields.text("username")?;
                require(name == *username && fields.text("password")? == *password)
            }
            Self::Oracle { user, public } => is_oracle(fields, user, public),
            Self::TlsCertificate => Ok(()),
            Self::Token { token, .. } => require(fields.text("jwt")?.trim() == token),
        }
    }
}

fn is_aws(fields: &Fields, access_key: &str, secret_key: &str, now: SystemTime) -> Answer<()> {
    let undecodable = || Refusal::new(400, "Invalid AWS request encoding");
    let text = |name: &str| {
        let bytes = STANDARD.decode(fields.text(name)?).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(undecodable)
    };
    let headers = text("iamRequestHeaders")?;
    let mut signed = SignedRequest {
        body: text("iamRequestBody")?,
        headers: serde_json::from_str(&headers).map_err(|_| undecodable())?,
        method: fields
            .optional("iamHttpRequestMethod")?
            .unwrap_or("POST".to_owned()),
        url: String::new(),
    };
    let header = signed.header("Authorization").unwrap_or_default();
    let scope = header.split_once("Credential=").map(|(_, scope)| scope);
    let region = scope
        .and_then(|scope| scope.split('/').nth(2))
        .unwrap_or_default();
    if region.len() > 20 || !is_plain(region) {
        return Err(Refusal::new(400, "Invalid AWS region"));
    }
    let endpoint = format!("https://sts.{region}.amazonaws.com/");
    signed.url.clone_from(&endpoint);
    let time = signed.header("X-Amz-Date").and_then(sts::time);
    require(
        signed.body == QUESTION
            && signed.is_for(&endpoint)
            && time.is_some_and(|time| is_near(time, now))
            && signed.is_signed_by(access_key, secret_key),
    )
}

/// The account that has signed a token for the identity with the key.
fn google_account(jwt: &str, key: &str, public: &[u8], now: SystemTime) -> Option<String> {
    let (signed, signature) = jwt.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let json = |part: &str| serde_json::from_slice::<Value>(&decoded(part)?).ok();
    let (header, claims) = (json(header)?, json(claims)?);
    let verified = is_verified(public, signed, &decoded(signature)?);
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let alive = claims["exp"].is_null() || claims["exp"].as_u64()? > now;
    let account = claims["sub"].as_str()?;
    let (name, project) = account
        .strip_suffix(".iam.gserviceaccount.com")?
        .split_once('@')?;
    let good = verified
        && alive
        && is_plain(name)
        && is_plain(project)
        && header["alg"] == "RS256"
        && header["kid"] == key
        && claims["aud"] == IDENTITY;
    good.then(|| account.to_owned())
}

fn is_oracle(fields: &Fields, user: &str, public: &[u8]) -> Answer<()> {
    let headers = fields.object("headers")?;
    let host = headers.text("host")?;
    let region = host.strip_prefix("identity.");
    let region = region.and_then(|rest| rest.strip_suffix(".oraclecloud.com"));
    if region.is_none_or(|region| region.split('-').count() != 3) {
        let text = "Invalid OCI host format. Expected format: identity.<region>.oraclecloud.com";
        return Err(Refusal::new(400, text));
    }
    let (date, header) = (headers.text("date")?, headers.text("authorization")?);
    let asked = fields.text("userOcid")?;
    let parameters = header.strip_prefix("Signature ").unwrap_or_default();
    let parameter = |name: &str| {
        let found = parameters
            .split(',')
            .find_map(|one| one.trim().strip_prefix(name));
        found.and_then(|rest| rest.strip_prefix("=\"")?.strip_suffix('"'))
    };
    let line = |name: &str| match name {
        "(request-target)" => format!("{name}: get /20160918/users/{asked}"),
        "date" => format!("{name}: {date}"),
        "host" => format!("{name}: {host}"),
        other => format!("{other}: "),
    };
    let names: Vec<&str> = parameter("headers")
        .unwrap_or_default()
        .split(' ')
        .collect();
    let complete = ["(request-target)", "date", "host"]
        .iter()
        .all(|name| names.contains(name));
    let lines: Vec<String> = names.into_iter().map(line).collect();
    let signature = STANDARD.decode(parameter("signature").unwrap_or_default());
    let by_key = parameter("keyId").is_some_and(|key| key.split('/').nth(1) == Some(user));
    require(
        complete
            && by_key
            && asked == user
            && parameter("version") == Some("1")
            && parameter("algorithm") == Some("rsa-sha256")
            && signature.is_ok_and(|found| is_verified(public, &lines.join("\n"), &found)),
    )
}

fn is_alibaba(fields: &Fields, access_key: &str, secret_key: &str, now: SystemTime) -> Answer<()> {
    let mut pairs = Vec::new();
    for name in SIGNED {
        pairs.push(format!("{name}={}", encoded(&fields.text(name)?)));
    }
    let text = format!("GET&%2F&{}", encoded(&pairs.join("&")));
    let key = format!("{secret_key}&");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let signature = STANDARD
        .decode(fields.text("Signature")?)
        .unwrap_or_default();
    let time = humantime::parse_rfc3339(&fields.text("Timestamp")?);
    require(
        fields.text("AccessKeyId")? == access_key
            && fields.text("Action")? == "GetCallerIdentity"
            && time.is_ok_and(|time| is_near(time, now))
            && hmac::verify(&key, text.as_bytes(), &signature).is_ok(),
    )
}

/// Percent-encoded, as signatures want it.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Whether it is made of small letters, digits and dashes alone.
fn is_plain(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(fits)
}

fn is_near(time: SystemTime, now: SystemTime) -> bool {
    let off = now
        .duration_since(time)
        .or_else(|_| time.duration_since(now));
    off.is_ok_and(|off| off <= SKEW)
}

fn is_verified(public: &[u8], text: &str, signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
    key.verify(text.as_bytes(), signature).is_ok()
}

fn require(proved: bool) -> Answer<()> {
    let refusal = || Refusal::new(401, "Access denied: the proof of identity is not accepted");
    proved.then_some(()).ok_or_else(refusal)
}
