//! Which part of the server answers what.

use serde_json::{Value, json};

use super::super::{Reply, Request};
use super::front;
use super::refusal::{Answer, Refusal};
use super::render::camel;
use super::store::World;

/// What a client says it can read.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Accepted {
    Json,
    /// The pages of the framework, for people.
    Page,
}

impl World {
    /// Answers as the server does.
    pub(super) fn answer(&mut self, request: &Request) -> Reply {
        let reply = self
            .respond(request)
            .unwrap_or_else(|refusal| refusal.reply());
        if request.method == "HEAD" {
            return reply.bodiless();
        }
        reply
    }

    fn respond(&mut self, request: &Request) -> Answer {
        if self.direct {
            return self.route(request, &request.path);
        }
        match front::refusal(request) {
            Some(reply) => Ok(reply),
            None => self.route(request, &front::path(request)),
        }
    }

    fn route(&mut self, request: &Request, path: &str) -> Answer {
        let path = path.strip_prefix("/service").unwrap_or(path);
        let reply = |value: Value| Reply::json(200, value.to_string());
        match path {
            "/" | "/public/" => {
                let text = "API is alive. Please see https://docs.phase.dev/public-api for \
                            documentation on available endpoints.";
                return Ok(reply(json!({"message": text, "status": "ok"})));
            }
            "/health/" => return Ok(reply(json!({"status": "alive", "version": "v2.73.2"}))),
            "/secrets/" => {
                let accepted = accepted(request)?;
                let answer = self.encrypted(request)?;
                return Ok(if accepted == Accepted::Page {
                    page()
                } else {
                    answer
                });
            }
            "/secrets/tokens/" => {
                let accepted = accepted(request)?;
                let tokens = self.tokens(request)?;
                return Ok(if accepted == Accepted::Page {
                    page()
                } else {
                    reply(tokens)
                });
            }
            _ => {}
        }
        let path = path.strip_prefix("/public").unwrap_or(path);
        if let Some(provider) = path.strip_prefix("/identities/external/v1/") {
            let answer = match provider {
                "aws/iam/auth/" => self.log_in_by_aws(request),
                "azure/entra/auth/" => self.log_in_by_azure(request),
                _ => return Ok(not_found()),
            };
            return answer.map(reply).map_err(Refusal::unchallenged);
        }
        let Some(path) = path.strip_prefix("/v1/").filter(|path| path.ends_with('/')) else {
            return Ok(not_found());
        };
        if accepted(request)? == Accepted::Page {
            return Err(unacceptable());
        }
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        match parts[..] {
            ["secrets"] => self.plain(request),
            ["secrets", "dynamic"] => self.dynamics(request),
            ["secrets", "dynamic", "leases"] => self.leases(request),
            ["apps"] => self.app_list(request, "").map(camel).map(reply),
            ["apps", id] => self.app_list(request, id).map(camel).map(reply),
            ["environments"] => self.environment_list(request, "").map(camel).map(reply),
            ["environments", id] => self.environment_list(request, id).map(camel).map(reply),
            _ => Ok(not_found()),
        }
    }
}

fn accepted(request: &Request) -> Answer<Accepted> {
    let header = request.header("accept").unwrap_or("*/*");
    let has = |kinds: &[&str]| {
        let mut said = header
            .split(',')
            .map(|kind| kind.split(';').next().unwrap_or_default());
        said.any(|kind| kinds.contains(&kind.trim()))
    };
    if has(&["*/*", "application/*", "application/json"]) {
        Ok(Accepted::Json)
    } else if has(&["text/html", "text/*"]) {
        Ok(Accepted::Page)
    } else {
        Err(unacceptable())
    }
}

fn unacceptable() -> Refusal {
    Refusal::new(406, "Could not satisfy the request Accept header.")
}

fn page() -> Reply {
    let text = "<!DOCTYPE html>\n<title>Django REST framework</title>\n";
    Reply::typed(200, "text/html; charset=utf-8", text)
}

fn not_found() -> Reply {
    let text = "\n<!doctype html>\n\
        <html lang=\"en\">\n\
        <head>\n  <title>Not Found</title>\n</head>\n\
        <body>\n  <h1>Not Found</h1>\
        <p>The requested resource was not found on this server.</p>\n</body>\n\
        </html>\n";
    Reply::typed(404, "text/html; charset=utf-8", text)
}
