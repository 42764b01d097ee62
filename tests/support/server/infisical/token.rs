//! Tokens: who has one, for how long it is good, and how it is renewed and revoked.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::Request;
use super::fields::Fields;
use super::machine::Lifetime;
use super::refusal::{Answer, Refusal};
use super::store::World;
use super::{ORGANISATION, USER};

/// The longest that a token is good for, even if nobody has said how long.
pub(super) const LONGEST: Duration = Duration::from_hours(90 * 24);

/// Who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Actor {
    /// A machine identity, by its number.
    Machine(usize),
    /// An older service token, by its number.
    Service(usize),
    /// The user, before an organisation was chosen.
    Session,
    User,
}

impl Actor {
    pub(super) fn is_user(self) -> bool {
        matches!(self, Self::Session | Self::User)
    }
}

/// A token.
#[derive(Clone)]
pub(super) struct Minted {
    actor: Actor,
    /// When the first of those that came of each other was made.
    created: SystemTime,
    expires: Option<SystemTime>,
    /// What all that came of it by renewal have in common.
    id: String,
    /// By which it was made: `universal`.
    method: String,
    /// When it was made, or renewed last.
    renewed: SystemTime,
    revoked: bool,
    /// What is sent.
    text: String,
    uses: Option<u32>,
}

impl World {
    /// Who has sent a request, which is counted.
    pub(super) fn actor(&mut self, request: &Request) -> Answer<Actor> {
        let actor = self.anybody(request)?;
        if actor == Actor::Session {
            let error = format!(
                "{} Unauthorized Access, no organization found in request",
                request.target
            );
            let text = "You are not allowed to access this resource";
            return Err(Refusal::named(401, &error, text).before_counting());
        }
        self.count_request(request)?;
        Ok(actor)
    }

    /// The same, where older service tokens are not taken.
    pub(super) fn member(&mut self, request: &Request) -> Answer<Actor> {
        match self.actor(request)? {
            Actor::Service(_) => Err(Refusal::closed(request)),
            actor => Ok(actor),
        }
    }

    /// Who has sent a request, even if it is for no organisation.
    pub(super) fn anybody(&mut self, request: &Request) -> Answer<Actor> {
        let header = request.header("authorization").unwrap_or_default();
        if header.is_empty() {
            return Err(Refusal::new(401, "Token missing").before_counting());
        }
        // What the first word is, nobody looks at.
        let shown = header.get("Bearer ".len()..).unwrap_or_default();
        if shown.starts_with("st.") {
            return self.shown_service(shown).map(Actor::Service);
        }
        let found = self.shown(shown)?;
        self.use_up(found)?;
        Ok(self.tokens[found].actor)
    }

    fn use_up(&mut self, found: usize) -> Answer<()> {
        let old = self.settings.version.is_old();
        let token = &mut self.tokens[found];
        let Some(left) = &mut token.uses else {
            return Ok(());
        };
        if *left > 0 {
            *left -= 1;
            return Ok(());
        }
        token.revoked |= old;
        let text = if old {
            "Unable to renew because access token number of uses limit reached"
        } else {
            "Failed to authorize: token usage limit reached"
        };
        Err(Refusal::new(401, text).before_counting())
    }

    /// The number of a token that is good.
    fn shown(&mut self, shown: &str) -> Answer<usize> {
        let found = self.known(shown)?;
        let old = self.settings.version.is_old();
        let now = self.now();
        let token = &mut self.tokens[found];
        let lifetime = match token.actor {
            Actor::Machine(number) => Some(self.machines[number].lifetime),
            _ => None,
        };
        let ttl = lifetime.map(|found| found.ttl).filter(|_| old);
        let ttl = ttl.filter(|ttl| !ttl.is_zero());
        let text = if token.revoked && old {
            "No identity access token found"
        } else if token.revoked {
            "Failed to authorize: token has been revoked"
        } else if ttl.is_some_and(|ttl| token.renewed + ttl <= now) {
            token.revoked = true;
            "Failed to renew MI access token due to TTL expiration"
        } else {
            return Ok(found);
        };
        Err(Refusal::new(401, text).before_counting())
    }

    /// The number of a token that the server has made, and that has not expired.
    fn known(&self, shown: &str) -> Answer<usize> {
        let found = self.tokens.iter().position(|token| token.text == shown);
        let Some(found) = found else {
            return Err(Refusal::token(flaw(shown)));
        };
        let expires = self.tokens[found].expires;
        if expires.is_some_and(|expires| expires <= self.now()) {
            let text = "Your token has expired. Please re-authenticate.";
            return Err(Refusal::token(text));
        }
        Ok(found)
    }

