//! Which product a server is, as far as its answers show.

use serde::Deserialize;

/// Those that are known here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Product {
    Infisical,
    Phase,
}

/// More of a page need not be looked at.
const LONGEST: usize = 64 << 10;

/// What Infisical's server says of each request that it refuses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal<'a> {
    req_id: &'a str,
    #[serde(rename = "statusCode")]
    _status_code: u16,
}

impl Product {
    /// The product whose page or refusal `body` is, if that is certain.
    pub(super) fn shown_by(body: &[u8], is_json: bool) -> Option<Self> {
        let body = &body[..body.len().min(LONGEST)];
        if is_json {
            let refusal = serde_json::from_slice::<Refusal<'_>>(body).ok()?;
            return refusal
                .req_id
                .starts_with("req-")
                .then_some(Self::Infisical);
        }
        let page = String::from_utf8_lossy(body);
        // Others may link to them: their own pages are called so, or say nothing else.
        let title = match page.split_once("<title>") {
            Some((_, title)) => title.split('<').next().unwrap_or_default().to_owned(),
            None => page
                .split('<')
                .filter_map(|part| Some(part.split_once('>')?.1))
                .collect(),
        };
        match title.trim() {
            title if title.starts_with("Infisical") => Some(Self::Infisical),
            title if title.starts_with("Phase Console") => Some(Self::Phase),
            _ => None,
        }
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Infisical => "Infisical",
            Self::Phase => "Phase",
        }
    }

    /// What to do where a server that was taken for `self` shows itself as `other`.
    pub(super) fn instead(self, other: Option<Self>) -> &'static str {
        match (self, other) {
            (Self::Phase, Some(Self::Infisical)) => {
                "for the secrets that are there, choose --provider infisical; else name the Phase server with --host or PHASE_HOST"
            }
            (Self::Infisical, Some(Self::Phase)) => {
                "for the secrets that are there, choose --provider phase; else name the Infisical server with --host or INFISICAL_DOMAIN"
            }
            (_, Some(_)) => {
                "its web pages answer where its API should; check --host; all of its API must be passed on to the server"
            }
            (_, None) => {
                "a proxy or an ingress, a login page or another server may have answered; check --host; all of its API must be passed on to the server"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_known_by_what_only_its_own_answers_hold() {
        let refusal = br#"{"reqId":"req-1","statusCode":401,"message":"m","error":"e"}"#;
        let framework =
            br#"{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}"#;
        for (body, is_json, product) in [
            (&refusal[..], true, Some(Product::Infisical)),
            (framework, true, None),
            (br#"{"error":"Invalid token"}"#, true, None),
            (
                b"<html><title>Infisical</title>",
                false,
                Some(Product::Infisical),
            ),
            (
                b"<html><title>Phase Console</title>",
                false,
                Some(Product::Phase),
            ),
            (
                b"<title>Sign in</title><a>Grafana</a><a>Phase Console</a>",
                false,
                None,
            ),
            (b"<html><title>Sign in</title>", false, None),
        ] {
            assert_eq!(Product::shown_by(body, is_json), product);
        }
    }
}
