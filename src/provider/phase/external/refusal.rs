//! What the server means when it does not let a machine in, and what to do.

use super::Way;
use super::wire::ErrorBody;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, quoted};

/// How a complaint begins, what kind it is, what it means (`{account}`, `{way}`)
/// and what to do.
type Row = (&'static str, ErrorKind, &'static str, &'static str);

const CLOCK: &str = "set this machine's clock, or allow more seconds (signatureTtlSeconds) for the identity in the Phase console";
const REACH: &str =
    "try again later; a server of your own must be able to reach the identity's STS endpoint";
const SETTINGS: &str = "correct the identity in the Phase console";
const VERSIONS: &str = "server and phase-run may be too far apart in age: compare their versions";

const COMPLAINTS: &[Row] = &[
    (
        "Service account not found",
        ErrorKind::Credentials,
        "the server knows no service account {account}",
        "check PHASE_SERVICE_ACCOUNT_ID, and --host: the id stands on the account's page in the Phase console",
    ),
    (
        "No AWS IAM identity attached",
        ErrorKind::Credentials,
        "service account {account} has no {way} identity",
        "attach one to it in the Phase console",
    ),
    (
        "No Azure identity attached",
        ErrorKind::Credentials,
        "service account {account} has no {way} identity",
        "attach one to it in the Phase console",
    ),
    (
        "No matching Azure identity",
        ErrorKind::Credentials,
        "service account {account} has no {way} identity of this machine's tenant",
        "attach one to it in the Phase console, or check AZURE_TENANT_ID",
    ),
    (
        "Server-side key management must be enabled",
        ErrorKind::Configuration,
        "service account {account} keeps its keys to itself, and then nobody but a token gets in",
        "enable server-side key management for the account in the Phase console",
    ),
    (
        "Untrusted principal",
        ErrorKind::Denied,
        "service account {account} does not trust who this machine is to AWS",
        "`aws sts get-caller-identity` shows its ARN: add that to the identity in the Phase console",
    ),
    (
        "Untrusted service principal",
        ErrorKind::Denied,
        "service account {account} does not trust who this machine is to Azure",
        "add the object id of its service principal or managed identity to the identity in the Phase console",
    ),
    (
        "Invalid trusted principal pattern",
        ErrorKind::Configuration,
        "the {way} identity of service account {account} trusts everybody, which the server does not take",
        "put the whole name, or more of it, into the identity in the Phase console",
    ),
    (
        "Signature expired",
        ErrorKind::Credentials,
        "the clocks of this machine and of the server are too far apart",
        CLOCK,
    ),
    (
        "AWS STS validation failed",
        ErrorKind::Credentials,
        "AWS does not accept the credentials of this machine",
        "check them with `aws sts get-caller-identity`: they may have expired, or been deleted",
    ),
    (
        "Azure JWT validation failed",
        ErrorKind::Credentials,
        "the server does not accept the Azure token of this machine",
        "tenant and resource must be those of the identity in the Phase console",
    ),
    (
        "Missing oid claim",
        ErrorKind::Credentials,
        "the Azure token of this machine names no object (oid)",
        "use a service principal or a managed identity",
    ),
    (
        "STS endpoint mismatch",
        ErrorKind::Configuration,
        "the AWS IAM identity of service account {account} is for another region",
        "set AWS_REGION to the region of the identity's STS endpoint",
    ),
    (
        "Invalid STS endpoint configuration",
        ErrorKind::Configuration,
        "the STS endpoint of service account {account} cannot be used",
        SETTINGS,
    ),
    (
        "Identity misconfigured",
        ErrorKind::Configuration,
        "the {way} identity of service account {account} lacks its tenant or its resource",
        SETTINGS,
    ),
    (
        "Requested TTL",
        ErrorKind::Configuration,
        "service account {account} gives no token for so long",
        "ask for less, or raise the longest lifetime of the identity in the Phase console",
    ),
    (
        "AWS STS request timed out",
        ErrorKind::Unreachable,
        "the server gets no answer from AWS STS",
        REACH,
    ),
    (
        "Unable to connect to AWS STS",
        ErrorKind::Unreachable,
        "the server cannot reach AWS STS",
        REACH,
    ),
    (
        "Failed to contact AWS STS",
        ErrorKind::Unreachable,
        "the server cannot reach AWS STS",
        REACH,
    ),
];

/// `answer`, if it lets us in. `hidden` are texts that must not be repeated even
/// if the server does.
pub(super) fn check(answer: Answer, way: Way, account: &str, hidden: &[&str]) -> Result<Answer> {
    let status = answer.status();
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let complaint = match answer.json::<ErrorBody>("an error text") {
        Ok(complaint) => complaint,
        // A page: of an older Phase, or of something else than Phase.
        Err(error) if !answer.is_json() && status < 500 => {
            return Err(if status == 404 {
                error.help(format!(
                    "all of /service/ must lead to Phase, and Phase must be new enough for logins by {}",
                    way.name()
                ))
            } else {
                error
            });
        }
        Err(_) => ErrorBody::default(),
    };
    let text = &complaint.error;
    let mut error = error(status, text, way, account);
    if !complaint.expected_endpoint.is_empty() {
        error = error.help(mismatch(&complaint.expected_endpoint));
    }
    if let Some(text) = quoted(text, hidden) {
        error = error.with_source(format!("the server said {text}"));
    }
    Err(error)
}

/// What to do if STS is to be asked in another region.
fn mismatch(endpoint: &str) -> String {
    let host = endpoint.split("://").last().unwrap_or_default();
    let host: String = host.chars().take(100).collect();
    let region = match host.split('.').collect::<Vec<_>>()[..] {
        ["sts", "amazonaws", "com"] => "us-east-1",
        ["sts", region, "amazonaws", ..] => region,
        _ => return format!("the identity wants {endpoint:?}, and AWS has no such STS endpoint"),
    };
    format!("set AWS_REGION to {region:?}, the region of the identity's STS endpoint")
}

fn error(status: u16, text: &str, way: Way, account: &str) -> Error {
    let row = COMPLAINTS
        .iter()
        .find(|(beginning, ..)| text.starts_with(beginning));
    if let Some((_, kind, meaning, advice)) = row {
        let meaning = meaning
            .replace("{account}", account)
            .replace("{way}", way.name());
        return Error::new(*kind, meaning).help(*advice);
    }
    let (kind, meaning, advice) = match status {
        401 | 403 => (
            ErrorKind::Denied,
            "the server does not let this machine in",
            "check the identity in the Phase console; a proxy or a firewall may also have answered",
        ),
        500.. => (
            ErrorKind::Unreachable,
            "the server failed",
            "try again later; the server's log says more",
        ),
        _ => (
            ErrorKind::Protocol,
            "the server does not accept the login",
            VERSIONS,
        ),
    };
    Error::new(kind, format!("{meaning} (status {status})")).help(advice)
}