    /// A new token of somebody who has logged in by `method`.
    pub(super) fn mint(&mut self, actor: Actor, method: &str) -> String {
        let (id, now) = (self.fresh_id(), self.now());
        let uses = match actor {
            Actor::Machine(number) => self.machines[number].lifetime.uses,
            _ => None,
        };
        self.mint_of(Minted {
            actor,
            created: now,
            expires: None,
            id,
            method: method.to_owned(),
            renewed: now,
            revoked: false,
            text: String::new(),
            uses,
        })
    }

    /// A token that is known by this text, whatever it is.
    pub(super) fn mint_as(&mut self, actor: Actor, text: &str) {
        self.tokens.retain(|token| token.text != text);
        self.mint(actor, "universal");
        let token = self.tokens.last_mut().unwrap();
        text.clone_into(&mut token.text);
        token.expires = None;
    }

    fn mint_of(&mut self, mut token: Minted) -> String {
        let now = self.now();
        token.expires = self.end(&token, now);
        let mut claims = self.claims(&token);
        claims["iat"] = seconds(now).into();
        if let Some(expires) = token.expires {
            claims["exp"] = seconds(expires).into();
        }
        token.text = jwt(&claims);
        let text = token.text.clone();
        self.tokens.push(token);
        text
    }

    /// When a token ends that is made now.
    fn end(&self, token: &Minted, now: SystemTime) -> Option<SystemTime> {
        let Actor::Machine(number) = token.actor else {
            let ttl = self.machines[0].lifetime.ttl;
            return (!ttl.is_zero()).then(|| now + ttl);
        };
        let Lifetime {
            max_ttl, period, ..
        } = self.machines[number].lifetime;
        let last = (!max_ttl.is_zero()).then(|| token.created + max_ttl);
        if self.settings.version.is_old() {
            // That it may end before, only the server knows.
            return last;
        }
        let end = now + self.machines[number].lifetime.effective();
        Some(
            last.filter(|_| period.is_zero())
                .map_or(end, |last| last.min(end)),
        )
    }

    fn claims(&self, token: &Minted) -> Value {
        let Actor::Machine(number) = token.actor else {
            let mut claims = json!({
                "authMethod": "email", "authTokenType": "accessToken", "userId": USER,
                "tokenVersionId": token.id, "accessVersion": 1,
            });
            if token.actor == Actor::User {
                claims["organizationId"] = ORGANISATION.into();
            }
            return claims;
        };
        let machine = &self.machines[number];
        let mut claims = json!({
            "identityId": machine.id, "clientSecretId": "", "identityAccessTokenId": token.id,
            "authTokenType": "identityAccessToken",
        });
        if self.settings.version.is_old() {
            return claims;
        }
        let lifetime = machine.lifetime;
        let more = json!({
            "identityName": machine.name, "authMethod": format!("{}-auth", token.method),
            "orgId": ORGANISATION, "rootOrgId": ORGANISATION, "parentOrgId": ORGANISATION,
            "ipRestrictionEnabled": true, "accessTokenTTL": lifetime.ttl.as_secs(),
            "accessTokenMaxTTL": lifetime.max_ttl.as_secs(),
            "accessTokenPeriod": lifetime.period.as_secs(),
            "creationEpoch": seconds(token.created), "identityAuth": {}, "jti": token.id,
        });
        let more = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(more);
        if let Some(uses) = lifetime.uses {
            claims["numUsesLimit"] = uses.into();
        }
        claims
    }

    /// Lets a machine identity in.
    pub(super) fn let_in(&mut self, number: usize, method: &str) -> Value {
        self.mint(Actor::Machine(number), method);
        self.grant(self.tokens.len() - 1)
    }

    fn grant(&self, found: usize) -> Value {
        let token = &self.tokens[found];
        let Actor::Machine(number) = token.actor else {
            return Value::Null;
        };
        let lifetime = self.machines[number].lifetime;
        let left = token
            .expires
            .map(|end| end.duration_since(self.now()).unwrap_or_default());
        // Begun seconds count.
        let left = left.map_or(u64::MAX, |left| {
            (left + Duration::from_millis(999)).as_secs()
        });
        let ttl = if self.settings.version.is_old() {
            lifetime.ttl.as_secs()
        } else {
            lifetime.effective().as_secs().min(left)
        };
        let max_ttl = if lifetime.period.is_zero() {
            lifetime.max_ttl.as_secs()
        } else {
            0
        };
        json!({
            "accessToken": token.text, "expiresIn": ttl, "accessTokenMaxTTL": max_ttl,
            "tokenType": "Bearer",
        })
    }

