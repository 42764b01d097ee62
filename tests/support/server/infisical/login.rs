//! Log-ins of machine identities: `/api/v1/auth/METHOD-auth/login`.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::super::Request;
use super::IDENTITY;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::store::World;
use super::token::is_uuid;

/// The methods: in a URL, in a text, and what each must be told.
const METHODS: [(&str, &str, &[&str]); 12] = [
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
    ("ldap", "LDAP", &["username", "password"]),
    ("oci", "OCI", &["userOcid"]),
    ("oidc", "OIDC", &["jwt"]),
    ("spiffe", "SPIFFE", &["jwt"]),
    ("tls-cert", "TLS Certificate", &[]),
    ("universal", "Universal", &["clientId", "clientSecret"]),
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
    /// A method, and the number of a machine identity.
    kind: (&'static str, usize),
    until: Option<SystemTime>,
}

impl World {
    pub(super) fn log_in(&mut self, method: &str, request: &Request) -> Answer<Value> {
        let known = METHODS.iter().find(|(known, ..)| *known == method);
        let (method, title, required) = *known.ok_or_else(|| Refusal::route(request))?;
        let fields = Fields::read(request)?;
        let names = [&["identityId"], required].concat();
        self.count_request(request)?;
        fields.require(if method == "universal" {
            required
        } else {
            &names
        })?;
        let number = match method {
            "universal" => self.prove_secret(&fields)?,
            _ => self.prove_identity(method, title, &fields)?,
        };
        let slug = self.organisation(&fields)?;
        self.logins.push(Login {
            method: method.to_owned(),
            organisation: slug,
        });
        Ok(self.let_in(number, method))
    }

    /// The organisation that is asked for.
    fn organisation(&self, fields: &Fields) -> Answer<Option<String>> {
        let slug = fields.optional("organizationSlug")?;
        let known = self.settings.organisations.as_ref();
        if let (Some(slug), Some(known), false) = (&slug, known, self.settings.version.is_old())
            && !known.contains(slug)
        {
            let text = format!("Sub organization with name {slug} not found");
            return Err(Refusal::new(404, text));
        }
        // The name of it for a while.
        Ok(slug.or(fields.optional("subOrganizationName")?))
    }

    fn prove_secret(&mut self, fields: &Fields) -> Answer<usize> {
        let (id, secret) = (fields.text("clientId")?, fields.text("clientSecret")?);
        let old = self.settings.version.is_old();
        let unknown = || {
            if old {
                Refusal::new(404, "No identity with specified client ID was found")
            } else {
                Refusal::new(401, "Invalid credentials")
            }
        };
        let number = self.machine(id.trim()).ok_or_else(unknown)?;
        let now = self.now();
        let secrets = &mut self.machines[number].secrets;
        let mut secrets = secrets.iter_mut().filter(|known| !known.revoked);
        let found = match secrets.find(|known| known.text == secret.trim()) {
            None => Err(Refusal::new(401, "Invalid credentials")),
            Some(known) if known.expires.is_some_and(|expires| expires <= now) => {
                let text = "Access denied due to expired client secret";
                return Err(Refusal::new(401, text));
            }
            Some(known) if known.uses == Some(0) => {
                let text = "Access denied due to client secret usage limit reached";
                return Err(Refusal::new(401, text));
            }
            Some(known) => {
                known.uses = known.uses.map(|left| left - 1);
                Ok(())
            }
        };
        if old {
            found?;
        } else {
            self.unless_locked("universal", number, found)?;
        }
        Ok(number)
    }

    fn prove_identity(&mut self, method: &str, title: &str, fields: &Fields) -> Answer<usize> {
        let id = fields.text("identityId")?;
        if method == "oci" {
            fields.object("headers")?;
        }
        if !is_uuid(&id) {
            let kind = json!({"validation": "uuid", "code": "invalid_string"});
            let text = "Identity ID must be a valid UUID";
            return Err(match method {
                "ldap" => fields.wrong("identityId", kind, text),
                _ => Refusal::unforeseen("Find one"),
            });
        }
        let now = self.now();
        let known = self.identities.iter();
        let known = known.filter(|identity| id == IDENTITY && identity.method() == method);
        let results: Vec<Answer<()>> = known.map(|one| one.accepts(fields, now)).collect();
        let text = match method {
            "ldap" => format!("LDAP auth with ID '{id}' not found"),
            "azure" => {
                let text =
                    "Azure auth method not found for identity, did you configure Azure Auth?";
                text.to_owned()
            }
            _ => format!(
                "{title} auth method not found for identity, did you configure {title} auth?"
            ),
        };
        let missing = Err(Refusal::new(404, text));
        let best = results.into_iter().reduce(Result::or).unwrap_or(missing);
        match method {
            "ldap" => self.unless_locked("ldap", 0, best)?,
            _ => best?,
        }
        Ok(0)
    }

    /// What came of an attempt, unless there were too many.
    fn unless_locked(
        &mut self,
        method: &'static str,
        machine: usize,
        result: Answer<()>,
    ) -> Answer<()> {
        let now = self.now();
        let kind = (method, machine);
        if !self.locks.iter().any(|lock| lock.kind == kind) {
            self.locks.push(Lock {
                failures: 0,
                kind,
                until: None,
            });
        }
        let mut locks = self.locks.iter_mut();
        let lock = locks.find(|lock| lock.kind == kind).unwrap();
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
