//! Which part of the server answers what.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::{Reply, Request};
use super::access::Api;
use super::refusal::{Answer, Refusal, reply};
use super::store::{World, stamp};
use super::token::LONGEST as LONGEST_TOKEN;

/// How long a part of a path may be that stands for something.
const LONGEST: usize = 100;

impl World {
    /// Answers as the server does.
    pub(super) fn answer(&mut self, request: &Request) -> Reply {
        if let Some((left, reply)) = &mut self.failures
            && *left > 0
        {
            *left -= 1;
            return reply.clone();
        }
        self.pace = None;
        let reply = match self.respond(request) {
            Ok(reply) => reply,
            Err(refusal) => {
                self.pace = self.pace.filter(|_| !refusal.is_early());
                refusal.reply(self.settings.version)
            }
        };
        let reply = self.tagged(request, reply);
        match self.pace {
            Some(pace) => pace.on(reply),
            None => reply,
        }
    }

    /// The answer, or that it has not changed.
    fn tagged(&self, request: &Request, reply: Reply) -> Reply {
        if !self.settings.etags {
            return reply;
        }
        let etag = format!("\"{:x}\"", Sha256::digest(reply.body()));
        let known = request.header("if-none-match").unwrap_or_default();
        let known = known.strip_prefix("W/").unwrap_or(known);
        let unchanged = request.method == "GET" && reply.status() == 200 && known == etag;
        let reply = if unchanged {
            Reply::typed(304, "", "")
        } else {
            reply
        };
        reply.header("ETag", &etag)
    }

    fn respond(&mut self, request: &Request) -> Answer {
        let parts = request.parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let ["api", version, rest @ ..] = &parts[..] else {
            return Err(Refusal::route(request));
        };
        if parts
            .iter()
            .any(|part| part.encode_utf16().count() > LONGEST)
        {
            return Err(Refusal::route(request));
        }
        let plain = |answer: Answer<Value>| answer.map(|body| reply(200, &body));
        match (request.method.as_str(), *version, rest) {
            ("GET", "status", []) => Ok(reply(200, &self.status())),
            (_, "v3" | "v4", ["secrets", rest @ ..]) => {
                let api = Api::of(version, self.settings.version);
                let api = api.ok_or_else(|| Refusal::route(request))?;
                plain(self.secrets(api, request, rest))
            }
            ("POST", "v1" | "v3", ["auth", rest @ ..]) => plain(self.auth(request, version, rest)),
            (_, "v2", ["service-token", rest @ ..]) => plain(self.service_token(request, rest)),
            (_, "v1" | "v2", ["folders", rest @ ..])
                if rest.len() < 2 && self.has(version, "v2") =>
            {
                plain(self.folders(request, version, rest.first().copied()))
            }
            (_, "v1" | "v2", ["secret-imports", rest @ ..]) if self.has(version, "v2") => {
                plain(self.secret_imports(request, version, rest))
            }
            (_, "v1", ["dynamic-secrets", rest @ ..]) => plain(self.dynamic(request, rest)),
            (_, "v1", ["pki", "certificates", rest @ ..]) => self.certificates(request, rest),
            ("GET", "v2", ["workspace", _, "certificates"]) => self.certificate_list(request),
            ("GET", "v2", ["organizations", _, "workspaces"]) => {
                plain(self.organisation_projects(request))
            }
            (_, "v1" | "v2", [noun @ ("projects" | "workspace"), rest @ ..]) => {
                plain(self.named_projects(request, version, noun, rest))
            }
            _ => Err(Refusal::route(request)),
        }
    }

    /// Whether there is a version of what an older server has in another one alone.
    fn has(&self, version: &str, newer: &str) -> bool {
        version != newer || !self.settings.version.is_old()
    }

    fn secrets(&mut self, api: Api, request: &Request, rest: &[&str]) -> Answer<Value> {
        let rest = match (api, rest) {
            (_, ["move"]) | (Api::Early | Api::V4, _) => rest,
            (Api::V3, ["batch", "raw"]) => &["batch"],
            (Api::V3, ["raw", rest @ ..]) => rest,
            (Api::V3, _) => return Err(Refusal::route(request)),
        };
        match (request.method.as_str(), rest) {
            ("GET", []) => self.list(api, request),
            ("GET", ["id", id]) => self.show_by_id(api, request, id),
            ("GET", [name]) => self.show(api, request, name),
            ("POST", ["move"]) => self.relocate(api, request),
            ("POST" | "PATCH" | "DELETE", ["batch"]) => self.batch(api, request),
            ("POST" | "PATCH" | "DELETE", [name]) => self.change(api, request, name),
            _ => Err(Refusal::route(request)),
        }
    }

    fn auth(&mut self, request: &Request, version: &str, rest: &[&str]) -> Answer<Value> {
        match (version, rest) {
            ("v1", ["token", "renew"]) => self.renew(request),
            ("v1", ["token", "revoke"]) => self.revoke(request),
            ("v1", ["checkAuth"]) => self.check_auth(request),
            ("v3", ["select-organization"]) => self.select_organisation(request),
            ("v1", [method, "login"]) => {
                let method = method.strip_suffix("-auth");
                self.log_in(method.ok_or_else(|| Refusal::route(request))?, request)
            }
            _ => Err(Refusal::route(request)),
        }
    }

    fn named_projects(
        &mut self,
        request: &Request,
        version: &str,
        noun: &str,
        rest: &[&str],
    ) -> Answer<Value> {
        if noun == "projects" && !self.settings.projects {
            return Err(Refusal::route(request));
        }
        match (request.method.as_str(), version, noun, rest) {
            ("GET", "v2", "workspace", [slug]) => self.project_by_slug(request, noun, slug),
            (_, "v2", ..) => Err(Refusal::route(request)),
            ("GET", _, _, []) => self.project_list(request, noun),
            ("GET", _, "projects", ["slug", slug]) => self.project_by_slug(request, noun, slug),
            (_, _, _, [id, "tags", rest @ ..]) => self.tags(request, noun, id, rest),
            ("GET", _, _, [id]) => self.project_by_id(request, noun, id),
            ("PATCH", _, "projects", [id]) => self.change_project(request, id),
            _ => Err(Refusal::route(request)),
        }
    }

    fn status(&self) -> Value {
        let mut status = json!({
            "date": stamp(self.now()), "message": "Ok", "emailConfigured": false,
            "inviteOnlySignup": false, "redisConfigured": true,
            "secretScanningConfigured": false,
        });
        if !self.settings.version.is_old() {
            status["auditLogStorageDisabled"] = false.into();
            status["maxIdentityAccessTokenTTL"] = LONGEST_TOKEN.as_secs().into();
        }
        status
    }
}