    /// `/api/v1/auth/token/renew`.
    pub(super) fn renew(&mut self, request: &Request) -> Answer<Value> {
        let found = self.sent(request)?;
        let old = self.settings.version.is_old();
        let token = self.tokens[found].clone();
        let Actor::Machine(number) = token.actor else {
            let text = if old {
                "Only identity access tokens can be renewed"
            } else {
                "Token is not an identity access token"
            };
            return Err(Refusal::new(400, text));
        };
        if old {
            return self.prolong(found, self.machines[number].lifetime);
        }
        if token.revoked {
            return Err(Refusal::new(401, "Cannot renew: token has been revoked"));
        }
        if token.uses == Some(0) {
            return Err(Refusal::new(401, "Cannot renew exhausted access token"));
        }
        self.mint_of(token);
        Ok(self.grant(self.tokens.len() - 1))
    }

    /// The number of a token that is sent as what a request is about.
    fn sent(&mut self, request: &Request) -> Answer<usize> {
        let fields = Fields::read(request)?;
        self.count_request(request)?;
        let shown = fields.text("accessToken")?;
        let found = if self.settings.version.is_old() {
            self.shown(&shown)
        } else {
            self.known(&shown)
        };
        found.map_err(Refusal::after_counting)
    }

    /// An older server goes on with the same token, or makes an end of it.
    fn prolong(&mut self, found: usize, lifetime: Lifetime) -> Answer<Value> {
        let (now, token) = (self.now(), &mut self.tokens[found]);
        let end = token.created + lifetime.max_ttl;
        if !lifetime.max_ttl.is_zero() && now + lifetime.ttl > end {
            token.revoked = true;
            let why = if now > end { "due to" } else { "past its" };
            let text = format!("Failed to renew MI access token {why} Max TTL expiration");
            return Err(Refusal::new(401, text));
        }
        token.renewed = now;
        Ok(self.grant(found))
    }

    /// `/api/v1/auth/token/revoke`.
    pub(super) fn revoke(&mut self, request: &Request) -> Answer<Value> {
        let found = self.sent(request)?;
        if self.tokens[found].actor.is_user() {
            let text = "Token is not an identity access token";
            return Err(Refusal::new(400, text));
        }
        let id = self.tokens[found].id.clone();
        for token in self.tokens.iter_mut().filter(|token| token.id == id) {
            token.revoked = true;
        }
        Ok(json!({"message": "Successfully revoked access token"}))
    }

    pub(super) fn revoke_all(&mut self) {
        for token in &mut self.tokens {
            token.revoked = true;
        }
        for service in &mut self.services {
            service.deleted = true;
        }
    }

    pub(super) fn expire_all(&mut self) {
        let now = self.now();
        for token in &mut self.tokens {
            token.expires = Some(now);
        }
        for service in &mut self.services {
            service.expires = Some(now);
        }
    }

    /// `/api/v1/auth/checkAuth`.
    pub(super) fn check_auth(&mut self, request: &Request) -> Answer<Value> {
        if !self.anybody(request)?.is_user() {
            return Err(Refusal::closed(request));
        }
        self.count_request(request)?;
        Ok(json!({"message": "Authenticated"}))
    }

    /// `/api/v3/auth/select-organization`.
    pub(super) fn select_organisation(&mut self, request: &Request) -> Answer<Value> {
        if !self.anybody(request)?.is_user() {
            return Err(Refusal::closed(request));
        }
        let id = Fields::read(request)?.text("organizationId")?;
        if !is_uuid(&id) {
            return Err(Refusal::unforeseen("Find effective org memberships"));
        }
        if id != ORGANISATION {
            let text = format!("User does not have access to the organization with ID {id}");
            return Err(Refusal::new(403, text));
        }
        Ok(json!({"token": self.mint(Actor::User, "email"), "isMfaEnabled": false}))
    }
}

impl Lifetime {
    /// How long a token lasts if it is not renewed.
    fn effective(self) -> Duration {
        match (self.period.is_zero(), self.ttl.is_zero()) {
            (false, _) => self.period,
            (true, true) => LONGEST,
            (true, false) => self.ttl,
        }
    }
}

/// Why a text is no token of this server.
fn flaw(text: &str) -> &'static str {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, _, signature] = parts[..] else {
        return if text.is_empty() {
            "jwt must be provided"
        } else {
            "The provided access token is malformed. Please use a valid token or generate a \
                 new one and try again."
        };
    };
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    match serde_json::from_slice::<Value>(&header) {
        Err(_) => "invalid token",
        Ok(_) if signature.is_empty() => "jwt signature is required",
        Ok(_) => "invalid signature",
    }
}

pub(super) fn is_uuid(text: &str) -> bool {
    let fits = |(place, c): (usize, char)| match place {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.chars().enumerate().all(fits)
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
