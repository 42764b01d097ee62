//! Tokens: who has one, for how long it is good, and how it is renewed and revoked.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::Request;
use super::fields::Fields;
use super::refusal::{Answer, Refusal};
use super::store::{Settings, World, stamp};
use super::{IDENTITY, ORGANISATION, USER};

/// Who asks.
#[derive(Clone, Eq, PartialEq)]
pub(super) enum Actor {
    Identity,
    /// An older service token: for which project, and for which folders of which environments.
    Service(String, Vec<(String, String)>),
    User,
}

/// A token.
#[derive(Clone)]
pub(super) struct Minted {
    actor: Actor,
    /// When it was first made.
    created: SystemTime,
    expires: Option<SystemTime>,
    /// What all that came of it by renewal have in common.
    id: String,
    revoked: bool,
    /// What is sent.
    text: String,
    uses: Option<u32>,
}

impl World {
    /// Who has sent a request.
    pub(super) fn actor(&mut self, request: &Request) -> Answer<Actor> {
        let header = request.header("authorization").unwrap_or_default();
        let shown = header
            .strip_prefix("Bearer ")
            .filter(|text| !text.is_empty());
        let shown = shown.ok_or_else(|| Refusal::new(401, "Token missing"))?;
        let found = self.shown(shown)?;
        if let Some(left) = &mut self.tokens[found].uses {
            if *left == 0 {
                self.tokens[found].revoked = true;
                let text = "Unable to renew because access token number of uses limit reached";
                return Err(Refusal::new(401, text));
            }
            *left -= 1;
        }
        Ok(self.tokens[found].actor.clone())
    }

    /// The number of a token that is good.
    fn shown(&self, shown: &str) -> Answer<usize> {
        let service = shown.starts_with("st.");
        // The fourth part was a key that the server never had.
        let parts: Vec<&str> = shown.splitn(4, '.').take(3).collect();
        let text = if service {
            parts.join(".")
        } else {
            shown.to_owned()
        };
        let found = self.tokens.iter().position(|token| token.text == text);
        let malformed = || {
            if service {
                return Refusal::new(401, "Invalid service token");
            }
            Refusal::token(
                "The provided access token is malformed. Please use a valid token or generate a \
                 new one and try again.",
            )
        };
        let found = found.ok_or_else(malformed)?;
        let token = &self.tokens[found];
        if token.expires.is_some_and(|expires| expires <= self.now()) {
            let text = "Your token has expired. Please re-authenticate.";
            return Err(Refusal::token(text));
        }
        if token.revoked {
            return Err(Refusal::new(401, "No identity access token found"));
        }
        Ok(found)
    }

    /// A new token.
    pub(super) fn mint(&mut self, actor: Actor) -> String {
        let id = self.fresh_id();
        let now = self.now();
        self.mint_of(actor, id, now)
    }

    /// A token that is known by this text, whatever it is.
    pub(super) fn mint_as(&mut self, actor: Actor, text: &str) {
        self.tokens.retain(|token| token.text != text);
        self.mint(actor);
        let token = self.tokens.last_mut().unwrap();
        text.clone_into(&mut token.text);
        token.expires = None;
    }

    fn mint_of(&mut self, actor: Actor, id: String, created: SystemTime) -> String {
        let (now, ttl) = (self.now(), self.settings.ttl);
        let expires = (!ttl.is_zero() && !matches!(actor, Actor::Service(..))).then(|| now + ttl);
        let mut claims = match &actor {
            Actor::Identity => json!({
                "identityId": IDENTITY, "clientSecretId": "", "identityAccessTokenId": id,
                "authTokenType": "identityAccessToken",
            }),
            Actor::User | Actor::Service(..) => json!({
                "authTokenType": "accessToken", "userId": USER, "tokenVersionId": id,
                "accessVersion": 1, "organizationId": ORGANISATION,
            }),
        };
        claims["iat"] = seconds(now).into();
        if let Some(expires) = expires {
            claims["exp"] = seconds(expires).into();
        }
        let text = match &actor {
            Actor::Service(..) => format!("st.{id}.0123456789abcdef"),
            _ => jwt(&claims),
        };
        let uses = self.settings.uses.filter(|_| actor == Actor::Identity);
        self.tokens.push(Minted {
            actor,
            created,
            expires,
            id,
            revoked: false,
            text: text.clone(),
            uses,
        });
        text
    }

