//! Log-ins of the identity: `/api/v1/auth/METHOD-auth/login`.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::super::Request;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::store::World;
use super::{CLIENT_ID, CLIENT_SECRET, IDENTITY};

/// The methods: in a URL, in a text, and what each must be told.
const METHODS: [(&str, &str, &[&str]); 11] = [
    (
        "alicloud",
        "Alibaba Cloud",
        &[
            "AccessKeyId",
            "Action",
            "Format",
            "Signature",
            "SignatureMethod",
            "SignatureNonce",
            "SignatureVersion",
            "Timestamp",
            "Version",
        ],
    ),
    ("aws", "AWS", &["iamRequestBody", "iamRequestHeaders"]),
    ("azure", "Azure", &["jwt"]),
    ("gcp", "GCP", &["jwt"]),
    ("jwt", "JWT", &["jwt"]),
    ("kubernetes", "Kubernetes", &["jwt"]),
    ("ldap", "LDAP", &["password", "username"]),
    ("oci", "OCI", &["userOcid"]),
    ("oidc", "OIDC", &["jwt"]),
    ("spiffe", "SPIFFE", &["jwt"]),
    ("tls-cert", "TLS Certificate", &[]),
];

/// How many failures lock a method, and for how long.
const LOCKOUT: (u32, Duration) = (3, Duration::from_mins(5));

/// A log-in that succeeded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Login {
    /// As in the URL: `universal`.
    pub(crate) method: String,
    /// The slug of the organisation that was asked for.
    pub(crate) organisation: Option<String>,
}

/// What keeps somebody from guessing.
pub(super) struct Lock {
    failures: u32,
    method: &'static str,
    until: Option<SystemTime>,
}

impl World {
    pub(super) fn log_in(&mut self, method: &str, request: &Request) -> Answer<Value> {
        let fields = Fields::read(request)?;
        let slug = fields.optional("organizationSlug")?;
        // The name of it for a while.
        let former = fields.optional("subOrganizationName")?;
        match method {
            "universal" => self.prove_secret(&fields)?,
            _ => self.prove_identity(method, request, &fields)?,
        }
        self.logins.push(Login {
            method: method.to_owned(),
            organisation: slug.or(former),
        });
        Ok(self.let_in())
    }

    fn prove_secret(&mut self, fields: &Fields) -> Answer<()> {
        let id = fields.text("clientId")?;
        let secret = fields.text("clientSecret")?;
        let refusal = || Refusal::new(401, "Invalid credentials");
        if id.trim() != CLIENT_ID {
            return Err(refusal());
        }
        let found = (secret.trim() == CLIENT_SECRET).then_some(());
        self.unless_locked("universal", found.ok_or_else(refusal))
    }

    fn prove_identity(&mut self, method: &str, request: &Request, fields: &Fields) -> Answer<()> {
        let known = METHODS.iter().find(|(known, ..)| *known == method);
        let (_, title, required) = known.ok_or_else(|| Refusal::route(request))?;
        let id = fields.text("identityId")?;
        for name in *required {
            fields.text(name)?;
        }
        if method == "oci" {
            fields.object("headers")?;
        }
        let now = self.now();
        let known = self.identities.iter();
        let known = known.filter(|identity| id == IDENTITY && identity.method() == method);
        let results: Vec<Answer<()>> = known.map(|one| one.accepts(fields, now)).collect();
        let text =
            format!("{title} auth method not found for identity, did you configure {title} auth?");
        let missing = Err(Refusal::new(404, text));
        let best = results.into_iter().reduce(Result::or).unwrap_or(missing);
        if method == "ldap" {
            return self.unless_locked("ldap", best);
        }
        best
    }

    /// What came of an attempt, unless there were too many.
    fn unless_locked(&mut self, method: &'static str, result: Answer<()>) -> Answer<()> {
        let now = self.now();
        if !self.locks.iter().any(|lock| lock.method == method) {
            self.locks.push(Lock {
                failures: 0,
                method,
                until: None,
            });
        }
        let mut locks = self.locks.iter_mut();
        let lock = locks.find(|lock| lock.method == method).unwrap();
        if lock.until.is_some_and(|until| now < until) {
            let text = "This identity auth method is temporarily locked, please try again later";
            return Err(Refusal::new(401, text));
        }
        lock.until = None;
        let (most, time) = LOCKOUT;
        lock.failures = if result.is_ok() { 0 } else { lock.failures + 1 };
        if lock.failures == most {
            (lock.failures, lock.until) = (0, Some(now + time));
        }
        result
    }
}
