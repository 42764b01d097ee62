//! Which part of the server answers what.

use serde_json::{Value, json};

use super::super::{Reply, Request};
use super::access::Api;
use super::refusal::{Answer, Refusal, reply};
use super::store::{World, stamp};

impl World {
    /// Answers as the server does.
    pub(super) fn answer(&mut self, request: &Request) -> Reply {
        if let Some((left, reply)) = &mut self.failures
            && *left > 0
        {
            *left -= 1;
            return reply.clone();
        }
        self.respond(request)
            .unwrap_or_else(|refusal| refusal.reply())
    }

    fn respond(&mut self, request: &Request) -> Answer {
        let parts = request.parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let ["api", version, rest @ ..] = &parts[..] else {
            return Err(Refusal::route(request));
        };
        let plain = |answer: Answer<Value>| answer.map(|body| reply(200, &body));
        match (request.method.as_str(), *version, rest) {
            ("GET", "status", []) => Ok(reply(200, &self.status())),
            (_, "v3" | "v4", ["secrets", rest @ ..]) => {
                let api = Api::of(version, self.settings.version);
                self.secrets(api.ok_or_else(|| Refusal::route(request))?, request, rest)
            }
            ("POST", "v1" | "v3", ["auth", rest @ ..]) => plain(self.auth(request, version, rest)),
            ("GET", "v2", ["service-token"]) => plain(self.service_token(request)),
            (_, "v1" | "v2", ["folders", rest @ ..]) if rest.len() < 2 => {
                plain(self.folders(request, version, rest.first().copied()))
            }
            (_, "v1", ["dynamic-secrets", rest @ ..]) => plain(self.dynamic(request, rest)),
            (_, "v1", ["pki", "certificates", rest @ ..]) => self.certificates(request, rest),
            ("GET", "v2", ["workspace", _, "certificates"]) => self.certificate_list(request),
            (_, "v1" | "v2", [noun @ ("projects" | "workspace"), rest @ ..]) => {
                plain(self.named_projects(request, noun, rest))
            }
            _ => Err(Refusal::route(request)),
        }
    }

    fn secrets(&mut self, api: Api, request: &Request, rest: &[&str]) -> Answer {
        let plain = |answer: Answer<Value>| answer.map(|body| reply(200, &body));
        let rest = match (api, rest) {
            (_, ["move"]) | (Api::Early | Api::V4, _) => rest,
            (Api::V3, ["batch", "raw"]) => &["batch"],
            (Api::V3, ["raw", rest @ ..]) => rest,
            (Api::V3, _) => return Err(Refusal::route(request)),
        };
        match (request.method.as_str(), rest) {
            ("GET", []) => self.list(api, request),
            ("GET", ["id", id]) => plain(self.show_by_id(api, request, id)),
            ("GET", [name]) => plain(self.show(api, request, name)),
            ("POST", ["move"]) => plain(self.relocate(api, request)),
            ("POST" | "PATCH" | "DELETE", ["batch"]) => plain(self.batch(api, request)),
            ("POST" | "PATCH" | "DELETE", [name]) => plain(self.change(api, request, name)),
            _ => Err(Refusal::route(request)),
        }
    }

    fn auth(&mut self, request: &Request, version: &str, rest: &[&str]) -> Answer<Value> {
        match (version, rest) {
            ("v1", ["token", "renew"]) => self.renew(request),
            ("v1", ["token", "revoke"]) => self.revoke(request),
            ("v1", ["checkAuth"]) => {
                self.actor(request)?;
                Ok(json!({"message": "Authenticated"}))
            }
            ("v3", ["select-organization"]) => self.select_organisation(request),
            ("v1", [method, "login"]) => {
                let method = method.strip_suffix("-auth");
                self.log_in(method.ok_or_else(|| Refusal::route(request))?, request)
            }
            _ => Err(Refusal::route(request)),
        }
    }

    fn named_projects(&mut self, request: &Request, noun: &str, rest: &[&str]) -> Answer<Value> {
        // An older server has neither the new name nor what came with it.
        let by_slug = request.path.starts_with("/api/v2/");
        if !self.settings.projects && (by_slug || noun == "projects") {
            return Err(Refusal::route(request));
        }
        match (request.method.as_str(), noun, rest) {
            ("GET", "workspace", [slug]) if by_slug => self.project_by_slug(request, slug),
            _ if by_slug => Err(Refusal::route(request)),
            ("GET", _, []) => self.project_list(request, noun, None),
            ("GET", "projects", ["slug", slug]) => self.project_by_slug(request, slug),
            ("GET" | "POST", _, [id, "tags"]) => self.project_tags(request, id),
            ("GET", _, [id, "tags", "slug", slug]) => self.project_tag(request, id, slug),
            ("GET", _, [id]) => self.project_list(request, noun, Some(id)),
            _ => Err(Refusal::route(request)),
        }
    }

    fn status(&self) -> Value {
        json!({
            "date": stamp(self.now()), "message": "Ok", "emailConfigured": false,
            "inviteOnlySignup": false, "redisConfigured": true,
            "secretScanningConfigured": false,
        })
    }
}