    /// Lets the identity in.
    pub(super) fn let_in(&mut self) -> Value {
        let text = self.mint(Actor::Identity);
        self.grant(&text)
    }

    fn grant(&self, text: &str) -> Value {
        json!({
            "accessToken": text, "expiresIn": self.settings.ttl.as_secs(),
            "accessTokenMaxTTL": self.settings.max_ttl.as_secs(), "tokenType": "Bearer",
        })
    }

    /// `/api/v1/auth/token/renew`. A refusal destroys the token.
    pub(super) fn renew(&mut self, request: &Request) -> Answer<Value> {
        let shown = Fields::read(request)?.text("accessToken")?;
        let token = self.tokens[self.shown(&shown)?].clone();
        if token.actor != Actor::Identity {
            return Err(Refusal::new(
                400,
                "Only identity access tokens can be renewed",
            ));
        }
        let Settings { max_ttl, ttl, .. } = self.settings;
        let (now, end) = (self.now(), token.created + max_ttl);
        if !max_ttl.is_zero() && now + ttl > end {
            self.destroy(&token.id);
            let why = if now > end { "due to" } else { "past its" };
            let text = format!("Failed to renew MI access token {why} Max TTL expiration");
            return Err(Refusal::new(401, text));
        }
        let text = self.mint_of(token.actor, token.id, token.created);
        Ok(self.grant(&text))
    }

    /// `/api/v1/auth/token/revoke`.
    pub(super) fn revoke(&mut self, request: &Request) -> Answer<Value> {
        let shown = Fields::read(request)?.text("accessToken")?;
        let mut tokens = self.tokens.iter();
        let found = tokens.find(|token| token.text == shown && !token.revoked);
        let found = found.map(|token| token.id.clone());
        let missing = || Refusal::new(401, "No identity access token found");
        self.destroy(&found.ok_or_else(missing)?);
        Ok(json!({"message": "Successfully revoked access token"}))
    }

    fn destroy(&mut self, id: &str) {
        for token in self.tokens.iter_mut().filter(|token| token.id == id) {
            token.revoked = true;
        }
    }

    pub(super) fn revoke_all(&mut self) {
        for token in &mut self.tokens {
            token.revoked = true;
        }
    }

    pub(super) fn expire_all(&mut self) {
        let now = self.now();
        for token in &mut self.tokens {
            token.expires = Some(now);
        }
    }

    /// `/api/v3/auth/select-organization`.
    pub(super) fn select_organisation(&mut self, request: &Request) -> Answer<Value> {
        if self.actor(request)? != Actor::User {
            return Err(Refusal::new(
                401,
                "You are not allowed to access this resource",
            ));
        }
        let id = Fields::read(request)?.text("organizationId")?;
        if id != ORGANISATION {
            return Err(Refusal::new(
                403,
                "You are not a member of this organization",
            ));
        }
        Ok(json!({"token": self.mint(Actor::User), "isMfaEnabled": false}))
    }

    /// `/api/v2/service-token`.
    pub(super) fn service_token(&mut self, request: &Request) -> Answer<Value> {
        let Actor::Service(project, scopes) = self.actor(request)? else {
            return Err(Refusal::new(401, "Invalid token type"));
        };
        let row =
            |(slug, path): &(String, String)| json!({"environment": slug, "secretPath": path});
        let scopes: Vec<Value> = scopes.iter().map(row).collect();
        let now = stamp(self.now());
        Ok(json!({
            "_id": "token", "id": "token", "name": "a service token", "workspace": project,
            "projectId": project, "scopes": scopes, "expiresAt": null, "encryptedKey": null,
            "iv": null, "tag": null, "permissions": ["read"], "createdAt": now, "updatedAt": now,
        }))
    }
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.as_ref().map_or(0, Duration::as_secs)
}

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({"alg": "HS256", "typ": "JWT"})),
        part(claims)
    );
    let mac = Hmac::<Sha256>::new_from_slice(b"a key of the server").unwrap();
    let signature = mac.chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
